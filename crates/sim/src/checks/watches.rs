//! E5: what a watch is told is what the log says, from where it began: each event once, in order,
//! those of a revision together, each with what the key was before if that is wanted; nothing of
//! it later than a progress report that covers it; and if what it was to hear is forgotten, it is
//! told that, and not silence.
//!
//! A watch goes on when its client goes to another member. It is the same watch to this check,
//! which holds all that it was ever told against the [history](super::history).

use std::collections::BTreeMap;

use mvcc::{Change, WatchRefusal, WatchRequest, WatchResponse};

use super::history::{Extent, contains};
use super::{Check, Checked, Fact, Ghost, check};

#[derive(Debug, Default)]
pub(super) struct Watches {
    streams: BTreeMap<usize, Stream>,
}

/// All watches of a listener, over all its streams.
#[derive(Debug, Default)]
struct Stream {
    watches: BTreeMap<i64, Watch>,
    /// The last revision in a header, on this stream.
    header: i64,
}

#[derive(Debug)]
struct Watch {
    request: WatchRequest,
    /// The first revision that it has not been told of; nothing while its member has not said.
    next: Option<i64>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It was asked for, of a member whose history begins there.
    Asked { compacted: i64 },
    /// It is there. What it is to hear may have been forgotten before.
    There { is_forgotten: bool },
    /// What it is to hear is forgotten. Only its name is left, until that is canceled.
    Over,
}

impl Check for Watches {
    fn name(&self) -> &'static str {
        "watches"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        match fact {
            Fact::Connected { listener } => {
                let stream = self.streams.entry(*listener).or_default();
                stream.header = 0;
                stream.watches.retain(|_, watch| watch.stage != Stage::Over);
                Ok(())
            }
            Fact::Watched { listener, applied, request, refusal, .. } => {
                let extent = ghost.history.step(*applied)?.extent;
                let stream = self.streams.entry(*listener).or_default();
                if refusal.is_some() {
                    stream.watches.remove(&request.watch_id);
                    return Ok(());
                }
                stream.ask(request, extent.compacted)
            }
            Fact::Told { listener, applied, response } => {
                let extent = ghost.history.step(*applied)?.extent;
                let stream = self.streams.entry(*listener).or_default();
                stream.hear(response, extent, ghost).map_err(|text| {
                    format!("listener {listener} is told what is wrong: {text}: {response:?}")
                })
            }
            Fact::HeardAll { listener, applied } => {
                let extent = ghost.history.step(*applied)?.extent;
                let Some(stream) = self.streams.get(listener) else { return Ok(()) };
                stream.watches.values().try_for_each(|watch| {
                    watch.has_heard_all(extent, ghost).map_err(|text| {
                        format!("listener {listener} has heard all there is: {text}: {watch:?}")
                    })
                })
            }
            _ => Ok(()),
        }
    }
}

impl Stream {
    fn ask(&mut self, request: &WatchRequest, compacted: i64) -> Checked {
        let start = Some(request.start_revision).filter(|start| *start > 0);
        let stage = Stage::Asked { compacted };
        let known = self.watches.get(&request.watch_id);
        check(known.is_none_or(|watch| watch.next == start || watch.next.is_none()), || {
            format!("a listener goes on from {start:?}, and is at {known:?}")
        })?;
        let watch = Watch { request: request.clone(), next: start, stage };
        self.watches.insert(request.watch_id, watch);
        Ok(())
    }

    fn hear(&mut self, response: &WatchResponse, extent: Extent, ghost: &Ghost) -> Checked {
        if let Some(header) = header(response) {
            check(header <= extent.revision, || "of a revision yet to come".to_owned())?;
            check(header >= self.header, || format!("after revision {}", self.header))?;
            self.header = header;
        }
        match response {
            WatchResponse::Created { watch_id, revision } => {
                self.watch(*watch_id)?.begin(*revision)
            }
            WatchResponse::Events { watch_id, revision, changes, .. } => {
                self.watch(*watch_id)?.take(changes, *revision, ghost)
            }
            WatchResponse::Progress { watch_id: Some(watch_id), revision } => {
                self.watch(*watch_id)?.progress(*revision, ghost)
            }
            WatchResponse::Progress { watch_id: None, revision } => {
                let is_there = |watch: &&mut Watch| matches!(watch.stage, Stage::There { .. });
                let mut watches = self.watches.values_mut().filter(is_there);
                watches.try_for_each(|watch| watch.progress(*revision, ghost))
            }
            WatchResponse::Compacted { watch_id, compacted } => {
                let watch = self.watch(*watch_id)?;
                let is_true =
                    *compacted <= extent.compacted && ghost.history.was_compacted_at(*compacted);
                check(is_true, || "of another compaction".to_owned())?;
                check(watch.next.is_some_and(|next| next < *compacted), || {
                    format!("what it is to hear from {:?} is not forgotten", watch.next)
                })?;
                watch.stage = Stage::Over;
                Ok(())
            }
            WatchResponse::Canceled { watch_id, .. } => {
                self.watch(*watch_id)?;
                self.watches.remove(watch_id);
                Ok(())
            }
            // Whether that is right is another question.
            WatchResponse::Refused { reason: WatchRefusal::Auth(_), .. } => Ok(()),
            WatchResponse::Refused { reason, .. } => Err(reason.to_string()),
        }
    }

    fn watch(&mut self, watch_id: i64) -> Result<&mut Watch, String> {
        self.watches.get_mut(&watch_id).ok_or_else(|| "there is no such watch".to_owned())
    }
}

impl Watch {
    fn begin(&mut self, revision: i64) -> Checked {
        let Stage::Asked { compacted } = self.stage else { return Err("again".to_owned()) };
        let next = *self.next.get_or_insert(revision + 1);
        self.stage = Stage::There { is_forgotten: next < compacted };
        Ok(())
    }

    /// The events have to be exactly those up to the last of them.
    fn take(&mut self, told: &[Change], revision: i64, ghost: &Ghost) -> Checked {
        let last = told.last().map(Change::mod_revision).ok_or("of nothing")?;
        check(last <= revision, || "later than the store".to_owned())?;
        let next = self.next()?;
        check(self.stage != Stage::There { is_forgotten: true }, || {
            format!("what it was to hear from {next} on was forgotten before it was asked for")
        })?;
        let mut expected = self.expected(next, last, ghost);
        for change in told {
            let wanted = expected.next();
            let is_right = wanted.is_some_and(|wanted| self.is_told(wanted, change, ghost));
            check(is_right, || format!("{change:?} in the place of {wanted:?}"))?;
        }
        let missing = expected.next();
        check(missing.is_none(), || format!("without {missing:?}"))?;
        drop(expected);
        self.next = Some(last + 1);
        Ok(())
    }

    fn progress(&mut self, revision: i64, ghost: &Ghost) -> Checked {
        let next = self.next()?;
        let missed = self.expected(next, revision, ghost).next();
        check(missed.is_none(), || format!("before {missed:?}"))?;
        self.next = Some(next.max(revision + 1));
        Ok(())
    }

    fn has_heard_all(&self, extent: Extent, ghost: &Ghost) -> Checked {
        if self.stage == Stage::Over {
            return Ok(());
        }
        let next = self.next()?;
        let missed = self.expected(next, extent.revision, ghost).next();
        check(missed.is_none(), || format!("but not {missed:?}"))?;
        check(self.stage != Stage::There { is_forgotten: true }, || {
            "but not that it began with what was forgotten".to_owned()
        })
    }

    fn next(&self) -> Result<i64, String> {
        match self.stage {
            Stage::There { .. } => self.next.ok_or_else(|| "it began nowhere".to_owned()),
            Stage::Asked { .. } => Err("it was not said to be there".to_owned()),
            Stage::Over => Err("it was said to be over".to_owned()),
        }
    }

    /// What it is to be told of these revisions.
    fn expected<'a>(
        &'a self,
        from: i64,
        until: i64,
        ghost: &'a Ghost,
    ) -> impl Iterator<Item = &'a Change> {
        let WatchRequest { no_puts, no_deletes, .. } = self.request;
        ghost.history.changes(from, until).filter(move |change| {
            let is_told = match change {
                Change::Put { .. } => !no_puts,
                Change::Delete { .. } => !no_deletes,
            };
            is_told && contains((&self.request.key, &self.request.range_end), change.key())
        })
    }

    /// Whether the one is told as the other. What a key was before can be forgotten, if there was a
    /// compaction at the very revision.
    fn is_told(&self, wanted: &Change, told: &Change, ghost: &Ghost) -> bool {
        let before = if self.request.prev_kv { wanted.prev_kv() } else { None };
        let is_forgotten =
            || told.prev_kv().is_none() && ghost.history.was_compacted_at(told.mod_revision());
        let is_same = match (wanted, told) {
            (Change::Put { kv, .. }, Change::Put { kv: told, .. }) => kv == told,
            (Change::Delete { .. }, Change::Delete { .. }) => {
                (wanted.key(), wanted.mod_revision()) == (told.key(), told.mod_revision())
            }
            (Change::Put { .. }, Change::Delete { .. })
            | (Change::Delete { .. }, Change::Put { .. }) => false,
        };
        is_same && (told.prev_kv() == before || is_forgotten())
    }
}

fn header(response: &WatchResponse) -> Option<i64> {
    match response {
        WatchResponse::Created { revision, .. }
        | WatchResponse::Refused { revision, .. }
        | WatchResponse::Events { revision, .. }
        | WatchResponse::Progress { revision, .. }
        | WatchResponse::Canceled { revision, .. } => Some(*revision),
        WatchResponse::Compacted { .. } => None,
    }
}

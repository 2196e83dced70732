//! E1: the clients' history is linearizable.
//!
//! No search is needed, for the true order is known: a write stands at its entry's index, a read
//! where the log was applied to when it was served. With that order as the witness two things are
//! left to check: each answer is the model's at that place, and what was asked after an answer came
//! stands after it.

use std::collections::BTreeMap;

use mvcc::{Command, KeyValue, Reply, Response};
use raft::{Index, NodeId, Payload, Ticket};

use super::model::{Expected, Model};
use super::{Check, Checked, Fact, Ghost, check};
use crate::client::{Answer, Request};

#[derive(Debug, Default)]
pub(super) struct Linearity {
    model: Model,
    /// The model's answer at each index, and its revision and its compaction after it.
    steps: Vec<(Expected, i64, i64)>,
    /// The latest place of an answer; and what it was when each request was made.
    latest: Index,
    floors: BTreeMap<(NodeId, Ticket), Index>,
}

impl Check for Linearity {
    fn name(&self) -> &'static str {
        "linearity"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        match fact {
            Fact::Stands { .. } => {
                self.follow(ghost);
                Ok(())
            }
            Fact::Applied { id, applied, .. } => {
                let (expected, revision, _) = self.step(applied.index)?;
                check(applied.revision == *revision, || {
                    format!("{id} is at revision {}, not {revision}", applied.revision)
                })?;
                let Ok(reply) = &applied.reply else { return Ok(()) };
                check(found(reply) == *expected, || {
                    format!("{id} answers {reply:?} at {}, not {expected:?}", applied.index)
                })
            }
            Fact::Invoked { operation } => {
                self.floors.insert((operation.member, operation.ticket), self.latest);
                Ok(())
            }
            Fact::Answered { operation, answer } => {
                let floor = self.floors.remove(&(operation.member, operation.ticket));
                let place = match answer {
                    Answer::Wrote { index, .. } => *index,
                    Answer::Read { applied, result } => {
                        let Request::Read(range) = &operation.request else { return Ok(()) };
                        let (_, revision, compacted) = self.step(*applied)?;
                        let expected = self.model.range(range, *revision, *compacted);
                        let found = result.as_ref().ok().map(|response| response.kvs.clone());
                        check(found == expected, || {
                            let (found, expected) =
                                (shown(found.as_deref()), shown(expected.as_deref()));
                            let key = range.key.escape_ascii();
                            format!("a read of {key} at {applied} found {found}, not {expected}")
                        })?;
                        *applied
                    }
                    Answer::Failed(_) | Answer::Lost => return Ok(()),
                };
                self.latest = self.latest.max(place);
                check(Some(place) >= floor, || {
                    format!("an answer stands at {place}, and one before it at {floor:?}")
                })
            }
            _ => Ok(()),
        }
    }
}

impl Linearity {
    /// Lets the model apply what is committed.
    fn follow(&mut self, ghost: &Ghost) {
        for entry in &ghost.committed[self.steps.len()..] {
            let command = match &entry.payload {
                Payload::Command(tagged) => Command::decode(replica::command_of(tagged)).ok(),
                Payload::Noop | Payload::Configuration(_) => None,
            };
            let expected = command.map(|command| self.model.apply(&command)).unwrap_or_default();
            self.steps.push((expected, self.model.revision(), self.model.compacted));
        }
    }

    fn step(&self, index: Index) -> Result<&(Expected, i64, i64), String> {
        const START: &(Expected, i64, i64) = &(
            Expected { revision: None, succeeded: false, deleted: 0, prev_kv: None, lease: None },
            1,
            -1,
        );
        if index == Index(0) {
            return Ok(START);
        }
        let place = usize::try_from(index.0 - 1).expect("runs are short");
        self.steps.get(place).ok_or_else(|| format!("{index} is not committed"))
    }
}

/// Keys and their values and revisions, in one line.
fn shown(found: Option<&[KeyValue]>) -> String {
    let Some(found) = found else { return "a failure".to_owned() };
    let shown = found.iter().map(|kv| {
        let (key, value) = (kv.key.escape_ascii(), kv.value.escape_ascii());
        format!("{key}={value} of revision {}", kv.mod_revision)
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    if shown.is_empty() { "nothing".to_owned() } else { shown }
}

/// What a reply says, in the words of the model.
fn found(reply: &Reply) -> Expected {
    let Ok(response) = &reply.result else { return Expected::default() };
    let nothing = Expected::default();
    match response {
        Response::Put(it) => {
            Expected { revision: Some(it.revision), prev_kv: it.prev_kv.clone(), ..nothing }
        }
        Response::DeleteRange(it) => {
            Expected { revision: Some(it.revision), deleted: it.deleted, ..nothing }
        }
        Response::Txn(it) => {
            Expected { revision: Some(it.revision), succeeded: it.succeeded, ..nothing }
        }
        Response::Compact(it) => Expected { revision: Some(it.revision), ..nothing },
        Response::Lease(it) => {
            let lease = Some(it.outcome.clone());
            Expected { revision: Some(it.revision), lease, ..nothing }
        }
        // The clients here raise no alarms.
        Response::Published | Response::Alarm(_) | Response::Auth => nothing,
    }
}

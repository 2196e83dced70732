//! E1: the clients' history is linearizable.
//!
//! No search is needed, for the true order is known: a write stands at its entry's index, a read
//! where the log was applied to when it was served. With that order as the witness two things are
//! left to check: each answer is the model's at that place, and what was asked after an answer came
//! stands after it.

use std::collections::BTreeMap;

use mvcc::{KeyValue, OpResponse, Refusal, Reply, Response};
use raft::{Index, NodeId, Ticket};

use super::history::Step;
use super::model::Expected;
use super::{Check, Checked, Fact, Ghost, check};
use crate::client::{Answer, Request};

#[derive(Debug, Default)]
pub(super) struct Linearity {
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
            Fact::Applied { id, applied, .. } => {
                let Step { expected, extent, .. } = ghost.history.step(applied.index)?;
                let revision = extent.revision;
                check(applied.revision == revision, || {
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
                        if let Err(Refusal::Auth(_)) = result {
                            return Ok(());
                        }
                        let extent = ghost.history.step(*applied)?.extent;
                        let expected = match extent.refusal(range.revision) {
                            None => Some(ghost.history.range(range, extent)),
                            Some(_) => None,
                        };
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
            let found = it.responses.iter().filter_map(|response| match response {
                OpResponse::Range(range) => Some(range.kvs.clone()),
                OpResponse::Put(_) | OpResponse::DeleteRange(_) | OpResponse::Txn(_) => None,
            });
            let (revision, found) = (Some(it.revision), found.collect());
            Expected { revision, succeeded: it.succeeded, found, ..nothing }
        }
        Response::Compact(it) => Expected { revision: Some(it.revision), ..nothing },
        Response::Lease(it) => {
            let lease = Some(it.outcome.clone());
            Expected { revision: Some(it.revision), lease, ..nothing }
        }
        Response::Auth => Expected { changes_users: true, ..nothing },
        // The clients here raise no alarms.
        Response::Published | Response::Alarm(_) => nothing,
    }
}

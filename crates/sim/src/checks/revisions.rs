//! E3 and E4: a command that changes something makes one revision, and all that it changes bears
//! it; the revisions that clients are told never go back in real time.

use std::collections::BTreeMap;

use raft::{NodeId, Ticket};

use super::{Check, Checked, Fact, Ghost, check};
use crate::client::Answer;
use mvcc::Response;

#[derive(Debug, Default)]
pub(super) struct Revisions {
    latest: i64,
    floors: BTreeMap<(NodeId, Ticket), i64>,
}

impl Check for Revisions {
    fn name(&self) -> &'static str {
        "revisions"
    }

    fn see(&mut self, fact: &Fact<'_>, _: &Ghost) -> Checked {
        match fact {
            Fact::Applied { id, applied, .. } => {
                let Ok(reply) = &applied.reply else { return Ok(()) };
                let made = applied.revision - applied.before;
                check(made == i64::from(!reply.changes.is_empty()), || {
                    format!("{id} makes {made} revisions of {}: {reply:?}", applied.index)
                })?;
                let mut revisions = reply.changes.iter().map(mvcc::Change::mod_revision);
                check(revisions.all(|it| it == applied.revision), || {
                    format!("{id} splits what it applies at {}: {reply:?}", applied.index)
                })
            }
            Fact::Invoked { operation } => {
                self.floors.insert((operation.member, operation.ticket), self.latest);
                Ok(())
            }
            Fact::Answered { operation, answer } => {
                let floor = self.floors.remove(&(operation.member, operation.ticket));
                let Some(revision) = told(answer) else { return Ok(()) };
                self.latest = self.latest.max(revision);
                check(Some(revision) >= floor, || {
                    format!("a client is told revision {revision} after {floor:?}")
                })
            }
            _ => Ok(()),
        }
    }
}

/// The revision in the header of an answer.
pub(crate) fn told(answer: &Answer<'_>) -> Option<i64> {
    match answer {
        Answer::Wrote { result, .. } => match result.as_ref().ok()? {
            Response::Put(it) => Some(it.revision),
            Response::DeleteRange(it) => Some(it.revision),
            Response::Txn(it) => Some(it.revision),
            Response::Compact(it) => Some(it.revision),
            Response::Lease(it) => Some(it.revision),
            Response::Alarm(it) => Some(it.revision),
            Response::Published | Response::Auth => None,
        },
        Answer::Read { result, .. } => Some(result.as_ref().ok()?.revision),
        Answer::Failed(_) | Answer::Lost => None,
    }
}

//! E9: a request has one outcome and takes effect at most once; one that was refused as having no
//! effect has none.

use std::collections::BTreeSet;

use bytes::Bytes;
use raft::{NodeId, Payload, Ticket};
use replica::Failure;

use super::{Check, Checked, Fact, Ghost, check};
use crate::client::Answer;

#[derive(Debug, Default)]
pub(super) struct Outcomes {
    open: BTreeSet<(NodeId, Ticket)>,
    /// The tag of each command that is committed: whose request it was.
    committed: BTreeSet<Bytes>,
    refused: Vec<(NodeId, Ticket)>,
}

impl Check for Outcomes {
    fn name(&self) -> &'static str {
        "outcomes"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        match fact {
            Fact::Invoked { operation } => {
                self.open.insert((operation.member, operation.ticket));
                Ok(())
            }
            Fact::Answered { operation, answer } => {
                let key = (operation.member, operation.ticket);
                if let Answer::Failed(Failure::TooManyRequests | Failure::TooLarge) = answer {
                    self.refused.push(key);
                }
                check(self.open.remove(&key), || {
                    format!("request {} of {} is answered twice", key.1, key.0)
                })
            }
            Fact::Stands { .. } => {
                for entry in ghost.grown().into_iter().flatten() {
                    let Payload::Command(tagged) = &entry.payload else { continue };
                    check(self.committed.insert(tagged.slice(..16)), || {
                        format!("{} repeats a request", entry.position)
                    })?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, _: &Ghost) -> Checked {
        let open = self.open.first();
        check(open.is_none(), || format!("{open:?} was never answered"))?;
        for (id, ticket) in &self.refused {
            let tag = [id.0.to_le_bytes(), ticket.0.to_le_bytes()].concat();
            check(!self.committed.contains(&tag[..]), || {
                format!("request {ticket} of {id} was refused, and took effect")
            })?;
        }
        Ok(())
    }
}

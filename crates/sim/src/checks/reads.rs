//! R11 and R12: a read is served from a state that covers all that was committed when it was asked
//! for, whether a quorum confirmed it or a lease.

use std::collections::BTreeMap;

use raft::{Index, NodeId, Ticket};

use super::{Check, Checked, Fact, Ghost, check};
use crate::client::Request;

#[derive(Debug, Default)]
pub(super) struct Reads(BTreeMap<(NodeId, Ticket), Index>);

impl Check for Reads {
    fn name(&self) -> &'static str {
        "reads"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        match fact {
            Fact::Invoked { operation } => {
                if let Request::Read(_) = operation.request {
                    let key = (operation.member, operation.ticket);
                    self.0.insert(key, ghost.committed_index());
                }
                Ok(())
            }
            Fact::ReadReady { id, ticket, applied } => {
                let Some(least) = self.0.remove(&(*id, *ticket)) else {
                    return Err(format!("{id} answers read {ticket}, which nobody asked for"));
                };
                check(*applied >= least, || {
                    format!("{id} reads at {applied}, and {least} was committed before")
                })
            }
            _ => Ok(()),
        }
    }
}

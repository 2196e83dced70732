//! E7: a lease ends by itself only when its time is over, by the real time since its last renewal
//! was asked for; and when all is well again, each lease ends.
//!
//! What is attached to it goes with it: that, the model of [linearity](super::linearity) knows.

use std::collections::BTreeMap;

use bytes::Bytes;
use mvcc::{Command, LeaseCommand};
use raft::Payload;

use super::held::Held;
use super::{Check, Checked, Fact, Ghost, check};
use crate::client::Request;
use crate::event::Moment;

/// By how many thousandths a clock may be fast.
const DRIFT_PERMILLE_MAX: u64 = 50;

#[derive(Debug, Default)]
pub(super) struct Leases {
    held: Held,
    /// When each lease was granted, or its last renewal asked for.
    renewed: BTreeMap<i64, Moment>,
    /// When it was asked for what is not in the log yet, by the tag that it will have there.
    asked: BTreeMap<Bytes, Moment>,
}

impl Check for Leases {
    fn name(&self) -> &'static str {
        "leases"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        match fact {
            Fact::Invoked { operation } => {
                if let Request::Write(Command::Lease(_)) = operation.request {
                    let (id, ticket) = (operation.member.0, operation.ticket.0);
                    let tag = [id.to_le_bytes(), ticket.to_le_bytes()].concat();
                    self.asked.insert(tag.into(), ghost.now);
                }
                Ok(())
            }
            Fact::Stands { .. } => {
                for entry in ghost.grown().into_iter().flatten() {
                    let Payload::Command(tagged) = &entry.payload else { continue };
                    let step = ghost.history.step(entry.position.index)?;
                    if let Some(Command::Lease(lease)) = &step.command
                        && step.expected.lease.is_some()
                    {
                        let asked = self.asked.remove(&tagged[..16]).unwrap_or(ghost.now);
                        self.follow(lease, asked, ghost.now)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, ghost: &Ghost) -> Checked {
        let is_led = ghost.leaders().next().is_some();
        check(!is_led || self.held.is_empty(), || format!("never ended: {:?}", self.held))
    }
}

impl Leases {
    fn follow(&mut self, command: &LeaseCommand, asked: Moment, now: Moment) -> Checked {
        let before = command.ids().into_iter().map(|id| (id, self.held.get(id)));
        let before = before.collect::<Vec<_>>();
        let ended = self.held.apply(command).and_then(|(_, ended)| ended);
        for (id, before) in before {
            match (command, before) {
                (LeaseCommand::Grant { .. }, None) | (LeaseCommand::Renew { .. }, Some(_)) => {
                    self.renewed.insert(id, asked);
                }
                (LeaseCommand::Expire { .. }, Some(lease)) if ended.is_some() => {
                    let ttl_us = lease.ttl_seconds.unsigned_abs() * 1_000_000;
                    let least_us = ttl_us / 1000 * (1000 - DRIFT_PERMILLE_MAX);
                    let lived_us = now - self.renewed.remove(&id).unwrap_or(0);
                    check(lived_us >= least_us, || {
                        format!("lease {id} of {ttl_us} us ended after {lived_us} us")
                    })?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

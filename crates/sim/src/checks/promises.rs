//! R8: no promise leaves before the disk backs it, and nothing is taken for durable that is not.
//!
//! Once a later term is durable, nothing can be promised in an earlier one, and what is said in it
//! late is not looked at.

use std::collections::BTreeMap;

use raft::{Ballot, Envelope, Index, Message, NodeId, Position, RoleName, Status, Term};

use super::{Check, Checked, Fact, Ghost, check};
use crate::checks::ghost::{Chain, Mirror};

#[derive(Debug, Default)]
pub(super) struct Promises {
    /// The log with which each term's leader began.
    leaders: BTreeMap<Term, Chain>,
}

impl Check for Promises {
    fn name(&self) -> &'static str {
        "promises"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        match fact {
            Fact::Stands { id, status } => {
                let mirror = ghost.mirror(*id);
                if status.standing.role == RoleName::Leader {
                    let log = &mirror.log;
                    self.leaders.entry(status.standing.term).or_insert_with(|| log.clone());
                }
                check(is_durable(status, mirror), || {
                    format!("{id} takes {} for durable", status.durable)
                })
            }
            Fact::Sent { envelope } => {
                let kept = self.is_kept(envelope, ghost);
                check(kept, || format!("{envelope} is not backed by the disk"))
            }
            _ => Ok(()),
        }
    }
}

impl Promises {
    fn is_kept(&self, envelope: &Envelope, ghost: &Ghost) -> bool {
        let Envelope { from, to, term, message } = envelope;
        let mirror = ghost.mirror(*from);
        if mirror.durable_term > *term {
            return true;
        }
        let votes_for = |candidate: &NodeId| mirror.votes.get(term) == Some(candidate);
        match message {
            Message::RequestVote { last, .. } => votes_for(from) && mirror.ever_held(*last),
            Message::Vote { ballot: Ballot::Granted | Ballot::Weak } => votes_for(to),
            Message::Appended { matched } => {
                *matched <= mirror.durable.base().index
                    || self.leaders_position(*term, *matched).is_none_or(|it| mirror.ever_held(it))
            }
            _ => true,
        }
    }

    /// What the leader of the term holds there: what it began with, or an entry of its term.
    fn leaders_position(&self, term: Term, index: Index) -> Option<Position> {
        let log = self.leaders.get(&term)?;
        if index < log.base().index {
            return None;
        }
        Some(log.at(index).map_or(Position { term, index }, |(position, _)| position))
    }
}

/// Whether the disk holds the log as far as the member thinks; or a snapshot that covers that.
fn is_durable(status: &Status, mirror: &Mirror) -> bool {
    let covered = status.snapshot.map_or(Index(0), |position| position.index);
    let position = |log: &Chain| log.at(status.durable).map(|(position, _)| position);
    status.durable <= covered.max(mirror.durable.base().index)
        || position(&mirror.durable) == position(&mirror.log)
}

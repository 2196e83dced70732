//! R8: no promise leaves before the disk backs it.
//!
//! Once a later term is durable, nothing can be promised in an earlier one, and what is said in it
//! late is not looked at.

use std::collections::BTreeMap;

use raft::{Envelope, Index, Message, NodeId, Position, RoleName, Term};

use super::{Check, Checked, Fact, Ghost, check};
use crate::checks::ghost::Chain;

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
            Fact::Stands { id, status } if status.standing.role == RoleName::Leader => {
                let log = &ghost.mirror(*id).log;
                self.leaders.entry(status.standing.term).or_insert_with(|| log.clone());
                Ok(())
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
            Message::Vote { granted: true } => votes_for(to),
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

//! R10: what a leader knows of a follower's log only grows in its term, and the follower's disk has
//! it.

use std::collections::BTreeMap;

use raft::{Index, NodeId, Position, Term};

use super::{Check, Checked, Fact, Ghost, check};

/// How far each follower's log is known to be equal, to each leader.
#[derive(Debug, Default)]
pub(super) struct Progress(BTreeMap<NodeId, (Term, BTreeMap<NodeId, Index>)>);

impl Check for Progress {
    fn name(&self) -> &'static str {
        "progress"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        let Fact::Leads { id, term, matched } = fact else { return Ok(()) };
        let known = self.0.entry(*id).or_default();
        if known.0 != *term {
            *known = (*term, BTreeMap::new());
        }
        for (follower, index) in *matched {
            let before = known.1.insert(*follower, *index).unwrap_or_default();
            if before == *index {
                continue;
            }
            check(*index > before, || {
                format!("{id} knew {follower} to hold {before}, and now only {index}")
            })?;
            let position = ghost.mirror(*id).log.at(*index).map(|(position, _)| position);
            check(position.is_none_or(|it| has_held(ghost, *follower, it)), || {
                format!("{id} takes {follower} to hold {index}, which was never on its disk")
            })?;
        }
        // Who leaves and comes back begins anew.
        known.1.retain(|follower, _| matched.iter().any(|(there, _)| there == follower));
        Ok(())
    }
}

fn has_held(ghost: &Ghost, id: NodeId, position: Position) -> bool {
    ghost.members.get(&id).is_some_and(|mirror| {
        mirror.ever_held(position) || position.index <= mirror.durable.base().index
    })
}

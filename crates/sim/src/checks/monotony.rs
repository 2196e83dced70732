//! R7: terms, commit indexes and what is applied only grow, and a vote stays; also over a restart,
//! as far as it was durable.

use std::collections::BTreeMap;

use raft::{NodeId, Term};

use super::{Check, Checked, Fact, Ghost, check};

#[derive(Debug, Default)]
pub(super) struct Monotony {
    votes: BTreeMap<(NodeId, Term), NodeId>,
}

impl Check for Monotony {
    fn name(&self) -> &'static str {
        "monotony"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        match fact {
            Fact::Stands { id, status } => {
                let mirror = ghost.mirror(*id);
                let term = status.standing.term;
                check(term >= mirror.durable_term, || format!("{id} forgets its term"))?;
                check(status.base.index <= status.commit, || format!("{id} drops uncommitted"))?;
                check(status.commit <= status.last.index, || format!("{id} commits too far"))?;
                check(status.last == mirror.log.last(), || {
                    format!("{id} ends at {}, wrote {}", status.last, mirror.log.last())
                })?;
                let Some(before) = &mirror.before else { return Ok(()) };
                check(status.commit >= before.commit, || format!("{id} takes back a commit"))?;
                check(term >= before.standing.term, || format!("{id} goes back to term {term}"))?;
                let vote = before.standing.vote;
                let keeps = term > before.standing.term || vote.is_none();
                check(keeps || vote == status.standing.vote, || format!("{id} changes its vote"))
            }
            Fact::Durable { id, write } => {
                let Some(state) = write.hard_state else { return Ok(()) };
                let Some(vote) = state.vote else { return Ok(()) };
                let kept = *self.votes.entry((*id, state.term)).or_insert(vote);
                check(kept == vote, || format!("{id} votes for {kept} and {vote}"))
            }
            _ => Ok(()),
        }
    }
}

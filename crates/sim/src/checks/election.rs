//! R1: a term has one leader (§5.2); and who leads votes, unless its removal is not committed.

use std::collections::BTreeMap;

use raft::{NodeId, RoleName, Term};

use super::{Check, Checked, Fact, Ghost, check};

#[derive(Debug, Default)]
pub(super) struct Election(BTreeMap<Term, NodeId>);

impl Check for Election {
    fn name(&self) -> &'static str {
        "election"
    }

    fn see(&mut self, fact: &Fact<'_>, _: &Ghost) -> Checked {
        let Fact::Stands { id, status } = fact else { return Ok(()) };
        let standing = status.standing;
        if standing.role != RoleName::Leader {
            return Ok(());
        }
        let (since, configuration) = &status.configuration;
        check(configuration.is_voter(*id) || *since > status.commit, || {
            format!("{id} leads term {} and does not vote", standing.term)
        })?;
        let leader = *self.0.entry(standing.term).or_insert(*id);
        check(leader == *id, || format!("{leader} and {id} both lead term {}", standing.term))
    }
}

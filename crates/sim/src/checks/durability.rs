//! R5: what a leader commits is of its own term, and on the disks of a quorum (§5.4.2).

use raft::{Configuration, NodeId, RoleName, Status};

use super::{Check, Checked, Fact, Ghost, check};
use crate::checks::ghost::{Committed, Mirror};

#[derive(Debug)]
pub(super) struct Durability;

impl Check for Durability {
    fn name(&self) -> &'static str {
        "durability"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        let Fact::Stands { id, status } = fact else { return Ok(()) };
        let Some(last) = ghost.grown().and_then(<[_]>::last) else { return Ok(()) };
        let before = ghost.mirror(*id).before.as_ref().unwrap_or(status);
        let leads = |status: &Status| status.standing.role == RoleName::Leader;
        if leads(before) && leads(status) && before.standing.term == status.standing.term {
            check(last.position.term == status.standing.term, || {
                format!("{id} commits {} by counting in a later term", last.position)
            })?;
        }
        // A step may shorten the list of voters and commit what waited for those that left. Out of
        // a joint configuration there is no way but by a quorum of both halves.
        let (old, new) = (&before.configuration.1, &status.configuration.1);
        let held = is_held(old, last, ghost) || (!old.is_joint() && is_held(new, last, ghost));
        check(held, || format!("{id} commits {}, not durable on a quorum", last.position))
    }
}

/// Whether a majority has it, and a majority of the outgoing voters too. Counted here once more,
/// for how the core counts may be wrong.
fn is_held(configuration: &Configuration, entry: &Committed, ghost: &Ghost) -> bool {
    // What a member acknowledged and then lost may be counted late. It does not vote then.
    let held =
        |it: &Mirror| it.durable.covers(entry) || (it.has_lost && it.ever_held(entry.position));
    let holds = |id: &NodeId| ghost.members.get(id).is_some_and(held);
    let has_most = |voters: Vec<NodeId>| {
        let holders = voters.iter().filter(|id| holds(id)).count();
        voters.is_empty() || 2 * holders > voters.len()
    };
    has_most(configuration.voters().collect()) && has_most(configuration.outgoing().collect())
}

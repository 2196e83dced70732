//! R9: of changes of the members, one at a time is uncommitted, none begins before the leader has
//! committed in its term, and each leaves the quorums before and after it a member in common.

use raft::{Configuration, RoleName};

use super::{Check, Checked, Fact, Ghost, check};

#[derive(Debug)]
pub(super) struct Changes;

impl Check for Changes {
    fn name(&self) -> &'static str {
        "changes"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        let Fact::Stands { id, status } = fact else { return Ok(()) };
        let Some(before) = &ghost.mirror(*id).before else { return Ok(()) };
        let ((was_at, old), (is_at, new)) = (&before.configuration, &status.configuration);
        let leads = before.standing.role == RoleName::Leader
            && status.standing.role == RoleName::Leader
            && before.standing.term == status.standing.term;
        if !leads || is_at <= was_at {
            return Ok(());
        }
        check(*was_at <= status.commit, || format!("{id} begins a change before one is over"))?;
        let last = ghost.committed_at(status.commit);
        check(last.is_some_and(|last| last.position.term == status.standing.term), || {
            format!("{id} begins a change before it has committed in its term")
        })?;
        check(is_step(old, new), || format!("{id} goes from {old} to {new} in one step"))
    }
}

fn is_step(old: &Configuration, new: &Configuration) -> bool {
    let voters = |it: &Configuration| it.voters().collect::<std::collections::BTreeSet<_>>();
    let outgoing = new.outgoing().collect::<std::collections::BTreeSet<_>>();
    let (from, to) = (voters(old), voters(new));
    if old.is_joint() {
        !new.is_joint() && from == to
    } else if new.is_joint() {
        outgoing == from
    } else {
        from.symmetric_difference(&to).count() <= 1
    }
}

//! R4: what is committed stays: no member ever commits another log.

use super::{Check, Checked, Fact, Ghost, check};

#[derive(Debug)]
pub(super) struct Commitment;

impl Check for Commitment {
    fn name(&self) -> &'static str {
        "commitment"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        let Fact::Stands { id, status } = fact else { return Ok(()) };
        check(status.commit <= ghost.committed_index(), || {
            format!("{id} commits {} without holding it", status.commit)
        })?;
        let Some(last) = ghost.committed_at(status.commit) else { return Ok(()) };
        let log = &ghost.mirror(*id).log;
        check(log.covers(last), || format!("{id} commits another entry than {}", last.position))
    }
}

//! R3: a leader holds all that was committed in earlier terms (§5.4).

use super::{Check, Checked, Fact, Ghost, check};

#[derive(Debug)]
pub(super) struct Completeness;

impl Check for Completeness {
    fn name(&self) -> &'static str {
        "completeness"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        let Fact::Stands { .. } = fact else { return Ok(()) };
        for (id, standing) in ghost.leaders() {
            let Some(last) = ghost.last_before(standing.term) else { continue };
            check(ghost.mirror(id).log.covers(last), || {
                format!("{id} leads term {} without {}", standing.term, last.position)
            })?;
        }
        Ok(())
    }
}

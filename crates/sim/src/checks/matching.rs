//! R2: two logs that hold the same position are equal up to it (§5.3).
//!
//! Each position ever written stands for one hash of everything up to it.

use std::collections::BTreeMap;

use raft::Position;

use super::{Check, Checked, Fact, Ghost, check};

#[derive(Debug, Default)]
pub(super) struct Matching(BTreeMap<Position, u64>);

impl Check for Matching {
    fn name(&self) -> &'static str {
        "matching"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        let Fact::Wrote { id, write } = fact else { return Ok(()) };
        for entry in &write.entries {
            let position = entry.position;
            let Some((_, prefix)) = ghost.mirror(*id).log.at(position.index) else {
                return Err(format!("{id} leaves a gap before {position}"));
            };
            let known = *self.0.entry(position).or_insert(prefix);
            check(known == prefix, || {
                format!("{id} holds another {position}, or another log before it")
            })?;
        }
        Ok(())
    }
}

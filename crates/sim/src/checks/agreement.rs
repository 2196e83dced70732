//! E10: stores that applied the same index have the same hash, and so has one that comes of a
//! snapshot.

use std::collections::BTreeMap;

use raft::Index;

use super::{Check, Checked, Fact, Ghost, check};

#[derive(Debug, Default)]
pub(super) struct Agreement(BTreeMap<Index, u64>);

impl Check for Agreement {
    fn name(&self) -> &'static str {
        "agreement"
    }

    fn see(&mut self, fact: &Fact<'_>, _: &Ghost) -> Checked {
        let (id, index, hash) = match fact {
            Fact::Started { id, restored, hash } => {
                let snapshot = restored.snapshot.as_ref();
                (id, snapshot.map_or(Index(0), |it| it.position.index), Some(*hash))
            }
            Fact::Applied { id, applied, .. } => (id, applied.index, applied.hash),
            Fact::Taken { id, position, hash } => (id, position.index, Some(*hash)),
            Fact::Restored { id, snapshot, hash } => (id, snapshot.position.index, Some(*hash)),
            _ => return Ok(()),
        };
        let Some(hash) = hash else { return Ok(()) };
        let known = *self.0.entry(index).or_insert(hash);
        check(known == hash, || format!("the store of {id} differs after {index}"))
    }
}

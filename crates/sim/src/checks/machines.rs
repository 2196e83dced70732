//! R6: members that applied the same index are in the same state, by the hash of all replies; and
//! what they apply is committed, and on their own disk.

use std::collections::BTreeMap;

use mvcc::{Change, Reply};
use raft::{Index, NodeId};

use super::{Check, Checked, Fact, Ghost, check};
use crate::rolling::Rolling;

#[derive(Debug, Default)]
pub(super) struct Machines {
    /// The hash of all replies up to an index.
    known: BTreeMap<Index, u64>,
    members: BTreeMap<NodeId, (Index, u64)>,
}

impl Machines {
    fn known_at(&self, index: Index) -> u64 {
        self.known.range(..=index).next_back().map_or(0, |(_, hash)| *hash)
    }
}

impl Check for Machines {
    fn name(&self) -> &'static str {
        "machines"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        match fact {
            Fact::Started { id, restored, .. } => {
                let index = restored.snapshot.as_ref().map_or(Index(0), |it| it.position.index);
                let hash = self.known_at(index);
                self.members.insert(*id, (index, hash));
            }
            Fact::Restored { id, snapshot, .. } => {
                let index = snapshot.position.index;
                let hash = self.known_at(index);
                self.members.insert(*id, (index, hash));
            }
            Fact::Applied { id, applied, .. } => {
                let index = applied.index;
                let member = self.members.entry(*id).or_default();
                check(index > member.0, || format!("{id} applies {index} again"))?;
                check(index <= ghost.committed_index(), || {
                    format!("{id} applies {index}, not committed")
                })?;
                check(index <= ghost.mirror(*id).durable.last().index, || {
                    format!("{id} applies {index}, not durable there")
                })?;
                let reply = applied.reply.as_ref().map(hash_of).unwrap_or_default();
                let hash = Rolling::chain(member.1, &(index, reply, applied.revision));
                *member = (index, hash);
                let known = *self.known.entry(index).or_insert(hash);
                check(known == hash, || format!("{id} is in another state after {index}"))?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn hash_of(reply: &Reply) -> u64 {
    let hash = u64::from(reply.result.is_ok());
    reply.changes.iter().fold(hash, |hash, change| match change {
        Change::Put { kv, .. } => {
            Rolling::chain(hash, &(&kv.key, &kv.value, kv.create_revision, kv.mod_revision))
        }
        Change::Delete { key, mod_revision, .. } => Rolling::chain(hash, &(key, mod_revision)),
    })
}

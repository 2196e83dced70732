//! Reading what changed, revision by revision.
//!
//! A watcher that starts in the past, or that fell behind, is served from here. A step looks at a
//! bounded number of changes, and then at the rest of their revision, because the events of a
//! revision belong together: it holds the store for no longer than the largest command did.

use std::sync::Arc;

use bytes::Bytes;

use crate::Store;
use crate::memory::{Memory, Revision};
use crate::reply::Change;

/// What one revision changed, in order. All who watch it share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Events {
    /// The revision.
    pub revision: i64,
    /// Its changes; never none.
    pub changes: Vec<Change>,
}

impl Events {
    /// The changes of a command, if there are any.
    pub fn of(changes: &[Change]) -> Option<Arc<Self>> {
        let revision = changes.first()?.mod_revision();
        Some(Arc::new(Self { revision, changes: changes.to_vec() }))
    }

    /// How many bytes keys and values take, roughly.
    pub(crate) fn size_bytes(&self) -> usize {
        self.changes.iter().map(Change::size_bytes).sum()
    }
}

/// What a step through history found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum History {
    /// These changes were asked for, oldest first, and all revisions before `next` were looked at.
    Read { found: Vec<Arc<Events>>, next: i64 },
    /// The first revision is forgotten. The oldest that is not is this one.
    Compacted(i64),
}

impl Store {
    /// Reads the changes of the revisions from `from` to `until` whose keys are wanted. It stops
    /// after the revision in which it has looked at `budget` changes.
    pub(crate) fn history(
        &self,
        (from, until): (i64, i64),
        budget: usize,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> History {
        let compacted = self.compacted_revision().unwrap_or(-1);
        if from < compacted {
            return History::Compacted(compacted);
        }
        let mut found = Vec::<Arc<Events>>::new();
        let mut changes = Vec::new();
        let mut reading = from;
        for (looked_at, (at, key)) in self.memory().changes_from(from).enumerate() {
            if at.main > until {
                break;
            }
            if at.main != reading {
                keep(&mut found, reading, &mut changes);
                reading = at.main;
                if looked_at >= budget {
                    return History::Read { found, next: reading };
                }
            }
            if wanted(key) {
                changes.extend(change(self.memory(), at, key, compacted));
            }
        }
        keep(&mut found, reading, &mut changes);
        History::Read { found, next: until + 1 }
    }
}

fn keep(found: &mut Vec<Arc<Events>>, revision: i64, changes: &mut Vec<Change>) {
    if !changes.is_empty() {
        found.push(Arc::new(Events { revision, changes: std::mem::take(changes) }));
    }
}

/// What happened to the key at that place. `None` if it is forgotten: at the compacted revision
/// only the last change of a key is kept.
fn change(memory: &Memory, at: Revision, key: &Bytes, compacted: i64) -> Option<Change> {
    let version = memory.version_at(key, at)?;
    // What cannot be read any more is not told either, even while an image still holds it.
    let before = (at.main > compacted).then(|| memory.get(key, at.main - 1)).flatten();
    Some(match version.key_value(key) {
        Some(kv) => {
            let creates = kv.create_revision == kv.mod_revision;
            Change::Put { kv, prev_kv: before.filter(|_| !creates) }
        }
        None => Change::Delete { key: key.clone(), mod_revision: at.main, prev_kv: before },
    })
}

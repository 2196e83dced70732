//! A disk that forgets in a power loss whatever was not written yet.

use std::collections::VecDeque;
use std::sync::Arc;

use raft::{Configuration, Entry, Position, Restored, Snapshot, Write, WriteId};

/// How long snapshots are.
const SNAPSHOT_BYTES: u64 = 5;

/// The snapshot of that position. The bytes of a state are of no interest here.
pub(crate) fn snapshot(position: Position, configuration: Arc<Configuration>) -> Snapshot {
    Snapshot { position, configuration, bytes: SNAPSHOT_BYTES, checksum: 0 }
}

/// One member's disk: what is durable, and the writes that wait, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    /// What a restart finds.
    pub(crate) durable: Restored,
    /// What the core asked for and the disk has not done.
    pub(crate) pending: VecDeque<Write>,
    /// A snapshot of which all pieces are here, and which is not durable yet.
    pub(crate) received: Option<Snapshot>,
}

impl Disk {
    /// Makes the oldest waiting write durable, if it is not beyond `until`.
    pub(crate) fn write_next(&mut self, until: WriteId) -> Option<Write> {
        let write = self.pending.pop_front_if(|write| write.id <= until)?;
        if let Some(hard_state) = write.hard_state {
            self.durable.hard_state = hard_state;
        }
        if write.is_recovered {
            self.durable.loss = None;
        }
        if let Some(base) = write.base {
            move_base(&mut self.durable, base);
        }
        replace_tail(&mut self.durable.entries, &write.entries);
        self.durable.commit = self.durable.commit.max(write.commit);
        Some(write)
    }

    /// Makes a snapshot durable.
    pub(crate) fn keep(&mut self, snapshot: Snapshot) {
        let newest = self.durable.snapshot.as_ref().map(|snapshot| snapshot.position);
        if newest.is_none_or(|newest| newest < snapshot.position) {
            self.durable.snapshot = Some(snapshot);
        }
    }
}

/// Drops what is before the base; and everything, if the log does not hold it.
fn move_base(log: &mut Restored, base: Position) {
    if log.entries.iter().any(|entry| entry.position == base) {
        log.entries.retain(|entry| entry.position.index > base.index);
    } else if log.base != base {
        log.entries.clear();
    }
    log.base = base;
}

/// Lets `entries` take the place of everything from the index of the first one on.
fn replace_tail(log: &mut Vec<Entry>, entries: &[Entry]) {
    if let Some(first) = entries.first() {
        log.retain(|entry| entry.position.index < first.position.index);
        log.extend_from_slice(entries);
    }
}

//! A disk that forgets in a power loss whatever was not written yet.

use std::collections::VecDeque;

use raft::{Entry, Restored, Write, WriteId};

/// One member's disk: what is durable, and the writes that wait, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    /// What a restart finds.
    pub(crate) durable: Restored,
    /// What the core asked for and the disk has not done.
    pub(crate) pending: VecDeque<Write>,
}

impl Disk {
    /// Makes the oldest waiting write durable, if it is not beyond `until`.
    pub(crate) fn write_next(&mut self, until: WriteId) -> Option<Write> {
        let write = self.pending.pop_front_if(|write| write.id <= until)?;
        if let Some(hard_state) = write.hard_state {
            self.durable.hard_state = hard_state;
        }
        replace_tail(&mut self.durable.entries, &write.entries);
        self.durable.commit = self.durable.commit.max(write.commit);
        Some(write)
    }
}

/// Lets `entries` take the place of everything from the index of the first one on.
fn replace_tail(log: &mut Vec<Entry>, entries: &[Entry]) {
    if let Some(first) = entries.first() {
        log.retain(|entry| entry.position.index < first.position.index);
        log.extend_from_slice(entries);
    }
}

//! When to take a snapshot: when the log has grown so much since the last one that reading it again
//! would take long.
//!
//! While a follower is being sent a snapshot, a new one would make it begin anew, so the next
//! waits; but not for ever, lest a follower that never comes to the end lets the log grow without a
//! bound.

use raft::Entry;

/// The log may grow so many times beyond the limit while a follower is sent a snapshot.
const PATIENCE: u64 = 4;
/// What an entry is counted for beside its command.
const ENTRY_BYTES: u64 = 64;

/// Counts the log since the last snapshot.
#[derive(Debug)]
pub(crate) struct Policy {
    limit_bytes: u64,
    bytes: u64,
    is_asked: bool,
    is_renewal: bool,
    is_taking: bool,
}

impl Policy {
    pub(crate) fn new(limit_bytes: u64) -> Self {
        Self { limit_bytes, bytes: 0, is_asked: false, is_renewal: false, is_taking: false }
    }

    pub(crate) fn on_applied(&mut self, entry: &Entry) {
        self.bytes += ENTRY_BYTES + entry.payload.len() as u64;
    }

    /// Somebody wants one as soon as there is something new to keep.
    pub(crate) fn ask(&mut self) {
        self.is_asked = true;
    }

    /// What is on the disk is damaged: one is wanted whether there is something new or not.
    pub(crate) fn renew(&mut self) {
        self.is_renewal = true;
    }

    /// Whether that one is still to be begun.
    pub(crate) fn wants_renewal(&self) -> bool {
        self.is_renewal
    }

    /// Whether to take a snapshot now. If so, it is being taken from now on.
    pub(crate) fn is_due(&mut self, is_sending: bool) -> bool {
        let limit = if is_sending { PATIENCE * self.limit_bytes } else { self.limit_bytes };
        let is_new = self.bytes >= limit || (self.is_asked && self.bytes > 0);
        let is_wanted = is_new || self.is_renewal;
        if self.is_taking || !is_wanted {
            return false;
        }
        (self.is_taking, self.is_asked, self.is_renewal, self.bytes) = (true, false, false, 0);
        true
    }

    /// It was taken, or that failed; then the log has to grow by the limit again.
    pub(crate) fn on_taken(&mut self) {
        self.is_taking = false;
    }
}

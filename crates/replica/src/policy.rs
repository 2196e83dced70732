//! When to take a snapshot: when the log has grown so much since the last one that reading it again
//! would take long.
//!
//! While a follower is being sent a snapshot, a new one would make it begin anew, so the next
//! waits; but not for ever, lest a follower that never comes to the end lets the log grow without a
//! bound.

use raft::Entry;

/// The log may grow so many times beyond the limit while a follower is sent a snapshot.
const PATIENCE: u64 = 4;
/// While the log is full, a snapshot that failed is tried again after so long.
const RETRY_TICKS: u32 = 500;
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
    /// If the last one failed, the ticks until it may be tried again for want of memory.
    pause: Option<u32>,
}

impl Policy {
    pub(crate) fn new(limit_bytes: u64) -> Self {
        Self {
            limit_bytes,
            bytes: 0,
            is_asked: false,
            is_renewal: false,
            is_taking: false,
            pause: None,
        }
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

    /// Whether to take a snapshot now. If so, it is being taken from now on. A full log wants one
    /// as soon as one can make room.
    pub(crate) fn is_due(&mut self, is_sending: bool, is_full: bool) -> bool {
        let limit = if is_sending { PATIENCE * self.limit_bytes } else { self.limit_bytes };
        let is_new = self.bytes >= limit || (self.is_asked && self.bytes > 0);
        let makes_room = self.pause.map_or(self.bytes > 0, |left| left == 0);
        let is_wanted = is_new || self.is_renewal || (is_full && makes_room);
        if self.is_taking || !is_wanted {
            return false;
        }
        (self.is_taking, self.is_asked, self.is_renewal, self.bytes) = (true, false, false, 0);
        true
    }

    /// It was taken.
    pub(crate) fn on_taken(&mut self) {
        (self.is_taking, self.pause) = (false, None);
    }

    /// It could not be taken: the log has to grow by the limit again, or, if it is full and grows
    /// no more, some time to pass.
    pub(crate) fn on_failed(&mut self) {
        (self.is_taking, self.pause) = (false, Some(RETRY_TICKS));
    }

    /// Time passed.
    pub(crate) fn tick(&mut self) {
        self.pause = self.pause.map(|left| left.saturating_sub(1));
    }
}

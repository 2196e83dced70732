//! The snapshot that a follower is being sent (§7).
//!
//! Chunks are taken in order and nothing else is: the answer to each says where the next one
//! begins. If the leader changes, and the next one sends the very same snapshot, the transfer goes
//! on. Of another snapshot nothing is taken from when all of one is here until it is durable.

use bytes::Bytes;

use crate::effect::Effect;
use crate::types::Snapshot;

/// A snapshot of which some is here.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Receiving {
    snapshot: Snapshot,
    next: u64,
    is_complete: bool,
}

impl Receiving {
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        Self { snapshot, next: 0, is_complete: false }
    }

    pub(crate) fn is_of(&self, snapshot: &Snapshot) -> bool {
        self.snapshot == *snapshot
    }

    /// Where the next chunk begins.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Whether all of it is here. The host makes it durable now.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Takes a chunk, if it is the next one.
    pub(crate) fn take(&mut self, offset: u64, data: Bytes) -> Option<Effect> {
        let end = offset.checked_add(data.len() as u64)?;
        let is_next = offset == self.next && end <= self.snapshot.bytes && !self.is_complete;
        let is_last = end == self.snapshot.bytes;
        if !is_next || (data.is_empty() && !is_last) {
            return None;
        }
        self.next = end;
        self.is_complete = is_last;
        Some(Effect::StoreChunk { snapshot: self.snapshot.clone(), offset, data })
    }
}

//! What the replica puts before a command in the log: who asked for it.
//!
//! ```text
//! 0         8         16
//! ┌─────────┬─────────┬───────────┐
//! │ origin  │ ticket  │ command … │   numbers in little-endian order
//! └─────────┴─────────┴───────────┘
//! ```

use bytes::{Buf, BufMut, Bytes, BytesMut};
use raft::{NodeId, Ticket};

/// Whose request a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// The member that took the request.
    pub(crate) origin: NodeId,
    /// Its name for it.
    pub(crate) ticket: Ticket,
}

const LENGTH: usize = 16;

impl Tag {
    /// Puts the tag before a command.
    pub(crate) fn attach(self, command: &[u8]) -> Bytes {
        let mut tagged = BytesMut::with_capacity(LENGTH + command.len());
        tagged.put_u64_le(self.origin.0);
        tagged.put_u64_le(self.ticket.0);
        tagged.put_slice(command);
        tagged.freeze()
    }

    /// Takes the tag off again. `None` if there is none, which no replica proposes.
    pub(crate) fn detach(mut tagged: Bytes) -> Option<(Self, Bytes)> {
        let origin = NodeId(tagged.try_get_u64_le().ok()?);
        let ticket = Ticket(tagged.try_get_u64_le().ok()?);
        Some((Self { origin, ticket }, tagged))
    }
}

/// The state machine's part of what is in the log.
pub fn command_of(tagged: &Bytes) -> Bytes {
    tagged.slice(LENGTH.min(tagged.len())..)
}

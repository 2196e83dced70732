//! The log on disk: it keeps what [`raft`] wants remembered, and gives it back after a crash.
//!
//! A member may only promise what it cannot forget. So the core asks for a [`raft::Write`] to be
//! made durable before it lets a promise out, and the host takes all the writes that wait, in
//! order, to [`Wal::append`]. They become one *frame*: one write at a known place, one sync. That
//! is group commit, and it costs the same for one entry as for a hundred. When a member starts,
//! [`Wal::open`] reads the frames back into a [`raft::Restored`].
//!
//! ```
//! use raft::{Entry, HardState, Index, NodeId, Payload, Position, Term, Write};
//! use wal::{Config, Identity, MemoryDisk, Wal};
//!
//! let disk = MemoryDisk::new();
//! let identity = Identity { cluster: 0xc1, member: 1 };
//! let (mut wal, restored, _) = Wal::open(disk.clone(), identity, Config::default())?;
//! assert!(restored.entries.is_empty());
//!
//! let entry = Entry { position: Position::new(1, 1), payload: Payload::Command("put".into()) };
//! let hard_state = HardState { term: Term(1), vote: Some(NodeId(1)) };
//! wal.append(&[Write {
//!     hard_state: Some(hard_state),
//!     entries: vec![entry.clone()],
//!     ..Write::default()
//! }])?;
//!
//! // Now the member may say so. The power fails, with any seed:
//! disk.crash(7);
//! let (_, restored, recovery) = Wal::open(disk, identity, Config::default())?;
//! assert_eq!(restored.entries, [entry]);
//! assert_eq!(restored.hard_state, hard_state);
//! assert_eq!(recovery.torn, None);
//! # Ok::<(), wal::Error>(())
//! ```
//!
//! # The rules
//!
//! - A block that was synced is never given other bytes. Frames are padded to blocks of 4 KiB, so a
//!   write that the power cuts short can hurt nothing but the frame that it wrote.
//! - Frames are numbered, and each names the one before by its checksum. A frame is written only
//!   when the one before is durable; so a frame that is followed by another was durable, and if it
//!   is bad now, that is damage. Damage is never cut off: it may have been acknowledged, and a
//!   majority that forgets it forgets a committed entry. Only the last frame can be torn.
//! - A log at rest ends with a frame that says nothing: a seal. So what was acknowledged and rots
//!   is
//!   damage, wherever it stands, unless the member stopped within milliseconds.
//! - A member of a cluster need not stop for damage. Its log begins anew with what is left of it
//!   ([`salvage`], [`Wal::rebuild`]), and says that something is lost ([`raft::Restored::loss`]);
//!   the core then has the rest sent, and does not vote before.
//! - A failed sync is final. The kernel may have dropped the pages and forgotten about it, so a
//!   second sync that succeeds proves nothing. The log then refuses every call
//!   ([`Error::Poisoned`]), and the host ends the process.
//! - Space is prepared ahead ([`Wal::prepare_next`]): zeros, written and synced. An append into
//!   them changes no metadata of the file, so its sync has only the frame to write, and it cannot
//!   fail for want of space.
//!
//! # What is left out
//!
//! This crate starts no thread and knows no clock: a host calls it from a thread of its own, as
//! every call may block. Reads and writes go through the page cache. `docs/formats.md` draws the
//! files.

mod active;
mod disk;
mod error;
mod frame;
mod incoming;
mod inspect;
mod memory;
mod opening;
mod reading;
mod real;
mod recovery;
mod salvage;
mod scrub;
mod segment;
mod snapshot;
mod tail;
mod wal;

use std::{fmt, io};

pub use disk::{Disk, File};
pub use error::{Damage, Error};
pub use frame::Record;
pub use incoming::Incoming;
pub use inspect::{Item, Verified, identity, inspect, verify};
pub use memory::{Fault, MemoryDisk, MemoryFile};
pub use opening::{Directories, OpenError, Opened};
pub use reading::{ReadOnlyDisk, ReadOnlyFile};
pub use real::RealDisk;
pub use recovery::{Recovery, TornTail};
pub use salvage::salvage;
pub use scrub::{Reading, scrub_log, scrub_snapshot};
pub use snapshot::{SnapshotWriter, Snapshots};
pub use wal::Wal;

use frame::BLOCK_BYTES;

/// Whose log it is. Written in each segment, and checked when the log is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The cluster's number.
    pub cluster: u64,
    /// The member's.
    pub member: u64,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "member {:x} of cluster {:x}", self.member, self.cluster)
    }
}

/// How large things are. All may differ from those of the last time that the log was open. They
/// are rounded up to whole blocks of 4 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How long a segment is. Only a frame that would not fit gets a longer one.
    pub segment_bytes: u64,
    /// How much space is kept ready ahead of the appends, by [`Wal::prepare_next`].
    pub ahead_bytes: u64,
    /// How much of it is made ready at once; an append may have to wait for so much.
    pub step_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * 1024 * 1024,
            ahead_bytes: 16 * 1024 * 1024,
            step_bytes: 1024 * 1024,
        }
    }
}

impl Config {
    /// Whole blocks; in a segment at least a header, a frame, and the one that points to the next
    /// segment; and at least a block to a step.
    fn in_blocks(self) -> Self {
        let blocks = |bytes: u64, least: u64| bytes.div_ceil(BLOCK_BYTES).max(least) * BLOCK_BYTES;
        Self {
            segment_bytes: blocks(self.segment_bytes, 3),
            ahead_bytes: blocks(self.ahead_bytes, 1),
            step_bytes: blocks(self.step_bytes, 1),
        }
    }
}

/// Says on which file and in which operation the disk failed.
fn io_error<'a, D: Disk>(
    disk: &'a D,
    name: &'a str,
    operation: &'static str,
) -> impl Fn(io::Error) -> Error + 'a {
    move |source| Error::Io { path: disk.path(name), operation, source }
}

/// Writes zeros from `start` to `end`.
fn write_zeros<F: File>(file: &F, start: u64, end: u64) -> io::Result<()> {
    const ZEROS: &[u8] = &[0; 64 * 1024];
    let mut at = start;
    while at < end {
        let bytes = (end - at).min(ZEROS.len() as u64);
        file.write_at(at, &ZEROS[..usize::try_from(bytes).expect("at most the zeros there are")])?;
        at += bytes;
    }
    Ok(())
}

//! What the tests of this crate share: small logs, and a naive model of one.

#![allow(dead_code, reason = "each test file uses a part of it")]

use bytes::Bytes;
use raft::{Entry, HardState, Index, NodeId, Payload, Position, Restored, Term, Write, WriteId};
use wal::{Config, Error, Identity, MemoryDisk, Recovery, Wal};

pub(crate) const IDENTITY: Identity = Identity { cluster: 0xc1, member: 1 };

/// Three frames to a segment.
pub(crate) const SMALL: Config =
    Config { segment_bytes: 5 * 4096, ahead_bytes: 3 * 4096, step_bytes: 4096 };

pub(crate) type Opened = (Wal<MemoryDisk>, Restored, Recovery);

pub(crate) fn open(disk: &MemoryDisk) -> Result<Opened, Error> {
    Wal::open(disk.clone(), IDENTITY, SMALL)
}

/// A write of entries of that term, with commands of that many bytes, from index `first` on.
pub(crate) fn entries(first: u64, term: u64, command_bytes: &[usize]) -> Write {
    let entry = |(index, bytes): (u64, &usize)| Entry {
        position: Position::new(index, term),
        // Nothing in it is zero, so that whatever is lost is missed.
        payload: Payload::Command(Bytes::from(vec![0xa0 | (index % 16) as u8; *bytes])),
    };
    Write {
        id: WriteId(first),
        entries: (first..).zip(command_bytes).map(entry).collect(),
        commit: Index(first - 1),
        ..Write::default()
    }
}

/// A write of a vote.
pub(crate) fn vote(term: u64, member: u64) -> Write {
    let hard_state = HardState { term: Term(term), vote: Some(NodeId(member)) };
    Write { hard_state: Some(hard_state), ..Write::default() }
}

/// A write that moves the base.
pub(crate) fn base(index: u64, term: u64) -> Write {
    Write { base: Some(Position::new(index, term)), ..Write::default() }
}

/// The same, as if nothing could be lost.
pub(crate) fn trusted(restored: Restored) -> Restored {
    Restored { loss: None, ..restored }
}

/// What a log that holds these writes gives back, by the words of `raft::Write`.
pub(crate) fn model<'a>(writes: impl IntoIterator<Item = &'a Write>) -> Restored {
    let mut restored = Restored::default();
    for write in writes {
        if let Some(hard_state) = write.hard_state {
            restored.hard_state = hard_state;
        }
        if let Some(base) = write.base {
            if restored.entries.iter().any(|entry| entry.position == base) {
                restored.entries.retain(|entry| entry.position.index > base.index);
            } else if restored.base != base {
                restored.entries.clear();
            }
            restored.base = base;
        }
        for entry in &write.entries {
            restored.entries.retain(|held| held.position.index < entry.position.index);
            restored.entries.push(entry.clone());
        }
        restored.commit = restored.commit.max(write.commit);
    }
    restored
}

//! The numbers that Raft counts with, and what a log is made of.

use std::sync::Arc;

use bytes::Bytes;

use crate::configuration::Configuration;

/// Which member. Chosen once, never used again for another member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u64);

/// A term: Raft's clock. Each has at most one leader (§5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(pub u64);

impl Term {
    /// The term after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A place in the log, counted from 1; 0 is the place before the first entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Index(pub u64);

impl Index {
    /// The index after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The index before this one; 0 stays 0.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

/// Where an entry sits, and which leader put it there. Prints as `7@3`: index 7 of term 3.
///
/// The order is by term, then by index. That order *is* the rule of which log is more up to date
/// (§5.4.1). `Position::default()` (`0@0`) is the place before every entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The term of the leader that created the entry.
    pub term: Term,
    /// Its index.
    pub index: Index,
}

impl Position {
    /// The position `index@term`.
    pub fn new(index: u64, term: u64) -> Self {
        Self { term: Term(term), index: Index(index) }
    }
}

/// One entry of the replicated log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Where it sits. Two logs with the same position hold the same entry there (§5.3).
    pub position: Position,
    /// What it says.
    pub payload: Payload,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Payload {
    /// Nothing. A new leader appends one, so that it has an entry of its own term to commit (§8).
    Noop,
    /// Bytes for the state machine. Raft does not look at them.
    Command(Bytes),
    /// Who belongs to the cluster from here on. In force as soon as it is appended (§6).
    Configuration(Arc<Configuration>),
}

impl Payload {
    /// How many bytes the state machine is given.
    pub fn len(&self) -> usize {
        match self {
            Self::Noop | Self::Configuration(_) => 0,
            Self::Command(command) => command.len(),
        }
    }

    /// Whether there are no such bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a member must never forget: its term, and whom it voted for in it (§5.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct HardState {
    /// The latest term that this member has seen.
    pub term: Term,
    /// The candidate that got its vote in that term.
    pub vote: Option<NodeId>,
}

/// The host's handle on a request. The core gives it back with the answer. A ticket is used for
/// one request only, also over a restart of the member: the answer to an earlier one may come late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Names one [`Write`], counted from 1. Writes are made durable in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(pub u64);

/// One step of what must be durable. The host carries writes out in order, each whole or not at
/// all, and then says [`Input::Persisted`](crate::Input::Persisted).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Write {
    /// Its name.
    pub id: WriteId,
    /// The log begins after this position from now on: a snapshot covers everything up to it. If
    /// the log holds the position, the entries after it stay; if it does not, none does.
    pub base: Option<Position>,
    /// Whether the member holds again all that it may have lost. See [`Restored::loss`].
    pub is_recovered: bool,
    /// The new hard state, if it changed.
    pub hard_state: Option<HardState>,
    /// Entries, adjacent and in order. They replace whatever the log holds from the index of the
    /// first one on.
    pub entries: Vec<Entry>,
    /// The commit index when the write was made: a hint that lets a restarted member apply what
    /// it holds before it has heard from a leader. It alone is never a reason to write.
    pub commit: Index,
}

/// What a member finds on its disk when it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Restored {
    /// The last hard state that was written.
    pub hard_state: HardState,
    /// The position after which the log begins.
    pub base: Position,
    /// The log, adjacent, from the index after the base.
    pub entries: Vec<Entry>,
    /// The newest snapshot. It covers at least everything up to the base.
    pub snapshot: Option<Snapshot>,
    /// The highest commit index that was written. May lie beyond `entries`.
    pub commit: Index,
    /// Whether entries may be missing that this member promised to hold. The host finds that out,
    /// and remembers it until a write [says](Write::is_recovered) that it is over. The hard state
    /// must be the last one that was durable in any case: a lost vote cannot be had again.
    pub loss: Option<Loss>,
}

/// What a member may have lost of the entries that it promised to hold.
///
/// Such a member is *recovering*. It follows, and takes what it is sent; but it could help to elect
/// a leader that lacks what it has lost itself. So it does not vote as others do ([`Ballot`]) until
/// it holds an entry that a leader of a later term has committed.
///
/// [`Ballot`]: crate::Ballot
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loss {
    /// The last of them at most, and perhaps none: the last write is not whole, and nothing says
    /// whether it ever was. Any number of members that lose power together may be left so, and
    /// must be able to go on when all of them are there.
    Tail,
    /// Some that were durable for sure.
    Damage,
}

/// What a snapshot stands for: the state machine after everything up to a position was applied.
///
/// Two snapshots that are equal in all of this are the same bytes, whoever took them: a transfer
/// that one leader began, another may finish.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// The last entry that was applied.
    pub position: Position,
    /// Who belonged to the cluster then.
    pub configuration: Arc<Configuration>,
    /// How long the state machine's bytes are.
    pub bytes: u64,
    /// Their CRC-32C.
    pub checksum: u32,
}

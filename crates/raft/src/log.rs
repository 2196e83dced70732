//! The log in memory: which entries there are, and how far they are committed, durable and handed
//! out.
//!
//! ```text
//!   1 ........ handed ........ min(commit, durable) ........ last
//!              given to the    may be given to the
//!              state machine   state machine now
//! ```

use crate::types::{Entry, Index, Position};

/// The log. Entries are adjacent, from index 1.
#[derive(Debug)]
pub(crate) struct Log {
    entries: Vec<Entry>,
    commit: Index,
    durable: Index,
    handed: Index,
}

impl Log {
    /// The log as it was found on the disk, which makes all of it durable.
    pub(crate) fn restore(entries: Vec<Entry>, commit: Index) -> Self {
        let mut previous = Position::default();
        for entry in &entries {
            assert!(follows(previous, entry), "restored {} after {previous}", entry.position);
            previous = entry.position;
        }
        let last = previous.index;
        Self { entries, commit: commit.min(last), durable: last, handed: Index(0) }
    }

    pub(crate) fn last(&self) -> Position {
        self.entries.last().map_or_else(Position::default, |entry| entry.position)
    }

    pub(crate) fn commit(&self) -> Index {
        self.commit
    }

    pub(crate) fn durable(&self) -> Index {
        self.durable
    }

    /// The position at `index`, if the log reaches so far. Index 0 is before every entry.
    pub(crate) fn position_at(&self, index: Index) -> Option<Position> {
        if index == Index(0) {
            return Some(Position::default());
        }
        self.entries.get(slot(index)).map(|entry| entry.position)
    }

    pub(crate) fn holds(&self, position: Position) -> bool {
        self.position_at(position.index) == Some(position)
    }

    /// The last position at which this log and one that holds `other` could agree: not beyond its
    /// index, and of no later term than it. Whole terms are skipped that way (§5.3, the paper's
    /// optimisation, on both sides).
    pub(crate) fn could_agree(&self, other: Position) -> Position {
        let reach = usize::try_from(other.index.0).unwrap_or(usize::MAX).min(self.entries.len());
        let reach = &self.entries[..reach];
        let agreeing = reach.partition_point(|entry| entry.position.term <= other.term);
        self.position_at(Index(agreeing as u64)).expect("within reach")
    }

    /// Entries from `from` on: at least one if there is one, then as many as fit in `bytes_max`.
    pub(crate) fn slice(&self, from: Index, bytes_max: usize) -> &[Entry] {
        let rest = self.entries.get(slot(from)..).unwrap_or_default();
        &rest[..fitting(rest.iter().map(|entry| entry.payload.len()), bytes_max)]
    }

    /// Adds one entry at the end.
    pub(crate) fn push(&mut self, entry: Entry) {
        let last = self.last();
        assert!(follows(last, &entry), "appended {} after {last}", entry.position);
        self.entries.push(entry);
    }

    /// Drops everything from `from` on.
    pub(crate) fn truncate(&mut self, from: Index) {
        assert!(from > self.commit, "truncated from {from}, committed up to {}", self.commit);
        self.entries.truncate(slot(from));
        self.durable = self.durable.min(from.previous());
    }

    /// Declares everything up to `index` committed. Never takes it back.
    pub(crate) fn commit_to(&mut self, index: Index) {
        let last = self.last().index;
        assert!(index <= last, "committed up to {index}, the log ends at {last}");
        self.commit = self.commit.max(index);
    }

    /// Declares everything up to `index` durable.
    pub(crate) fn durable_to(&mut self, index: Index) {
        let last = self.last().index;
        assert!(index <= last, "durable up to {index}, the log ends at {last}");
        self.durable = self.durable.max(index);
    }

    /// What may be given to the state machine and was not given yet: committed, and durable here,
    /// lest the state outlive the log.
    pub(crate) fn hand_out(&mut self) -> &[Entry] {
        let until = self.commit.min(self.durable);
        if until <= self.handed {
            return &[];
        }
        let from = slot(self.handed.next());
        self.handed = until;
        &self.entries[from..slot(until.next())]
    }
}

/// How many of these sizes fit in `bytes_max`: at least one, if there is one.
pub(crate) fn fitting(mut sizes: impl Iterator<Item = usize>, bytes_max: usize) -> usize {
    let Some(mut bytes) = sizes.next() else { return 0 };
    let more = sizes.take_while(|size| {
        bytes = bytes.saturating_add(*size);
        bytes <= bytes_max
    });
    1 + more.count()
}

/// Whether `entry` may stand directly behind `previous`.
pub(crate) fn follows(previous: Position, entry: &Entry) -> bool {
    entry.position.index > previous.index
        && entry.position.index.previous() == previous.index
        && entry.position.term >= previous.term
}

/// Where the entry of `index` sits in the vector.
fn slot(index: Index) -> usize {
    usize::try_from(index.0.saturating_sub(1)).unwrap_or(usize::MAX)
}

//! The log in memory: which entries there are, and how far they are committed, durable and handed
//! out.
//!
//! ```text
//!   base ........ snapshot ........ handed ........ min(commit, durable) ........ last
//!   dropped up    a restart goes    given to the    may be given to the
//!   to here       on from here      state machine   state machine now
//! ```
//!
//! Entries before the newest snapshot are kept for a while, for followers that lag a little.

use std::sync::Arc;

use crate::configuration::Configuration;
use crate::types::{Entry, Index, Payload, Position, Restored, Snapshot};

/// The log. Entries are adjacent, from the index after the base.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Log {
    base: Position,
    entries: Vec<Entry>,
    snapshot: Option<Snapshot>,
    commit: Index,
    durable: Index,
    handed: Index,
    /// The configurations in the log, each with its index, after the one that is committed for
    /// sure. Never empty: the last one is in force.
    configurations: Vec<(Index, Arc<Configuration>)>,
    /// How many bytes of commands are not committed.
    uncommitted_bytes: usize,
    /// How many bytes the committed entries take in memory.
    committed_bytes: usize,
}

impl Log {
    /// The log as it was found on the disk, which makes all of it durable. `first` is the
    /// configuration before any entry.
    ///
    /// The newest snapshot may lie beyond the log: the member lost power after it had stored a
    /// snapshot of its leader and before it had dropped its own log. Then it is dropped now.
    pub(crate) fn restore(first: Arc<Configuration>, restored: Restored) -> Self {
        let Restored { base, entries, snapshot, commit, .. } = restored;
        let mut log = Self {
            base,
            entries: Vec::new(),
            snapshot: None,
            commit: base.index,
            durable: base.index,
            handed: Index(0),
            configurations: vec![(Index(0), first)],
            uncommitted_bytes: 0,
            committed_bytes: 0,
        };
        for entry in entries {
            log.push(entry);
        }
        if let Some(snapshot) = snapshot {
            if log.holds(snapshot.position) {
                log.handed = snapshot.position.index;
                log.commit_to(snapshot.position.index);
                log.configurations.retain(|(index, _)| *index > snapshot.position.index);
                let known = (snapshot.position.index, snapshot.configuration.clone());
                log.configurations.insert(0, known);
                log.snapshot = Some(snapshot);
            } else {
                log.reset(snapshot);
            }
        }
        let handed = log.handed;
        assert!(handed >= log.base.index, "no snapshot covers what is before {}", log.base);
        log.commit_to(commit.min(log.last().index));
        log.durable = log.last().index;
        log
    }

    /// The position after which the log begins.
    pub(crate) fn base(&self) -> Position {
        self.base
    }

    pub(crate) fn last(&self) -> Position {
        self.entries.last().map_or(self.base, |entry| entry.position)
    }

    pub(crate) fn commit(&self) -> Index {
        self.commit
    }

    pub(crate) fn durable(&self) -> Index {
        self.durable
    }

    pub(crate) fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }

    pub(crate) fn uncommitted_bytes(&self) -> usize {
        self.uncommitted_bytes
    }

    pub(crate) fn committed_bytes(&self) -> usize {
        self.committed_bytes
    }

    /// The configuration in force, and the index of its entry.
    pub(crate) fn configuration(&self) -> (Index, &Arc<Configuration>) {
        let (index, configuration) = self.configurations.last().expect("never empty");
        (*index, configuration)
    }

    /// The configurations that may turn out to be the one in force: the last one that is committed,
    /// and what follows it.
    pub(crate) fn open_configurations(&self) -> impl Iterator<Item = &Configuration> {
        let committed = self.configurations.partition_point(|(index, _)| *index <= self.commit);
        let open = &self.configurations[committed.saturating_sub(1)..];
        open.iter().map(|(_, configuration)| &**configuration)
    }

    /// The configuration that was in force at `index`, which is not before the newest snapshot.
    pub(crate) fn configuration_at(&self, index: Index) -> &Arc<Configuration> {
        let until = self.configurations.partition_point(|(at, _)| *at <= index);
        &self.configurations[until.saturating_sub(1)].1
    }

    /// The position at `index`, if it is known: not before the base, nor after the end.
    pub(crate) fn position_at(&self, index: Index) -> Option<Position> {
        if index == self.base.index {
            return Some(self.base);
        }
        self.entries.get(self.slot(index)?).map(|entry| entry.position)
    }

    pub(crate) fn holds(&self, position: Position) -> bool {
        self.position_at(position.index) == Some(position)
    }

    /// Whether another entry than that one is committed at its index. No leader has it then.
    pub(crate) fn contradicts(&self, other: Position) -> bool {
        let own = self.position_at(other.index).filter(|own| own.index <= self.commit);
        own.is_some_and(|own| own != other)
    }

    /// The last index at which this log and one that holds `other` could agree: not beyond its
    /// index, and of no later term than it. Whole terms are skipped that way (§5.3, the paper's
    /// optimisation, on both sides). Before the base anything could.
    pub(crate) fn could_agree(&self, other: Position) -> Position {
        let Some(slot) = self.slot(other.index) else { return other };
        let reach = &self.entries[..self.entries.len().min(slot.saturating_add(1))];
        let agreeing = reach.partition_point(|entry| entry.position.term <= other.term);
        agreeing.checked_sub(1).map_or(self.base, |slot| reach[slot].position)
    }

    /// Entries from `from` on: at least one if there is one, then as many as fit in `bytes_max`.
    pub(crate) fn slice(&self, from: Index, bytes_max: usize) -> &[Entry] {
        let rest = self.slot(from).and_then(|slot| self.entries.get(slot..)).unwrap_or_default();
        &rest[..fitting(rest.iter().map(|entry| entry.payload.len()), bytes_max)]
    }

    /// Adds one entry at the end.
    pub(crate) fn push(&mut self, entry: Entry) {
        let last = self.last();
        assert!(follows(last, &entry), "appended {} after {last}", entry.position);
        self.uncommitted_bytes += entry.payload.len();
        if let Payload::Configuration(configuration) = &entry.payload {
            self.configurations.push((entry.position.index, configuration.clone()));
        }
        self.entries.push(entry);
    }

    /// Drops everything from `from` on. The configuration before it is in force again.
    pub(crate) fn truncate(&mut self, from: Index) {
        assert!(from > self.commit, "truncated from {from}, committed up to {}", self.commit);
        let dropped = self.slot(from).map_or(0, |slot| slot.min(self.entries.len()));
        self.uncommitted_bytes -= bytes_of(&self.entries[dropped..]);
        self.entries.truncate(dropped);
        self.configurations.retain(|(index, _)| *index < from);
        self.durable = self.durable.min(from.previous());
    }

    /// Declares everything up to `index` committed. Never takes it back.
    pub(crate) fn commit_to(&mut self, index: Index) {
        let last = self.last().index;
        assert!(index <= last, "committed up to {index}, the log ends at {last}");
        if index > self.commit {
            let entry = |index| self.slot(index).expect("not before the base");
            let committed = entry(self.commit.next())..=entry(index);
            self.uncommitted_bytes -= bytes_of(&self.entries[committed.clone()]);
            self.committed_bytes += taken_by(&self.entries[committed]);
            self.commit = index;
        }
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
        let entry = |index| self.slot(index).expect("not before the base");
        let handed = entry(self.handed.next())..=entry(until);
        self.handed = until;
        &self.entries[handed]
    }

    /// Notes that a snapshot is durable here. It covers no more than the state machine has.
    pub(crate) fn keep_snapshot(&mut self, snapshot: Snapshot) {
        let is_newer = self.snapshot.as_ref().is_none_or(|old| old.position < snapshot.position);
        if !is_newer || snapshot.position.index > self.handed {
            return;
        }
        // Of the configurations up to the snapshot only the last one is ever asked for again.
        let at = snapshot.position.index;
        let superseded = self.configurations.partition_point(|(index, _)| *index <= at);
        self.configurations.drain(..superseded.saturating_sub(1));
        self.snapshot = Some(snapshot);
    }

    /// Drops what the newest snapshot covers, but for the last `keep_bytes` of it. Returns the
    /// new base if there is one.
    pub(crate) fn compact(&mut self, keep_bytes: usize) -> Option<Position> {
        let until = self.slot(self.snapshot.as_ref()?.position.index)?;
        let mut kept = 0;
        let covered = self.entries[..=until].iter().rev();
        let keep = covered.take_while(|entry| {
            kept += ENTRY_BYTES + entry.payload.len();
            kept <= keep_bytes
        });
        let dropped = until + 1 - keep.count();
        let base = self.entries[..dropped].last()?.position;
        self.committed_bytes -= taken_by(&self.entries[..dropped]);
        self.entries.drain(..dropped);
        self.base = base;
        Some(base)
    }

    /// Puts a snapshot in the place of the whole log, which does not hold its position.
    pub(crate) fn reset(&mut self, snapshot: Snapshot) {
        let at = snapshot.position;
        assert!(at.index > self.commit, "reset to {at}, committed up to {}", self.commit);
        self.base = at;
        self.entries.clear();
        (self.uncommitted_bytes, self.committed_bytes) = (0, 0);
        (self.commit, self.durable, self.handed) = (at.index, at.index, at.index);
        self.configurations = vec![(at.index, snapshot.configuration.clone())];
        self.snapshot = Some(snapshot);
    }

    /// Where the entry of `index` sits in the vector. `None` up to the base.
    fn slot(&self, index: Index) -> Option<usize> {
        let distance = index.0.checked_sub(self.base.index.0)?.checked_sub(1)?;
        Some(usize::try_from(distance).unwrap_or(usize::MAX))
    }
}

/// What an entry is counted for beside its command, when memory is bounded.
const ENTRY_BYTES: usize = 64;

fn bytes_of(entries: &[Entry]) -> usize {
    entries.iter().map(|entry| entry.payload.len()).sum()
}

/// What entries take in memory.
fn taken_by(entries: &[Entry]) -> usize {
    entries.len() * ENTRY_BYTES + bytes_of(entries)
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

//! One watcher: what it watches, and where it stands.

use super::response::WatchRequest;
use super::watchers::StreamId;
use crate::history::Events;
use crate::interval::Interval;
use crate::reply::Change;

/// One watcher.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) stream: StreamId,
    /// What the client calls it.
    pub(super) name: i64,
    pub(super) interval: Interval,
    /// No event before this revision is for it.
    pub(super) start: i64,
    pub(super) place: Place,
    pub(super) progress_notify: bool,
    /// Nothing was told since the host last asked how far it is.
    pub(super) is_quiet: bool,
    /// Its responses may be split.
    pub(super) fragment: bool,
    told: Told,
}

/// What a watcher is told of a change to one of its keys.
#[derive(Debug)]
struct Told {
    puts: bool,
    deletes: bool,
    before: bool,
}

/// Where a watcher stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It has heard of all there is.
    Live,
    /// It reads history, in this group.
    Behind(GroupId),
    /// Its client takes less than happens.
    Parked,
    /// A compaction or its client ended it. It is there for the events that were not taken yet.
    Ended,
}

/// The number of a group of those behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupId(pub(super) u64);

impl Watcher {
    /// A watcher as it is asked for.
    pub(super) fn new(
        stream: StreamId,
        name: i64,
        interval: Interval,
        start: i64,
        request: &WatchRequest,
    ) -> Self {
        let told =
            Told { puts: !request.no_puts, deletes: !request.no_deletes, before: request.prev_kv };
        Self {
            stream,
            name,
            interval,
            start,
            place: Place::Live,
            progress_notify: request.progress_notify,
            is_quiet: true,
            fragment: request.fragment,
            told,
        }
    }

    /// Whether it is to be told of that change.
    fn wants(&self, change: &Change) -> bool {
        let is_told = match change {
            Change::Put { .. } => self.told.puts,
            Change::Delete { .. } => self.told.deletes,
        };
        is_told && self.interval.contains(change.key())
    }

    /// Whether it is to be told of that revision.
    pub(super) fn wants_any(&self, events: &Events) -> bool {
        events.revision >= self.start && events.changes.iter().any(|change| self.wants(change))
    }

    /// What it is to be told of that revision.
    pub(super) fn wanted(&self, events: &Events) -> Vec<Change> {
        let wanted = events.changes.iter().filter(|change| self.wants(change));
        let told = |change: &Change| if self.told.before { change.clone() } else { change.now() };
        wanted.map(told).collect()
    }
}

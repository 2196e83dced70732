//! One stream: the names of its watchers, and what its client is to hear next.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::intervals::WatcherId;
use super::limits::WatchLimits;
use super::response::WatchResponse;
use crate::history::Events;

/// What waits to be taken.
#[derive(Debug)]
pub(super) enum Queued {
    /// Something that is said of the stream or of one of its watchers, as it is.
    Said(WatchResponse),
    /// The last that is said of a watcher.
    Canceled { watcher: WatcherId, watch_id: i64, revision: i64 },
    /// A revision that matters to a watcher.
    Events {
        watcher: WatcherId,
        /// The latest revision when it was found.
        revision: i64,
        events: Arc<Events>,
        /// What it adds to the bytes that the stream holds: nothing, if the entry before it shares
        /// its events.
        bytes: usize,
    },
}

/// One stream.
#[derive(Debug)]
pub(super) struct Stream {
    limits: WatchLimits,
    /// The watchers by name. Of those that a compaction ended, only the name is left.
    names: BTreeMap<i64, WatcherId>,
    next_name: i64,
    queue: VecDeque<Queued>,
    queued_bytes: usize,
    /// Who is to be served again when there is room.
    pub(super) parked: BTreeSet<WatcherId>,
}

impl Stream {
    /// A stream without watchers.
    pub(super) fn new(limits: WatchLimits) -> Self {
        Self {
            limits,
            names: BTreeMap::new(),
            next_name: 0,
            queue: VecDeque::new(),
            queued_bytes: 0,
            parked: BTreeSet::new(),
        }
    }

    /// Whether no more events are to be added for now.
    pub(super) fn is_full(&self) -> bool {
        self.queue.len() >= self.responses_max() || self.queued_bytes >= self.limits.stream_bytes
    }

    /// Whether there is room again for those who were parked.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() <= self.responses_max() / 2
            && self.queued_bytes <= self.limits.stream_bytes / 2
    }

    /// Whether even what is said of watchers is too much.
    pub(super) fn is_backed_up(&self) -> bool {
        self.queue.len() >= 2 * self.responses_max()
    }

    fn responses_max(&self) -> usize {
        self.limits.stream_responses + 4 * self.names.len()
    }

    /// How many responses wait.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Adds what is said.
    pub(super) fn say(&mut self, response: WatchResponse) {
        self.queue.push_back(Queued::Said(response));
    }

    /// Adds a revision for a watcher.
    pub(super) fn push_events(&mut self, watcher: WatcherId, revision: i64, events: &Arc<Events>) {
        let is_shared = matches!(
            self.queue.back(),
            Some(Queued::Events { events: last, .. }) if Arc::ptr_eq(last, events)
        );
        let bytes = if is_shared { 0 } else { events.size_bytes() };
        self.queued_bytes += bytes;
        self.queue.push_back(Queued::Events { watcher, revision, events: events.clone(), bytes });
    }

    /// Takes what comes next.
    pub(super) fn pop(&mut self) -> Option<Queued> {
        let next = self.queue.pop_front()?;
        if let Queued::Events { bytes, .. } = next {
            self.queued_bytes -= bytes;
        }
        Some(next)
    }

    /// Takes the next revision, if it is for that watcher too.
    pub(super) fn pop_events_of(&mut self, wanted: WatcherId) -> Option<(i64, Arc<Events>)> {
        match self.queue.front() {
            Some(Queued::Events { watcher, .. }) if *watcher == wanted => {}
            _ => return None,
        }
        match self.pop() {
            Some(Queued::Events { revision, events, .. }) => Some((revision, events)),
            _ => None,
        }
    }

    // Names.

    /// Names a watcher: as it is asked for, or if that is 0 with the next number that is free.
    /// `None` if the name is taken.
    pub(super) fn name(&mut self, wanted: i64, watcher: WatcherId) -> Option<i64> {
        let name = if wanted == 0 {
            while self.names.contains_key(&self.next_name) {
                self.next_name += 1;
            }
            self.next_name += 1;
            self.next_name - 1
        } else if self.names.contains_key(&wanted) {
            return None;
        } else {
            wanted
        };
        self.names.insert(name, watcher);
        Some(name)
    }

    /// Ends a watcher of that name, if there is one. What was said of it, and what waits for it,
    /// stays, and then it is said that it is gone.
    pub(super) fn cancel(&mut self, watch_id: i64, revision: i64) -> Option<WatcherId> {
        let watcher = self.names.remove(&watch_id)?;
        self.parked.remove(&watcher);
        self.queue.push_back(Queued::Canceled { watcher, watch_id, revision });
        Some(watcher)
    }

    /// All watchers, those that a compaction ended among them.
    pub(super) fn watchers(&self) -> impl Iterator<Item = WatcherId> {
        self.names.values().copied()
    }

    /// The watchers that were canceled, while that waits to be taken.
    pub(super) fn canceled(&self) -> impl Iterator<Item = WatcherId> {
        self.queue.iter().filter_map(|queued| match queued {
            Queued::Canceled { watcher, .. } => Some(*watcher),
            Queued::Said(_) | Queued::Events { .. } => None,
        })
    }
}

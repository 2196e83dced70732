//! What was applied, on its way to the watchers.
//!
//! Whoever applies commands leaves here what they changed, and waits for nothing; whoever serves
//! the watchers takes it from here, later. What waits is bounded. If there would be too much of
//! it, all of it is dropped, and the watchers, who are told so, read it from the store.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::history::Events;
use crate::reply::Change;

/// What was applied, on its way from whoever applies commands to the [`Watchers`](crate::Watchers).
///
/// It begins closed: then nothing waits, because nobody watches.
#[derive(Debug)]
pub struct Feed {
    is_open: bool,
    events: VecDeque<Arc<Events>>,
    /// How many changes wait, and may.
    changes: usize,
    changes_max: usize,
    /// Something was dropped; the store was at this revision then.
    lost: Option<i64>,
}

/// What has happened since the last look: first all up to a revision that nobody kept, then these
/// events.
#[derive(Debug, Default)]
pub struct News {
    /// The revision, if there is one.
    pub lost: Option<i64>,
    /// What was applied after that.
    pub events: VecDeque<Arc<Events>>,
}

impl Feed {
    /// A feed in which so many changes may wait. They share their bytes with the store.
    pub fn new(changes_max: usize) -> Self {
        Self { is_open: false, events: VecDeque::new(), changes: 0, changes_max, lost: None }
    }

    /// Somebody watches from now on.
    pub fn open(&mut self) {
        self.is_open = true;
    }

    /// Nobody watches any more.
    pub fn close(&mut self) {
        *self = Self::new(self.changes_max);
    }

    /// A command changed these keys in the store. Whether somebody is to look.
    pub fn applied(&mut self, changes: &[Change]) -> bool {
        if !self.is_open {
            return false;
        }
        let Some(events) = Events::of(changes) else { return false };
        self.changes += changes.len();
        if self.changes > self.changes_max && !self.events.is_empty() {
            self.drop_all(events.revision);
        } else {
            self.events.push_back(events);
        }
        true
    }

    /// A snapshot took the place of the store, which is at this revision now. Whether somebody is
    /// to look.
    pub fn replaced(&mut self, revision: i64) -> bool {
        if self.is_open {
            self.drop_all(revision);
        }
        self.is_open
    }

    /// Takes what waits.
    pub fn take(&mut self) -> News {
        self.changes = 0;
        News { lost: self.lost.take(), events: std::mem::take(&mut self.events) }
    }

    fn drop_all(&mut self, revision: i64) {
        self.events.clear();
        self.changes = 0;
        self.lost = Some(revision);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const CHANGES_MAX: usize = 100;

    fn delete(mod_revision: i64) -> Change {
        Change::Delete { key: Bytes::from_static(b"a"), mod_revision, prev_kv: None }
    }

    #[test]
    fn nothing_waits_when_nobody_watches() {
        let mut feed = Feed::new(CHANGES_MAX);
        assert!(!feed.applied(&[delete(2)]) && !feed.replaced(3));
        feed.open();
        let News { lost, events } = feed.take();
        assert_eq!((lost, events.len()), (None, 0));
    }

    #[test]
    fn what_is_too_much_is_dropped_and_said() {
        let mut feed = Feed::new(CHANGES_MAX);
        feed.open();
        for revision in 2..=103 {
            assert!(feed.applied(&[delete(revision)]));
        }
        let News { lost, events } = feed.take();
        assert_eq!(lost, Some(102));
        let revisions: Vec<_> = events.iter().map(|events| events.revision).collect();
        assert_eq!(revisions, [103]);
        // One that is too much alone is kept: it is in memory anyway.
        feed.applied(&vec![delete(9); CHANGES_MAX + 1]);
        assert_eq!(feed.take().events.len(), 1);
    }

    #[test]
    fn a_snapshot_is_a_gap() {
        let mut feed = Feed::new(CHANGES_MAX);
        feed.open();
        feed.applied(&[delete(2)]);
        assert!(feed.replaced(9));
        feed.applied(&[delete(10)]);
        let News { lost, events } = feed.take();
        assert_eq!((lost, events.len()), (Some(9), 1));
    }
}

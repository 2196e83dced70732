//! What was applied, on its way to the watchers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mvcc::{Change, Events};
use tokio::sync::Notify;

/// So many changes may wait to be taken. They share their bytes with the store.
const CHANGES_MAX: usize = 16 * 1024;

/// What was applied, on its way from the driver to the watchers. Clones are one feed.
///
/// Who applies commands calls [`applied`](Self::applied) and [`replaced`](Self::replaced) while it
/// holds the store: so whoever sees a revision in the store finds it here too. Neither waits. If
/// too much is waiting already, all of it is dropped, and the watchers read it from the store.
#[derive(Clone, Debug, Default)]
pub struct Feed(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// Wakes whoever serves the watchers.
    wake: Notify,
}

/// What waits to be taken.
#[derive(Debug, Default)]
struct Waiting {
    /// Whether anybody watches at all.
    is_open: bool,
    events: VecDeque<Arc<Events>>,
    changes: usize,
    /// Something was dropped; the store was at this revision then.
    lost: Option<i64>,
}

/// What has happened since the last look: first all up to a revision that nobody kept, then these
/// events.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) lost: Option<i64>,
    pub(super) events: VecDeque<Arc<Events>>,
}

impl Feed {
    /// A command changed something in the store, or did not.
    pub fn applied(&self, changes: &[Change]) {
        let mut waiting = self.lock();
        if !waiting.is_open {
            return;
        }
        let Some(events) = Events::of(changes) else { return };
        waiting.changes += changes.len();
        if waiting.changes > CHANGES_MAX && !waiting.events.is_empty() {
            waiting.drop_all(events.revision);
        } else {
            waiting.events.push_back(events);
        }
        drop(waiting);
        self.wake();
    }

    /// A snapshot took the place of the store, which is at this revision now.
    pub fn replaced(&self, revision: i64) {
        let mut waiting = self.lock();
        if waiting.is_open {
            waiting.drop_all(revision);
            drop(waiting);
            self.wake();
        }
    }

    /// Somebody watches from now on.
    pub(super) fn open(&self) {
        self.lock().is_open = true;
    }

    /// Nobody watches any more.
    pub(super) fn close(&self) {
        *self.lock() = Waiting::default();
    }

    pub(super) fn take(&self) -> News {
        let mut waiting = self.lock();
        waiting.changes = 0;
        News { lost: waiting.lost.take(), events: std::mem::take(&mut waiting.events) }
    }

    /// Has the watchers served.
    pub(super) fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Ends when the watchers are to be served.
    pub(super) async fn woken(&self) {
        self.0.wake.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
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

    fn delete(mod_revision: i64) -> Change {
        Change::Delete { key: Bytes::from_static(b"a"), mod_revision, prev_kv: None }
    }

    #[test]
    fn nothing_waits_when_nobody_watches() {
        let feed = Feed::default();
        feed.applied(&[delete(2)]);
        feed.replaced(3);
        feed.open();
        let News { lost, events } = feed.take();
        assert_eq!((lost, events.len()), (None, 0));
    }

    #[test]
    fn what_is_too_much_is_dropped_and_said() {
        let feed = Feed::default();
        feed.open();
        let count = i64::try_from(CHANGES_MAX).unwrap();
        for revision in 2..=count + 3 {
            feed.applied(&[delete(revision)]);
        }
        let News { lost, events } = feed.take();
        assert_eq!(lost, Some(count + 2));
        let revisions: Vec<_> = events.iter().map(|events| events.revision).collect();
        assert_eq!(revisions, [count + 3]);
        // One that is too much alone is kept: it is in memory anyway.
        let large = vec![delete(9); CHANGES_MAX + 1];
        feed.applied(&large);
        assert_eq!(feed.take().events.len(), 1);
    }

    #[test]
    fn a_snapshot_is_a_gap() {
        let feed = Feed::default();
        feed.open();
        feed.applied(&[delete(2)]);
        feed.replaced(9);
        feed.applied(&[delete(10)]);
        let News { lost, events } = feed.take();
        assert_eq!((lost, events.len()), (Some(9), 1));
    }
}

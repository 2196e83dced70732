//! What was applied, on its way to the watchers: between the driver, which waits for nothing, and
//! the task that serves them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mvcc::{Change, News};
use tokio::sync::Notify;

/// So many changes may wait to be taken.
const CHANGES_MAX: usize = 16 * 1024;

/// A [`mvcc::Feed`] that is shared, and wakes whoever serves the watchers. Clones are one feed.
///
/// Who applies commands calls [`applied`](Self::applied) and [`replaced`](Self::replaced) while it
/// holds the store: so whoever sees a revision in the store finds it here too. Neither waits.
#[derive(Clone, Debug, Default)]
pub struct Feed(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    feed: Mutex<mvcc::Feed>,
    wake: Notify,
}

impl Default for Shared {
    fn default() -> Self {
        Self { feed: Mutex::new(mvcc::Feed::new(CHANGES_MAX)), wake: Notify::new() }
    }
}

impl Feed {
    /// A command changed something in the store, or did not.
    pub fn applied(&self, changes: &[Change]) {
        let is_awaited = self.lock().applied(changes);
        if is_awaited {
            self.wake();
        }
    }

    /// A snapshot took the place of the store, which is at this revision now.
    pub fn replaced(&self, revision: i64) {
        let is_awaited = self.lock().replaced(revision);
        if is_awaited {
            self.wake();
        }
    }

    /// Somebody watches from now on.
    pub(super) fn open(&self) {
        self.lock().open();
    }

    /// Nobody watches any more.
    pub(super) fn close(&self) {
        self.lock().close();
    }

    pub(super) fn take(&self) -> News {
        self.lock().take()
    }

    /// Has the watchers served.
    pub(super) fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Ends when the watchers are to be served.
    pub(super) async fn woken(&self) {
        self.0.wake.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, mvcc::Feed> {
        self.0.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

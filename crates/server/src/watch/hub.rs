//! Who serves the watchers, and when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mvcc::{StreamId, WatchLimits, WatchRefusal, WatchRequest, WatchResponse, Watchers};
use tokio::sync::Notify;

use super::feed::Feed;
use crate::backend::Backend;

/// All watchers of a member. While there are any streams, a task serves them.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// `None` while there are no streams, and what is applied is not looked at.
    watchers: Option<Watchers>,
    /// Wakes the task of a stream when it has something to say.
    wakes: BTreeMap<StreamId, Arc<Notify>>,
}

/// How many there are of what, for the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) streams: usize,
    pub(crate) watchers: usize,
    pub(crate) slow_watchers: usize,
    pub(crate) pending: usize,
}

/// An open stream. It is closed when it is dropped.
#[derive(Debug)]
pub(crate) struct Watching {
    hub: Arc<Hub>,
    feed: Feed,
    stream: StreamId,
    wake: Arc<Notify>,
}

impl Hub {
    /// Opens a stream.
    pub(crate) fn open(self: &Arc<Self>, backend: &impl Backend) -> Watching {
        let feed = backend.feed().clone();
        let mut state = self.lock();
        if state.watchers.is_none() {
            // Whoever applies holds the store, so there is no revision between these two.
            let revision = backend.read(|store| {
                feed.open();
                store.revision()
            });
            state.watchers = Some(Watchers::new(revision, WatchLimits::default()));
            tokio::spawn(self.clone().serve(backend.clone()));
        }
        let wake = Arc::new(Notify::new());
        let stream = state.watchers.as_mut().expect("they are there by now").open();
        state.wakes.insert(stream, wake.clone());
        Watching { hub: self.clone(), feed, stream, wake }
    }

    pub(crate) fn counts(&self) -> Counts {
        let state = self.lock();
        state.watchers.as_ref().map_or_else(Counts::default, |watchers| Counts {
            streams: watchers.stream_count(),
            watchers: watchers.watcher_count(),
            slow_watchers: watchers.slow_watcher_count(),
            pending: watchers.pending_count(),
        })
    }

    /// Serves the watchers until there are no streams: tells them what is applied, and lets those
    /// that are behind catch up.
    async fn serve(self: Arc<Self>, backend: impl Backend) {
        let feed = backend.feed();
        loop {
            let has_more = {
                let mut state = self.lock();
                let watchers = state.watchers.as_mut().expect("only this task ends them");
                if watchers.is_idle() {
                    feed.close();
                    state.watchers = None;
                    return;
                }
                watchers.hear(feed.take());
                let has_more =
                    watchers.catch_up(|history| backend.read(|store| history.read(store)));
                state.wake_ready();
                has_more
            };
            if has_more {
                tokio::task::yield_now().await;
            } else {
                feed.woken().await;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What a panic left behind is not used: the panic ends the process.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake_ready(&mut self) {
        let Some(watchers) = &mut self.watchers else { return };
        for stream in watchers.take_ready() {
            if let Some(wake) = self.wakes.get(&stream) {
                wake.notify_one();
            }
        }
    }
}

impl Watching {
    pub(crate) fn create(&self, request: &WatchRequest) {
        self.ask(|watchers, stream| watchers.create(stream, request));
    }

    pub(super) fn refuse(&self, reason: WatchRefusal) {
        self.ask(|watchers, stream| watchers.refuse(stream, reason));
    }

    pub(super) fn cancel(&self, watch_id: i64) {
        self.ask(|watchers, stream| watchers.cancel(stream, watch_id));
    }

    pub(super) fn request_progress(&self) {
        self.ask(Watchers::request_progress);
    }

    pub(super) fn notify_progress(&self) {
        self.ask(Watchers::notify_progress);
    }

    /// The next response, when there is one. Nothing is lost if nobody waits until then.
    pub(crate) async fn next(&self) -> WatchResponse {
        loop {
            let response = self.with(Watchers::take);
            if let Some(response) = response {
                return response;
            }
            self.wake.notified().await;
        }
    }

    /// A number below 16, as different from that of other streams as can be.
    pub(super) fn sixteenth(&self) -> u32 {
        self.stream.sixteenth()
    }

    /// Whether so much waits for the client that it has to listen before it may ask for more.
    pub(super) fn is_backed_up(&self) -> bool {
        self.with(|watchers, stream| watchers.is_backed_up(stream))
    }

    /// Does what a client asks for. Whatever the client may have seen in the store, the watchers
    /// know first.
    fn ask(&self, act: impl FnOnce(&mut Watchers, StreamId)) {
        self.with(|watchers, stream| {
            watchers.hear(self.feed.take());
            act(watchers, stream);
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Watchers, StreamId) -> T) -> T {
        let mut state = self.hub.lock();
        let watchers = state.watchers.as_mut().expect("they are there while a stream is open");
        let result = act(watchers, self.stream);
        if watchers.has_behind() {
            self.feed.wake();
        }
        state.wake_ready();
        result
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        state.wakes.remove(&self.stream);
        if let Some(watchers) = &mut state.watchers {
            watchers.close(self.stream);
        }
        drop(state);
        self.feed.wake();
    }
}

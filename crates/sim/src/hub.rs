//! A member's watchers, and what serves them: what the server's hub is, without tasks and locks.
//!
//! It is served when a listener has its turn, so what was applied waits in the feed meanwhile. Its
//! bounds are so narrow that each is met: feeds overflow, streams are full, history is read in
//! many steps.

use mvcc::{StreamId, WatchLimits, WatchResponse, Watchers};

use crate::machine::Machine;

const LIMITS: WatchLimits = WatchLimits {
    stream_responses: 2,
    stream_bytes: 100,
    response_revisions: 3,
    response_bytes: 60,
    step_changes: 3,
};

/// All watchers of a member, while there are streams.
#[derive(Debug, Default)]
pub(crate) struct Hub(Option<Watchers>);

impl Hub {
    /// A new stream.
    pub(crate) fn open(&mut self, machine: &Machine) -> StreamId {
        let watchers = self.0.get_or_insert_with(|| {
            machine.feed().open();
            Watchers::new(machine.store().revision(), LIMITS)
        });
        watchers.open()
    }

    /// One stream less.
    pub(crate) fn close(&mut self, machine: &Machine, stream: StreamId) {
        let Some(watchers) = &mut self.0 else { return };
        watchers.close(stream);
        if watchers.is_idle() {
            machine.feed().close();
            self.0 = None;
        }
    }

    /// Tells the watchers what was applied, and lets them read so much of history. Whether some
    /// have more to read.
    pub(crate) fn serve(&mut self, machine: &Machine, steps: u64) -> bool {
        let Some(watchers) = &mut self.0 else { return false };
        watchers.hear(machine.feed().take());
        for _ in 0..steps {
            watchers.catch_up(|history| history.read(&machine.store()));
        }
        watchers.has_behind()
    }

    /// Does what a client asks for. Whatever the client may have seen in the store, the watchers
    /// know first.
    pub(crate) fn ask(&mut self, machine: &Machine, act: impl FnOnce(&mut Watchers)) {
        if let Some(watchers) = &mut self.0 {
            watchers.hear(machine.feed().take());
            act(watchers);
        }
    }

    /// What the client of the stream is to hear next.
    pub(crate) fn take(&mut self, stream: StreamId) -> Option<WatchResponse> {
        self.0.as_mut()?.take(stream)
    }

    /// How many watchers have not heard all there is.
    pub(crate) fn slow_watchers(&self) -> usize {
        self.0.as_ref().map_or(0, Watchers::slow_watcher_count)
    }
}

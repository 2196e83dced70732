//! The host's clocks. What decides never sees them.

use std::cell::Cell;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The time of day for the trace, and the time that has passed for leases.
#[derive(Debug)]
pub(crate) struct Clock {
    last: Cell<u64>,
    start: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self { last: Cell::default(), start: Instant::now() }
    }
}

impl Clock {
    /// Microseconds since the Unix epoch, which never run backwards.
    pub(crate) fn now_us(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        self.last.set(now.max(self.last.get()));
        self.last.get()
    }

    /// Milliseconds since this clock was made, whatever is done to the time of day.
    pub(crate) fn since_start_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

//! The host's clock. What decides never sees it.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of the trace: microseconds since the Unix epoch, which never run backwards.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    last: Cell<u64>,
}

impl Clock {
    pub(crate) fn now_us(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        self.last.set(now.max(self.last.get()));
        self.last.get()
    }
}

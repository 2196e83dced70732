//! How much is held, and how much is done at once.

/// How much a stream holds, and how much is done at once. The defaults are for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchLimits {
    /// A stream takes more events while it holds fewer responses than this, and four for each of
    /// its watchers (which may all watch the same key).
    pub stream_responses: usize,
    /// A stream takes more events while it holds fewer bytes of keys and values than this.
    pub stream_bytes: usize,
    /// Revisions that wait for one watcher, one behind the other, are told in one response, up to
    /// so many, as in etcd.
    pub response_revisions: usize,
    /// And up to so many bytes, for many clients refuse messages of more than 4 MiB.
    pub response_bytes: usize,
    /// A group that is behind looks at so many changes when it is its turn.
    pub step_changes: usize,
}

impl Default for WatchLimits {
    fn default() -> Self {
        Self {
            stream_responses: 256,
            stream_bytes: 1 << 20,
            response_revisions: 1000,
            response_bytes: 512 << 10,
            step_changes: 1000,
        }
    }
}

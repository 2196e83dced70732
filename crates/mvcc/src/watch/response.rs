//! What a stream's client asks for, and what it is told.

use bytes::Bytes;

use crate::auth::AuthRefusal;
use crate::reply::Change;

/// Asks for a watcher.
#[expect(clippy::struct_excessive_bools, reason = "they are what etcd's request has")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WatchRequest {
    /// The first key; empty for the first of all.
    pub key: Bytes,
    /// As in [`Range`](crate::Range).
    pub range_end: Bytes,
    /// The first revision to hear of; 0 for the next one.
    pub start_revision: i64,
    /// What the client calls the watcher, in this stream; 0 lets the stream choose.
    pub watch_id: i64,
    /// Say how far the watcher is when the host thinks of it, even if nothing happens.
    pub progress_notify: bool,
    /// Leave puts out.
    pub no_puts: bool,
    /// Leave deletes out.
    pub no_deletes: bool,
    /// Say with each event what the key was before.
    pub prev_kv: bool,
    /// The responses of this watcher may be split.
    pub fragment: bool,
}

/// What a stream's client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchResponse {
    /// There is a watcher. It comes before all else that is said of it.
    Created {
        /// Its name in this stream.
        watch_id: i64,
        /// The latest revision.
        revision: i64,
    },
    /// There is no watcher.
    Refused {
        /// The latest revision.
        revision: i64,
        /// Why.
        reason: WatchRefusal,
    },
    /// Something happened.
    Events {
        /// To keys of this watcher.
        watch_id: i64,
        /// The latest revision when it was found.
        revision: i64,
        /// What, in order: all of some revisions.
        changes: Vec<Change>,
        /// Whether the response may be split.
        fragment: bool,
    },
    /// All events up to this revision were told.
    Progress {
        /// To this watcher; to all of the stream if there is none.
        watch_id: Option<i64>,
        /// Up to here.
        revision: i64,
    },
    /// The watcher is gone, because its client said so.
    Canceled {
        /// It had this name.
        watch_id: i64,
        /// The latest revision.
        revision: i64,
    },
    /// The watcher is gone: what it was to hear next is forgotten.
    Compacted {
        /// It had this name, and still has, until it is canceled.
        watch_id: i64,
        /// The oldest revision that can be watched from.
        compacted: i64,
    },
}

/// Why there is no watcher. It prints as etcd's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchRefusal {
    /// It would watch no key.
    #[error("mvcc: watcher range is empty")]
    EmptyRange,
    /// Another watcher of the stream has that name.
    #[error("mvcc: duplicate watch ID provided on the WatchStream")]
    DuplicateId,
    /// Its client may not watch those keys.
    #[error(transparent)]
    Auth(#[from] AuthRefusal),
    /// It would begin before all history.
    #[error("etcdserver: mvcc: required revision has been compacted")]
    NegativeRevision,
}

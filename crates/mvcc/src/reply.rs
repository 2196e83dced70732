//! What the store answers.
//!
//! Every answer carries the revision that belongs into the header of etcd's response. The rest of
//! that header (cluster, member, term) is not the store's to know.

use bytes::Bytes;

use crate::Refusal;
use crate::alarm::MemberAlarm;
use crate::lease::LeaseResponse;

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The answer for the client, or why nothing was done.
    pub result: Result<Response, Refusal>,
    /// What changed, in order: the events of this revision. Empty if nothing changed, and then the
    /// revision is still the one before.
    pub changes: Vec<Change>,
}

/// The answer to a command that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// To a put.
    Put(PutResponse),
    /// To a delete.
    DeleteRange(DeleteRangeResponse),
    /// To a transaction.
    Txn(TxnResponse),
    /// To a compaction.
    Compact(CompactResponse),
    /// To [`Publish`](crate::Publish).
    Published,
    /// To a [`LeaseCommand`](crate::LeaseCommand).
    Lease(LeaseResponse),
    /// To an [`AlarmCommand`](crate::AlarmCommand).
    Alarm(AlarmResponse),
    /// To an [`AuthCommand`](crate::AuthCommand).
    Auth,
}

/// The answer to a put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutResponse {
    /// The revision of the put.
    pub revision: i64,
    /// The key before the put, if it was asked for and there was one.
    pub prev_kv: Option<KeyValue>,
}

/// The answer to a delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteRangeResponse {
    /// The revision of the delete; the current one if nothing was deleted.
    pub revision: i64,
    /// How many keys were deleted.
    pub deleted: i64,
    /// The keys before the delete, in key order, if they were asked for.
    pub prev_kvs: Vec<KeyValue>,
}

/// The answer to a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeResponse {
    /// The store's revision when the read began, not the revision that was asked for. A watch from
    /// `revision + 1` misses nothing and doubles nothing.
    pub revision: i64,
    /// The key-values.
    pub kvs: Vec<KeyValue>,
    /// Whether the limit cut off some that would have followed.
    pub more: bool,
    /// How many keys the range holds, whatever the limit and the filters.
    pub count: i64,
}

/// The answer to a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxnResponse {
    /// The revision of the transaction; the one before it if it changed nothing. In a nested
    /// transaction it is 0: etcd leaves that header empty.
    pub revision: i64,
    /// Which branch was done.
    pub succeeded: bool,
    /// The answers to the operations of that branch, one each, in order.
    pub responses: Vec<OpResponse>,
}

/// The answer to one operation of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpResponse {
    /// To a range.
    Range(RangeResponse),
    /// To a put.
    Put(PutResponse),
    /// To a delete.
    DeleteRange(DeleteRangeResponse),
    /// To a nested transaction.
    Txn(TxnResponse),
}

/// The answer to a compaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompactResponse {
    /// The current revision.
    pub revision: i64,
}

/// The answer to a change of the alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmResponse {
    /// The current revision.
    pub revision: i64,
    /// What was raised or disarmed.
    pub alarms: Vec<MemberAlarm>,
}

/// A key, as it stood at some revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyValue {
    /// The key.
    pub key: Bytes,
    /// Its value.
    pub value: Bytes,
    /// The revision that created it: the first put, or the first after a delete.
    pub create_revision: i64,
    /// The revision that changed it last.
    pub mod_revision: i64,
    /// How often it was put since it was created.
    pub version: i64,
    /// The lease that it is attached to; 0 for none.
    pub lease: i64,
}

/// One key changed.
///
/// `prev_kv` is the key as it was before the whole revision, as in etcd's watch events. Only a
/// transaction that changes a key twice can tell the difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was set.
    Put {
        /// What it is now.
        kv: KeyValue,
        /// What it was. `None` if this put creates it.
        prev_kv: Option<KeyValue>,
    },
    /// It was deleted.
    Delete {
        /// The key.
        key: Bytes,
        /// The revision of the delete.
        mod_revision: i64,
        /// What it was. `None` if the same transaction created it.
        prev_kv: Option<KeyValue>,
    },
}

impl Change {
    /// The key that changed.
    pub fn key(&self) -> &Bytes {
        match self {
            Self::Put { kv, .. } => &kv.key,
            Self::Delete { key, .. } => key,
        }
    }

    /// The revision of the change.
    pub fn mod_revision(&self) -> i64 {
        match self {
            Self::Put { kv, .. } => kv.mod_revision,
            Self::Delete { mod_revision, .. } => *mod_revision,
        }
    }

    /// The key before the revision.
    pub fn prev_kv(&self) -> Option<&KeyValue> {
        match self {
            Self::Put { prev_kv, .. } | Self::Delete { prev_kv, .. } => prev_kv.as_ref(),
        }
    }

    /// The change without what the key was before.
    pub(crate) fn now(&self) -> Self {
        match self {
            Self::Put { kv, .. } => Self::Put { kv: kv.clone(), prev_kv: None },
            Self::Delete { key, mod_revision, .. } => {
                Self::Delete { key: key.clone(), mod_revision: *mod_revision, prev_kv: None }
            }
        }
    }

    /// How many bytes its keys and values take.
    pub(crate) fn size_bytes(&self) -> usize {
        let now = match self {
            Self::Put { kv, .. } => kv.key.len() + kv.value.len(),
            Self::Delete { key, .. } => key.len(),
        };
        now + self.prev_kv().map_or(0, |kv| kv.key.len() + kv.value.len())
    }
}

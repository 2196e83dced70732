//! What is asked of the store.
//!
//! A [`Command`] changes the store, so it goes through the log and every member applies it. A
//! [`Range`] only reads. The fields are those of etcd's requests; where etcd gives the number 0 a
//! meaning of its own ("latest", "no limit", "no lease"), so do these, because that meaning is part
//! of the interface that clients see.

use bytes::Bytes;

use crate::alarm::AlarmCommand;
use crate::auth::AuthCommand;
use crate::lease::LeaseCommand;

/// A change to the store: what the log replicates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Set one key.
    Put(Put),
    /// Delete the keys of a range.
    DeleteRange(DeleteRange),
    /// Compare, then do one of two lists of operations, as one step.
    Txn(Txn),
    /// Forget history before a revision.
    Compact(Compact),
    /// Tell everyone a member's name and client addresses.
    Publish(Publish),
    /// Grant, renew or end leases.
    Lease(LeaseCommand),
    /// Raise an alarm, or disarm it.
    Alarm(AlarmCommand),
    /// Change the users and roles.
    Auth(AuthCommand),
}

/// Set one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Put {
    /// The key.
    pub key: Bytes,
    /// Its new value.
    pub value: Bytes,
    /// The lease that the key is attached to from now on; 0 for none.
    pub lease: i64,
    /// Answer with the key's state before the put.
    pub prev_kv: bool,
    /// Keep the current value. The key must exist.
    pub ignore_value: bool,
    /// Keep the current lease. The key must exist.
    pub ignore_lease: bool,
}

/// Delete the keys of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteRange {
    /// The first key.
    pub key: Bytes,
    /// Where the range ends; see [`Range::range_end`].
    pub range_end: Bytes,
    /// Answer with what was deleted.
    pub prev_kv: bool,
}

/// Read the keys of a range.
///
/// etcd's `serializable` is missing: it says who may answer, which the store does not decide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The first key.
    pub key: Bytes,
    /// Where the range ends, exclusively. Empty: the range is the one key. A single zero byte:
    /// there is no end. Not after `key`: the range is empty, which is no error.
    pub range_end: Bytes,
    /// At most so many key-values; 0 or less for all.
    pub limit: i64,
    /// Read the store as it was at this revision; 0 or less for the latest.
    pub revision: i64,
    /// The order of the answer.
    pub sort_order: SortOrder,
    /// What the answer is ordered by.
    pub sort_target: SortTarget,
    /// Leave the values out.
    pub keys_only: bool,
    /// Only count.
    pub count_only: bool,
    /// Leave out what was last changed before this revision; 0 for no such filter.
    pub min_mod_revision: i64,
    /// Leave out what was last changed after this revision; 0 for no such filter.
    pub max_mod_revision: i64,
    /// Leave out what was created before this revision; 0 for no such filter.
    pub min_create_revision: i64,
    /// Leave out what was created after this revision; 0 for no such filter.
    pub max_create_revision: i64,
}

/// The order of a range's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortOrder {
    /// Not said: ascending.
    ///
    /// It differs from [`Ascend`](Self::Ascend) in one thing. With a target other than the key, a
    /// limit takes the first keys in *key* order, one more than it says, and sorts these.
    #[default]
    None,
    /// Smallest first.
    Ascend,
    /// Largest first.
    Descend,
}

/// What a range's answer is ordered by. Ties are in key order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortTarget {
    /// The key's bytes.
    #[default]
    Key,
    /// How often the key was put since it was created.
    Version,
    /// The revision that created the key.
    Create,
    /// The revision that changed the key last.
    Mod,
    /// The value's bytes.
    Value,
}

/// Compare, then do one of two lists of operations, as one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Txn {
    /// What must hold, all of it, for `success` to be done. Judged on the state before the
    /// transaction.
    pub compare: Vec<Compare>,
    /// Done, in order, if every comparison holds.
    pub success: Vec<Op>,
    /// Done, in order, if not.
    pub failure: Vec<Op>,
}

impl Txn {
    /// Whether neither branch can change anything, so that the transaction needs no place in the
    /// log and [`Store::read_txn`](crate::Store::read_txn) can answer it.
    ///
    /// As in etcd, a nested transaction counts as a change, whatever it holds.
    pub fn is_read_only(&self) -> bool {
        self.success.iter().chain(&self.failure).all(|op| matches!(op, Op::Range(_)))
    }
}

/// One operation of a transaction.
///
/// On the wire an operation can also be empty. There is no such thing here: whoever decodes the
/// request refuses it with [`Refusal::KeyNotFound`](crate::Refusal::KeyNotFound), as etcd does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Read. Sees what the transaction itself wrote before.
    Range(Range),
    /// Write.
    Put(Put),
    /// Delete.
    DeleteRange(DeleteRange),
    /// A transaction inside the transaction.
    Txn(Txn),
}

/// One comparison: a fact about a key, or about every key of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    /// The first key.
    pub key: Bytes,
    /// Where the range ends; see [`Range::range_end`]. The comparison must hold for all keys of it.
    pub range_end: Bytes,
    /// How the key's side must relate to the given one.
    pub relation: Relation,
    /// What is compared, and with what.
    pub target: CompareTarget,
}

/// How the key's side of a comparison must relate to the given side. etcd calls it the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Relation {
    /// Equal to it.
    #[default]
    Equal,
    /// Greater than it.
    Greater,
    /// Less than it.
    Less,
    /// Anything but equal.
    NotEqual,
    /// A relation that this version does not know. It always holds, as in etcd, except where there
    /// is no value to compare.
    Unknown,
}

/// What is compared, and with what.
///
/// A key that does not exist has version, revisions and lease 0. It has no value: a comparison of
/// its value fails, whatever the relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompareTarget {
    /// How often the key was put since it was created.
    Version(i64),
    /// The revision that created the key.
    Create(i64),
    /// The revision that changed the key last.
    Mod(i64),
    /// The value, by its bytes.
    Value(Bytes),
    /// The lease that the key is attached to.
    Lease(i64),
}

/// Forget history before a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compact {
    /// The oldest revision that can still be read afterwards.
    pub revision: i64,
}

/// What a member tells the others about itself once it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publish {
    /// Which member.
    pub member_id: u64,
    /// Its name, for people.
    pub name: String,
    /// The addresses at which clients reach it.
    pub client_urls: Vec<String>,
}

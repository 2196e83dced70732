//! What is checked before a command is proposed, and a range read.
//!
//! These checks need no store: they find requests that make no sense whatever it holds. They are
//! etcd's, in etcd's order, so that a request with several faults is refused for the same one.
//!
//! A sort order or an operation that is not known at all does not get this far: the types have no
//! place for it.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::Refusal;
use crate::command::{Command, DeleteRange, Op, Put, Range, Txn};
use crate::span::SpanSet;

/// How many operations a transaction may have, by default: etcd's `--max-txn-ops`.
pub const TXN_OPS_MAX: usize = 128;

/// How deep transactions may be nested, whatever number of operations is allowed. A level takes at
/// least one operation, so with [`TXN_OPS_MAX`] this never comes first.
pub const TXN_DEPTH_MAX: usize = 128;

impl Command {
    /// Whether the command makes sense. `txn_ops_max` is how many operations a transaction may
    /// have, see [`Txn::validate`].
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn validate(&self, txn_ops_max: usize) -> Result<(), Refusal> {
        match self {
            Self::Put(put) => put.validate(),
            Self::DeleteRange(delete) => delete.validate(),
            Self::Txn(txn) => txn.validate(txn_ops_max),
            Self::Lease(lease) => lease.validate(),
            Self::Compact(_) | Self::Publish(_) | Self::Alarm(_) | Self::Auth(_) => Ok(()),
        }
    }
}

impl Range {
    /// Whether the range makes sense.
    ///
    /// # Errors
    /// [`Refusal::EmptyKey`].
    pub fn validate(&self) -> Result<(), Refusal> {
        check_key(&self.key)
    }
}

impl Put {
    /// Whether the put makes sense.
    ///
    /// # Errors
    /// [`Refusal::EmptyKey`], [`Refusal::ValueProvided`] or [`Refusal::LeaseProvided`].
    pub fn validate(&self) -> Result<(), Refusal> {
        check_key(&self.key)?;
        if self.ignore_value && !self.value.is_empty() {
            return Err(Refusal::ValueProvided);
        }
        if self.ignore_lease && self.lease != 0 {
            return Err(Refusal::LeaseProvided);
        }
        Ok(())
    }
}

impl DeleteRange {
    /// Whether the delete makes sense.
    ///
    /// # Errors
    /// [`Refusal::EmptyKey`].
    pub fn validate(&self) -> Result<(), Refusal> {
        check_key(&self.key)
    }
}

impl Txn {
    /// Whether the transaction makes sense, nested ones included.
    ///
    /// Neither its comparisons nor one of its branches may be longer than `ops_max`. What the
    /// longest of these three leaves of `ops_max` is what a nested transaction may have.
    ///
    /// No key may be put twice, nor both put and deleted, by the same branch. What etcd does not
    /// see here is not seen either: a delete without an end (`range_end` a zero byte) counts as
    /// empty; and of two nested transactions in a row, the second may delete what the first puts.
    ///
    /// # Errors
    /// Any [`Refusal`] that needs no store.
    pub fn validate(&self, ops_max: usize) -> Result<(), Refusal> {
        check_txn(self, ops_max, TXN_DEPTH_MAX)?;
        Footprint::of(&self.success)?;
        Footprint::of(&self.failure)?;
        Ok(())
    }
}

fn check_key(key: &Bytes) -> Result<(), Refusal> {
    if key.is_empty() { Err(Refusal::EmptyKey) } else { Ok(()) }
}

fn check_txn(txn: &Txn, ops_max: usize, depth_max: usize) -> Result<(), Refusal> {
    let ops = txn.compare.len().max(txn.success.len()).max(txn.failure.len());
    let Some(nested_ops_max) = ops_max.checked_sub(ops) else { return Err(Refusal::TooManyOps) };
    let Some(nested_depth_max) = depth_max.checked_sub(1) else { return Err(Refusal::TooManyOps) };
    txn.compare.iter().try_for_each(|compare| check_key(&compare.key))?;
    txn.success.iter().chain(&txn.failure).try_for_each(|op| match op {
        Op::Range(range) => range.validate(),
        Op::Put(put) => put.validate(),
        Op::DeleteRange(delete) => delete.validate(),
        Op::Txn(txn) => check_txn(txn, nested_ops_max, nested_depth_max),
    })
}

/// Which keys a branch may put and delete.
#[derive(Default)]
struct Footprint<'a> {
    puts: BTreeSet<&'a Bytes>,
    deletes: SpanSet<'a>,
}

impl<'a> Footprint<'a> {
    /// Looks at the deletes first, then at nested transactions in order, then at the puts. The
    /// order is etcd's, and decides what is seen.
    fn of(ops: &'a [Op]) -> Result<Self, Refusal> {
        let mut footprint = Self::default();
        for op in ops {
            if let Op::DeleteRange(delete) = op {
                footprint.delete(delete);
            }
        }
        for op in ops {
            if let Op::Txn(txn) = op {
                let success = Self::of(&txn.success)?;
                let failure = Self::of(&txn.failure)?;
                // Only one of the branches will be done, so both may put the same key.
                let puts: BTreeSet<_> = success.puts.union(&failure.puts).copied().collect();
                puts.into_iter().try_for_each(|key| footprint.put(key))?;
                footprint.deletes.absorb(success.deletes);
                footprint.deletes.absorb(failure.deletes);
            }
        }
        for op in ops {
            if let Op::Put(put) = op {
                footprint.put(&put.key)?;
            }
        }
        Ok(footprint)
    }

    fn put(&mut self, key: &'a Bytes) -> Result<(), Refusal> {
        if self.deletes.contains(key) || !self.puts.insert(key) {
            return Err(Refusal::DuplicateKey);
        }
        Ok(())
    }

    fn delete(&mut self, delete: &'a DeleteRange) {
        if delete.range_end.is_empty() {
            self.deletes.insert_point(&delete.key);
        } else {
            self.deletes.insert_interval(&delete.key, &delete.range_end);
        }
    }
}

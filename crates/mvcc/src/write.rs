//! Carrying out what was decided: all changes of one command are one revision.

use bytes::Bytes;

use crate::command::{DeleteRange, Put, Range};
use crate::lease::Leases;
use crate::memory::{Memory, Revision};
use crate::read::View;
use crate::reply::{
    Change, DeleteRangeResponse, KeyValue, OpResponse, PutResponse, RangeResponse, TxnResponse,
};
use crate::span::span;
use crate::txn::{Plan, PlanStep};

/// The changes that one command makes.
pub(crate) struct Write<'a> {
    memory: &'a mut Memory,
    leases: &'a mut Leases,
    compacted: i64,
    /// The revision before the command.
    before: i64,
    changes: Vec<Change>,
}

impl<'a> Write<'a> {
    /// Begins a command on a store at revision `before`.
    pub(crate) fn begin(
        memory: &'a mut Memory,
        leases: &'a mut Leases,
        before: i64,
        compacted: i64,
    ) -> Self {
        Self { memory, leases, compacted, before, changes: Vec::new() }
    }

    /// Ends it: the revision of the store from now on, and what changed.
    pub(crate) fn end(self) -> (i64, Vec<Change>) {
        (self.revision(), self.changes)
    }

    /// Puts, after `check_kept` and `check_lease`. A value or lease to keep is the one from before
    /// the command, which is where they were looked up.
    pub(crate) fn put(&mut self, put: &Put) -> PutResponse {
        let kept = if put.ignore_value || put.ignore_lease {
            self.memory.get(&put.key, self.before)
        } else {
            None
        };
        let kept = kept.unwrap_or_default();
        let value = if put.ignore_value { kept.value } else { put.value.clone() };
        let lease = if put.ignore_lease { kept.lease } else { put.lease };
        let (kv, was) = self.memory.put(self.next(), &put.key, value, lease);
        self.leases.detach(was.as_ref().map_or(0, |was| was.lease), &kv.key);
        self.leases.attach(kv.lease, kv.key.clone());
        let creates = kv.create_revision == kv.mod_revision;
        let prev_kv = was.as_ref().filter(|_| !creates).and_then(|was| self.before_command(was));
        self.changes.push(Change::Put { kv, prev_kv });
        PutResponse { revision: self.revision(), prev_kv: was.filter(|_| put.prev_kv) }
    }

    /// Deletes, in key order.
    pub(crate) fn delete_range(&mut self, delete: &DeleteRange) -> DeleteRangeResponse {
        let scan = self.memory.scan(span(&delete.key, &delete.range_end), self.revision());
        let doomed: Vec<KeyValue> =
            scan.filter_map(|(key, version)| version?.key_value(key)).collect();
        for kv in &doomed {
            self.delete(kv);
        }
        DeleteRangeResponse {
            revision: self.revision(),
            deleted: doomed.len().try_into().expect("a count of what is in memory fits"),
            prev_kvs: if delete.prev_kv { doomed } else { Vec::new() },
        }
    }

    /// Deletes these keys, which exist.
    pub(crate) fn delete_keys(&mut self, keys: impl IntoIterator<Item = Bytes>) {
        for key in keys {
            let kv = self.memory.get(&key, i64::MAX).expect("a key that is attached exists");
            self.delete(&kv);
        }
    }

    /// Carries out a plan that was checked.
    pub(crate) fn txn(&mut self, plan: &Plan<'_>) -> TxnResponse {
        let responses = self.steps(plan);
        TxnResponse { revision: self.revision(), succeeded: plan.succeeded, responses }
    }

    /// Deletes a key, which exists as it is given.
    fn delete(&mut self, kv: &KeyValue) {
        let at = self.next();
        self.memory.delete(at, &kv.key);
        self.leases.detach(kv.lease, &kv.key);
        let prev_kv = self.before_command(kv);
        let key = kv.key.clone();
        self.changes.push(Change::Delete { key, mod_revision: at.main, prev_kv });
    }

    fn steps(&mut self, plan: &Plan<'_>) -> Vec<OpResponse> {
        let steps = plan.steps.iter().map(|step| match step {
            PlanStep::Range(range) => OpResponse::Range(self.range(range)),
            PlanStep::Put(put) => OpResponse::Put(self.put(put)),
            PlanStep::DeleteRange(delete) => OpResponse::DeleteRange(self.delete_range(delete)),
            PlanStep::Txn(plan) => OpResponse::Txn(TxnResponse {
                revision: 0,
                succeeded: plan.succeeded,
                responses: self.steps(plan),
            }),
        });
        steps.collect()
    }

    fn range(&self, range: &Range) -> RangeResponse {
        let view =
            View { memory: self.memory, current: self.revision(), compacted: self.compacted };
        view.range(range).expect("the ranges of the plan were checked, and no revision went away")
    }

    /// The revision that reads of this command see: a new one once something changed.
    pub(crate) fn revision(&self) -> i64 {
        self.before + i64::from(!self.changes.is_empty())
    }

    /// The place of the next change.
    fn next(&self) -> Revision {
        let sub = self.changes.len().try_into().expect("a command holds less than 4 Gi changes");
        Revision { main: self.before + 1, sub }
    }

    /// A key as it was before the command, given what it was before its latest change.
    fn before_command(&self, was: &KeyValue) -> Option<KeyValue> {
        if was.mod_revision <= self.before {
            return Some(was.clone());
        }
        self.memory.get(&was.key, self.before)
    }
}

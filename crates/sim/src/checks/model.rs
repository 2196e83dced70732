//! What etcd's data model says, written a second time and as plainly as can be: a list of states.
//!
//! It covers what the clients of a run ask for, and shares no code with the store.

use std::collections::BTreeMap;

use bytes::Bytes;
use mvcc::{Command, Compare, CompareTarget, KeyValue, LeaseOutcome, Op, Put, Range, Relation};

use super::held::Held;

/// Every state that the store was in, by revision; and the oldest that can still be read.
#[derive(Clone, Debug)]
pub(super) struct Model {
    states: Vec<State>,
    pub(super) compacted: i64,
    leases: Held,
}

type State = BTreeMap<Bytes, KeyValue>;

/// What a command has to answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Expected {
    /// The header's revision; none if it is refused.
    pub(super) revision: Option<i64>,
    /// Whether the comparisons of a transaction held.
    pub(super) succeeded: bool,
    pub(super) deleted: i64,
    pub(super) prev_kv: Option<KeyValue>,
    /// What came of a command for leases.
    pub(super) lease: Option<LeaseOutcome>,
}

impl Default for Model {
    fn default() -> Self {
        // Revision 1 is the empty store; there is none before.
        Self { states: vec![State::new(), State::new()], compacted: -1, leases: Held::default() }
    }
}

impl Model {
    pub(super) fn revision(&self) -> i64 {
        i64::try_from(self.states.len()).expect("runs are short") - 1
    }

    pub(super) fn apply(&mut self, command: &Command) -> Expected {
        let revision = self.revision() + 1;
        let now = &self.states[self.states.len() - 1];
        let mut next = now.clone();
        let mut expected = Expected::default();
        match command {
            Command::Put(it) => {
                if it.lease != 0 && self.leases.get(it.lease).is_none() {
                    return expected;
                }
                expected.prev_kv = if it.prev_kv { now.get(&it.key).cloned() } else { None };
                put(&mut next, it, revision);
            }
            Command::DeleteRange(it) => {
                expected.deleted = i64::from(next.remove(&it.key).is_some());
            }
            Command::Txn(txn) => {
                expected.succeeded = txn.compare.iter().all(|compare| holds(now, compare));
                let ops = if expected.succeeded { &txn.success } else { &txn.failure };
                for op in ops {
                    match op {
                        Op::Put(it) => put(&mut next, it, revision),
                        Op::DeleteRange(it) => drop(next.remove(&it.key)),
                        Op::Range(_) | Op::Txn(_) => {}
                    }
                }
            }
            Command::Compact(compact) => {
                if compact.revision > self.revision() || compact.revision <= self.compacted {
                    return expected;
                }
                self.compacted = compact.revision;
            }
            Command::Lease(lease) => {
                let Some((outcome, ended)) = self.leases.apply(lease) else { return expected };
                expected.lease = Some(outcome);
                next.retain(|_, kv| Some(kv.lease) != ended);
            }
            // No client raises alarms, and there are no users.
            Command::Publish(_) | Command::Alarm(_) | Command::Auth(_) => {}
        }
        if next != *now {
            self.states.push(next);
        }
        expected.revision = Some(self.revision());
        expected
    }

    /// What a read of the state at `now` has to find; nothing if it is refused.
    pub(super) fn range(&self, range: &Range, now: i64, compacted: i64) -> Option<Vec<KeyValue>> {
        let at = if range.revision > 0 { range.revision } else { now };
        if at > now || at < compacted {
            return None;
        }
        let state = &self.states[usize::try_from(at).expect("revisions count from 0")];
        let is_in = |key: &Bytes| {
            if range.range_end.is_empty() {
                *key == range.key
            } else {
                *key >= range.key && *key < range.range_end
            }
        };
        Some(state.values().filter(|kv| is_in(&kv.key)).cloned().collect())
    }
}

fn put(state: &mut State, put: &Put, revision: i64) {
    let kv = state.entry(put.key.clone()).or_insert_with(|| KeyValue {
        key: put.key.clone(),
        create_revision: revision,
        ..KeyValue::default()
    });
    kv.value = put.value.clone();
    kv.lease = put.lease;
    kv.mod_revision = revision;
    kv.version += 1;
}

fn holds(state: &State, compare: &Compare) -> bool {
    let none = KeyValue::default();
    let kv = state.get(&compare.key).unwrap_or(&none);
    let order = match &compare.target {
        CompareTarget::Version(it) => kv.version.cmp(it),
        CompareTarget::Create(it) => kv.create_revision.cmp(it),
        CompareTarget::Mod(it) => kv.mod_revision.cmp(it),
        CompareTarget::Value(it) => kv.value.cmp(it),
        CompareTarget::Lease(it) => kv.lease.cmp(it),
    };
    match compare.relation {
        Relation::Equal => order.is_eq(),
        Relation::Greater => order.is_gt(),
        Relation::Less => order.is_lt(),
        Relation::NotEqual => order.is_ne(),
        Relation::Unknown => true,
    }
}

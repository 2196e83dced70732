//! What etcd's data model says, written a second time and as plainly as can be: a list of states.
//!
//! It covers what the clients of a run ask for, and shares no code with the store.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use mvcc::{
    Change, Command, Compare, CompareTarget, KeyValue, LeaseOutcome, Op, Put, Range, Relation,
};

use super::held::Held;
use super::history::{Extent, contains};

/// Every state that the store was in, by revision, and what changed it; and the oldest that can
/// still be read.
#[derive(Clone, Debug)]
pub(super) struct Model {
    states: Vec<State>,
    changes: Vec<Vec<Change>>,
    pub(super) compacted: i64,
    /// All revisions at which history was compacted.
    pub(super) compactions: BTreeSet<i64>,
    leases: Held,
}

pub(super) type State = BTreeMap<Bytes, KeyValue>;

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
    /// What the ranges of a transaction find.
    pub(super) found: Vec<Vec<KeyValue>>,
    /// Whether it is a change of the users, and not refused.
    pub(super) changes_users: bool,
}

impl Expected {
    /// What comes of nothing.
    pub(super) const NOTHING: Self = Self {
        revision: None,
        succeeded: false,
        deleted: 0,
        prev_kv: None,
        lease: None,
        found: Vec::new(),
        changes_users: false,
    };
}

impl Default for Model {
    fn default() -> Self {
        Self {
            // Revision 1 is the empty store; there is none before.
            states: vec![State::new(), State::new()],
            changes: vec![Vec::new(), Vec::new()],
            compacted: -1,
            compactions: BTreeSet::new(),
            leases: Held::default(),
        }
    }
}

impl Model {
    pub(super) fn revision(&self) -> i64 {
        i64::try_from(self.states.len()).expect("runs are short") - 1
    }

    pub(super) fn apply(&mut self, command: &Command) -> Expected {
        let now = &self.states[self.states.len() - 1];
        let mut next = Next::after(now, self.revision() + 1);
        let mut expected = Expected::default();
        match command {
            Command::Put(it) => {
                if it.lease != 0 && self.leases.get(it.lease).is_none() {
                    return expected;
                }
                expected.prev_kv = if it.prev_kv { now.get(&it.key).cloned() } else { None };
                next.put(it);
            }
            Command::DeleteRange(it) => {
                expected.deleted = i64::from(next.delete(&it.key));
            }
            Command::Txn(txn) => {
                expected.succeeded = txn.compare.iter().all(|compare| holds(now, compare));
                let ops = if expected.succeeded { &txn.success } else { &txn.failure };
                if ops.iter().any(|op| self.extent().forbids(op)) {
                    return Expected::NOTHING;
                }
                for op in ops {
                    match op {
                        Op::Put(it) => next.put(it),
                        Op::DeleteRange(it) => drop(next.delete(&it.key)),
                        Op::Range(it) if it.revision > 0 => {
                            expected.found.push(find(self.state(it.revision), it));
                        }
                        Op::Range(it) => expected.found.push(find(&next.state, it)),
                        Op::Txn(_) => {}
                    }
                }
            }
            Command::Compact(compact) => {
                if compact.revision > self.revision() || compact.revision <= self.compacted {
                    return expected;
                }
                self.compacted = compact.revision;
                self.compactions.insert(compact.revision);
            }
            Command::Lease(lease) => {
                let Some((outcome, ended)) = self.leases.apply(lease) else { return expected };
                expected.lease = Some(outcome);
                next.delete_leased(ended);
            }
            // No client raises alarms, and the users are none of its business.
            Command::Publish(_) | Command::Alarm(_) | Command::Auth(_) => {}
        }
        let Next { state, changes, .. } = next;
        if !changes.is_empty() {
            self.states.push(state);
            self.changes.push(changes);
        }
        expected.revision = Some(self.revision());
        expected
    }

    /// What a read of the state at `now` has to find.
    pub(super) fn range(&self, range: &Range, now: i64) -> Vec<KeyValue> {
        let at = if range.revision > 0 { range.revision } else { now };
        find(self.state(at), range)
    }

    /// The keys of that revision.
    pub(super) fn state(&self, revision: i64) -> &State {
        &self.states[place(revision)]
    }

    /// What of it can be read.
    pub(super) fn extent(&self) -> Extent {
        Extent { revision: self.revision(), compacted: self.compacted }
    }

    /// What each of these revisions changed, in order.
    pub(super) fn changes(&self, from: i64, until: i64) -> impl Iterator<Item = &Change> {
        let (from, until) = (from.max(0), until.min(self.revision()));
        let span = if from > until { 0..0 } else { place(from)..place(until) + 1 };
        self.changes[span].iter().flatten()
    }
}

fn find(state: &State, range: &Range) -> Vec<KeyValue> {
    let is_in = |kv: &&KeyValue| contains((&range.key, &range.range_end), &kv.key);
    state.values().filter(is_in).cloned().collect()
}

fn place(revision: i64) -> usize {
    usize::try_from(revision).expect("revisions count from 0")
}

/// The next revision while it is made, if anything changes.
struct Next<'a> {
    before: &'a State,
    state: State,
    revision: i64,
    changes: Vec<Change>,
}

impl<'a> Next<'a> {
    fn after(before: &'a State, revision: i64) -> Self {
        Self { before, state: before.clone(), revision, changes: Vec::new() }
    }

    fn put(&mut self, put: &Put) {
        let kv = self.state.entry(put.key.clone()).or_insert_with(|| KeyValue {
            key: put.key.clone(),
            create_revision: self.revision,
            ..KeyValue::default()
        });
        kv.value = put.value.clone();
        kv.lease = put.lease;
        kv.mod_revision = self.revision;
        kv.version += 1;
        let prev_kv = self.before.get(&put.key).cloned();
        self.changes.push(Change::Put { kv: kv.clone(), prev_kv });
    }

    /// Whether there was such a key.
    fn delete(&mut self, key: &Bytes) -> bool {
        let was_there = self.state.remove(key).is_some();
        if was_there {
            let (key, prev_kv) = (key.clone(), self.before.get(key).cloned());
            self.changes.push(Change::Delete { key, mod_revision: self.revision, prev_kv });
        }
        was_there
    }

    /// Deletes what depends on a lease that ended.
    fn delete_leased(&mut self, ended: Option<i64>) {
        let leased = self.before.values().filter(|kv| Some(kv.lease) == ended);
        for key in leased.map(|kv| kv.key.clone()).collect::<Vec<_>>() {
            self.delete(&key);
        }
    }
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

//! The store as one would write it without a thought of cost: a full copy of all keys per revision.

use std::collections::BTreeMap;

use bytes::Bytes;
use mvcc::{
    Alarm, AlarmCommand, AlarmResponse, Change, Command, CompactResponse, Compare, CompareTarget,
    DeleteRange, DeleteRangeResponse, KeyValue, Lease, LeaseCommand, LeaseOutcome, LeaseResponse,
    Member, MemberAlarm, Op, OpResponse, Put, PutResponse, Range, RangeResponse, Refusal, Relation,
    Reply, Response, SortOrder, SortTarget, Txn, TxnResponse,
};

type Keys = BTreeMap<Bytes, KeyValue>;

pub(crate) struct Model {
    /// All keys at the end of each revision. There are none at 0 and 1.
    revisions: Vec<Keys>,
    compacted: i64,
    pub(crate) members: BTreeMap<u64, Member>,
    pub(crate) leases: BTreeMap<i64, Lease>,
    renewals: u64,
    alarms: Vec<MemberAlarm>,
}

/// A command that is being carried out.
struct Work {
    keys: Keys,
    changed: Vec<(Bytes, Option<KeyValue>)>,
}

impl Model {
    pub(crate) fn new() -> Self {
        Self {
            revisions: vec![Keys::new(); 2],
            compacted: -1,
            members: BTreeMap::new(),
            leases: BTreeMap::new(),
            renewals: 0,
            alarms: Vec::new(),
        }
    }

    pub(crate) fn revision(&self) -> i64 {
        number(self.revisions.len()) - 1
    }

    pub(crate) fn compacted(&self) -> i64 {
        self.compacted
    }

    pub(crate) fn latest(&self) -> &Keys {
        self.revisions.last().unwrap()
    }

    pub(crate) fn apply(&mut self, command: &Command) -> Reply {
        let mut work = Work { keys: self.latest().clone(), changed: Vec::new() };
        if let Err(refusal) = self.check_alarms(command) {
            return Err(refusal).into();
        }
        let result = match command {
            Command::Put(put) if !self.has_lease(put) => Err(Refusal::LeaseNotFound),
            Command::Put(put) => {
                self.check_put(put).map(|()| Response::Put(self.put(&mut work, put)))
            }
            Command::DeleteRange(delete) => {
                Ok(Response::DeleteRange(self.delete(&mut work, delete)))
            }
            Command::Txn(txn) => self.txn(&mut work, txn).map(Response::Txn),
            Command::Compact(compact) => {
                if compact.revision > self.revision() {
                    Err(Refusal::FutureRevision { current: self.revision() })
                } else if compact.revision <= self.compacted {
                    Err(Refusal::Compacted { at: self.compacted })
                } else {
                    self.compacted = compact.revision;
                    Ok(Response::Compact(CompactResponse { revision: self.revision() }))
                }
            }
            Command::Publish(publish) => {
                let name = publish.name.clone();
                let client_urls = publish.client_urls.clone();
                self.members.insert(publish.member_id, Member { name, client_urls });
                Ok(Response::Published)
            }
            Command::Lease(command) => self.lease(&mut work, command).map(Response::Lease),
            // Users have tests of their own.
            Command::Auth(_) => Ok(Response::Auth),
            Command::Alarm(AlarmCommand::Raise(alarm)) => {
                self.alarms.retain(|raised| raised != alarm);
                self.alarms.push(*alarm);
                Ok(self.alarmed(vec![*alarm]))
            }
            Command::Alarm(AlarmCommand::Disarm(alarm)) => {
                let before = self.alarms.len();
                self.alarms.retain(|raised| raised != alarm);
                let was_raised = self.alarms.len() < before;
                Ok(self.alarmed(if was_raised { vec![*alarm] } else { vec![] }))
            }
        };
        let changes =
            work.changed.iter().map(|(key, now)| self.change(key, now.as_ref())).collect();
        if !work.changed.is_empty() {
            self.revisions.push(work.keys);
        }
        Reply { result, changes }
    }

    pub(crate) fn range(&self, range: &Range) -> Result<RangeResponse, Refusal> {
        self.range_in(self.latest(), self.revision(), range)
    }

    fn change(&self, key: &Bytes, now: Option<&KeyValue>) -> Change {
        let prev_kv = self.latest().get(key).cloned();
        match now.cloned() {
            Some(kv) if kv.create_revision == kv.mod_revision => Change::Put { kv, prev_kv: None },
            Some(kv) => Change::Put { kv, prev_kv },
            None => Change::Delete { key: key.clone(), mod_revision: self.revision() + 1, prev_kv },
        }
    }

    fn range_in(&self, now: &Keys, current: i64, range: &Range) -> Result<RangeResponse, Refusal> {
        if range.revision > current {
            return Err(Refusal::FutureRevision { current });
        }
        if range.revision > 0 && range.revision < self.compacted {
            return Err(Refusal::Compacted { at: self.compacted });
        }
        let keys = if range.revision <= 0 || range.revision == current {
            now
        } else {
            &self.revisions[usize::try_from(range.revision).unwrap()]
        };
        let all: Vec<KeyValue> = within(keys, &range.key, &range.range_end);
        let count = number(all.len());
        let mut kvs = all;
        let limit = usize::try_from(range.limit).unwrap_or(0);
        let filters = [
            range.min_mod_revision,
            range.max_mod_revision,
            range.min_create_revision,
            range.max_create_revision,
        ];
        if limit > 0 && range.sort_order == SortOrder::None && filters == [0; 4] {
            kvs.truncate(limit + 1);
        }
        kvs.retain(|kv| {
            (filters[0] == 0 || kv.mod_revision >= filters[0])
                && (filters[1] == 0 || kv.mod_revision <= filters[1])
                && (filters[2] == 0 || kv.create_revision >= filters[2])
                && (filters[3] == 0 || kv.create_revision <= filters[3])
        });
        let rank = |kv: &KeyValue| match range.sort_target {
            SortTarget::Key => (0, kv.key.clone()),
            SortTarget::Version => (kv.version, Bytes::new()),
            SortTarget::Create => (kv.create_revision, Bytes::new()),
            SortTarget::Mod => (kv.mod_revision, Bytes::new()),
            SortTarget::Value => (0, kv.value.clone()),
        };
        if range.sort_order == SortOrder::Descend {
            kvs.sort_by_key(|kv| std::cmp::Reverse(rank(kv)));
        } else {
            kvs.sort_by_key(rank);
        }
        if range.count_only {
            kvs.clear();
        }
        let more = limit > 0 && kvs.len() > limit;
        if more {
            kvs.truncate(limit);
        }
        if range.keys_only {
            for kv in &mut kvs {
                kv.value = Bytes::new();
            }
        }
        Ok(RangeResponse { revision: current, kvs, more, count })
    }

    fn check_alarms(&self, command: &Command) -> Result<(), Refusal> {
        let is_raised = |alarm| self.alarms.iter().any(|raised| raised.alarm == alarm);
        let ops = match command {
            Command::Put(put) => vec![Op::Put(put.clone())],
            Command::Txn(txn) => vec![Op::Txn(txn.clone())],
            // A grant takes space too.
            Command::Lease(LeaseCommand::Grant { .. }) => vec![Op::Put(Put::default())],
            Command::Lease(LeaseCommand::Renew { .. } | LeaseCommand::Checkpoint(_)) => {
                return Ok(());
            }
            Command::Lease(LeaseCommand::Revoke { .. } | LeaseCommand::Expire { .. })
            | Command::DeleteRange(_)
            | Command::Compact(_) => vec![],
            Command::Publish(_) | Command::Alarm(_) | Command::Auth(_) => return Ok(()),
        };
        if is_raised(Alarm::Corrupt) {
            return Err(Refusal::Corrupt);
        }
        if is_raised(Alarm::NoSpace) && ops.iter().any(holds_put) {
            return Err(Refusal::NoSpace);
        }
        Ok(())
    }

    fn alarmed(&self, alarms: Vec<MemberAlarm>) -> Response {
        Response::Alarm(AlarmResponse { revision: self.revision(), alarms })
    }

    fn check_put(&self, put: &Put) -> Result<(), Refusal> {
        if (put.ignore_value || put.ignore_lease) && !self.latest().contains_key(&put.key) {
            return Err(Refusal::KeyNotFound);
        }
        Ok(())
    }

    fn put(&self, work: &mut Work, put: &Put) -> PutResponse {
        let revision = self.revision() + 1;
        let was = work.keys.get(&put.key).cloned();
        let before = self.latest().get(&put.key);
        let kv = KeyValue {
            key: put.key.clone(),
            value: if put.ignore_value { before.unwrap().value.clone() } else { put.value.clone() },
            create_revision: was.as_ref().map_or(revision, |kv| kv.create_revision),
            mod_revision: revision,
            version: was.as_ref().map_or(0, |kv| kv.version) + 1,
            lease: if put.ignore_lease { before.unwrap().lease } else { put.lease },
        };
        work.keys.insert(put.key.clone(), kv.clone());
        work.changed.push((put.key.clone(), Some(kv)));
        PutResponse { revision, prev_kv: if put.prev_kv { was } else { None } }
    }

    fn has_lease(&self, put: &Put) -> bool {
        put.lease == 0 || self.leases.contains_key(&put.lease)
    }

    /// Which keys a lease has, is looked up when it ends: those that say so.
    pub(crate) fn keys_of(&self, lease: i64) -> Vec<Bytes> {
        let kvs = self.latest().values().filter(|kv| lease != 0 && kv.lease == lease);
        kvs.map(|kv| kv.key.clone()).collect()
    }

    fn lease(&mut self, work: &mut Work, command: &LeaseCommand) -> Result<LeaseResponse, Refusal> {
        let outcome = match command {
            LeaseCommand::Grant { id: 0, .. } => return Err(Refusal::LeaseNotFound),
            LeaseCommand::Grant { id, .. } if self.leases.contains_key(id) => {
                return Err(Refusal::LeaseExists);
            }
            LeaseCommand::Grant { id, ttl_seconds } => {
                self.renew(*id, *ttl_seconds);
                LeaseOutcome::Granted
            }
            LeaseCommand::Revoke { id } => {
                if !self.end(work, *id) {
                    return Err(Refusal::LeaseNotFound);
                }
                LeaseOutcome::Revoked
            }
            LeaseCommand::Renew { ids } => {
                let mut ttls = Vec::new();
                for id in ids {
                    let ttl = self.leases.get(id).map(|lease| lease.ttl_seconds);
                    if let Some(ttl) = ttl {
                        self.renew(*id, ttl);
                    }
                    ttls.push(ttl);
                }
                LeaseOutcome::Renewed(ttls)
            }
            LeaseCommand::Expire { id, renewal } => {
                let is_over = self.leases.get(id).map(|lease| lease.renewal) == Some(*renewal);
                LeaseOutcome::Expired(is_over && self.end(work, *id))
            }
            LeaseCommand::Checkpoint(checkpoints) => {
                for of in checkpoints {
                    if let Some(lease) = self.leases.get_mut(&of.id)
                        && lease.renewal == of.renewal
                        && of.left_seconds < lease.left_seconds
                    {
                        lease.left_seconds = of.left_seconds;
                    }
                }
                LeaseOutcome::Checkpointed
            }
        };
        Ok(LeaseResponse { revision: self.revision_in(work), outcome })
    }

    fn renew(&mut self, id: i64, ttl_seconds: i64) {
        self.renewals += 1;
        let renewal = self.renewals;
        self.leases.insert(id, Lease { ttl_seconds, renewal, left_seconds: ttl_seconds });
    }

    /// Whether there was one to end.
    fn end(&mut self, work: &mut Work, id: i64) -> bool {
        for key in self.keys_of(id) {
            work.keys.remove(&key);
            work.changed.push((key, None));
        }
        self.leases.remove(&id).is_some()
    }

    fn delete(&self, work: &mut Work, delete: &DeleteRange) -> DeleteRangeResponse {
        let gone = within(&work.keys, &delete.key, &delete.range_end);
        for kv in &gone {
            work.keys.remove(&kv.key);
            work.changed.push((kv.key.clone(), None));
        }
        DeleteRangeResponse {
            revision: self.revision_in(work),
            deleted: number(gone.len()),
            prev_kvs: if delete.prev_kv { gone } else { vec![] },
        }
    }

    fn revision_in(&self, work: &Work) -> i64 {
        if work.changed.is_empty() { self.revision() } else { self.revision() + 1 }
    }

    fn txn(&self, work: &mut Work, txn: &Txn) -> Result<TxnResponse, Refusal> {
        let mut chosen = Vec::new();
        self.flatten(txn, &mut chosen);
        for op in &chosen {
            if let Op::Put(put) = op {
                self.check_put(put)?;
                if !self.has_lease(put) {
                    return Err(Refusal::LeaseNotFound);
                }
            }
        }
        for op in &chosen {
            if let Op::Range(range) = op {
                if range.revision > self.revision() {
                    return Err(Refusal::FutureRevision { current: self.revision() });
                }
                if range.revision != 0 && range.revision < self.compacted {
                    return Err(Refusal::Compacted { at: self.compacted });
                }
            }
        }
        let mut response = self.carry_out(work, txn);
        response.revision = self.revision_in(work);
        Ok(response)
    }

    /// The operations that will be done, of all levels.
    fn flatten<'a>(&self, txn: &'a Txn, chosen: &mut Vec<&'a Op>) {
        for op in self.branch(txn).1 {
            match op {
                Op::Txn(nested) => self.flatten(nested, chosen),
                Op::Range(_) | Op::Put(_) | Op::DeleteRange(_) => chosen.push(op),
            }
        }
    }

    fn branch<'a>(&self, txn: &'a Txn) -> (bool, &'a [Op]) {
        let succeeded = txn.compare.iter().all(|compare| holds(self.latest(), compare));
        (succeeded, if succeeded { &txn.success } else { &txn.failure })
    }

    fn carry_out(&self, work: &mut Work, txn: &Txn) -> TxnResponse {
        let (succeeded, ops) = self.branch(txn);
        let mut responses = Vec::new();
        for op in ops {
            responses.push(match op {
                Op::Range(range) => OpResponse::Range(
                    self.range_in(&work.keys, self.revision_in(work), range).unwrap(),
                ),
                Op::Put(put) => OpResponse::Put(self.put(work, put)),
                Op::DeleteRange(delete) => OpResponse::DeleteRange(self.delete(work, delete)),
                Op::Txn(txn) => OpResponse::Txn(self.carry_out(work, txn)),
            });
        }
        TxnResponse { revision: 0, succeeded, responses }
    }
}

fn number(count: usize) -> i64 {
    count.try_into().unwrap()
}

fn within(keys: &Keys, key: &[u8], end: &[u8]) -> Vec<KeyValue> {
    let inside = |k: &[u8]| match end {
        [] => k == key,
        [0] => k >= key,
        end => k >= key && k < end,
    };
    keys.values().filter(|kv| inside(&kv.key)).cloned().collect()
}

fn holds(keys: &Keys, compare: &Compare) -> bool {
    let found = within(keys, &compare.key, &compare.range_end);
    if found.is_empty() {
        return !matches!(compare.target, CompareTarget::Value(_))
            && holds_for(&KeyValue::default(), compare);
    }
    found.iter().all(|kv| holds_for(kv, compare))
}

fn holds_for(kv: &KeyValue, compare: &Compare) -> bool {
    fn related<T: Ord>(relation: Relation, a: &T, b: &T) -> bool {
        match relation {
            Relation::Equal => a == b,
            Relation::NotEqual => a != b,
            Relation::Greater => a > b,
            Relation::Less => a < b,
            Relation::Unknown => true,
        }
    }
    match &compare.target {
        CompareTarget::Version(given) => related(compare.relation, &kv.version, given),
        CompareTarget::Create(given) => related(compare.relation, &kv.create_revision, given),
        CompareTarget::Mod(given) => related(compare.relation, &kv.mod_revision, given),
        CompareTarget::Lease(given) => related(compare.relation, &kv.lease, given),
        CompareTarget::Value(given) => related(compare.relation, &kv.value, given),
    }
}

fn holds_put(op: &Op) -> bool {
    match op {
        Op::Put(_) => true,
        Op::Range(_) | Op::DeleteRange(_) => false,
        Op::Txn(txn) => txn.success.iter().chain(&txn.failure).any(holds_put),
    }
}

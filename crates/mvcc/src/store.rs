//! The store: revisions, and what is done with a command.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::Refusal;
use crate::alarm::{AlarmCommand, Alarms, MemberAlarm};
use crate::auth::{Auth, AuthCommand};
use crate::command::{Command, Compact, Publish, Put, Range, Txn};
use crate::lease::{Lease, LeaseCommand, LeaseResponse, Leases};
use crate::memory::Memory;
use crate::read::View;
use crate::reply::{
    AlarmResponse, CompactResponse, KeyValue, OpResponse, RangeResponse, Reply, Response,
    TxnResponse,
};
use crate::txn::{Plan, PlanStep, check_kept, check_lease};
use crate::write::Write;

/// What a member said about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name, for people.
    pub name: String,
    /// The addresses at which clients reach it.
    pub client_urls: Vec<String>,
}

/// The store.
///
/// - [`apply`](Self::apply) carries out a command.
/// - [`range`](Self::range) and [`read_txn`](Self::read_txn) read; a
///   [`RangeReader`](crate::RangeReader) reads in steps.
/// - The rest tells how the store is.
#[derive(Debug)]
pub struct Store {
    /// The latest revision. The empty store is at 1.
    revision: i64,
    /// The oldest revision that can be read; -1 if nothing was compacted, as in etcd.
    compacted: i64,
    memory: Memory,
    leases: Leases,
    members: BTreeMap<u64, Member>,
    alarms: Alarms,
    /// Beside the store, which is moved about; most have no users.
    auth: Box<Auth>,
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

impl Store {
    /// An empty store, at revision 1.
    pub fn new() -> Self {
        Self {
            revision: 1,
            compacted: -1,
            memory: Memory::default(),
            leases: Leases::default(),
            members: BTreeMap::new(),
            alarms: Alarms::default(),
            auth: Box::default(),
        }
    }

    /// Carries out a command.
    ///
    /// The same commands in the same order give the same store and the same replies, everywhere.
    /// Any command can be applied. What [`Command::validate`] refuses ought to be refused before it
    /// is proposed; it is not asked again here, because it depends on a setting that members need
    /// not share.
    pub fn apply(&mut self, command: &Command) -> Reply {
        if let Err(refusal) = self.alarms.check(command) {
            return Err(refusal).into();
        }
        match command {
            Command::Put(put) => self.put(put),
            Command::DeleteRange(delete) => {
                self.write(|write| Response::DeleteRange(write.delete_range(delete)))
            }
            Command::Txn(txn) => self.txn(txn),
            Command::Compact(compact) => self.compact(*compact).into(),
            Command::Publish(publish) => Ok(self.publish(publish)).into(),
            Command::Lease(command) => self.change_leases(command),
            Command::Alarm(command) => Ok(self.change_alarms(*command)).into(),
            Command::Auth(command) => self.change_auth(command).into(),
        }
    }

    /// Reads a range at once. For one that may be large, see
    /// [`RangeReader`](crate::RangeReader).
    ///
    /// # Errors
    /// [`Refusal::FutureRevision`] or [`Refusal::Compacted`].
    pub fn range(&self, range: &Range) -> Result<RangeResponse, Refusal> {
        self.view().range(range)
    }

    /// Answers a transaction that only reads: one with [`Txn::is_read_only`].
    ///
    /// # Errors
    /// [`Refusal::FutureRevision`] or [`Refusal::Compacted`].
    ///
    /// # Panics
    /// If the branch that is chosen would write.
    pub fn read_txn(&self, txn: &Txn) -> Result<TxnResponse, Refusal> {
        let view = self.view();
        let plan = Plan::decide(txn, &view);
        plan.check(&view, &self.leases)?;
        let responses = plan.steps.iter().map(|step| match step {
            PlanStep::Range(range) => view.range(range).map(OpResponse::Range),
            PlanStep::Put(_) | PlanStep::DeleteRange(_) | PlanStep::Txn(_) => {
                panic!("a transaction that may write has to be a command: {txn:?}")
            }
        });
        let responses = responses.collect::<Result<_, _>>()?;
        Ok(TxnResponse { revision: self.revision, succeeded: plan.succeeded, responses })
    }

    /// Makes it the first state of another cluster. What it says of members is forgotten, and so
    /// are their alarms. If the revision is raised, by more than the old cluster can have gone on
    /// after the backup, nobody sees the same revision twice; the history before is forgotten then,
    /// so that watches begin anew.
    pub fn begin_anew(&mut self, raise_by: i64) {
        self.members.clear();
        self.alarms = Alarms::default();
        if raise_by > 0 {
            self.revision = self.revision.saturating_add(raise_by);
            self.compacted = self.revision;
            self.memory.compact(self.revision);
        }
    }

    /// The latest revision: 1 at first, and one more with every command that changes a key.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// The oldest revision that can be read, or `None` if nothing was compacted yet.
    pub fn compacted_revision(&self) -> Option<i64> {
        (self.compacted >= 0).then_some(self.compacted)
    }

    /// How many keys exist.
    pub fn key_count(&self) -> usize {
        self.memory.live_keys()
    }

    /// The keys that changed last, at most so many, the latest at the end. Looks at all keys.
    pub fn latest(&self, count: usize) -> Vec<KeyValue> {
        let mut latest = BTreeMap::new();
        for (key, versions) in self.memory.histories(None) {
            let Some(version) = versions.last() else { continue };
            if let Some(kv) = version.key_value(key) {
                latest.insert(version.at, kv);
            }
            if latest.len() > count {
                latest.pop_first();
            }
        }
        latest.into_values().collect()
    }

    /// How many bytes keys, values and their history take, roughly. It is the same on every member.
    pub fn size_bytes(&self) -> u64 {
        self.memory.size_bytes()
    }

    /// What members published, by member id.
    pub fn members(&self) -> &BTreeMap<u64, Member> {
        &self.members
    }

    /// What a member is called, if it has said so.
    pub fn member_name(&self, id: u64) -> Option<&str> {
        self.members.get(&id).map(|member| &member.name[..]).filter(|name| !name.is_empty())
    }

    /// A lease.
    pub fn lease(&self, id: i64) -> Option<Lease> {
        self.leases.get(id)
    }

    /// All leases, by number.
    pub fn leases(&self) -> &BTreeMap<i64, Lease> {
        self.leases.all()
    }

    /// The keys that are attached to a lease, in order.
    pub fn lease_keys(&self, id: i64) -> impl Iterator<Item = &Bytes> {
        self.leases.keys(id)
    }

    /// How many times a lease was granted or renewed.
    pub(crate) fn renewals(&self) -> u64 {
        self.leases.renewals()
    }

    /// The alarms that are raised.
    pub fn alarms(&self) -> &BTreeSet<MemberAlarm> {
        self.alarms.all()
    }

    /// The users and roles.
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(crate) fn memory_mut(&mut self) -> &mut Memory {
        &mut self.memory
    }

    /// A store made of the parts of another.
    pub(crate) fn restored(
        revision: i64,
        compacted: i64,
        memory: Memory,
        leases: Leases,
        members: BTreeMap<u64, Member>,
        alarms: Alarms,
        auth: Auth,
    ) -> Self {
        Self { revision, compacted, memory, leases, members, alarms, auth: Box::new(auth) }
    }

    pub(crate) fn view(&self) -> View<'_> {
        View { memory: &self.memory, current: self.revision, compacted: self.compacted }
    }

    fn put(&mut self, put: &Put) -> Reply {
        let checked = check_lease(put, &self.leases).and_then(|()| check_kept(put, &self.view()));
        match checked {
            Ok(()) => self.write(|write| Response::Put(write.put(put))),
            Err(refusal) => Err(refusal).into(),
        }
    }

    fn txn(&mut self, txn: &Txn) -> Reply {
        let view = self.view();
        let plan = Plan::decide(txn, &view);
        match plan.check(&view, &self.leases) {
            Ok(()) => self.write(|write| Response::Txn(write.txn(&plan))),
            Err(refusal) => Err(refusal).into(),
        }
    }

    fn write(&mut self, act: impl FnOnce(&mut Write<'_>) -> Response) -> Reply {
        let mut write =
            Write::begin(&mut self.memory, &mut self.leases, self.revision, self.compacted);
        let response = act(&mut write);
        let (revision, changes) = write.end();
        self.revision = revision;
        Reply { result: Ok(response), changes }
    }

    fn compact(&mut self, compact: Compact) -> Result<Response, Refusal> {
        if compact.revision > self.revision {
            return Err(Refusal::FutureRevision { current: self.revision });
        }
        if compact.revision <= self.compacted {
            return Err(Refusal::Compacted { at: self.compacted });
        }
        self.compacted = compact.revision;
        self.memory.compact(compact.revision);
        Ok(Response::Compact(CompactResponse { revision: self.revision }))
    }

    fn change_leases(&mut self, command: &LeaseCommand) -> Reply {
        match self.leases.apply(command) {
            Ok((outcome, keys)) => self.write(|write| {
                write.delete_keys(keys);
                Response::Lease(LeaseResponse { revision: write.revision(), outcome })
            }),
            Err(refusal) => Err(refusal).into(),
        }
    }

    fn publish(&mut self, publish: &Publish) -> Response {
        let Publish { member_id, name, client_urls } = publish.clone();
        self.members.insert(member_id, Member { name, client_urls });
        Response::Published
    }

    fn change_auth(&mut self, command: &AuthCommand) -> Result<Response, Refusal> {
        self.auth.apply(command)?;
        Ok(Response::Auth)
    }

    fn change_alarms(&mut self, command: AlarmCommand) -> Response {
        let alarms = self.alarms.apply(command);
        Response::Alarm(AlarmResponse { revision: self.revision, alarms })
    }
}

/// A reply without changes.
impl From<Result<Response, Refusal>> for Reply {
    fn from(result: Result<Response, Refusal>) -> Self {
        Self { result, changes: Vec::new() }
    }
}

//! What all services share: the member they serve, how they reach it, and what they count.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use etcdpb::etcdserverpb::ResponseHeader;
use mvcc::{
    Alarm, AlarmCommand, AuthRefusal, Command, KvHash, KvHasher, MemberAlarm, Range, RangeReader,
    RangeResponse, Refusal, Reply, Response, Stamp, Stamped, Step, Store, TXN_OPS_MAX,
};
use tokio::time::timeout;
use tonic::Request;

use crate::auth::{Jwt, Who};
use crate::backend::{Backend, ChangeFailure, Failure, MemberChange, MemberStatus};
use crate::calls::Stopping;
use crate::metrics::Metrics;
use crate::status::Error;
use crate::upkeep::Refused;
use crate::watch::Hub;

/// How many keys a range looks at before it lets others have the store.
pub(crate) const STEP_KEYS: usize = 1000;

/// What the services may be told. The defaults are etcd's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long a command may be, encoded, in bytes.
    pub request_bytes_max: usize,
    /// How many comparisons, or operations in one branch, a transaction may have.
    pub txn_ops_max: usize,
    /// How long a lease lives at least, in seconds, even if less was asked for.
    pub lease_ttl_seconds_min: i64,
    /// How many bytes the store may take; `None` for any number.
    pub quota_bytes: Option<u64>,
    /// How long to wait for a command to be applied, or a read to be confirmed.
    pub request_timeout: Duration,
    /// How long a token of a user is good for.
    pub auth_token_ttl: Duration,
    /// How much work it is to hash a password: twice as much with each step, from 4 to 31.
    pub bcrypt_cost: u32,
    /// How long a watcher hears nothing before it is told how far it is, if it wants to know.
    pub watch_progress_interval: Duration,
    /// How long a member waits for a leader before it campaigns. Clients that insist on a leader
    /// are sent away after three times that.
    pub election_timeout: Duration,
}

impl Options {
    /// How long a gRPC message may be, in bytes.
    pub(crate) fn message_bytes_max(&self) -> usize {
        self.request_bytes_max + MESSAGE_OVERHEAD_BYTES
    }
}

/// How much longer than a command a gRPC message may be.
const MESSAGE_OVERHEAD_BYTES: usize = 512 * 1024;

impl Default for Options {
    fn default() -> Self {
        Self {
            request_bytes_max: 1536 * 1024,
            txn_ops_max: TXN_OPS_MAX,
            lease_ttl_seconds_min: 2,
            quota_bytes: Some(2 << 30),
            request_timeout: Duration::from_secs(7),
            auth_token_ttl: Duration::from_mins(5),
            bcrypt_cost: 10,
            watch_progress_interval: Duration::from_mins(10),
            election_timeout: Duration::from_secs(1),
        }
    }
}

impl Options {
    /// Those of a member with that election time-out: no lease is shorter than it may take to elect
    /// a leader who would hear that it is kept alive. etcd's two seconds come of its time-outs.
    pub fn for_election_timeout(election_timeout: Duration) -> Self {
        let seconds = (election_timeout * 3 / 2).as_millis().div_ceil(1000);
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let default = Self::default();
        Self {
            lease_ttl_seconds_min: seconds.max(default.lease_ttl_seconds_min),
            // With timers that are shorter than etcd's, streams would end with every election.
            election_timeout: election_timeout.max(default.election_timeout),
            ..default
        }
    }
}

/// A command is looked at so many times if users are changed at the same time.
const PERMIT_ATTEMPTS: usize = 5;

/// The services' way to the member. Clones share everything.
#[derive(Clone, Debug)]
pub struct Frontend<B> {
    backend: B,
    options: Options,
    metrics: Arc<Metrics>,
    refused: Arc<Refused>,
    hub: Arc<Hub>,
    stopping: Stopping,
    jwt: Option<Arc<Jwt>>,
    who: Who,
}

impl<B: Backend> Frontend<B> {
    /// A frontend of `backend`. What it counts goes to `metrics`.
    pub fn new(backend: B, options: Options, metrics: Arc<Metrics>) -> Self {
        let (refused, hub, stopping) = (Arc::default(), Arc::default(), Stopping::default());
        Self { backend, options, metrics, refused, hub, stopping, jwt: None, who: Who::Nobody }
    }

    /// The same, with tokens that are made and read with these keys.
    #[must_use]
    pub fn with_jwt(self, jwt: Option<Arc<Jwt>>) -> Self {
        Self { jwt, ..self }
    }

    /// The member stops: streams end now, and what else is still asked soon. Their clients are told
    /// so, and go on elsewhere.
    pub fn stop(&self) {
        self.stopping.begin();
    }

    /// How far the member is with stopping.
    pub(crate) fn stopping(&self) -> &Stopping {
        &self.stopping
    }

    /// The same, for whoever sent that request.
    pub(crate) fn of<T>(&self, request: &Request<T>) -> Self {
        self.as_who(request.extensions().get().cloned().unwrap_or_default())
    }

    /// The same, for this member itself.
    pub(crate) fn as_system(&self) -> Self {
        self.as_who(Who::System)
    }

    /// The same, for somebody.
    pub(crate) fn as_who(&self, who: Who) -> Self {
        Self { who, ..self.clone() }
    }

    /// What makes and reads tokens, if they are not our own.
    pub(crate) fn jwt(&self) -> Option<Arc<Jwt>> {
        self.jwt.clone()
    }

    /// Who asks.
    pub(crate) fn who(&self) -> &Who {
        &self.who
    }

    /// Whether who asks may do something, while users matter.
    pub(crate) fn permit(
        &self,
        check: impl FnOnce(&Store, &str) -> Result<(), AuthRefusal>,
    ) -> Result<(), Error> {
        self.backend.read(|store| match &self.who {
            _ if !store.auth().is_enabled() => Ok(()),
            Who::System => Ok(()),
            Who::Nobody => Err(AuthRefusal::UserEmpty.into()),
            Who::User(user) => Ok(check(store, user)?),
        })
    }

    /// Looks whether who asks may have that command carried out. Nobody looks at what the member
    /// does for itself.
    fn stamp(&self, store: &Store, command: &Command) -> Result<Option<Stamp>, Error> {
        let user = match &self.who {
            Who::System => return Ok(None),
            Who::Nobody => None,
            Who::User(user) => Some(&**user),
        };
        Ok(Some(store.stamp(user, command)?))
    }

    pub(crate) fn backend(&self) -> &B {
        &self.backend
    }

    pub(crate) fn options(&self) -> Options {
        self.options
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What was refused because there was no space.
    pub(crate) fn refused(&self) -> &Refused {
        &self.refused
    }

    /// The watchers.
    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// How the member is, if it is one that serves everything.
    pub(crate) fn voter(&self) -> Result<MemberStatus, Error> {
        let status = self.backend.status();
        if status.is_learner { Err(Error::NotSupportedForLearner) } else { Ok(status) }
    }

    /// Checks a command and has it applied.
    pub(crate) async fn apply(&self, command: &Command) -> Result<Response, Error> {
        self.voter()?;
        command.validate(self.options.txn_ops_max)?;
        self.check_space(command).await?;
        for _ in 0..PERMIT_ATTEMPTS {
            let stamp = self.backend.read(|store| self.stamp(store, command))?;
            let bytes = Stamped::encode(stamp.as_ref(), command);
            if bytes.len() > self.options.request_bytes_max {
                return Err(Error::RequestTooLarge);
            }
            let reply = self.propose(bytes).await?;
            if reply.result != Err(AuthRefusal::AuthOldRevision.into()) {
                return Ok(reply.result?);
            }
            // Users were changed meanwhile: whether it is permitted has to be looked at again.
        }
        Err(AuthRefusal::AuthOldRevision.into())
    }

    /// Refuses what would not fit into the store, and raises the alarm for this member, so that
    /// all refuse it.
    async fn check_space(&self, command: &Command) -> Result<(), Error> {
        let (size, cost) = (self.backend.read(Store::size_bytes), command.cost_bytes());
        let MemberStatus { member_id, is_disk_full, .. } = self.backend.status();
        if cost > 0 && is_disk_full {
            // Of this member alone: the others may have space, and go on.
            return Err(Refusal::NoSpace.into());
        }
        let Some(quota) = self.options.quota_bytes else { return Ok(()) };
        if cost == 0 || size + cost < quota {
            return Ok(());
        }
        self.refused.note(size, cost);
        let alarm = MemberAlarm { alarm: Alarm::NoSpace, member_id };
        if !self.backend.read(|store| store.alarms().contains(&alarm)) {
            // Whether that works or not: there is no space.
            let _ = self.change_alarm(AlarmCommand::Raise(alarm)).await;
        }
        Err(Refusal::NoSpace.into())
    }

    /// Raises or disarms an alarm that this member has found itself, whoever may ask it for what.
    pub(crate) async fn change_alarm(&self, command: AlarmCommand) -> Result<(), Error> {
        let command = Command::Alarm(command);
        self.propose(command.encode()).await?.result?;
        Ok(())
    }

    /// Makes the reads that follow linearizable.
    pub(crate) async fn read_index(&self) -> Result<(), Error> {
        self.in_time(self.backend.read_index()).await
    }

    /// Has the members changed.
    pub(crate) async fn change_members(&self, change: MemberChange) -> Result<(), Error> {
        let change = self.backend.change_members(change);
        let answer = timeout(self.options.request_timeout, change).await;
        Ok(answer.unwrap_or_else(|_| Err(Failure::TimedOut.into()))?)
    }

    /// Has another member lead.
    pub(crate) async fn move_leader(&self, to: u64) -> Result<(), Error> {
        let answer = timeout(self.options.request_timeout, self.backend.move_leader(to)).await;
        Ok(answer.unwrap_or(Err(ChangeFailure::TransferTimedOut))?)
    }

    /// Refuses if this member's store is known to be another one than the others'. They answer.
    pub(crate) fn trust_own_store(&self) -> Result<(), Error> {
        let member_id = self.backend.status().member_id;
        let wrong = MemberAlarm { alarm: Alarm::Corrupt, member_id };
        if self.backend.read(|store| store.alarms().contains(&wrong)) {
            return Err(Refusal::Corrupt.into());
        }
        Ok(())
    }

    /// Reads a range from the member's own store, in steps.
    pub(crate) async fn range(&self, range: Range) -> Result<RangeResponse, Error> {
        self.trust_own_store()?;
        self.permit(|store, user| store.permits_range(user, &range))?;
        let mut reader = RangeReader::new(range);
        loop {
            match self.backend.read(|store| reader.advance(store, STEP_KEYS))? {
                Step::Done(response) => return Ok(response),
                Step::More => tokio::task::yield_now().await,
            }
        }
    }

    /// Hashes the keys of the member's own store, in steps.
    pub(crate) async fn hash_kv(&self, revision: i64) -> Result<KvHash, Error> {
        let mut hasher = KvHasher::new(revision);
        loop {
            match self.backend.read(|store| hasher.advance(store, STEP_KEYS))? {
                Some(hash) => return Ok(hash),
                None => tokio::task::yield_now().await,
            }
        }
    }

    /// Completes the header of a response.
    pub(crate) fn fill(&self, header: &mut Option<ResponseHeader>) {
        let MemberStatus { cluster_id, member_id, term: raft_term, .. } = self.backend.status();
        let revision = header.map_or(0, |header| header.revision);
        *header = Some(ResponseHeader { cluster_id, member_id, revision, raft_term });
    }

    /// The same, with the latest revision.
    pub(crate) fn fill_latest(&self, header: &mut Option<ResponseHeader>) {
        let revision = self.backend.read(Store::revision);
        *header = Some(ResponseHeader { revision, ..ResponseHeader::default() });
        self.fill(header);
    }

    async fn propose(&self, command: Bytes) -> Result<Reply, Error> {
        let before = self.backend.status();
        match self.in_time(self.backend.propose(command)).await {
            Err(Error::Failed(Failure::TimedOut)) => Err(self.why_late(before).into()),
            answer => answer,
        }
    }

    /// Why a command was not applied in time, as far as can be guessed: etcd's guesses.
    fn why_late(&self, before: MemberStatus) -> Failure {
        let now = self.backend.status();
        let Some(leader) = now.leader else { return Failure::TimedOut };
        if now.leader_changes > before.leader_changes {
            return Failure::LeaderFailed;
        }
        let connected = self.backend.connected();
        let is_connected = |id: u64| connected.contains(&id);
        let reaches_all_it_needs = if now.is_leader() {
            let voters = self.backend.members().into_iter().filter(|peer| !peer.is_learner);
            let (there, gone) = voters.partition::<Vec<_>, _>(|peer| is_connected(peer.id));
            there.len() > gone.len()
        } else {
            is_connected(leader)
        };
        if reaches_all_it_needs { Failure::TimedOut } else { Failure::ConnectionLost }
    }

    async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Error> {
        let answer = timeout(self.options.request_timeout, answer).await;
        Ok(answer.unwrap_or(Err(Failure::TimedOut))?)
    }
}

/// The store answered another command than the one it was given.
pub(crate) fn mismatch(command: &Command) -> Error {
    tracing::error!(?command, "the reply does not belong to the command");
    Error::Mismatch
}

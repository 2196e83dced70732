//! The member that runs in this process.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use host::{Cluster, Handle, Traffic, address_bytes, is_recruit, recruit_address, urls_of};
use mvcc::{Command, DecodeError, Image, Lessor, Publish, Reply, Store};
use raft::{Change, ChangeError, Configuration, Index, NodeId};
use tokio::time::sleep;
use trace::{Event, NodeInfo, Timing, VERSION};

use crate::auth::{Credentials, Jwt, admit_admin};
use crate::backend::{Backend, ChangeFailure, Failure, MemberChange, MemberStatus, Peer};
use crate::machine::SharedStore;
use crate::watch::Feed;

/// The pause before a change is asked for again that could not be made at that moment.
const CHANGE_PAUSE: Duration = Duration::from_millis(20);

/// A member that runs in this process: what the services serve. Clones are handles on the same
/// member.
#[derive(Clone, Debug)]
pub struct Member {
    handle: Handle<Result<Reply, DecodeError>>,
    store: SharedStore,
    place: Arc<Place>,
    /// What reads tokens that others made.
    jwt: Option<Arc<Jwt>>,
}

/// A member's place in its cluster.
#[derive(Debug)]
struct Place {
    cluster: Cluster,
    own: NodeId,
    timing: Timing,
}

/// Somebody who wants to see what the members do.
#[derive(Debug)]
pub struct Watcher {
    credentials: Credentials,
    store: SharedStore,
}

impl Watcher {
    /// Refuses whoever may not, as far as this member knows by now.
    #[allow(clippy::result_large_err, reason = "it is an answer, and made once")]
    pub fn may_see(&self) -> Result<(), Response> {
        let admitted = self.store.read(|store| admit_admin(&self.credentials, store));
        admitted.map_err(crate::trace::refuse)
    }
}

impl Member {
    /// A member of the host behind `handle`, which applies commands to `store`.
    pub fn new(
        handle: Handle<Result<Reply, DecodeError>>,
        store: SharedStore,
        cluster: Cluster,
        own: NodeId,
        timing: Timing,
    ) -> Self {
        Self { handle, store, place: Arc::new(Place { cluster, own, timing }), jwt: None }
    }

    /// The same, with tokens that are made and read with these keys.
    #[must_use]
    pub fn with_jwt(self, jwt: Option<Arc<Jwt>>) -> Self {
        Self { jwt, ..self }
    }

    /// Tells all members how this one is called, and where clients reach it. When that is done,
    /// this member has a leader and has applied all that was committed before.
    pub async fn publish(&self, name: &str, client_urls: &[String]) -> Result<(), Failure> {
        let command = Command::Publish(Publish {
            member_id: self.place.own.0,
            name: name.to_owned(),
            client_urls: client_urls.to_owned(),
        });
        self.propose(command.encode()).await.map(drop)
    }

    /// What a member tells of itself beside the etcd API: its trace as it comes, at `/api/trace`,
    /// and what it remembers of elections, at `/api/flight`. Both tell what clients write, so that
    /// only administrators may see them while users matter.
    pub fn routes(&self) -> Router {
        let (told, flown) = (self.clone(), self.clone());
        let trace = async move |headers: HeaderMap| told.trace(&headers).await;
        let flight = async move |headers: HeaderMap| flown.flight(&headers).await;
        Router::new().route("/api/trace", get(trace)).route("/api/flight", get(flight))
    }

    /// Streams what the member does, for as long as who asks may see it.
    async fn trace(&self, headers: &HeaderMap) -> Response {
        let watcher = self.watcher(headers);
        if let Err(refusal) = watcher.may_see() {
            return refusal;
        }
        let may_see = move || watcher.may_see().is_ok();
        crate::trace::stream(&self.handle, self.name(), self.hello(), may_see).await
    }

    /// What the member remembers.
    async fn flight(&self, headers: &HeaderMap) -> Response {
        if let Err(refusal) = self.watcher(headers).may_see() {
            return refusal;
        }
        crate::trace::recalled(&self.handle, self.name(), self.hello()).await
    }

    /// Whoever sends these headers, as one who wants to see what the members do.
    pub fn watcher(&self, headers: &HeaderMap) -> Watcher {
        Watcher {
            credentials: Credentials::of(headers, self.jwt.clone()),
            store: self.store.clone(),
        }
    }

    /// As the observer calls this member.
    fn name(&self) -> String {
        self.name_of(self.place.own)
    }

    /// As the observer calls a member: those that were there when this one started as it was told
    /// then, those that came later as they said themselves.
    fn name_of(&self, id: NodeId) -> String {
        let told = self.place.cluster.peers.get(&id).map(|peer| peer.name.clone());
        let said = || self.store.read(|store| store.member_name(id.0).map(str::to_owned));
        told.or_else(said).unwrap_or_else(|| id.to_string())
    }

    /// The first record of a trace of this cluster: who there is, and where to find them.
    pub fn hello(&self) -> Event {
        let Place { cluster, timing, .. } = &*self.place;
        let client_urls = self.store.read(|store| {
            let members = store.members().iter();
            members.map(|(id, member)| (*id, member.client_urls.join(","))).collect::<Vec<_>>()
        });
        let client_url = |id: u64| {
            let found = client_urls.iter().find(|(known, _)| *known == id);
            found.map_or_else(String::new, |(_, urls)| urls.clone())
        };
        let peers = self.members();
        let nodes = peers.iter().map(|peer| NodeInfo {
            id: self.name_of(NodeId(peer.id)),
            client: client_url(peer.id),
            peer: peer.urls.join(","),
        });
        // Everywhere in the same order, which is the one that people expect.
        let mut nodes = nodes.collect::<Vec<_>>();
        nodes.sort_by(|one, other| one.id.cmp(&other.id));
        let voters = peers.iter().filter(|peer| !peer.is_learner);
        Event::Hello {
            v: VERSION,
            src: "live".into(),
            cluster: cluster.id.to_string(),
            nodes,
            voters: voters.map(|peer| self.name_of(NodeId(peer.id))).collect(),
            timing: timing.clone(),
            build: env!("CARGO_PKG_VERSION").into(),
            can: Vec::new(),
            run: None,
        }
    }
}

impl Backend for Member {
    async fn propose(&self, command: Bytes) -> Result<Reply, Failure> {
        let reply = self.handle.propose(command).await.map_err(failure_of)?;
        // This member encoded it.
        Ok(reply.expect("a command decodes as it was encoded"))
    }

    async fn read_index(&self) -> Result<(), Failure> {
        self.handle.read_index().await.map_err(failure_of)
    }

    /// What cannot be done at the moment is tried again until the caller's patience ends: a new
    /// leader is not ready at once, and one change is made at a time.
    async fn change_members(&self, change: MemberChange) -> Result<(), ChangeFailure> {
        let change = step(change, &self.handle.status().raft.configuration.1);
        loop {
            match self.handle.change_members(vec![change.clone()]).await {
                Ok(()) => return Ok(()),
                Err(failure) if may_try_again(failure) => sleep(CHANGE_PAUSE).await,
                Err(failure) => return Err(change_failure(failure)),
            }
        }
    }

    async fn move_leader(&self, to: u64) -> Result<(), ChangeFailure> {
        self.handle.transfer(NodeId(to)).await.map_err(change_failure)
    }

    async fn inquire(&self, of: u64, after: u64, question: Bytes) -> Option<Bytes> {
        let answer = self.handle.inquire(NodeId(of), Index(after), &question).await;
        answer.inspect_err(|error| tracing::debug!(of, %error, "a member does not answer")).ok()
    }

    fn read<T>(&self, read: impl FnOnce(&Store) -> T) -> T {
        self.store.read(read)
    }

    fn read_lessor<T>(&self, read: impl FnOnce(&Lessor) -> T) -> T {
        read(&self.store.lessor())
    }

    fn pin(&self) -> Image {
        self.store.pin()
    }

    fn release(&self, image: Image) {
        self.store.release(image);
    }

    fn feed(&self) -> &Feed {
        self.store.feed()
    }

    fn status(&self) -> MemberStatus {
        let status = self.handle.status();
        let standing = status.raft.standing;
        let meters = self.handle.meters();
        MemberStatus {
            cluster_id: self.place.cluster.id.0,
            member_id: self.place.own.0,
            term: standing.term.0,
            leader: standing.leader.map(|id| id.0),
            is_learner: is_learner(&status.raft.configuration.1, self.place.own),
            is_disk_full: meters.is_disk_full(),
            commit: status.raft.commit.0,
            applied: status.applied.0,
            leader_changes: meters.leader_changes.load(Relaxed),
            proposals_pending: status.proposals as u64,
            proposals_failed: meters.proposals_failed.load(Relaxed),
            scrubbed_bytes: meters.scrubbed_bytes.load(Relaxed),
            scrub_damages: meters.scrub_damages.load(Relaxed),
        }
    }

    fn members(&self) -> Vec<Peer> {
        let configuration = self.handle.status().raft.configuration.1;
        let peer = |id: NodeId| Peer {
            id: id.0,
            urls: address_in(&configuration, id).map_or_else(Vec::new, urls_of),
            is_learner: is_learner(&configuration, id),
        };
        configuration.members().into_iter().map(peer).collect()
    }

    fn connected(&self) -> Vec<u64> {
        let others = self.handle.connected().into_iter().map(|id| id.0);
        others.chain([self.status().member_id]).collect()
    }

    fn traffic(&self) -> Vec<(u64, Arc<Traffic>)> {
        let traffic = self.handle.meters().traffic().into_iter();
        traffic.map(|(id, traffic)| (id.0, traffic)).collect()
    }
}

fn address_in(configuration: &Configuration, id: NodeId) -> Option<&Bytes> {
    configuration.addresses().find(|(known, _)| *known == id).map(|(_, address)| address)
}

/// Whether the member only learns, and is to go on so: a recruit will vote by itself.
fn is_learner(configuration: &Configuration, id: NodeId) -> bool {
    let is_recruit = address_in(configuration, id).is_some_and(is_recruit);
    configuration.learners().any(|learner| learner == id) && !is_recruit
}

/// The core's word for a change. A voter is added as a recruit.
fn step(change: MemberChange, configuration: &Configuration) -> Change {
    match change {
        MemberChange::Add(Peer { id, urls, is_learner }) => {
            let address = if is_learner { address_bytes(&urls) } else { recruit_address(&urls) };
            Change::AddLearner { id: NodeId(id), address }
        }
        MemberChange::Remove(id) => Change::Remove(NodeId(id)),
        MemberChange::Promote(id) => Change::Promote(NodeId(id)),
        MemberChange::Move { id, urls } => {
            let id = NodeId(id);
            let is_recruit = address_in(configuration, id).is_some_and(is_recruit);
            let address = if is_recruit { recruit_address(&urls) } else { address_bytes(&urls) };
            Change::Move { id, address }
        }
    }
}

/// Whether a change had no effect, and may have one when it is asked for again.
fn may_try_again(failure: host::Failure) -> bool {
    use replica::Failure::{Change, NoLeader, NotLeader, Superseded};
    let host::Failure::Replica(failure) = failure else { return false };
    matches!(
        failure,
        NoLeader | NotLeader | Superseded | Change(ChangeError::Pending | ChangeError::NotReady)
    )
}

fn change_failure(failure: host::Failure) -> ChangeFailure {
    use replica::Failure as Replica;
    match failure {
        host::Failure::Replica(Replica::Change(error)) => match error {
            ChangeError::Pending | ChangeError::NotReady => Failure::TimedOut.into(),
            ChangeError::AlreadyMember(_) => ChangeFailure::MemberExists,
            ChangeError::NotMember(_) | ChangeError::NotVoter(_) | ChangeError::Empty => {
                ChangeFailure::MemberNotFound
            }
            ChangeError::NotLearner(_) => ChangeFailure::NotLearner,
            ChangeError::NotCaughtUp(_) => ChangeFailure::LearnerNotReady,
            ChangeError::NoVoter => ChangeFailure::NotEnoughStarted,
        },
        host::Failure::Replica(Replica::NotLeader) => ChangeFailure::NotLeader,
        host::Failure::Replica(Replica::BadTarget) => ChangeFailure::BadTransferee,
        host::Failure::Replica(Replica::TransferTimedOut) => ChangeFailure::TransferTimedOut,
        host::Failure::Replica(_) | host::Failure::Stopped => failure_of(failure).into(),
    }
}

fn failure_of(failure: host::Failure) -> Failure {
    match failure {
        host::Failure::Replica(replica::Failure::TooManyRequests) => Failure::Overloaded,
        host::Failure::Replica(replica::Failure::TooLarge) => Failure::TooLarge,
        host::Failure::Replica(replica::Failure::TimedOut | replica::Failure::Unknown) => {
            Failure::TimedOut
        }
        host::Failure::Replica(_) => Failure::LeaderChanged,
        host::Failure::Stopped => Failure::Stopped,
    }
}

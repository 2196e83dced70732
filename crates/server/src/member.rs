//! The member that runs in this process.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use host::{Cluster, Handle};
use mvcc::{Command, DecodeError, Publish, Reply, Store};
use raft::NodeId;
use trace::{Event, NodeInfo, Timing, VERSION};

use crate::backend::{Backend, Failure, MemberStatus, Peer};
use crate::machine::SharedStore;

/// A member that runs in this process: what the services serve. Clones are handles on the same
/// member.
#[derive(Clone, Debug)]
pub struct Member {
    handle: Handle<Result<Reply, DecodeError>>,
    store: SharedStore,
    place: Arc<Place>,
}

/// A member's place in its cluster.
#[derive(Debug)]
struct Place {
    cluster: Cluster,
    own: NodeId,
    timing: Timing,
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
        Self { handle, store, place: Arc::new(Place { cluster, own, timing }) }
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

    /// What a member serves beside the etcd API: its trace, at `/api/trace`.
    pub fn routes(&self) -> Router {
        let member = self.clone();
        Router::new().route("/api/trace", get(async move || member.trace().await))
    }

    /// Streams what the member does.
    async fn trace(&self) -> Response {
        let Place { cluster, own, timing } = &*self.place;
        let name = cluster.peers.get(own).map_or_else(|| own.to_string(), |peer| peer.name.clone());
        let client_urls = self.store.read(|store| {
            let members = store.members().iter();
            members.map(|(id, member)| (*id, member.client_urls.join(","))).collect::<Vec<_>>()
        });
        let client_url = |id: NodeId| {
            let found = client_urls.iter().find(|(known, _)| *known == id.0);
            found.map_or_else(String::new, |(_, urls)| urls.clone())
        };
        let nodes = cluster.peers.values().map(|peer| NodeInfo {
            id: peer.name.clone(),
            client: client_url(peer.id),
            peer: peer.urls.join(","),
        });
        let hello = Event::Hello {
            v: VERSION,
            src: "live".into(),
            cluster: cluster.id.to_string(),
            nodes: nodes.collect(),
            voters: cluster.peers.values().map(|peer| peer.name.clone()).collect(),
            timing: timing.clone(),
            build: env!("CARGO_PKG_VERSION").into(),
            can: Vec::new(),
        };
        crate::trace::stream(&self.handle, name, hello).await
    }
}

impl Backend for Member {
    async fn propose(&self, command: Bytes) -> Result<Reply, Failure> {
        let reply = self.handle.propose(command).await.map_err(failure)?;
        // This member encoded it.
        Ok(reply.expect("a command decodes as it was encoded"))
    }

    async fn read_index(&self) -> Result<(), Failure> {
        self.handle.read_index().await.map_err(failure)
    }

    fn read<T>(&self, read: impl FnOnce(&Store) -> T) -> T {
        self.store.read(read)
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
            is_learner: false,
            commit: status.raft.commit.0,
            applied: status.applied.0,
            leader_changes: meters.leader_changes.load(Relaxed),
            proposals_pending: status.proposals as u64,
            proposals_failed: meters.proposals_failed.load(Relaxed),
        }
    }

    fn members(&self) -> Vec<Peer> {
        let peers = self.place.cluster.peers.values();
        peers
            .map(|peer| Peer { id: peer.id.0, urls: peer.urls.clone(), is_learner: false })
            .collect()
    }
}

fn failure(failure: host::Failure) -> Failure {
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

//! The links of a member: one to each other member of the configuration that is in force.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use raft::{Configuration, NodeId};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::cluster::{Cluster, Peer};
use crate::handshake::Identity;
use crate::link::Link;
use crate::meters::Meters;
use crate::security::Security;
use crate::wire::Numbered;

/// Of each other member, whether it takes what is sent to it.
pub(crate) type Connections = BTreeMap<NodeId, Arc<AtomicBool>>;

/// Those of them that take it.
pub(crate) fn connected(connections: &Connections) -> Vec<NodeId> {
    let connected = connections.iter().filter(|(_, is_connected)| is_connected.load(Relaxed));
    connected.map(|(id, _)| *id).collect()
}

/// All links. A new configuration begins and ends some of them; the others are left alone.
#[derive(Debug)]
pub(crate) struct Links {
    own: Identity,
    security: Security,
    names: BTreeMap<NodeId, String>,
    open: BTreeMap<NodeId, (Peer, Link)>,
    /// The last configuration that was looked at, and whether it was committed.
    followed: Option<(Arc<Configuration>, bool)>,
    /// Where the links run.
    runtime: Handle,
    meters: Arc<Meters>,
    /// Tells who has a link now.
    connections: watch::Sender<Connections>,
}

impl Links {
    /// Links to the members that this one was told of when it started. A member that joins has
    /// only these until it hears a leader.
    pub(crate) fn new(
        own: Identity,
        cluster: &Cluster,
        security: Security,
        runtime: Handle,
        meters: Arc<Meters>,
    ) -> Self {
        let names = cluster.peers.values().map(|peer| (peer.id, peer.name.clone())).collect();
        let (connections, _) = watch::channel(Connections::new());
        let open = BTreeMap::new();
        let followed = None;
        let mut links = Self { own, security, names, open, followed, runtime, meters, connections };
        cluster.peers.values().for_each(|peer| links.reach(peer.clone()));
        links
    }

    /// Who has a link, and whether it is connected.
    pub(crate) fn connections(&self) -> watch::Receiver<Connections> {
        self.connections.subscribe()
    }

    /// Who can be sent to now.
    pub(crate) fn connected(&self) -> Vec<NodeId> {
        connected(&self.connections.borrow())
    }

    /// Begins links to those who are new or have moved. Ends those to members that are gone when
    /// that is committed: until then they are sent to. What was given to a link is still sent.
    pub(crate) fn follow(&mut self, configuration: &Arc<Configuration>, is_committed: bool) {
        let is_same = self.followed.as_ref().is_some_and(|(followed, was_committed)| {
            Arc::ptr_eq(followed, configuration) && *was_committed == is_committed
        });
        if is_same || !configuration.is_known() {
            return;
        }
        self.followed = Some((configuration.clone(), is_committed));
        if is_committed {
            let members = configuration.members();
            self.open.retain(|id, _| members.contains(id));
            self.connections.send_modify(|all| all.retain(|id, _| members.contains(id)));
        }
        for (id, address) in configuration.addresses() {
            let name = self.names.get(&id).cloned().unwrap_or_else(|| format!("{:x}", id.0));
            self.reach(Peer::new(id, name, address));
        }
    }

    /// Sends the messages, or gives them back.
    pub(crate) fn send(&self, to: NodeId, messages: Vec<Numbered>) -> Result<(), Vec<Numbered>> {
        let sent = match self.open.get(&to) {
            Some((_, link)) => link.send(messages),
            None => Err(messages),
        };
        if let Err(lost) = &sent {
            self.meters.traffic_with(to).lost_messages.fetch_add(lost.len() as u64, Relaxed);
        }
        sent
    }

    /// Has a link to that member, at those addresses.
    fn reach(&mut self, peer: Peer) {
        let is_there = self.open.get(&peer.id).is_some_and(|(known, _)| *known == peer);
        if peer.id != self.own.member && !is_there {
            let (security, traffic) = (self.security.clone(), self.meters.traffic_with(peer.id));
            let link = Link::start(&self.runtime, self.own, security, peer.clone(), traffic);
            self.connections.send_modify(|all| _ = all.insert(peer.id, link.is_connected()));
            self.open.insert(peer.id, (peer, link));
        }
    }
}

//! The listener: this member's ear for all others.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use raft::NodeId;
use tls::{Certificate, Stream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

use crate::cluster::{host_of, urls_of};
use crate::handle::Status;
use crate::handshake::{self, Identity, Visitor};
use crate::inquiry::{self, Answerer};
use crate::meters::Meters;
use crate::roster::Roster;
use crate::security::Security;
use crate::wire::{self, Numbered};

/// A connection that has not said who it is by then is closed.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(5);
/// Connections at a time, strangers included.
const CONNECTIONS_MAX: usize = 256;
/// Strangers that are remembered, to be complained of once.
const COMPLAINTS_MAX: usize = 64;

/// What the listener needs to know, and where it leaves what it hears.
#[derive(Debug)]
pub(crate) struct Ear {
    own: Identity,
    security: Security,
    /// Members that this one has gone on without.
    given_up: BTreeSet<NodeId>,
    status: watch::Receiver<Status>,
    heard: mpsc::Sender<Vec<Numbered>>,
    meters: Arc<Meters>,
    answerer: Answerer,
    /// What ends the newest connection of each member, by being dropped.
    newest: Mutex<BTreeMap<NodeId, oneshot::Sender<()>>>,
    complaints: Mutex<BTreeSet<String>>,
}

impl Ear {
    pub(crate) fn new(
        own: Identity,
        security: Security,
        given_up: BTreeSet<NodeId>,
        status: watch::Receiver<Status>,
        heard: mpsc::Sender<Vec<Numbered>>,
        meters: Arc<Meters>,
        answerer: Answerer,
    ) -> Arc<Self> {
        let (newest, complaints) = (Mutex::default(), Mutex::default());
        Arc::new(Self {
            own,
            security,
            given_up,
            status,
            heard,
            meters,
            answerer,
            newest,
            complaints,
        })
    }

    /// Takes connections until the driver ends, and then lets all of them go.
    pub(crate) async fn listen(self: Arc<Self>, listener: TcpListener) {
        tokio::select! {
            () = self.clone().accept(&listener) => {}
            () = self.heard.closed() => {}
        }
    }

    async fn accept(self: Arc<Self>, listener: &TcpListener) {
        let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let Ok(permit) = connections.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, from)) => {
                    let ear = self.clone();
                    tokio::spawn(async move {
                        tokio::select! {
                            () = ear.serve(stream, from.ip()) => {}
                            () = ear.heard.closed() => {}
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a peer's connection");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    async fn serve(&self, socket: TcpStream, address: IpAddr) {
        let roster = || {
            let configuration = self.status.borrow().raft.configuration.1.clone();
            Roster::of(self.own.cluster, &configuration).to_string()
        };
        let shaken = timeout(HANDSHAKE_PATIENCE, async {
            socket.set_nodelay(true)?;
            let mut stream = self.security.accept(socket).await?;
            let shown = stream.certificate();
            let is_believed = |peer| shown.as_ref().is_none_or(|shown| self.may_show(peer, shown));
            let peer = handshake::answer(&mut stream, self.own, roster, is_believed).await?;
            Ok((stream, peer))
        });
        match shaken.await {
            Ok(Ok((mut stream, Visitor::Asker(question)))) => {
                let mut status = self.status.clone();
                // Who gets no answer asks again.
                let _ = inquiry::answer(&mut stream, question, &self.answerer, &mut status).await;
            }
            Ok(Ok((_, Visitor::Member(peer)))) if self.is_given_up(peer) => self.complain(format!(
                "{address}: {peer} was given up, for good, when this member was started with \
                 --force-new-cluster: stop it, and remove its data directory"
            )),
            Ok(Ok((stream, Visitor::Member(peer)))) => {
                let replaced = self.replace_connection(peer);
                tokio::select! {
                    heard = self.hear(stream, peer) => {
                        if let Err(error) = heard {
                            tracing::warn!(%peer, %error, "closed a peer's connection");
                        }
                    }
                    _ = replaced => {
                        tracing::info!(%peer, "closed a peer's connection: it has a newer one");
                    }
                }
            }
            Ok(Err(handshake::Error::Refused(refusal))) => {
                self.complain(format!("{address}: {refusal}"));
            }
            // No TLS, or no certificate that is believed.
            Ok(Err(handshake::Error::Io(error))) if error.kind() == ErrorKind::InvalidData => {
                self.complain(format!("{address}: {error}"));
            }
            // It only asked, and has its answer; or it hung up, or said nothing: a port scan.
            Ok(Ok((_, Visitor::Joiner)) | Err(handshake::Error::Io(_))) | Err(_) => {}
        }
    }

    /// Ends the connection that the peer had before, and says when the new one ends the same way. A
    /// peer has only one: it dials again when it has lost the last, which this side may not have
    /// noticed, and would never notice if the peer's machine is gone.
    fn replace_connection(&self, peer: NodeId) -> oneshot::Receiver<()> {
        let (newest, replaced) = oneshot::channel();
        let mut connections = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        connections.retain(|_, connection| !connection.is_closed());
        connections.insert(peer, newest);
        replaced
    }

    /// Whether that certificate can be this member's: it names a host at which the others dial it.
    /// Who signs certificates vouches for hosts, not for members, and nobody else shall speak for
    /// one. Of a member that is not known yet, nothing is known.
    fn may_show(&self, peer: NodeId, shown: &Certificate) -> bool {
        let status = self.status.borrow();
        let mut addresses = status.raft.configuration.1.addresses();
        let Some((_, address)) = addresses.find(|(id, _)| *id == peer) else { return true };
        urls_of(address).iter().filter_map(|url| host_of(url)).any(|host| shown.names(host))
    }

    /// Whether this member has gone on without that one. What it says would undo that: those who
    /// were given up may be a majority of the cluster that was. The list may be of an attempt that
    /// came to nothing.
    fn is_given_up(&self, peer: NodeId) -> bool {
        let is_member = || self.status.borrow().raft.configuration.1.is_member(peer);
        self.given_up.contains(&peer) && !is_member()
    }

    /// Leaves what the peer says in the inbox. A full inbox holds up the connection, and so the
    /// peer.
    async fn hear(&self, mut stream: Stream, peer: NodeId) -> std::io::Result<()> {
        let traffic = self.meters.traffic_with(peer);
        while let Some((messages, bytes)) = wire::read(&mut stream).await? {
            traffic.received_bytes.fetch_add(bytes as u64, Relaxed);
            if let Some((_, forged)) = messages.iter().find(|(_, envelope)| envelope.from != peer) {
                let text = format!("a message in the name of {}", forged.from);
                return Err(std::io::Error::new(ErrorKind::InvalidData, text));
            }
            if self.heard.send(messages).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Says once, not at each attempt, who was refused and why.
    fn complain(&self, text: String) {
        let mut complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        if complaints.len() < COMPLAINTS_MAX && !complaints.contains(&text) {
            tracing::warn!("refused a connection from {text}");
            complaints.insert(text);
        }
    }
}

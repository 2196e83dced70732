//! What a server holds of a running member.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use raft::{Change, Index, NodeId, Standing};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use trace::Event;

use crate::cluster::{ClusterId, urls_of};
use crate::inquiry;
use crate::links::{self, Connections};
use crate::meters::Meters;
use crate::security::Security;
use crate::viewers::{Batch, Viewers};

/// How long another member may take to answer a question: it may have to read all of its store.
const ANSWER_PATIENCE: Duration = Duration::from_mins(1);

/// How a member is doing.
pub type Status = replica::Status;

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The replica gave it up.
    #[error(transparent)]
    Replica(#[from] replica::Failure),
    /// The member stops, or has stopped. Whether a proposal takes effect is unknown.
    #[error("the member stopped")]
    Stopped,
}

/// A request of a client.
#[derive(Debug)]
pub(crate) enum Request<R> {
    Propose {
        command: Bytes,
        reply: oneshot::Sender<Result<R, Failure>>,
    },
    Read {
        reply: oneshot::Sender<Result<(), Failure>>,
    },
    Change {
        change: Vec<Change>,
        reply: oneshot::Sender<Result<(), Failure>>,
    },
    Transfer {
        to: NodeId,
        reply: oneshot::Sender<Result<(), Failure>>,
    },
    Watch {
        viewer: mpsc::Sender<Batch>,
    },
    Recall {
        reply: oneshot::Sender<Vec<(u64, Event)>>,
    },
    /// A file at rest is damaged.
    RenewFiles,
}

/// What a server holds of a running member. Cheap to clone; the member stops when the last handle
/// is gone.
#[derive(Debug)]
pub struct Handle<R> {
    pub(crate) requests: mpsc::Sender<Request<R>>,
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) connections: watch::Receiver<Connections>,
    pub(crate) meters: Arc<Meters>,
    pub(crate) phone: Arc<Phone>,
}

/// What it takes to ask other members something.
#[derive(Debug)]
pub(crate) struct Phone {
    pub(crate) cluster: ClusterId,
    pub(crate) security: Security,
}

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Self {
        Self {
            requests: self.requests.clone(),
            status: self.status.clone(),
            connections: self.connections.clone(),
            meters: self.meters.clone(),
            phone: self.phone.clone(),
        }
    }
}

impl<R> Handle<R> {
    /// Has a command executed by all members, and waits until it was applied here. Any member
    /// takes it.
    pub async fn propose(&self, command: Bytes) -> Result<R, Failure> {
        let (reply, answer) = oneshot::channel();
        let result = self.ask(Request::Propose { command, reply }, answer).await;
        if result.is_err() {
            self.meters.proposals_failed.fetch_add(1, Relaxed);
        }
        result
    }

    /// Waits until the state machine here holds everything that was acknowledged before the call,
    /// by any member: what is read then is linearizable.
    pub async fn read_index(&self) -> Result<(), Failure> {
        let (reply, answer) = oneshot::channel();
        self.ask(Request::Read { reply }, answer).await
    }

    /// Has the members changed, and waits until this member knows of it as committed. Any member
    /// takes it.
    pub async fn change_members(&self, change: Vec<Change>) -> Result<(), Failure> {
        let (reply, answer) = oneshot::channel();
        self.ask(Request::Change { change, reply }, answer).await
    }

    /// Hands leadership to that member, and waits until it leads. Only the leader can.
    pub async fn transfer(&self, to: NodeId) -> Result<(), Failure> {
        let (reply, answer) = oneshot::channel();
        self.ask(Request::Transfer { to, reply }, answer).await
    }

    /// How the member is doing.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Where the member stands.
    pub fn standing(&self) -> Standing {
        self.status.borrow().raft.standing
    }

    /// The other members that this one can send to now.
    pub fn connected(&self) -> Vec<NodeId> {
        links::connected(&self.connections.borrow())
    }

    /// What the member has counted since it started.
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Asks the state machine of another member something, which it answers when it has applied the
    /// log up to `after`.
    ///
    /// # Errors
    /// Why there is no answer: it cannot be reached, or lags behind.
    pub async fn inquire(&self, of: NodeId, after: Index, question: &[u8]) -> io::Result<Bytes> {
        let configuration = self.status.borrow().raft.configuration.1.clone();
        let mut addresses = configuration.addresses();
        let address = addresses.find(|(id, _)| *id == of).map(|(_, address)| urls_of(address));
        let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for url in address.into_iter().flatten() {
            let Phone { cluster, security } = &*self.phone;
            let asked = inquiry::ask(&url, security, *cluster, after, question);
            match timeout(ANSWER_PATIENCE, asked).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => failure = error,
                Err(_) => failure = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(failure)
    }

    /// Watches the member: the first batch begins with all that is known of it. There is none if
    /// too many watch already.
    pub async fn watch(&self) -> Result<mpsc::Receiver<Batch>, Failure> {
        let (viewer, batches) = Viewers::channel();
        self.requests.send(Request::Watch { viewer }).await.map_err(|_| Failure::Stopped)?;
        Ok(batches)
    }

    /// What the member remembers of elections and changes of the members: moments, in microseconds
    /// since the Unix epoch, and events.
    pub async fn recall(&self) -> Result<Vec<(u64, Event)>, Failure> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(Request::Recall { reply }).await.map_err(|_| Failure::Stopped)?;
        answer.await.map_err(|_| Failure::Stopped)
    }

    async fn ask<T>(
        &self,
        request: Request<R>,
        answer: oneshot::Receiver<Result<T, Failure>>,
    ) -> Result<T, Failure> {
        self.requests.send(request).await.map_err(|_| Failure::Stopped)?;
        answer.await.unwrap_or(Err(Failure::Stopped))
    }
}

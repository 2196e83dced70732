//! The snapshot thread: takes snapshots, reads them for followers, and keeps those that are sent.
//!
//! All of it may take long, and none of it may hold up the driver or the log. What the driver asks
//! for comes by one channel, in order, and what became of it goes back by another.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use raft::{Configuration, Envelope, Message, NodeId, Position, Snapshot, Term};
use replica::{Task, Tasks};
use tokio::sync::mpsc::Sender;
use trace::Change;
use wal::{Incoming, Snapshots};

use crate::machine::{Machine, Restorer};
use crate::progress::{CountingDisk, CountingFile};

/// How much of a snapshot is sent at once.
const CHUNK_LEN: usize = 1 << 20;

/// What became of it.
pub(crate) enum Done<T> {
    /// The snapshot is durable.
    Taken(Snapshot),
    /// It could not be stored.
    TakeFailed,
    /// A piece of a snapshot, to be sent.
    Chunk(Envelope),
    /// All of the snapshot that a leader sent is here, and durable.
    Received(Snapshot),
    /// It is not what the leader said, or could not be stored.
    Spoiled(Snapshot),
    /// The state that was to be made, and the keys that changed last in it.
    Restored(Snapshot, T, Vec<Change>),
}

/// Why the thread had to end.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The disk failed, or a snapshot is damaged.
    #[error(transparent)]
    Disk(#[from] wal::Error),
    /// A snapshot is whole and says nothing that this version understands.
    #[error("cannot use the snapshot {0}: {1}")]
    Content(Position, String),
}

/// All that the thread owns.
pub(crate) struct Keeper {
    pub(crate) own: NodeId,
    pub(crate) snapshots: Snapshots<CountingDisk>,
    incoming: Incoming<CountingFile>,
}

impl Keeper {
    pub(crate) fn new(own: NodeId, snapshots: Snapshots<CountingDisk>) -> Self {
        Self { own, snapshots, incoming: Incoming::default() }
    }

    /// Does what comes, until nothing comes any more.
    pub(crate) fn run<S: Machine>(
        mut self,
        tasks: &Receiver<Task<S::Image>>,
        done: &Sender<Done<S::State>>,
    ) -> Result<(), SnapshotError> {
        let mut waiting = Tasks::default();
        while let Some(task) = waiting.pop().or_else(|| tasks.recv().ok()) {
            if let Some(result) = self.carry_out::<S>(task)?
                && done.blocking_send(result).is_err()
            {
                // The driver has ended.
                return Ok(());
            }
            for task in tasks.try_iter() {
                waiting.push(task);
            }
        }
        Ok(())
    }

    fn carry_out<S: Machine>(
        &mut self,
        task: Task<S::Image>,
    ) -> Result<Option<Done<S::State>>, SnapshotError> {
        Ok(match task {
            Task::Take { position, configuration, image } => {
                Some(self.take::<S>(position, configuration, image))
            }
            Task::Read { to, term, snapshot, offset } => {
                self.read(to, term, snapshot, offset).map(Done::Chunk)
            }
            Task::Store { snapshot, offset, data } => self.store(snapshot, offset, &data),
            Task::Restore(snapshot) => {
                let state = restore::<S>(&self.snapshots, &snapshot)?;
                let latest = S::latest(&state, trace::Member::KEYS);
                Some(Done::Restored(snapshot, state, latest))
            }
        })
    }

    /// A snapshot that cannot be stored is no reason to stop: the log stays longer, and the next
    /// one may go better.
    fn take<S: Machine>(
        &self,
        position: Position,
        configuration: Arc<Configuration>,
        image: S::Image,
    ) -> Done<S::State> {
        match self.write::<S>(position, configuration, image) {
            Ok(snapshot) => {
                tracing::info!(%position, bytes = snapshot.bytes, "took a snapshot");
                Done::Taken(snapshot)
            }
            Err(error) => {
                tracing::warn!(%position, %error, "could not take a snapshot");
                if let Err(error) = self.snapshots.abandon() {
                    tracing::warn!(%error, "what there is of it takes space");
                }
                Done::TakeFailed
            }
        }
    }

    fn write<S: Machine>(
        &self,
        position: Position,
        configuration: Arc<Configuration>,
        image: S::Image,
    ) -> Result<Snapshot, wal::Error> {
        let mut writer = self.snapshots.create()?;
        S::for_each_piece(image, |piece| self.snapshots.append(&mut writer, piece))?;
        self.snapshots.finish(writer, position, configuration)
    }

    /// A piece of a snapshot, as a message; none if it cannot be had.
    fn read(&self, to: NodeId, term: Term, snapshot: Snapshot, offset: u64) -> Option<Envelope> {
        match self.snapshots.read(&snapshot, offset, CHUNK_LEN) {
            Ok(Some(data)) => {
                let message = Message::Chunk { snapshot, offset, data };
                Some(Envelope { from: self.own, to, term, message })
            }
            // A newer one has taken its place, and the core will ask for that.
            Ok(None) => None,
            Err(error) => {
                tracing::error!(%error, "could not read a snapshot for a follower");
                None
            }
        }
    }

    /// Keeps a piece; after the last one, says what became of the whole.
    fn store<T>(&mut self, snapshot: Snapshot, offset: u64, data: &[u8]) -> Option<Done<T>> {
        let is_last = offset + data.len() as u64 == snapshot.bytes;
        match self.incoming.keep(&self.snapshots, &snapshot, offset, data) {
            Ok(true) => {
                tracing::info!(position = %snapshot.position, "received a snapshot");
                return Some(Done::Received(snapshot));
            }
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "could not store a snapshot that the leader sent");
            }
        }
        is_last.then_some(Done::Spoiled(snapshot))
    }
}

/// Makes a state of a snapshot.
pub(crate) fn restore<S: Machine>(
    snapshots: &Snapshots<CountingDisk>,
    snapshot: &Snapshot,
) -> Result<S::State, SnapshotError> {
    let content = |error: String| SnapshotError::Content(snapshot.position, error);
    let mut restorer = S::Restorer::default();
    let mut fed = Ok(());
    snapshots.for_each_piece(snapshot, |piece| {
        if fed.is_ok() {
            fed = restorer.feed(piece);
        }
    })?;
    fed.map_err(content)?;
    restorer.finish().map_err(content)
}

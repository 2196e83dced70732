//! The snapshot thread: takes snapshots, reads them for followers, and keeps those that are sent.
//!
//! All of it may take long, and none of it may hold up the driver or the log. What the driver asks
//! for comes by one channel, in order, and what became of it goes back by another.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use bytes::Bytes;
use raft::{Configuration, Envelope, Message, NodeId, Position, Snapshot, Term};
use tokio::sync::mpsc::Sender;
use wal::{RealDisk, SnapshotWriter, Snapshots};

use crate::machine::{Machine, Restorer};

/// How much of a snapshot is sent at once.
const CHUNK_LEN: usize = 1 << 20;

/// What the driver wants done.
pub(crate) enum Task<I> {
    /// Make a snapshot of the image.
    Take { position: Position, configuration: Arc<Configuration>, image: I },
    /// Read a piece of a snapshot for a follower.
    Read { to: NodeId, term: Term, snapshot: Snapshot, offset: u64 },
    /// Keep a piece of a snapshot that a leader sent.
    Store { snapshot: Snapshot, offset: u64, data: Bytes },
    /// Make a state of a snapshot.
    Restore(Snapshot),
}

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
    /// The state that was to be made.
    Restored(Snapshot, T),
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
    pub(crate) snapshots: Snapshots<RealDisk>,
    receiving: Option<(Snapshot, SnapshotWriter<std::fs::File>)>,
}

impl Keeper {
    pub(crate) fn new(own: NodeId, snapshots: Snapshots<RealDisk>) -> Self {
        Self { own, snapshots, receiving: None }
    }

    /// Does what comes, until nothing comes any more.
    pub(crate) fn run<S: Machine>(
        mut self,
        tasks: &Receiver<Task<S::Image>>,
        done: &Sender<Done<S::State>>,
    ) -> Result<(), SnapshotError> {
        for task in tasks {
            let result = match task {
                Task::Take { position, configuration, image } => {
                    Some(self.take::<S>(position, configuration, image))
                }
                Task::Read { to, term, snapshot, offset } => {
                    self.read(to, term, snapshot, offset).map(Done::Chunk)
                }
                Task::Store { snapshot, offset, data } => self.store(snapshot, offset, &data),
                Task::Restore(snapshot) => {
                    let state = restore::<S>(&self.snapshots, &snapshot)?;
                    Some(Done::Restored(snapshot, state))
                }
            };
            if let Some(result) = result
                && done.blocking_send(result).is_err()
            {
                // The driver has ended.
                return Ok(());
            }
        }
        Ok(())
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
        if let Err(error) = self.append_received(&snapshot, offset, data) {
            tracing::warn!(%error, "could not store a snapshot that the leader sent");
            self.receiving = None;
        }
        is_last.then(|| {
            let whole = self.receiving.take().filter(|(receiving, _)| *receiving == snapshot);
            let finish = |(_, writer)| self.snapshots.finish_received(writer, &snapshot);
            match whole.map_or(Ok(false), finish) {
                Ok(true) => {
                    tracing::info!(position = %snapshot.position, "received a snapshot");
                    Done::Received(snapshot)
                }
                Ok(false) => Done::Spoiled(snapshot),
                Err(error) => {
                    tracing::warn!(%error, "could not store a snapshot that the leader sent");
                    Done::Spoiled(snapshot)
                }
            }
        })
    }

    fn append_received(
        &mut self,
        snapshot: &Snapshot,
        offset: u64,
        data: &[u8],
    ) -> Result<(), wal::Error> {
        if offset == 0 {
            self.receiving = Some((snapshot.clone(), self.snapshots.receive()?));
        }
        match &mut self.receiving {
            Some((receiving, writer)) if receiving == snapshot => {
                self.snapshots.append(writer, data)
            }
            // An earlier piece could not be stored: the whole will be asked for again.
            _ => Ok(()),
        }
    }
}

/// Makes a state of a snapshot.
pub(crate) fn restore<S: Machine>(
    snapshots: &Snapshots<RealDisk>,
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

//! The keeper of a member's snapshots: takes them, reads them for followers, and stores those that
//! a leader sends. In the real program it is a thread of `host`; here it does one task at a time,
//! and each takes as long as the disk does.

use std::sync::Arc;

use raft::{Configuration, Envelope, Message, NodeId, Position, Snapshot};
use replica::{Task, Tasks};
use wal::{Incoming, MemoryDisk, MemoryFile, Snapshots};

use crate::machine::{Image, Machine, Restoring};

/// So much of a snapshot is written at once: little, so that a crash finds some of it written.
const PIECE_BYTES: usize = 1000;

#[derive(Debug)]
pub(crate) struct Keeper {
    own: NodeId,
    /// How much of a snapshot is sent at once.
    chunk_bytes: usize,
    snapshots: Snapshots<MemoryDisk>,
    incoming: Incoming<MemoryFile>,
    tasks: Tasks<Image>,
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum Kept {
    Taken(Snapshot),
    TakeFailed,
    Chunk(Envelope),
    Received(Snapshot),
    Spoiled(Snapshot),
    Restored(Snapshot, Box<Machine>),
    /// The state cannot be read, and the process cannot go on.
    Lost(Unreadable),
    /// There is nothing to tell.
    Nothing,
}

impl Keeper {
    pub(crate) fn new(own: NodeId, chunk_bytes: usize, snapshots: Snapshots<MemoryDisk>) -> Self {
        Self { own, chunk_bytes, snapshots, incoming: Incoming::default(), tasks: Tasks::default() }
    }

    /// Gives it a task. Whether it had nothing to do.
    pub(crate) fn push(&mut self, task: Task<Image>) -> bool {
        let was_idle = self.tasks.is_empty();
        self.tasks.push(task);
        was_idle
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Does the first task.
    pub(crate) fn work(&mut self) -> Kept {
        match self.tasks.pop() {
            None => Kept::Nothing,
            Some(Task::Take { position, configuration, image }) => {
                let taken = self.write(position, configuration, &image.read());
                taken.map_or(Kept::TakeFailed, Kept::Taken)
            }
            Some(Task::Read { to, term, snapshot, offset }) => {
                // What cannot be read is asked for again.
                let data = self.snapshots.read(&snapshot, offset, self.chunk_bytes).ok().flatten();
                data.map_or(Kept::Nothing, |data| {
                    let message = Message::Chunk { snapshot, offset, data };
                    Kept::Chunk(Envelope { from: self.own, to, term, message })
                })
            }
            Some(Task::Store { snapshot, offset, data }) => {
                let is_last = offset + data.len() as u64 == snapshot.bytes;
                match self.incoming.keep(&self.snapshots, &snapshot, offset, &data) {
                    Ok(true) => Kept::Received(snapshot),
                    Ok(false) | Err(_) if is_last => Kept::Spoiled(snapshot),
                    Ok(false) | Err(_) => Kept::Nothing,
                }
            }
            Some(Task::Restore(snapshot)) => match restore(&self.snapshots, &snapshot) {
                Ok(machine) => Kept::Restored(snapshot, Box::new(machine)),
                Err(error) => Kept::Lost(error),
            },
        }
    }

    fn write(
        &self,
        position: Position,
        configuration: Arc<Configuration>,
        image: &[u8],
    ) -> Result<Snapshot, wal::Error> {
        let mut writer = self.snapshots.create()?;
        for piece in image.chunks(PIECE_BYTES) {
            self.snapshots.append(&mut writer, piece)?;
        }
        self.snapshots.finish(writer, position, configuration)
    }
}

/// Makes a state of a snapshot.
pub(crate) fn restore(
    snapshots: &Snapshots<MemoryDisk>,
    snapshot: &Snapshot,
) -> Result<Machine, Unreadable> {
    let mut restoring = Restoring::default();
    snapshots.for_each_piece(snapshot, |piece| restoring.feed(piece))?;
    restoring.finish().map_err(Unreadable::Damaged)
}

/// Why something cannot be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// The disk failed. The next time it may go better.
    Disk,
    /// It is not what was written.
    Damaged(String),
}

impl From<wal::OpenError> for Unreadable {
    fn from(error: wal::OpenError) -> Self {
        match error {
            wal::OpenError::Unusable(error) | wal::OpenError::Alone(error) => error.into(),
            wal::OpenError::Gone(_) => Self::Damaged(error.to_string()),
        }
    }
}

impl From<wal::Error> for Unreadable {
    fn from(error: wal::Error) -> Self {
        match error {
            wal::Error::Io { .. } | wal::Error::Poisoned => Self::Disk,
            error => Self::Damaged(error.to_string()),
        }
    }
}

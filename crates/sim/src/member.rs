//! A member: its disk and its clock, which outlive it, and the process while it runs.
//!
//! The process is what `host` is in the real program, without threads: the replica, the log, and
//! the writes between them. One batch of writes is on its way to the disk at a time; what comes
//! meanwhile goes into the next one.

use bytes::{Bytes, BytesMut};
use raft::{NodeId, Restored, Snapshot, Write};
use replica::Replica;
use wal::{Disk as _, Identity, MemoryDisk, Wal};

use crate::clock::Clock;
use crate::event::{Moment, Run};
use crate::machine::Machine;
use crate::random::Random;

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: NodeId,
    pub(crate) disk: Disk,
    pub(crate) clock: Clock,
    /// How often it was started.
    pub(crate) runs: u64,
    pub(crate) process: Option<Process>,
    /// The number of its last message, over all its runs.
    pub(crate) sent: u64,
}

/// A disk, and how quick it is.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) log: MemoryDisk,
    pub(crate) shelf: Shelf,
    pub(crate) random: Random,
    /// What a write and its sync take, at most.
    pub(crate) write_us: u64,
    /// So many times longer while the disk is slow.
    pub(crate) slowness: u64,
    /// It answers nothing before.
    pub(crate) stuck_until: Moment,
    /// It was damaged at rest. Its member may refuse to start, for ever.
    pub(crate) is_damaged: bool,
}

/// The snapshots of a member. Storing one is a step that happens whole or not at all.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// The newest one last. One before it is kept for a transfer that has begun.
    stored: Vec<(Snapshot, Bytes)>,
    /// What arrived so far of one.
    partial: Option<(Snapshot, BytesMut)>,
}

/// A running process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) run: Run,
    pub(crate) replica: Replica<Machine>,
    pub(crate) log: Wal<MemoryDisk>,
    /// Writes that wait for the disk.
    pub(crate) waiting: Vec<Write>,
    /// Writes that the disk is busy with.
    pub(crate) batch: Vec<Write>,
}

/// The log of a simulated member is small, and so are its parts: then each occurs.
const LOG: wal::Config =
    wal::Config { segment_bytes: 1 << 17, ahead_bytes: 1 << 15, step_bytes: 1 << 14 };

const CLUSTER: u64 = 0x51;

impl Member {
    pub(crate) fn new(id: NodeId, seed: u64, clock: Clock, write_us: u64) -> Self {
        let disk = Disk {
            log: MemoryDisk::new(),
            shelf: Shelf::default(),
            random: Random::stream(seed, "disk", id.0),
            write_us,
            slowness: 1,
            stuck_until: 0,
            is_damaged: false,
        };
        Self { id, disk, clock, runs: 0, process: None, sent: 0 }
    }

    /// Reads the log, and the newest snapshot beside it.
    pub(crate) fn open(&mut self) -> Result<(Wal<MemoryDisk>, Restored, bool), wal::Error> {
        let identity = Identity { cluster: CLUSTER, member: self.id.0 };
        let (log, mut restored, recovery) = Wal::open(self.disk.log.clone(), identity, LOG)?;
        restored.snapshot = self.disk.shelf.newest().map(|(snapshot, _)| snapshot.clone());
        Ok((log, restored, recovery.torn.is_some()))
    }

    /// A place in the log before its last frame.
    pub(crate) fn place_to_damage(&self, random: &mut Random) -> Option<(String, u64)> {
        const BLOCK: usize = 4096;
        let names = self.disk.log.list().ok()?;
        let mut names = names.into_iter().filter(|name| !name.contains("next")).collect::<Vec<_>>();
        names.sort();
        let last = self.disk.log.contents(names.last()?)?;
        let mut blocks = last.chunks(BLOCK);
        let end = BLOCK * blocks.rposition(|block| block.starts_with(b"QFRM"))?;
        let name = random.pick(&names.iter().collect::<Vec<_>>()).clone();
        let bytes =
            if Some(&name) == names.last() { end } else { self.disk.log.contents(&name)?.len() };
        let sectors = (bytes / 512) as u64;
        (sectors > 0).then(|| (name, 512 * random.below(sectors)))
    }

    /// The process that runs now, if it is of that run.
    pub(crate) fn in_run(&mut self, run: Run) -> Option<&mut Process> {
        self.process.as_mut().filter(|process| process.run == run)
    }
}

impl Disk {
    /// When a batch that is begun now will be durable.
    pub(crate) fn done_at(&mut self, now: Moment) -> Moment {
        let takes = self.random.within(self.write_us / 4..=self.write_us) * self.slowness;
        now.max(self.stuck_until) + takes
    }
}

impl Shelf {
    pub(crate) fn newest(&self) -> Option<&(Snapshot, Bytes)> {
        self.stored.last()
    }

    pub(crate) fn store(&mut self, snapshot: Snapshot, bytes: Bytes) {
        self.stored.push((snapshot, bytes));
        self.stored.sort_by_key(|(snapshot, _)| snapshot.position);
        if self.stored.len() > 2 {
            self.stored.remove(0);
        }
    }

    pub(crate) fn read(&self, snapshot: &Snapshot) -> Option<&Bytes> {
        self.stored.iter().find(|(stored, _)| stored == snapshot).map(|(_, bytes)| bytes)
    }

    /// Takes in a piece. All the bytes, when they are there.
    pub(crate) fn take(&mut self, snapshot: &Snapshot, offset: u64, data: &Bytes) -> Option<Bytes> {
        if offset == 0 {
            self.partial = Some((snapshot.clone(), BytesMut::new()));
        }
        let (partial, bytes) = self.partial.as_mut()?;
        if partial != snapshot || bytes.len() as u64 != offset {
            return None;
        }
        bytes.extend_from_slice(data);
        let is_whole = bytes.len() as u64 == snapshot.bytes;
        is_whole.then(|| self.partial.take().map(|(_, bytes)| bytes.freeze())).flatten()
    }

    /// What was not stored is gone.
    pub(crate) fn crash(&mut self) {
        self.partial = None;
    }
}

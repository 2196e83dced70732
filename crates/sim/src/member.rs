//! A member: its disk and its clock, which outlive it, and the process while it runs.
//!
//! The process is what `host` is in the real program, without threads: the replica, the log, and
//! the writes between them. One batch of writes is on its way to the disk at a time; what comes
//! meanwhile goes into the next one.

use std::ops::RangeInclusive;

use raft::{Configuration, Index, NodeId, Write};
use replica::Replica;
use wal::{Directories, Disk as _, Identity, MemoryDisk, Opened, Wal};

use crate::clock::Clock;
use crate::event::{Moment, Run};
use crate::hub::Hub;
use crate::keeper::{Keeper, Unreadable, restore};
use crate::machine::Machine;
use crate::random::Random;
use crate::swarm::Swarm;

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: NodeId,
    pub(crate) disk: Disk,
    pub(crate) clock: Clock,
    /// How often it was started.
    pub(crate) runs: u64,
    pub(crate) process: Option<Process>,
    /// It never starts again.
    pub(crate) is_gone: bool,
    /// The number of its last message, over all its runs.
    pub(crate) sent: u64,
}

/// A disk, with a directory for the log and one for the snapshots; and how quick it is.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) log: MemoryDisk,
    pub(crate) snapshots: MemoryDisk,
    pub(crate) random: Random,
    /// What a write and its sync take.
    pub(crate) write_us: RangeInclusive<u64>,
    /// So many times longer while the disk is slow.
    pub(crate) slowness: u64,
    /// So much longer does each step of the keeper take in the storm: snapshots are large.
    pub(crate) keeping_us: u64,
    /// It answers nothing before.
    pub(crate) stuck_until: Moment,
    /// It was damaged at rest, and its member has not recovered. It may refuse to start, for ever.
    pub(crate) is_damaged: bool,
}

/// Where something may rot.
pub(crate) struct Place {
    disk: MemoryDisk,
    name: String,
    offset: usize,
    contents: Vec<u8>,
}

/// A running process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) run: Run,
    pub(crate) replica: Replica<Machine>,
    pub(crate) log: Wal<MemoryDisk>,
    pub(crate) keeper: Keeper,
    /// Those who watch.
    pub(crate) hub: Hub,
    /// Writes that wait for the disk.
    pub(crate) waiting: Vec<Write>,
    /// Writes that the disk is busy with.
    pub(crate) batch: Vec<Write>,
    /// Something was damaged, and is as good as new when the member has recovered.
    pub(crate) is_mending: bool,
}

/// What a member finds when it starts.
pub(crate) struct Found {
    pub(crate) opened: Opened<MemoryDisk>,
    pub(crate) machine: Machine,
}

/// The log of a simulated member is small, and so are its parts: then each occurs.
const LOG: wal::Config =
    wal::Config { segment_bytes: 1 << 17, ahead_bytes: 1 << 15, step_bytes: 1 << 14 };

const CLUSTER: u64 = 0x51;

impl Member {
    pub(crate) fn new(id: NodeId, seed: u64, clock: Clock, swarm: &Swarm) -> Self {
        let disk = Disk {
            log: MemoryDisk::new(),
            snapshots: MemoryDisk::new(),
            random: Random::stream(seed, "disk", id.0),
            write_us: swarm.write_us / 4..=swarm.write_us,
            slowness: 1,
            keeping_us: Random::stream(seed, "keeping", id.0).pick(&[0, swarm.keeping_us]),
            stuck_until: 0,
            is_damaged: false,
        };
        Self { id, disk, clock, runs: 0, process: None, is_gone: false, sent: 0 }
    }

    /// Reads the log, and the newest snapshot beside it. `first` is the configuration before any
    /// entry.
    pub(crate) fn open(&self, first: &Configuration) -> Result<Found, Unreadable> {
        let directories = Directories {
            log: self.disk.log.clone(),
            snapshots: self.disk.snapshots.clone(),
            identity: Identity { cluster: CLUSTER, member: self.id.0 },
            config: LOG,
        };
        let opened = directories.open(self.runs > 0, first)?;
        let state = opened.restored.snapshot.as_ref();
        let machine = state.map(|snapshot| restore(&opened.snapshots, snapshot)).transpose()?;
        Ok(Found { opened, machine: machine.unwrap_or_default() })
    }

    /// Whether it may never be there again.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_gone || self.disk.is_damaged
    }

    /// The process that runs now, if it is of that run.
    pub(crate) fn in_run(&mut self, run: Run) -> Option<&mut Process> {
        self.process.as_mut().filter(|process| process.run == run)
    }
}

impl Process {
    /// How much of the log its store is made of.
    pub(crate) fn applied(&self) -> Index {
        self.replica.status().applied
    }
}

impl Disk {
    /// When a batch that is begun now will be durable.
    pub(crate) fn done_at(&mut self, now: Moment) -> Moment {
        let takes = self.random.within(self.write_us.clone()) * self.slowness;
        now.max(self.stuck_until) + takes
    }

    /// When the keeper will have done what it begins now.
    pub(crate) fn kept_at(&mut self, now: Moment) -> Moment {
        self.done_at(now) + self.keeping_us
    }

    /// Whether everything has stopped, in the middle of something.
    pub(crate) fn is_stopped(&self) -> bool {
        self.log.is_stopped() || self.snapshots.is_stopped()
    }

    /// The process ends, and what it wrote stays.
    pub(crate) fn restart(&self) {
        self.log.restart();
        self.snapshots.restart();
    }

    /// Of what was not synced anything may be left.
    pub(crate) fn lose_power(&mut self) {
        self.log.crash(self.random.next());
        self.snapshots.crash(self.random.next());
    }

    /// A sector of a snapshot, or of the log up to the end of its last frame. Often it is of that
    /// frame: whoever finds it damaged cannot tell whether it ever was durable.
    pub(crate) fn place_to_damage(&self, random: &mut Random) -> Option<Place> {
        const BLOCK: usize = 4096;
        let of_snapshot = random.chance(300);
        let disk = if of_snapshot { &self.snapshots } else { &self.log };
        let mut names = disk.list().ok()?;
        names.retain(|name| !name.contains("next") && !name.ends_with("tmp"));
        names.sort();
        let last = names.last()?.clone();
        let name = random.pick(&names.iter().collect::<Vec<_>>()).clone();
        let contents = disk.contents(&name)?;
        let mut end = contents.len();
        if !of_snapshot && name == last {
            let mut blocks = contents.chunks(BLOCK);
            let block = BLOCK * blocks.rposition(|block| block.iter().any(|byte| *byte != 0))?;
            if random.chance(500) {
                return Some(Place { disk: disk.clone(), name, offset: block, contents });
            }
            end = block + BLOCK;
        }
        let sectors = end.div_ceil(512) as u64;
        let offset = 512 * usize::try_from((sectors > 0).then(|| random.below(sectors))?).ok()?;
        Some(Place { disk: disk.clone(), name, offset, contents })
    }

    /// Each directory may hold no more than so many bytes.
    pub(crate) fn limit(&self, bytes: Option<u64>) {
        self.log.limit(bytes);
        self.snapshots.limit(bytes);
    }
}

impl Place {
    /// Flips a bit.
    pub(crate) fn flip(&self) {
        let flipped = [self.contents[self.offset] ^ 0x10];
        self.disk.overwrite(&self.name, self.offset as u64, &flipped);
    }

    /// Makes zeros of the sector, as far as the file reaches.
    pub(crate) fn clear(&self) {
        let zeros = vec![0; (self.contents.len() - self.offset).min(512)];
        self.disk.overwrite(&self.name, self.offset as u64, &zeros);
    }
}

//! The log, open for writing.

use std::collections::VecDeque;

use bytes::BytesMut;
use raft::{HardState, Index, Position, Restored, Write};

use crate::active::{Active, FirstFrame, Next, name_next, remove_leftover};
use crate::disk::{Disk, File};
use crate::error::Error;
use crate::frame::{self, BLOCK_BYTES};
use crate::recovery::{self, Covered, Recovered, Recovery};
use crate::segment;
use crate::{Config, Identity, io_error, write_zeros};

/// The log of one member, open for writing. Only one at a time may write a directory:
/// [`RealDisk`](crate::RealDisk) sees to that.
///
/// To start: [`open`](Self::open). Then for each batch of writes, [`append`](Self::append); and
/// when there is nothing to append, [`prepare_next`](Self::prepare_next) until it says `false`.
#[derive(Debug)]
pub struct Wal<D: Disk> {
    disk: D,
    identity: Identity,
    config: Config,
    active: Active<D::File>,
    next: Option<Next<D::File>>,
    /// The number of the next frame.
    frame: u64,
    /// The checksum of the last frame.
    checksum: u32,
    /// The last entry's index.
    last: Index,
    /// What the newest durable writes said. The first frame of each segment says it again, so that
    /// no segment before it is needed for it.
    base: Position,
    hard_state: HardState,
    commit: Index,
    /// The segments before the active one, oldest first.
    older: VecDeque<Covered>,
    /// The highest index in the active segment.
    highest: Index,
    /// The frame that is being written. Kept for its memory.
    buffer: BytesMut,
    is_poisoned: bool,
}

impl<D: Disk> Wal<D> {
    /// Opens the log, or starts one if the disk holds none. Returns with it what was written in
    /// it, all of which is durable by then, and what was found on the way.
    ///
    /// A last frame that is torn is cut off, which [`Recovery::torn`] reports.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`], [`Error::Foreign`], [`Error::Format`], and [`Error::Io`].
    pub fn open(
        disk: D,
        identity: Identity,
        config: Config,
    ) -> Result<(Self, Restored, Recovery), Error> {
        let config = config.in_blocks();
        let recovered = recovery::recover(&disk, identity)?;
        remove_leftover(&disk)?;
        let Some(recovered) = recovered else {
            let wal = Self::start(disk, identity, config)?;
            return Ok((wal, Restored::default(), Recovery::default()));
        };
        let Recovered { restored, recovery, last, position, checksum, older, highest } = recovered;
        let active = Active {
            name: last.name,
            file: last.file,
            seed: last.header.seed(),
            header: last.header,
            position,
            // More may be; but what is written there again are zeros over zeros.
            prepared: position,
        };
        let wal = Self {
            disk,
            identity,
            config,
            active,
            next: None,
            frame: recovery.frames + 1,
            checksum,
            last: Index(restored.base.index.0 + restored.entries.len() as u64),
            base: restored.base,
            hard_state: restored.hard_state,
            commit: restored.commit,
            older: older.into(),
            highest,
            buffer: BytesMut::new(),
            is_poisoned: false,
        };
        Ok((wal, restored, recovery))
    }

    fn start(disk: D, identity: Identity, config: Config) -> Result<Self, Error> {
        let first = FirstFrame { segment: 1, number: 1, previous: 0, bytes: 0 };
        let active = name_next(&disk, identity, &config, None, &first)?;
        Ok(Self {
            disk,
            identity,
            config,
            active,
            next: None,
            frame: 1,
            checksum: 0,
            last: Index(0),
            base: Position::default(),
            hard_state: HardState::default(),
            commit: Index(0),
            older: VecDeque::new(),
            highest: Index(0),
            buffer: BytesMut::new(),
            is_poisoned: false,
        })
    }

    /// Makes the writes durable, all or none: one frame, one write, one sync. When it returns
    /// `Ok` they survive whatever happens to the process and the machine. Blocks meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], with [`StorageFull`](std::io::ErrorKind::StorageFull) if the space that was
    /// prepared is used up and no more can be had. Whether the writes are durable is then unknown,
    /// a second try would not tell, and so every later call fails with [`Error::Poisoned`]: the
    /// host must end the process.
    ///
    /// # Panics
    ///
    /// If the entries of a write are not adjacent, or leave a hole after the log: such a log could
    /// never be opened again.
    pub fn append(&mut self, writes: &[Write]) -> Result<(), Error> {
        self.refuse_if_poisoned()?;
        if writes.is_empty() {
            return Ok(());
        }
        let last = writes.iter().fold(self.last, last_after);
        let appended = self.append_frame(writes);
        self.is_poisoned = appended.is_err();
        self.last = last;
        if appended.is_ok() {
            for write in writes {
                self.remember(write);
            }
        }
        appended
    }

    /// Notes what a durable write said.
    fn remember(&mut self, write: &Write) {
        self.base = write.base.unwrap_or(self.base);
        self.hard_state = write.hard_state.unwrap_or(self.hard_state);
        self.commit = self.commit.max(write.commit);
        let highest = write.entries.last().map_or(Index(0), |entry| entry.position.index);
        self.highest = self.highest.max(highest);
    }

    /// Removes a segment that nobody needs any more, because the base has passed all its entries;
    /// or makes space ready ahead of the appends, in steps of [`Config::step_bytes`], so that they
    /// need not wait for it. Call it when there is nothing to append; it returns whether there is
    /// more to do. One step takes about as long as writing and syncing that many bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]. After [`StorageFull`](std::io::ErrorKind::StorageFull) the log can still be
    /// appended to as far as space was prepared, and this can be tried again later. After any
    /// other error every later call fails with [`Error::Poisoned`].
    pub fn prepare_next(&mut self) -> Result<bool, Error> {
        self.refuse_if_poisoned()?;
        let prepared = match self.remove_oldest() {
            Ok(false) => self.prepare_step(),
            removed => removed,
        };
        if let Err(error) = &prepared {
            self.is_poisoned = !error.is_storage_full();
        }
        prepared
    }

    fn refuse_if_poisoned(&self) -> Result<(), Error> {
        if self.is_poisoned { Err(Error::Poisoned) } else { Ok(()) }
    }

    fn append_frame(&mut self, writes: &[Write]) -> Result<(), Error> {
        frame::encode(writes, &mut self.buffer);
        let mut bytes = frame::padded_bytes(&self.buffer);
        if self.active.position + bytes > self.active.header.bytes {
            frame::encode(std::iter::once(&self.so_far()).chain(writes), &mut self.buffer);
            bytes = frame::padded_bytes(&self.buffer);
            self.enter_next(bytes)?;
        }
        self.make_room(bytes)?;
        let checksum = frame::seal(&mut self.buffer, self.frame, self.checksum, self.active.seed);

        let Active { name, file, position, .. } = &self.active;
        file.write_at(*position, &self.buffer).map_err(io_error(&self.disk, name, "write"))?;
        file.sync_data().map_err(io_error(&self.disk, name, "sync"))?;
        self.active.position += bytes;
        self.frame += 1;
        self.checksum = checksum;
        Ok(())
    }

    /// What all writes so far have come to, but for the entries.
    fn so_far(&self) -> Write {
        Write {
            base: Some(self.base),
            hard_state: Some(self.hard_state),
            commit: self.commit,
            ..Write::default()
        }
    }

    /// Begins the next segment, with a frame of so many bytes to come.
    fn enter_next(&mut self, bytes: u64) -> Result<(), Error> {
        let segment = self.active.header.segment;
        let (number, previous) = (self.frame, self.checksum);
        let first = FirstFrame { segment: segment + 1, number, previous, bytes };
        let next = self.next.take();
        self.active = name_next(&self.disk, self.identity, &self.config, next, &first)?;
        self.older.push_back(Covered { segment, highest: std::mem::take(&mut self.highest) });
        Ok(())
    }

    /// Sees to it that a frame of so many bytes fits into prepared space of the active segment.
    fn make_room(&mut self, bytes: u64) -> Result<(), Error> {
        let end = self.active.position + bytes;
        if end > self.active.prepared {
            self.prepare_active(end.max(self.active.prepared + self.config.step_bytes))?;
        }
        Ok(())
    }

    /// Removes the oldest segment, if all its entries are before the base. Whether there was one.
    /// The first frame of the next segment says again what else it said.
    fn remove_oldest(&mut self) -> Result<bool, Error> {
        let is_covered = |oldest: &mut Covered| oldest.highest <= self.base.index;
        let Some(Covered { segment, .. }) = self.older.pop_front_if(is_covered) else {
            return Ok(false);
        };
        let name = segment::name(segment);
        self.disk.remove(&name).map_err(io_error(&self.disk, &name, "remove"))?;
        self.disk.sync_dir().map_err(io_error(&self.disk, ".", "sync"))?;
        Ok(true)
    }

    fn prepare_step(&mut self) -> Result<bool, Error> {
        if !self.wants_space() {
            return Ok(false);
        }
        if self.active.prepared < self.active.header.bytes {
            self.prepare_active(self.active.prepared + self.config.step_bytes)?;
        } else {
            let next = match &mut self.next {
                Some(next) => next,
                none => none.insert(Next::create(&self.disk)?),
            };
            next.lengthen(&self.disk, self.config.segment_bytes)?;
            next.prepare(&self.disk, next.prepared + self.config.step_bytes)?;
        }
        Ok(self.wants_space())
    }

    fn wants_space(&self) -> bool {
        let Active { prepared, position, header, .. } = &self.active;
        let (next_prepared, next_is_full) = match &self.next {
            None => (0, false),
            Some(next) => (next.prepared - BLOCK_BYTES, next.prepared == next.bytes),
        };
        let is_full = *prepared == header.bytes && next_is_full;
        !is_full && prepared - position + next_prepared < self.config.ahead_bytes
    }

    fn prepare_active(&mut self, end: u64) -> Result<(), Error> {
        let Active { name, file, prepared, header, .. } = &mut self.active;
        let end = end.min(header.bytes);
        write_zeros(file, *prepared, end).map_err(io_error(&self.disk, name, "prepare"))?;
        file.sync_data().map_err(io_error(&self.disk, name, "sync"))?;
        *prepared = end;
        Ok(())
    }
}

/// The last index after that write.
fn last_after(last: Index, write: &Write) -> Index {
    // Whether the log holds a base, only its terms say: it may end there.
    let last = write.base.map_or(last, |base| last.max(base.index));
    let Some(first) = write.entries.first() else { return last };
    let first = first.position.index;
    assert!(
        first > Index(0) && first <= last.next(),
        "entries from index {} leave a hole in a log that ends at {}",
        first.0,
        last.0
    );
    for (expected, entry) in (first.0..).zip(&write.entries) {
        let index = entry.position.index.0;
        assert_eq!(index, expected, "the entries of a write are not adjacent");
    }
    Index(first.0 + write.entries.len() as u64 - 1)
}

//! The log, open for writing.

use std::collections::VecDeque;

use bytes::BytesMut;
use raft::{HardState, Index, Loss, Position, Restored, Write};

use crate::active::{Active, FirstFrame, Next, give_name, head_next, remove_leftover};
use crate::disk::{Disk, File};
use crate::error::Error;
use crate::frame::{self, BLOCK_BYTES};
use crate::recovery::{self, Covered, Recovered, Recovery, Replay};
use crate::segment::{self, Origin};
use crate::{Config, Identity, io_error, write_zeros};

/// The log of one member, open for writing. Only one at a time may write a directory:
/// [`RealDisk`](crate::RealDisk) sees to that.
///
/// To start: [`open`](Self::open). Then for each batch of writes, [`append`](Self::append); and
/// when there is nothing to append, [`prepare_next`](Self::prepare_next) until it says `false`.
/// When there was nothing for a while, and before the process ends, [`seal`](Self::seal).
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
    so_far: SoFar,
    /// Whether the last frame is a seal.
    is_sealed: bool,
    /// The segments before the active one, oldest first.
    older: VecDeque<Covered>,
    /// The highest index in the active segment.
    highest: Index,
    /// The frame that is being written. Kept for its memory.
    buffer: BytesMut,
    is_poisoned: bool,
}

/// What all durable frames have come to, but for the entries. Each frame says it again: so no frame
/// before it is needed for it, nor does a damaged one take it away.
#[derive(Clone, Copy, Debug, Default)]
struct SoFar {
    base: Position,
    hard_state: HardState,
    commit: Index,
    loss: Option<Loss>,
}

impl SoFar {
    fn of(restored: &Restored) -> Self {
        let Restored { base, hard_state, commit, loss, .. } = *restored;
        Self { base, hard_state, commit, loss }
    }

    /// Notes what a durable write said.
    fn note(&mut self, write: &Write) {
        self.base = write.base.unwrap_or(self.base);
        self.hard_state = write.hard_state.unwrap_or(self.hard_state);
        self.commit = self.commit.max(write.commit);
        self.loss = self.loss.filter(|_| !write.is_recovered);
    }

    fn as_write(&self) -> Write {
        Write {
            base: Some(self.base),
            hard_state: Some(self.hard_state),
            commit: self.commit,
            ..Write::default()
        }
    }
}

impl<D: Disk> Wal<D> {
    /// Opens the log, or starts one if the disk holds none. Returns with it what was written in
    /// it, all of which is durable by then, and what was found on the way.
    ///
    /// A last frame that is torn is cut off, which [`Recovery::torn`] reports. Another frame takes
    /// its place, which says that something may be lost ([`Restored::loss`]).
    ///
    /// If the log is damaged, nothing is changed. [`salvage`](crate::salvage) says what is left of
    /// it, and [`rebuild`](Self::rebuild) begins it anew with that.
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
        let recovered = recovery::recover(&disk, identity, &mut Replay::default())?;
        remove_leftover(&disk)?;
        let Some(recovered) = recovered else {
            let wal = Self::start(disk, identity, config)?;
            return Ok((wal, Restored::default(), Recovery::default()));
        };
        let Recovered { mut restored, recovery, last, position, end, .. } = recovered;
        let active = Active {
            name: last.name,
            file: last.file,
            seed: last.header.seed(),
            header: last.header,
            position,
            // More may be; but what is written there again are zeros over zeros.
            prepared: end,
        };
        let mut wal = Self {
            disk,
            identity,
            config,
            active,
            next: None,
            frame: recovery.frames + 1,
            checksum: recovered.checksum,
            last: last_index(&restored),
            so_far: SoFar::of(&restored),
            is_sealed: false,
            older: recovered.older.into(),
            highest: recovered.highest,
            buffer: BytesMut::new(),
            is_poisoned: false,
        };
        if recovery.torn.is_some() {
            wal.replace_torn(end)?;
            restored.loss = wal.so_far.loss;
        }
        Ok((wal, restored, recovery))
    }

    /// Whether the disk holds a log, whole or not.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn is_there(disk: &D) -> Result<bool, Error> {
        Ok(!recovery::segments(disk)?.is_empty())
    }

    fn start(disk: D, identity: Identity, config: Config) -> Result<Self, Error> {
        let origin = Origin::Continued;
        let first = FirstFrame { segment: 1, number: 1, previous: 0, origin, bytes: 0 };
        let active = head_next(&disk, identity, &config, None, &first)?;
        active.file.sync_data().map_err(io_error(&disk, &active.name, "sync"))?;
        give_name(&disk, &active)?;
        Ok(Self {
            disk,
            identity,
            config,
            active,
            next: None,
            frame: 1,
            checksum: 0,
            last: Index(0),
            so_far: SoFar::default(),
            is_sealed: false,
            older: VecDeque::new(),
            highest: Index(0),
            buffer: BytesMut::new(),
            is_poisoned: false,
        })
    }

    /// Begins a log anew with what is left of a damaged one, all of it in one frame. The segments
    /// before count for nothing from then on; they are removed when the member has recovered.
    /// A crash meanwhile leaves the log as it was.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn rebuild(
        disk: D,
        identity: Identity,
        config: Config,
        restored: &Restored,
    ) -> Result<Self, Error> {
        let config = config.in_blocks();
        let numbers = recovery::segments(&disk)?;
        remove_leftover(&disk)?;
        let so_far = SoFar::of(restored);
        let everything = Write { entries: restored.entries.clone(), ..so_far.as_write() };
        let mut buffer = BytesMut::new();
        frame::encode(so_far.loss, [&everything], &mut buffer);
        let bytes = frame::padded_bytes(&buffer);
        let segment = numbers.last().map_or(1, |newest| newest + 1);
        let origin = Origin::Anew;
        let first = FirstFrame { segment, number: 1, previous: 0, origin, bytes };
        let mut active = head_next(&disk, identity, &config, None, &first)?;
        let checksum = frame::seal(&mut buffer, 1, 0, active.seed);
        active.write(&disk, &buffer)?;
        give_name(&disk, &active)?;
        let given_up = numbers.into_iter().map(|segment| Covered { segment, highest: None });
        Ok(Self {
            older: given_up.collect(),
            disk,
            identity,
            config,
            active,
            next: None,
            frame: 2,
            checksum,
            last: last_index(restored),
            so_far,
            is_sealed: false,
            highest: last_index(restored),
            buffer,
            is_poisoned: false,
        })
    }

    /// Puts a frame in the place of a torn one, behind which everything is zeros from `end` on.
    ///
    /// The torn one goes only when the other is durable: it is the only sign that something may be
    /// lost. What is left of it then is of a frame that the log has already.
    fn replace_torn(&mut self, end: u64) -> Result<(), Error> {
        self.so_far.loss = self.so_far.loss.max(Some(Loss::Tail));
        self.encode_frame(&[]);
        frame::encode_cut(&mut self.buffer);
        self.write_frame(&[])?;
        let Active { name, file, position, .. } = &self.active;
        let zeroed = write_zeros(file, *position, end);
        zeroed.map_err(io_error(&self.disk, name, "cut the torn tail of"))?;
        file.sync_data().map_err(io_error(&self.disk, name, "sync"))
    }

    /// Makes the writes durable, all or none: one frame, one write, one sync. When it returns
    /// `Ok` they survive whatever happens to the process and the machine. Blocks meanwhile.
    ///
    /// If the hard state changes, a [seal](Self::seal) follows, with a sync of its own. A vote that
    /// is lost cannot be had again from anybody, so it is never given while it is in the only frame
    /// of which nobody could say whether it was durable.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]. With [`StorageFull`](std::io::ErrorKind::StorageFull) the space that was
    /// prepared may be used up and no more to be had: then nothing was written, and the same writes
    /// can be tried again ([`is_usable`](Self::is_usable)). Otherwise it is unknown whether the
    /// writes are durable, a second try would not tell, and so every later call fails with
    /// [`Error::Poisoned`]: the host must end the process.
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
        let has_hard_state = writes.iter().any(|write| write.hard_state.is_some());
        self.encode_frame(writes);
        let bytes = frame::padded_bytes(&self.buffer);
        if let Err(error) = self.reserve(bytes, if has_hard_state { BLOCK_BYTES } else { 0 }) {
            self.is_poisoned = !error.is_storage_full();
            return Err(error);
        }
        let appended = self
            .write_frame(writes)
            .and_then(|()| if has_hard_state { self.append_frame(&[]) } else { Ok(()) });
        self.is_poisoned = appended.is_err();
        self.last = last;
        appended
    }

    /// Whether the log can go on after an error.
    pub fn is_usable(&self) -> bool {
        !self.is_poisoned
    }

    /// Sees to it that a frame of so many bytes, and a seal, can be written without more space
    /// than there is by then. If that fails, nothing of them was written.
    fn reserve(&mut self, bytes: u64, seal_bytes: u64) -> Result<(), Error> {
        if !self.is_full_for(bytes + seal_bytes) {
            return self.make_room(bytes + seal_bytes);
        }
        // A block is for the frame that says that the log goes on elsewhere.
        let (here, there) =
            if self.is_full_for(bytes) { (0, bytes + seal_bytes) } else { (bytes, seal_bytes) };
        self.make_room(here + BLOCK_BYTES)?;
        let end = BLOCK_BYTES + there;
        let Config { segment_bytes, step_bytes, .. } = self.config;
        let next = make_next(&self.disk, &mut self.next)?;
        next.lengthen(&self.disk, (end + BLOCK_BYTES).max(segment_bytes))?;
        let wanted = end.max(BLOCK_BYTES + step_bytes).min(next.bytes);
        if next.prepared < wanted { next.prepare(&self.disk, wanted) } else { Ok(()) }
    }

    /// Writes a frame without writes, which proves that the last one was durable: if that is bad
    /// when the log is read again, it is damage, and not torn. Does nothing if there is such a
    /// frame, or no space is ready for one.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; then every later call fails with [`Error::Poisoned`].
    pub fn seal(&mut self) -> Result<(), Error> {
        self.refuse_if_poisoned()?;
        if self.is_sealed || !self.has_block_ready() {
            return Ok(());
        }
        let sealed = self.append_frame(&[]);
        self.is_poisoned = sealed.is_err();
        sealed
    }

    /// Whether the active segment has no place for so many bytes. A block is left for the frame
    /// that says that the log goes on elsewhere.
    fn is_full_for(&self, bytes: u64) -> bool {
        self.active.position + bytes + BLOCK_BYTES > self.active.header.bytes
    }

    /// Whether a frame of one block can be written without making space for it. If that is the
    /// first one of the next segment, another one is written in the active one.
    fn has_block_ready(&self) -> bool {
        let is_next_ready = || self.next.as_ref().is_some_and(|it| it.prepared >= 2 * BLOCK_BYTES);
        self.active.position + BLOCK_BYTES <= self.active.prepared
            && (!self.is_full_for(BLOCK_BYTES) || is_next_ready())
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
        self.encode_frame(writes);
        self.write_frame(writes)
    }

    fn encode_frame(&mut self, writes: &[Write]) {
        let so_far = self.so_far.as_write();
        let said = std::iter::once(&so_far).chain(writes);
        frame::encode(self.so_far.loss, said, &mut self.buffer);
    }

    /// Writes the frame in the buffer, which holds these writes, and syncs it.
    fn write_frame(&mut self, writes: &[Write]) -> Result<(), Error> {
        let bytes = frame::padded_bytes(&self.buffer);
        let checksum = if self.is_full_for(bytes) {
            self.enter_next(bytes)?
        } else {
            self.make_room(bytes)?;
            let checksum =
                frame::seal(&mut self.buffer, self.frame, self.checksum, self.active.seed);
            self.active.write(&self.disk, &self.buffer)?;
            checksum
        };
        self.frame += 1;
        self.checksum = checksum;
        self.is_sealed = writes.is_empty();
        for write in writes {
            self.so_far.note(write);
            let highest = write.entries.last().map_or(Index(0), |entry| entry.position.index);
            self.highest = self.highest.max(highest);
        }
        Ok(())
    }

    /// Begins the next segment with the frame in the buffer, of so many bytes, and returns its
    /// checksum.
    ///
    /// The frame is durable before the segment has its name, and the segment before says that it is
    /// there before anybody hears of the frame. So a newest segment that is blank, or gone, is
    /// missed.
    fn enter_next(&mut self, bytes: u64) -> Result<u32, Error> {
        let segment = self.active.header.segment;
        let (number, previous) = (self.frame, self.checksum);
        let origin = Origin::Continued;
        let first = FirstFrame { segment: segment + 1, number, previous, origin, bytes };
        let next = self.next.take();
        let mut next = head_next(&self.disk, self.identity, &self.config, next, &first)?;
        let checksum = frame::seal(&mut self.buffer, number, previous, next.seed);
        next.write(&self.disk, &self.buffer)?;
        give_name(&self.disk, &next)?;

        let mut full = std::mem::replace(&mut self.active, next);
        let mut pointer = BytesMut::new();
        frame::encode(self.so_far.loss, [&self.so_far.as_write()], &mut pointer);
        frame::encode_elsewhere(&mut pointer);
        frame::seal(&mut pointer, number, previous, full.seed);
        full.write(&self.disk, &pointer)?;
        let highest = Some(std::mem::take(&mut self.highest));
        self.older.push_back(Covered { segment, highest });
        Ok(checksum)
    }

    /// Sees to it that a frame of so many bytes fits into prepared space of the active segment.
    fn make_room(&mut self, bytes: u64) -> Result<(), Error> {
        let end = self.active.position + bytes;
        if end > self.active.prepared {
            self.prepare_active(end.max(self.active.prepared + self.config.step_bytes))?;
        }
        Ok(())
    }

    /// Removes the oldest segment, if all its entries are before the base, or it was given up and
    /// the member has recovered. Whether there was one. The first frame of the next segment says
    /// again what else it said.
    fn remove_oldest(&mut self) -> Result<bool, Error> {
        let SoFar { base, loss, .. } = self.so_far;
        let is_covered = |oldest: &mut Covered| match oldest.highest {
            Some(highest) => highest <= base.index,
            None => loss.is_none(),
        };
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
            let next = make_next(&self.disk, &mut self.next)?;
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

/// The next segment, which is begun if there is none.
fn make_next<'a, D: Disk>(
    disk: &D,
    next: &'a mut Option<Next<D::File>>,
) -> Result<&'a mut Next<D::File>, Error> {
    Ok(match next {
        Some(next) => next,
        none => none.insert(Next::create(disk)?),
    })
}

fn last_index(restored: &Restored) -> Index {
    Index(restored.base.index.0 + restored.entries.len() as u64)
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

//! Reads a log back, and tells a torn tail from damage.
//!
//! One frame at a time is in flight, and it is written only after the frame before it was synced.
//! So a crash can hurt the last frame and no other:
//!
//! ```text
//!   what follows the last good frame of the last segment      what it is
//!   zeros to the end of the segment                           the end
//!   something, but no part of a later frame                   a torn tail: cut
//!   something, and a header or trailer of a later frame       damage: refuse
//!   a frame that is whole and is not the next one             damage: refuse
//! ```
//!
//! In any other segment the next one's header says which frame comes last, and everything up to it
//! must be whole.
//!
//! The middle row is where this stage is weaker than it will be: a frame that was acknowledged and
//! rotted later looks the same if it is the very last. It is reported, so that the host can act.

use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use raft::{Index, Position, Restored, Write};

use crate::disk::{Disk, File};
use crate::error::{Damage, Error};
use crate::frame::{self, BLOCK_BYTES, BLOCK_LEN, FrameHeader, HEADER_BYTES};
use crate::segment::{self, BadHeader, Block, FORMAT, SegmentHeader};
use crate::tail::{look_behind, settle};
use crate::{Identity, io_error};

/// What opening a log found, beside what was written in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The last write was cut short, and is gone.
    pub torn: Option<TornTail>,
    /// The number of the last frame: one for each append that there ever was.
    pub frames: u64,
    /// How many segments there are. None: the log is new.
    pub segments: u64,
}

/// A last frame that is not whole. Almost always it was being written when the power failed, and
/// was never acknowledged. If the process had ended at rest, it is damage: a member that is not
/// alone should then be added to its cluster anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The file.
    pub path: PathBuf,
    /// The byte of the file where the frame began. Everything from here on is zeros now.
    pub offset: u64,
    /// What is wrong with it.
    pub reason: Damage,
}

/// A log that was read, and where to go on writing it.
pub(crate) struct Recovered<F> {
    pub(crate) restored: Restored,
    pub(crate) recovery: Recovery,
    pub(crate) last: Segment<F>,
    /// Where the last frame ends.
    pub(crate) position: u64,
    /// The checksum of the last frame.
    pub(crate) checksum: u32,
    /// The segments before the last one, oldest first.
    pub(crate) older: Vec<Covered>,
    /// The highest index in the last segment.
    pub(crate) highest: Index,
}

/// A segment that is complete.
#[derive(Debug)]
pub(crate) struct Covered {
    /// Its number.
    pub(crate) segment: u64,
    /// The highest index in it. A base that is not before it makes the segment superfluous.
    pub(crate) highest: Index,
}

/// A file whose header was read.
pub(crate) struct Segment<F> {
    pub(crate) name: String,
    pub(crate) file: F,
    pub(crate) header: SegmentHeader,
}

/// Reads the log. `None` if there is none. Changes nothing but a torn tail.
pub(crate) fn recover<D: Disk>(
    disk: &D,
    identity: Identity,
) -> Result<Option<Recovered<D::File>>, Error> {
    let mut numbers: Vec<u64> = disk
        .list()
        .map_err(io_error(disk, ".", "list"))?
        .iter()
        .filter_map(|name| segment::number(name))
        .collect();
    numbers.sort_unstable();
    let (Some(&first), Some(&newest)) = (numbers.first(), numbers.last()) else { return Ok(None) };
    let mut expected = (first..).zip(&numbers);
    if let Some((missing, _)) = expected.find(|(expected, number)| expected != *number) {
        let path = disk.path(&segment::name(missing));
        return Err(Error::Corrupt { path, offset: 0, damage: Damage::MissingSegment });
    }
    // A process that was killed may have left a name that can be seen and is not durable yet.
    disk.sync_dir().map_err(io_error(disk, ".", "sync"))?;

    let mut segment = open_segment(disk, identity, first)?;
    let mut replay = Replay::after_removed(&segment.header);
    replay.enter(disk, &segment)?;
    let mut older = Vec::new();
    for number in first + 1..=newest {
        let next = open_segment(disk, identity, number)?;
        replay.read_whole(disk, &segment, next.header.first_frame)?;
        replay.enter(disk, &next)?;
        older.push(Covered { segment: number - 1, highest: replay.take_highest() });
        segment = next;
    }
    let (position, torn) = replay.read_last(disk, &segment, first)?;

    let highest = replay.take_highest();
    let Replay { restored, frames, checksum, .. } = replay;
    let recovery = Recovery { torn, frames, segments: newest + 1 - first };
    let last = segment;
    Ok(Some(Recovered { restored, recovery, last, position, checksum, older, highest }))
}

fn open_segment<D: Disk>(
    disk: &D,
    identity: Identity,
    number: u64,
) -> Result<Segment<D::File>, Error> {
    let name = segment::name(number);
    let corrupt = |damage| Error::Corrupt { path: disk.path(&name), offset: 0, damage };
    let file = disk.open(&name).map_err(io_error(disk, &name, "open"))?;
    let bytes = file.size().map_err(io_error(disk, &name, "measure"))?;
    if bytes < BLOCK_BYTES {
        return Err(corrupt(Damage::ShortFile { bytes, expected: BLOCK_BYTES }));
    }
    let mut block: Block = [0; BLOCK_LEN];
    file.read_at(0, &mut block).map_err(io_error(disk, &name, "read"))?;
    let header = SegmentHeader::decode(&block).map_err(|bad| match bad {
        BadHeader::Damaged => corrupt(Damage::BadSegmentHeader),
        BadHeader::Format(found) => {
            Error::Format { path: disk.path(&name), found, supported: FORMAT }
        }
    })?;
    if header.identity != identity {
        let found = header.identity;
        return Err(Error::Foreign { path: disk.path(&name), expected: identity, found });
    }
    if header.segment != number {
        return Err(corrupt(Damage::WrongSegment { found: header.segment }));
    }
    if bytes < header.bytes {
        let damage = Damage::ShortFile { bytes, expected: header.bytes };
        return Err(Error::Corrupt { path: disk.path(&name), offset: bytes, damage });
    }
    Ok(Segment { name, file, header })
}

/// What was read so far.
#[derive(Default)]
struct Replay {
    restored: Restored,
    frames: u64,
    /// The checksum of the last frame.
    checksum: u32,
    /// Whether segments before the first one were removed. Then entries may be missing between the
    /// base, as the first frame has it, and the first entry; a later base must prove that they are
    /// not needed.
    is_cut: bool,
    /// The index of the last entry that is missing, until it is proven that nobody needs it.
    unproven: Option<Index>,
    /// Whether any frame was read.
    has_read: bool,
    /// The highest index in the segment.
    highest: Index,
}

/// What stands at a place where a frame may begin.
enum Found {
    Frame {
        header: FrameHeader,
        body: Bytes,
    },
    /// Something that a write which was cut short may leave.
    Unfinished(Damage),
    /// Something that it cannot leave.
    Damaged(Damage),
}

impl Replay {
    /// What is known of what was removed before a segment.
    fn after_removed(first: &SegmentHeader) -> Self {
        let (frames, checksum) = (first.first_frame.saturating_sub(1), first.previous);
        Self { frames, checksum, is_cut: first.segment > 1, ..Self::default() }
    }

    /// Whether no entry is missing.
    fn is_proven(&self) -> bool {
        self.unproven.is_none()
    }

    fn take_highest(&mut self) -> Index {
        std::mem::take(&mut self.highest)
    }

    fn next_frame(&self) -> u64 {
        self.frames + 1
    }

    /// Checks that the segment goes on where the frames so far end.
    fn enter<D: Disk>(&self, disk: &D, segment: &Segment<D::File>) -> Result<(), Error> {
        let (number, expected) = (segment.header.first_frame, self.next_frame());
        let damage = if number != expected {
            Damage::OutOfTurn { expected, found: number }
        } else if segment.header.previous != self.checksum {
            Damage::BrokenChain { number }
        } else {
            return Ok(());
        };
        Err(Error::Corrupt { path: disk.path(&segment.name), offset: 0, damage })
    }

    /// Reads the frames of a segment up to that one, which begins the next segment.
    fn read_whole<D: Disk>(
        &mut self,
        disk: &D,
        segment: &Segment<D::File>,
        end: u64,
    ) -> Result<(), Error> {
        let mut offset = BLOCK_BYTES;
        while self.next_frame() < end {
            match self.read_frame(disk, segment, offset)? {
                Found::Frame { header, body } => {
                    offset = self.take(disk, segment, offset, &header, body)?;
                }
                Found::Unfinished(damage) | Found::Damaged(damage) => {
                    return Err(Error::Corrupt { path: disk.path(&segment.name), offset, damage });
                }
            }
        }
        Ok(())
    }

    /// Reads the frames of the last segment, cuts its tail if that is torn, and makes sure that
    /// what was read is durable. Returns where the last frame ends. `oldest` is the number of the
    /// first segment that there is.
    fn read_last<D: Disk>(
        &mut self,
        disk: &D,
        segment: &Segment<D::File>,
        oldest: u64,
    ) -> Result<(u64, Option<TornTail>), Error> {
        let mut offset = BLOCK_BYTES;
        let mut last_frame = offset..offset;
        loop {
            let path = || disk.path(&segment.name);
            match self.read_frame(disk, segment, offset)? {
                Found::Frame { header, body } => {
                    let end = self.take(disk, segment, offset, &header, body)?;
                    last_frame = offset..end;
                    offset = end;
                }
                Found::Damaged(damage) => {
                    return Err(Error::Corrupt { path: path(), offset, damage });
                }
                Found::Unfinished(reason) => {
                    let tail = look_behind(disk, segment, offset, self.next_frame())?;
                    if let Some((number, later)) = tail.later_frame {
                        let damage = Box::new(reason);
                        let damage = Damage::Followed { damage, number, offset: later };
                        return Err(Error::Corrupt { path: path(), offset, damage });
                    }
                    if self.is_cut && !self.has_read {
                        // Nothing was removed before this frame was durable: it is no torn tail.
                        return Err(Error::Corrupt { path: path(), offset, damage: reason });
                    }
                    if !self.is_proven() {
                        let path = disk.path(&segment::name(oldest - 1));
                        let damage = Damage::MissingSegment;
                        return Err(Error::Corrupt { path, offset: 0, damage });
                    }
                    settle(disk, segment, last_frame, tail.end)?;
                    let is_torn = tail.end > offset;
                    let torn = is_torn.then(|| TornTail { path: path(), offset, reason });
                    return Ok((offset, torn));
                }
            }
        }
    }

    /// Reads what stands at `offset`. Nothing is allocated before the length is known to be the
    /// one that was written, and to lie in the file.
    fn read_frame<D: Disk>(
        &self,
        disk: &D,
        segment: &Segment<D::File>,
        offset: u64,
    ) -> Result<Found, Error> {
        let number = self.next_frame();
        let seed = segment.header.seed();
        let room = segment.header.bytes.saturating_sub(offset);
        if room < BLOCK_BYTES {
            return Ok(Found::Unfinished(Damage::NoFrame { number }));
        }
        let read_error = io_error(disk, &segment.name, "read");
        let mut block: Block = [0; BLOCK_LEN];
        segment.file.read_at(offset, &mut block).map_err(&read_error)?;
        let Some(header) = FrameHeader::decode(&block, seed) else {
            return Ok(Found::Unfinished(Damage::NoFrame { number }));
        };
        if header.number != number {
            let damage = Damage::OutOfTurn { expected: number, found: header.number };
            return Ok(Found::Damaged(damage));
        }
        if header.previous != self.checksum {
            return Ok(Found::Damaged(Damage::BrokenChain { number }));
        }
        let body_bytes = match (header.frame_bytes(), usize::try_from(header.body_bytes)) {
            (Some(frame_bytes), Ok(body_bytes)) if frame_bytes <= room => body_bytes,
            _ => return Ok(Found::Damaged(Damage::TooLong { number })),
        };
        let mut body = BytesMut::zeroed(body_bytes);
        let in_block = body_bytes.min(block.len() - HEADER_BYTES);
        let (head, rest) = body.split_at_mut(in_block);
        head.copy_from_slice(&block[HEADER_BYTES..HEADER_BYTES + in_block]);
        if !rest.is_empty() {
            segment.file.read_at(offset + BLOCK_BYTES, rest).map_err(&read_error)?;
        }
        if !header.is_body(&body, seed) {
            return Ok(Found::Unfinished(Damage::BadBody { number }));
        }
        Ok(Found::Frame { header, body: body.freeze() })
    }

    /// Does what a frame says, and returns where it ends.
    fn take<D: Disk>(
        &mut self,
        disk: &D,
        segment: &Segment<D::File>,
        offset: u64,
        header: &FrameHeader,
        mut body: Bytes,
    ) -> Result<u64, Error> {
        let number = header.number;
        let corrupt = |damage| Error::Corrupt { path: disk.path(&segment.name), offset, damage };
        while let Some(write) = frame::decode_record(&mut body) {
            let write = write.map_err(|error| corrupt(Damage::Undecodable { number, error }))?;
            self.write(write)
                .map_err(|(expected, found)| corrupt(Damage::Hole { number, expected, found }))?;
        }
        self.has_read = true;
        self.frames = number;
        self.checksum = header.checksum;
        Ok(offset + header.frame_bytes().expect("it was read, so it has an end"))
    }

    /// Does what a write says. If its entries leave a hole: which index was expected, and which
    /// one found.
    fn write(&mut self, write: Write) -> Result<(), (u64, u64)> {
        if let Some(hard_state) = write.hard_state {
            self.restored.hard_state = hard_state;
        }
        self.restored.commit = self.restored.commit.max(write.commit);
        if let Some(base) = write.base {
            self.move_base(base);
        }
        if let Some(first) = write.entries.first() {
            let first = first.position.index.0;
            self.leave_gap(first);
            let base = self.restored.base.index.0;
            let entries = &mut self.restored.entries;
            let end = base + entries.len() as u64 + 1;
            if first <= base || first > end {
                return Err((end, first));
            }
            for (expected, entry) in (first..).zip(&write.entries) {
                if entry.position.index.0 != expected {
                    return Err((expected, entry.position.index.0));
                }
            }
            let kept = usize::try_from(first - base - 1).expect("it is at most their number");
            entries.truncate(kept);
            entries.extend(write.entries);
            let last = entries.last().map_or(Index(0), |entry| entry.position.index);
            self.highest = self.highest.max(last);
        }
        Ok(())
    }

    /// Drops what is before the base; and everything, if the log does not hold it.
    fn move_base(&mut self, base: Position) {
        let Restored { base: current, entries, .. } = &mut self.restored;
        // A base never goes back. One that does was said again before a gap was found.
        if *current == base || base.index < current.index {
            return;
        }
        let is_held = entries.iter().position(|entry| entry.position == base);
        let ends_the_gap = self.unproven == Some(base.index);
        match is_held {
            Some(at) => drop(entries.drain(..=at)),
            None if ends_the_gap => {}
            None => entries.clear(),
        }
        *current = base;
        self.unproven.take_if(|missing| *missing <= base.index);
    }

    /// Before the first entries of a log whose beginning was removed, others may be missing.
    fn leave_gap(&mut self, first: u64) {
        let Restored { base, entries, .. } = &mut self.restored;
        let begins_later = entries.is_empty() && first > base.index.0 + 1;
        let begins_earlier = self.unproven.is_some() && (1..=base.index.0).contains(&first);
        if self.is_cut && (begins_later || begins_earlier) {
            entries.clear();
            *base = Position { index: Index(first).previous(), ..Position::default() };
            self.unproven = Some(base.index);
        }
    }
}

//! Reads a log back, and tells a torn tail from damage.
//!
//! One frame at a time is in flight, and it is written only after the frame before it was synced.
//! So a crash can hurt the last frame and no other:
//!
//! ```text
//!   what follows the last good frame of the last segment      what it is
//!   zeros to the end of the segment                           the end
//!   something with a blank sector, no part of a later frame   a torn tail: cut
//!   something without a blank sector                          damage: refuse
//!   something, and a header or trailer of a later frame       damage: refuse
//!   a frame that is whole and is not the next one             damage: refuse
//! ```
//!
//! In any other segment the next one's header says which frame comes last, and everything up to it
//! must be whole. And a segment that another one follows says so in a frame of its own, before
//! anybody hears of what stands in that: so the newest one is missed if it is gone.
//!
//! A log at rest ends with a seal, and so does one whose last frame changed the hard state: a frame
//! without writes, which proves that the one before was durable. What is left is the torn tail: a
//! frame of entries that lost a sector, either because it was never whole, or within milliseconds
//! after it was. Nobody can tell. So it is cut, and the log says from then on that its tail
//! may be lost ([`raft::Restored::loss`]), until the member has recovered.

use std::ops::Range;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use raft::{Index, Loss, Position, Restored, Write};

use crate::disk::{Disk, File};
use crate::error::{Damage, Error};
use crate::frame::{self, BLOCK_BYTES, BLOCK_LEN, FrameHeader, HEADER_BYTES, Record};
use crate::segment::{self, BadHeader, Block, FORMAT, Origin, SegmentHeader};
use crate::tail::{has_blank_sector, look_behind, settle};
use crate::{Identity, io_error};

/// What opening a log found, beside what was written in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The last write was cut short, and is gone.
    pub torn: Option<TornTail>,
    /// The number of the last frame.
    pub frames: u64,
    /// How many segments there are. None: the log is new.
    pub segments: u64,
}

/// A last frame that is not whole. Almost always it was being written when the power failed, and
/// was never acknowledged. As nobody can be sure, [`Restored::loss`] says that it may have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The file.
    pub path: PathBuf,
    /// The byte of the file where the frame began.
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
    /// From here on everything is zeros. Beyond `position` if the tail is torn.
    pub(crate) end: u64,
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
    /// The highest index in it: a base that is not before it makes the segment superfluous. `None`
    /// if the log begins anew after it: then it is kept until the member has recovered.
    pub(crate) highest: Option<Index>,
}

/// A file whose header was read.
pub(crate) struct Segment<F> {
    pub(crate) name: String,
    pub(crate) file: F,
    pub(crate) header: SegmentHeader,
}

/// Reads the log into `replay`. `None` if there is none. Changes nothing.
pub(crate) fn recover<D: Disk>(
    disk: &D,
    identity: Identity,
    replay: &mut Replay,
) -> Result<Option<Recovered<D::File>>, Error> {
    let numbers = segments(disk)?;
    let Some(&newest) = numbers.last() else { return Ok(None) };
    let (given_up, numbers) = numbers.split_at(beginning(disk, identity, &numbers));
    let first = numbers.first().copied().unwrap_or(newest);
    let mut expected = (first..).zip(numbers);
    if let Some((missing, _)) = expected.find(|(expected, number)| expected != *number) {
        return Err(self::missing(disk, missing));
    }
    // A process that was killed may have left a name that can be seen and is not durable yet.
    disk.sync_dir().map_err(io_error(disk, ".", "sync"))?;

    let mut segment = open_segment(disk, identity, first)?;
    replay.begin(&segment.header);
    let given_up = given_up.iter().map(|number| Covered { segment: *number, highest: None });
    let mut older = given_up.collect::<Vec<_>>();
    for number in first + 1..=newest {
        let next = open_segment(disk, identity, number)?;
        replay.read_whole(disk, &segment, next.header.first_frame)?;
        replay.enter(disk, &next)?;
        older.push(Covered { segment: number - 1, highest: Some(replay.take_highest()) });
        segment = next;
    }
    let (position, end, torn) = replay.read_last(disk, &segment, first)?;

    let recovery = Recovery { torn, frames: replay.frames, segments: newest + 1 - first };
    Ok(Some(Recovered {
        restored: std::mem::take(&mut replay.restored),
        recovery,
        last: segment,
        position,
        end,
        checksum: replay.checksum,
        older,
        highest: replay.take_highest(),
    }))
}

/// The error that a segment is not there.
fn missing<D: Disk>(disk: &D, segment: u64) -> Error {
    let path = disk.path(&segment::name(segment));
    Error::Corrupt { path, offset: 0, damage: Damage::MissingSegment }
}

/// The numbers of all segments, in order.
pub(crate) fn segments<D: Disk>(disk: &D) -> Result<Vec<u64>, Error> {
    let names = disk.list().map_err(io_error(disk, ".", "list"))?;
    let mut numbers = names.iter().filter_map(|name| segment::number(name)).collect::<Vec<_>>();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Which of the segments is the first that counts: the newest one with which the log begins anew.
pub(crate) fn beginning<D: Disk>(disk: &D, identity: Identity, numbers: &[u64]) -> usize {
    numbers.iter().rposition(|number| begins_anew(disk, identity, *number)).unwrap_or(0)
}

/// Whether that segment begins the log anew.
pub(crate) fn begins_anew<D: Disk>(disk: &D, identity: Identity, number: u64) -> bool {
    let segment = open_segment(disk, identity, number);
    segment.is_ok_and(|segment| segment.header.origin == Origin::Anew)
}

fn open_segment<D: Disk>(
    disk: &D,
    identity: Identity,
    number: u64,
) -> Result<Segment<D::File>, Error> {
    let segment = open_anybodys(disk, number)?;
    let found = segment.header.identity;
    if found == identity {
        Ok(segment)
    } else {
        Err(Error::Foreign { path: disk.path(&segment.name), expected: identity, found })
    }
}

/// Opens a segment, whosever it is.
pub(crate) fn open_anybodys<D: Disk>(disk: &D, number: u64) -> Result<Segment<D::File>, Error> {
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
pub(crate) struct Replay {
    pub(crate) restored: Restored,
    /// The number of the last frame.
    pub(crate) frames: u64,
    /// The checksum of the last frame.
    checksum: u32,
    /// Whether segments before the first one were removed. Then entries may be missing between the
    /// base, as the first frame has it, and the first entry; a later base must prove that they are
    /// not needed.
    is_cut: bool,
    /// Whether the next frame is there for sure: it was durable before its segment had its name.
    /// The first segment of all has its name before.
    expects_frame: bool,
    /// The index of the last entry that is missing, until it is proven that nobody needs it.
    unproven: Option<Index>,
    /// Whether the last frame took the place of a torn one.
    is_after_cut: bool,
    /// The highest index in the segment.
    highest: Index,
}

/// What stands at a place where a frame may begin.
enum Found {
    Frame {
        header: FrameHeader,
        body: Bytes,
    },
    /// Something that a write which was cut short may leave, if one of the sectors that it wrote
    /// for sure is blank.
    Unfinished {
        reason: Damage,
        written: Range<u64>,
    },
    /// Something that it cannot leave.
    Damaged(Damage),
}

impl Replay {
    /// Begins with what the first segment's header says of what was before it.
    fn begin(&mut self, first: &SegmentHeader) {
        self.frames = first.first_frame.saturating_sub(1);
        self.checksum = first.previous;
        self.is_cut = first.segment > 1 && first.origin == Origin::Continued;
        self.expects_frame = first.segment > 1 || first.origin == Origin::Anew;
    }

    /// Whether no entry is missing.
    pub(crate) fn is_proven(&self) -> bool {
        self.unproven.is_none()
    }

    fn take_highest(&mut self) -> Index {
        std::mem::take(&mut self.highest)
    }

    fn next_frame(&self) -> u64 {
        self.frames + 1
    }

    /// Checks that the segment goes on where the frames so far end.
    fn enter<D: Disk>(&mut self, disk: &D, segment: &Segment<D::File>) -> Result<(), Error> {
        let (number, expected) = (segment.header.first_frame, self.next_frame());
        let damage = if number != expected {
            Damage::OutOfTurn { expected, found: number }
        } else if segment.header.previous != self.checksum {
            Damage::BrokenChain { number }
        } else {
            self.expects_frame = true;
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
                Found::Unfinished { reason: damage, .. } | Found::Damaged(damage) => {
                    return Err(Error::Corrupt { path: disk.path(&segment.name), offset, damage });
                }
            }
        }
        Ok(())
    }

    /// Reads the frames of the last segment, and makes sure that what was read is durable. Returns
    /// where the last frame ends, and from where on everything is zeros. `oldest` is the number of
    /// the first segment that there is.
    fn read_last<D: Disk>(
        &mut self,
        disk: &D,
        segment: &Segment<D::File>,
        oldest: u64,
    ) -> Result<(u64, u64, Option<TornTail>), Error> {
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
                Found::Unfinished { reason, written } => {
                    let tail = look_behind(disk, segment, offset, self.next_frame())?;
                    if let Some((number, later)) = tail.later_frame {
                        let damage = Box::new(reason);
                        let damage = Damage::Followed { damage, number, offset: later };
                        return Err(Error::Corrupt { path: path(), offset, damage });
                    }
                    if self.expects_frame {
                        // It is no torn tail.
                        return Err(Error::Corrupt { path: path(), offset, damage: reason });
                    }
                    if !self.is_proven() {
                        return Err(missing(disk, oldest - 1));
                    }
                    let is_torn = tail.end > offset;
                    let may_be_whole = is_torn && !self.is_after_cut;
                    if may_be_whole && !has_blank_sector(disk, segment, &written)? {
                        let damage = Damage::NotTorn { damage: Box::new(reason) };
                        return Err(Error::Corrupt { path: path(), offset, damage });
                    }
                    settle(disk, segment, last_frame)?;
                    let torn = is_torn.then(|| TornTail { path: path(), offset, reason });
                    return Ok((offset, tail.end, torn));
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
        let no_frame = |written| Found::Unfinished { reason: Damage::NoFrame { number }, written };
        if room < BLOCK_BYTES {
            return Ok(no_frame(offset..offset));
        }
        let read_error = io_error(disk, &segment.name, "read");
        let mut block: Block = [0; BLOCK_LEN];
        segment.file.read_at(offset, &mut block).map_err(&read_error)?;
        let Some(header) = FrameHeader::decode(&block, seed) else {
            return Ok(no_frame(offset..offset + HEADER_BYTES as u64));
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
            let written = offset..offset + HEADER_BYTES as u64 + header.body_bytes;
            return Ok(Found::Unfinished { reason: Damage::BadBody { number }, written });
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
        self.is_after_cut = false;
        while let Some(record) = frame::decode_record(&mut body) {
            match record.map_err(|error| corrupt(Damage::Undecodable { number, error }))? {
                Record::Loss(loss) => self.lose(loss),
                Record::Cut => self.is_after_cut = true,
                Record::Elsewhere => return Err(missing(disk, segment.header.segment + 1)),
                Record::Write(write) => self.write(write).map_err(|(expected, found)| {
                    corrupt(Damage::Hole { number, expected, found })
                })?,
            }
        }
        self.expects_frame = false;
        self.frames = number;
        self.checksum = header.checksum;
        Ok(offset + header.frame_bytes().expect("it was read, so it has an end"))
    }

    fn lose(&mut self, loss: Loss) {
        self.restored.loss = self.restored.loss.max(Some(loss));
    }

    /// Does what a write says. If its entries leave a hole: which index was expected, and which
    /// one found.
    fn write(&mut self, write: Write) -> Result<(), (u64, u64)> {
        if let Some(hard_state) = write.hard_state {
            self.restored.hard_state = hard_state;
        }
        if write.is_recovered {
            self.restored.loss = None;
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

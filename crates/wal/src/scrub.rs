//! Reads files at rest again, while their owner goes on writing others, and says what is damaged.
//!
//! A segment is at rest when another one follows it, and a snapshot as soon as it has its name:
//! neither is written to again. What has rotted there is found before it is needed, and while the
//! owner still has all of it in memory. Files may go while they are read, which is no damage.

use std::io;
use std::path::Path;

use crate::disk::{Disk, File};
use crate::error::{Damage, Error};
use crate::frame::{BLOCK_BYTES, BLOCK_LEN, FrameHeader};
use crate::recovery::{self, open_anybodys};
use crate::salvage::whole_body;
use crate::segment::{self, Block};
use crate::{Identity, Snapshots, io_error};

/// How far the reading is. Whoever is told says whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading<'a> {
    /// That file comes now.
    Begins(&'a Path),
    /// So many more bytes were read.
    Goes(u64),
}

/// Reads the segments of a log that are at rest. What is wrong with each that is not as it was
/// written.
pub fn scrub_log<D: Disk>(
    disk: &D,
    identity: Identity,
    mut go_on: impl FnMut(Reading<'_>) -> bool,
) -> Vec<Error> {
    let numbers = match recovery::segments(disk) {
        Ok(numbers) => numbers,
        Err(error) => return vec![error],
    };
    // What was given up is damaged, and known to be.
    let counting = &numbers[recovery::beginning(disk, identity, &numbers)..];
    let mut errors = Vec::new();
    for pair in counting.windows(2) {
        match scrub_segment(disk, pair[0], &mut go_on) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) if is_gone(&error) => {}
            Err(error) => errors.push(error),
        }
    }
    errors
}

/// Reads the newest snapshot. What is wrong with it, if it is not as it was written. (The one
/// before is only there for followers that are being sent it, and they check what they get.)
pub fn scrub_snapshot<D: Disk>(
    snapshots: &Snapshots<D>,
    go_on: impl FnMut(Reading<'_>) -> bool,
) -> Option<Error> {
    snapshots.check_newest(go_on).err().filter(|error| !is_gone(error))
}

/// Reads the frames of a segment up to the one that begins the next segment. Whether to go on.
fn scrub_segment<D: Disk>(
    disk: &D,
    number: u64,
    go_on: &mut impl FnMut(Reading<'_>) -> bool,
) -> Result<bool, Error> {
    let path = disk.path(&segment::name(number));
    if !go_on(Reading::Begins(&path)) {
        return Ok(false);
    }
    let (this, next) = (open_anybodys(disk, number)?, open_anybodys(disk, number + 1)?);
    let (seed, end) = (this.header.seed(), this.header.bytes);
    let mut previous = this.header.previous;
    let mut offset = BLOCK_BYTES;
    let mut block: Block = [0; BLOCK_LEN];
    for number in this.header.first_frame..next.header.first_frame {
        let corrupt = |damage| Error::Corrupt { path: path.clone(), offset, damage };
        if offset + BLOCK_BYTES > end {
            return Err(corrupt(Damage::NoFrame { number }));
        }
        let read = this.file.read_at(offset, &mut block);
        read.map_err(io_error(disk, &this.name, "read"))?;
        let header = FrameHeader::decode(&block, seed);
        let header = header.ok_or_else(|| corrupt(Damage::NoFrame { number }))?;
        if header.number != number {
            let damage = Damage::OutOfTurn { expected: number, found: header.number };
            return Err(corrupt(damage));
        }
        if header.previous != previous {
            return Err(corrupt(Damage::BrokenChain { number }));
        }
        let bytes = header.frame_bytes().ok_or_else(|| corrupt(Damage::TooLong { number }))?;
        if whole_body(&this.file, end, offset, &header, seed).is_none() {
            return Err(corrupt(Damage::BadBody { number }));
        }
        (previous, offset) = (header.checksum, offset + bytes);
        if !go_on(Reading::Goes(bytes)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}

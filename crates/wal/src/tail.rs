//! What stands behind the last good frame of a log.
//!
//! Space that was not written yet is zeros, and a sector (512 bytes) is written whole or not at
//! all. So a write that the power cut short has left a sector of zeros where it should have written
//! something. A frame that is not right and has no such sector was written whole once, and rotted.

use std::ops::Range;

use crate::disk::{Disk, File};
use crate::error::Error;
use crate::frame::{self, BLOCK_LEN, FrameHeader};
use crate::io_error;
use crate::recovery::Segment;
use crate::segment::Block;

/// Comparing with it is fast, even in a build that is not optimised.
const ZERO_BLOCK: Block = [0; BLOCK_LEN];

/// What stands behind the last good frame.
pub(crate) struct Tail {
    /// The number of a frame after the one that is missing, and where a part of it stands.
    pub(crate) later_frame: Option<(u64, u64)>,
    /// From here on everything is zero.
    pub(crate) end: u64,
}

/// Looks at each block from `offset` to the end of the segment, for anything at all, and for a
/// header or trailer of a frame after `number`. One before it can be a part of a torn frame that
/// was cut off, and not all of which became zeros.
pub(crate) fn look_behind<D: Disk>(
    disk: &D,
    segment: &Segment<D::File>,
    offset: u64,
    number: u64,
) -> Result<Tail, Error> {
    const CHUNK_LEN: usize = 256 * 1024;
    let seed = segment.header.seed();
    let mut tail = Tail { later_frame: None, end: offset };
    let mut buffer = vec![0; CHUNK_LEN];
    let mut at = offset;
    while at < segment.header.bytes {
        let left = segment.header.bytes - at;
        let bytes = usize::try_from(left).map_or(CHUNK_LEN, |left| left.min(CHUNK_LEN));
        let chunk = &mut buffer[..bytes];
        segment.file.read_at(at, chunk).map_err(io_error(disk, &segment.name, "read"))?;
        for (block, start) in chunk.chunks(BLOCK_LEN).zip((at..).step_by(BLOCK_LEN)) {
            if block == &ZERO_BLOCK[..block.len()] {
                continue;
            }
            tail.end = start + block.len() as u64;
            let header = FrameHeader::decode(block, seed).map(|header| header.number);
            let found = header.into_iter().chain(frame::trailer(block, seed));
            if let Some(later) = found.into_iter().find(|found| *found > number) {
                tail.later_frame = Some((later, start));
                return Ok(tail);
            }
        }
        at += bytes as u64;
    }
    Ok(tail)
}

/// Whether one of the sectors in that part of a segment is blank, or there is no such part.
pub(crate) fn has_blank_sector<D: Disk>(
    disk: &D,
    segment: &Segment<D::File>,
    part: &Range<u64>,
) -> Result<bool, Error> {
    const SECTOR_BYTES: usize = 512;
    let mut sector = [0; SECTOR_BYTES];
    for at in part.clone().step_by(SECTOR_BYTES) {
        let len = usize::try_from(part.end - at).map_or(SECTOR_BYTES, |len| len.min(SECTOR_BYTES));
        let sector = &mut sector[..len];
        segment.file.read_at(at, sector).map_err(io_error(disk, &segment.name, "read"))?;
        if sector.iter().all(|byte| *byte == 0) {
            return Ok(true);
        }
    }
    Ok(part.is_empty())
}

/// Makes durable the last frame that was read.
///
/// Its sync may never have come, or have failed. After a failed sync the kernel may hold the
/// frame's pages and take them for written, so one more sync would do nothing. Writing the same
/// bytes again makes it write them. A power failure meanwhile changes no byte of a frame that was
/// durable.
pub(crate) fn settle<D: Disk>(
    disk: &D,
    segment: &Segment<D::File>,
    last_frame: Range<u64>,
) -> Result<(), Error> {
    let (file, name) = (&segment.file, &segment.name);
    if last_frame.is_empty() {
        return Ok(());
    }
    let mut block: Block = [0; BLOCK_LEN];
    for at in last_frame.step_by(BLOCK_LEN) {
        file.read_at(at, &mut block).map_err(io_error(disk, name, "read"))?;
        file.write_at(at, &block).map_err(io_error(disk, name, "write"))?;
    }
    file.sync_data().map_err(io_error(disk, name, "sync"))
}

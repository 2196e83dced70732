//! Reads any log, and says what is in it. Changes nothing.

use std::path::PathBuf;

use raft::Restored;

use crate::Identity;
use crate::disk::{Disk, File};
use crate::error::{Damage, Error};
use crate::frame::{self, BLOCK_BYTES, BLOCK_LEN, FrameHeader, Record};
use crate::io_error;
use crate::recovery::{self, Recovery, Replay, Segment};
use crate::salvage::whole_body;
use crate::segment::{Block, Origin};
use crate::tail::look_behind;

/// Something that stands in a log.
#[derive(Debug)]
pub enum Item {
    /// A segment begins.
    Segment {
        /// The file.
        path: PathBuf,
        /// Whose log it is.
        identity: Identity,
        /// How long the file is.
        bytes: u64,
        /// The number of the first frame in it.
        first_frame: u64,
        /// Whether the segments before count for nothing any more.
        begins_anew: bool,
    },
    /// A frame that is as it was written.
    Frame {
        /// The byte of the file where it begins.
        offset: u64,
        /// How long it is.
        bytes: u64,
        /// Its number.
        number: u64,
        /// What it says.
        records: Vec<Record>,
    },
    /// Something that is not as it was written, or cannot be read. What stands there to the end of
    /// the segment is not told.
    Bad(Error),
}

/// What a log holds, if it can be opened.
#[derive(Debug)]
pub struct Verified {
    /// Whose it is.
    pub identity: Identity,
    /// What it holds.
    pub restored: Restored,
    /// How it was found. A torn tail is still there.
    pub recovery: Recovery,
}

/// Whose log it is, by the first header that can be read. `None` if there is no log.
///
/// # Errors
///
/// What is wrong with the last header, if none can be read; and [`Error::Io`].
pub fn identity<D: Disk>(disk: &D) -> Result<Option<Identity>, Error> {
    let mut bad = None;
    for number in recovery::segments(disk)? {
        match recovery::open_anybodys(disk, number) {
            Ok(segment) => return Ok(Some(segment.header.identity)),
            Err(error) => bad = Some(error),
        }
    }
    bad.map_or(Ok(None), Err)
}

/// Reads a log as a member does that starts, whosever it is; but does not cut off a torn tail.
/// `None` if there is no log.
///
/// # Errors
///
/// As of [`Wal::open`](crate::Wal::open).
pub fn verify<D: Disk>(disk: &D) -> Result<Option<Verified>, Error> {
    let Some(identity) = identity(disk)? else { return Ok(None) };
    let recovered = recovery::recover(disk, identity, &mut Replay::default())?;
    Ok(recovered.map(|it| Verified { identity, restored: it.restored, recovery: it.recovery }))
}

/// Tells what stands in a log, segment by segment and frame by frame, whether it fits together or
/// not.
///
/// # Errors
///
/// [`Error::Io`], if the files cannot be listed.
pub fn inspect<D: Disk>(disk: &D, mut tell: impl FnMut(Item)) -> Result<(), Error> {
    for number in recovery::segments(disk)? {
        match recovery::open_anybodys(disk, number) {
            Ok(segment) => {
                let header = segment.header;
                tell(Item::Segment {
                    path: disk.path(&segment.name),
                    identity: header.identity,
                    bytes: header.bytes,
                    first_frame: header.first_frame,
                    begins_anew: header.origin == Origin::Anew,
                });
                if let Err(error) = tell_frames(disk, &segment, &mut tell) {
                    tell(Item::Bad(error));
                }
            }
            Err(error) => tell(Item::Bad(error)),
        }
    }
    Ok(())
}

fn tell_frames<D: Disk>(
    disk: &D,
    segment: &Segment<D::File>,
    tell: &mut impl FnMut(Item),
) -> Result<(), Error> {
    let (end, seed) = (segment.header.bytes, segment.header.seed());
    let corrupt =
        |offset, damage| Error::Corrupt { path: disk.path(&segment.name), offset, damage };
    let mut next = segment.header.first_frame;
    let mut offset = BLOCK_BYTES;
    let mut block: Block = [0; BLOCK_LEN];
    while offset + BLOCK_BYTES <= end {
        let read = segment.file.read_at(offset, &mut block);
        read.map_err(io_error(disk, &segment.name, "read"))?;
        let Some(header) = FrameHeader::decode(&block, seed) else {
            let is_end = look_behind(disk, segment, offset, u64::MAX)?.end == offset;
            let bad = corrupt(offset, Damage::NoFrame { number: next });
            return if is_end { Ok(()) } else { Err(bad) };
        };
        let number = header.number;
        let bad = || corrupt(offset, Damage::BadBody { number });
        let mut body = whole_body(&segment.file, end, offset, &header, seed).ok_or_else(bad)?;
        let records = std::iter::from_fn(|| frame::decode_record(&mut body));
        let records = records.collect::<Result<Vec<_>, _>>();
        let records =
            records.map_err(|error| corrupt(offset, Damage::Undecodable { number, error }))?;
        let bytes = header.frame_bytes().ok_or_else(bad)?;
        tell(Item::Frame { offset, bytes, number, records });
        offset += bytes;
        next = number + 1;
    }
    Ok(())
}

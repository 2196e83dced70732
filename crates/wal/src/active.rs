//! The segment that frames are written to, and the one that is being made ready to follow it.

use crate::disk::{Disk, File};
use crate::error::Error;
use crate::frame::BLOCK_BYTES;
use crate::segment::{self, NEXT_NAME, Origin, SegmentHeader};
use crate::{Config, Identity, io_error, write_zeros};

/// The segment that frames are written to.
#[derive(Debug)]
pub(crate) struct Active<F> {
    pub(crate) name: String,
    pub(crate) file: F,
    pub(crate) header: SegmentHeader,
    pub(crate) seed: u32,
    /// Where the next frame goes.
    pub(crate) position: u64,
    /// Up to where zeros were written, and synced. A frame within does not change the file's
    /// length nor its map of blocks, so its sync need not write any metadata.
    pub(crate) prepared: u64,
}

/// The file of the next segment, which has no header and no name of its own yet.
#[derive(Debug)]
pub(crate) struct Next<F> {
    pub(crate) file: F,
    /// How long it is.
    pub(crate) bytes: u64,
    /// As in [`Active`]. The first block is for the header, and made ready with what follows it.
    pub(crate) prepared: u64,
}

/// A segment that was being made ready when the process ended. Its zeros may not be durable.
pub(crate) fn remove_leftover<D: Disk>(disk: &D) -> Result<(), Error> {
    let names = disk.list().map_err(io_error(disk, ".", "list"))?;
    if names.iter().any(|name| name == NEXT_NAME) {
        disk.remove(NEXT_NAME).map_err(io_error(disk, NEXT_NAME, "remove"))?;
    }
    Ok(())
}

/// What a new segment begins with.
pub(crate) struct FirstFrame {
    pub(crate) segment: u64,
    pub(crate) number: u64,
    /// The checksum of the frame before.
    pub(crate) previous: u32,
    pub(crate) origin: Origin,
    /// How long the frame is. One that is longer than a segment gets a longer segment.
    pub(crate) bytes: u64,
}

/// Makes a segment of the next file, prepared as far as it may be, but for its name. It gets that
/// when its header and first frame are durable: a file of that name is always a segment, and holds
/// something.
pub(crate) fn head_next<D: Disk>(
    disk: &D,
    identity: Identity,
    config: &Config,
    next: Option<Next<D::File>>,
    first: &FirstFrame,
) -> Result<Active<D::File>, Error> {
    let mut next = match next {
        Some(next) => next,
        None => Next::create(disk)?,
    };
    let end = BLOCK_BYTES + first.bytes;
    // The last block is for the frame that says that the log goes on elsewhere.
    next.lengthen(disk, (end + BLOCK_BYTES).max(config.segment_bytes))?;
    let header = SegmentHeader {
        identity,
        segment: first.segment,
        bytes: next.bytes,
        first_frame: first.number,
        previous: first.previous,
        origin: first.origin,
    };
    let wanted = end.max(BLOCK_BYTES + config.step_bytes);
    if next.prepared < wanted {
        next.prepare(disk, wanted)?;
    }
    // The header is synced with the first frame.
    let write_error = io_error(disk, NEXT_NAME, "write");
    next.file.write_at(0, &header.encode()).map_err(write_error)?;

    let name = segment::name(first.segment);
    let Next { file, prepared, .. } = next;
    Ok(Active { name, file, seed: header.seed(), header, position: BLOCK_BYTES, prepared })
}

/// Gives a segment its name.
pub(crate) fn give_name<D: Disk>(disk: &D, active: &Active<D::File>) -> Result<(), Error> {
    disk.rename(NEXT_NAME, &active.name).map_err(io_error(disk, &active.name, "name"))?;
    disk.sync_dir().map_err(io_error(disk, ".", "sync"))
}

impl<F: File> Active<F> {
    /// Writes a sealed frame at the end, and syncs it.
    pub(crate) fn write<D: Disk<File = F>>(&mut self, disk: &D, frame: &[u8]) -> Result<(), Error> {
        let Self { name, file, position, .. } = self;
        file.write_at(*position, frame).map_err(io_error(disk, name, "write"))?;
        file.sync_data().map_err(io_error(disk, name, "sync"))?;
        *position += frame.len() as u64;
        Ok(())
    }
}

impl<F: File> Next<F> {
    pub(crate) fn create<D: Disk<File = F>>(disk: &D) -> Result<Self, Error> {
        let file = disk.create(NEXT_NAME).map_err(io_error(disk, NEXT_NAME, "create"))?;
        Ok(Self { file, bytes: 0, prepared: BLOCK_BYTES })
    }

    pub(crate) fn lengthen<D: Disk<File = F>>(
        &mut self,
        disk: &D,
        bytes: u64,
    ) -> Result<(), Error> {
        if self.bytes < bytes {
            self.file.set_len(bytes).map_err(io_error(disk, NEXT_NAME, "lengthen"))?;
            self.bytes = bytes;
        }
        Ok(())
    }

    pub(crate) fn prepare<D: Disk<File = F>>(&mut self, disk: &D, end: u64) -> Result<(), Error> {
        let end = end.min(self.bytes);
        let start = if self.prepared == BLOCK_BYTES { 0 } else { self.prepared };
        write_zeros(&self.file, start, end).map_err(io_error(disk, NEXT_NAME, "prepare"))?;
        self.file.sync_data().map_err(io_error(disk, NEXT_NAME, "sync"))?;
        self.prepared = end;
        Ok(())
    }
}

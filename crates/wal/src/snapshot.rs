//! Snapshots on disk: a file for each, written once.
//!
//! ```text
//!   0        the state machine's bytes
//!   n        what the snapshot stands for (raft::codec): position, configuration, n, CRC-32C of
//!            the bytes
//!   n + m    footer: magic, format, cluster, m, CRC-32C of the m bytes and of the footer so far
//! ```
//!
//! The footer comes last because neither length nor checksum is known before. A file gets its name
//! when all of it is durable, so a file of that name is a whole snapshot, or it was damaged later.
//! The newest two are kept: a leader may still be sending the older one.

use std::cmp::Reverse;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use raft::codec;
use raft::{Configuration, Position, Snapshot};

use crate::disk::{Disk, File};
use crate::error::{Damage, Error};
use crate::io_error;
use crate::scrub::Reading;

const MAGIC: [u8; 8] = *b"QUORSNP\n";
const FORMAT: u32 = 1;
const FOOTER_LEN: usize = 32;
/// More no configuration takes.
const META_BYTES_MAX: u64 = 1 << 20;
/// How much of a file is read at once when it is checked.
const PIECE_LEN: usize = 1 << 20;
/// A snapshot that is being written is synced whenever so much of it is not: a sync of the log,
/// which clients wait for, then never waits for a whole snapshot to reach the disk.
const SYNC_BYTES: u64 = 4 << 20;
const KEPT: usize = 2;
const OWN_NAME: &str = "own.tmp";
/// What the names of damaged snapshots begin with.
const ASIDE: &str = "damaged-";
const RECEIVED_NAME: &str = "received.tmp";

/// The snapshots of one member, in a directory of their own.
#[derive(Debug)]
pub struct Snapshots<D: Disk> {
    disk: D,
    cluster: u64,
}

/// A snapshot that is being written. It is nothing until it is finished.
#[derive(Debug)]
pub struct SnapshotWriter<F> {
    name: &'static str,
    file: F,
    bytes: u64,
    /// How many of these were synced.
    synced: u64,
    checksum: u32,
}

impl<D: Disk> Snapshots<D> {
    /// The snapshots in that directory. Removes what was not finished.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn open(disk: D, cluster: u64) -> Result<Self, Error> {
        let snapshots = Self { disk, cluster };
        for name in [OWN_NAME, RECEIVED_NAME] {
            snapshots.remove_if_there(name)?;
        }
        Ok(snapshots)
    }

    /// The snapshots in a directory that somebody else may write: nothing is removed.
    pub fn at_rest(disk: D, cluster: u64) -> Self {
        Self { disk, cluster }
    }

    /// The newest snapshot, all of which was read and is as it was written.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] if it is not: an older one will not do, for the log begins after this
    /// one. [`Error::Foreign`], [`Error::Format`], and [`Error::Io`].
    pub fn newest(&self) -> Result<Option<Snapshot>, Error> {
        self.positions()?.first().map(|position| self.check(*position)).transpose()
    }

    /// Reads all of a snapshot.
    fn check(&self, position: Position) -> Result<Snapshot, Error> {
        Ok(self.check_while(position, |_| true)?.expect("it was read to its end"))
    }

    /// The same, but stops when `go_on` says so; then there is nothing to say of it.
    fn check_while(
        &self,
        position: Position,
        mut go_on: impl FnMut(Reading<'_>) -> bool,
    ) -> Result<Option<Snapshot>, Error> {
        if !go_on(Reading::Begins(&self.disk.path(&name_of(position)))) {
            return Ok(None);
        }
        let snapshot = self.stat(position)?;
        let mut checksum = 0;
        let is_all = self.for_each_piece_while(&snapshot, |piece| {
            checksum = crc32c::crc32c_append(checksum, piece);
            go_on(Reading::Goes(piece.len() as u64))
        })?;
        if is_all && checksum != snapshot.checksum {
            return Err(self.corrupt(position, 0, Damage::BadContent));
        }
        Ok(is_all.then_some(snapshot))
    }

    /// Reads the newest snapshot, unless `go_on` says to stop.
    pub(crate) fn check_newest(&self, go_on: impl FnMut(Reading<'_>) -> bool) -> Result<(), Error> {
        match self.positions()?.first() {
            Some(position) => self.check_while(*position, go_on).map(drop),
            None => Ok(()),
        }
    }

    /// The newest snapshot that is whole. Those that are not are passed over: nobody may go on with
    /// an older one as if nothing were lost.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn newest_whole(&self) -> Result<Option<Snapshot>, Error> {
        for position in self.positions()? {
            match self.check(position) {
                Err(error) if error.is_damage() => {}
                result => return result.map(Some),
            }
        }
        Ok(None)
    }

    /// Takes the snapshots that are newer than `position`, or all, out of the way: under other
    /// names they count for nothing any more.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn set_aside_after(&self, position: Option<Position>) -> Result<(), Error> {
        let is_newer = |it: &Position| position.is_none_or(|position| *it > position);
        for position in self.positions()?.into_iter().filter(is_newer) {
            let name = name_of(position);
            let aside = format!("{ASIDE}{name}");
            self.remove_if_there(&aside)?;
            self.disk.rename(&name, &aside).map_err(io_error(&self.disk, &name, "rename"))?;
        }
        self.disk.sync_dir().map_err(io_error(&self.disk, ".", "sync"))
    }

    /// Removes what was set aside.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn remove_aside(&self) -> Result<(), Error> {
        let names = self.disk.list().map_err(io_error(&self.disk, ".", "list"))?;
        names.iter().filter(|name| name.starts_with(ASIDE)).try_for_each(|name| {
            self.disk.remove(name).map_err(io_error(&self.disk, name, "remove"))
        })
    }

    /// The error that no snapshot covers what is before a log.
    pub fn missing(&self) -> Error {
        let (path, damage) = (self.disk.path(""), Damage::MissingSnapshot);
        Error::Corrupt { path, offset: 0, damage }
    }

    /// Begins a snapshot of this member's own.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn create(&self) -> Result<SnapshotWriter<D::File>, Error> {
        self.begin(OWN_NAME)
    }

    /// Removes what a snapshot of this member's own has left that could not be finished: it may be
    /// that which fills the disk.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn abandon(&self) -> Result<(), Error> {
        self.remove_if_there(OWN_NAME)
    }

    /// Begins a snapshot that a leader sends.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn receive(&self) -> Result<SnapshotWriter<D::File>, Error> {
        self.begin(RECEIVED_NAME)
    }

    /// Appends a piece of a snapshot.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; then the writer is of no use any more.
    pub fn append(&self, writer: &mut SnapshotWriter<D::File>, piece: &[u8]) -> Result<(), Error> {
        let SnapshotWriter { name, file, bytes, synced, checksum } = writer;
        file.write_at(*bytes, piece).map_err(io_error(&self.disk, name, "write"))?;
        *bytes += piece.len() as u64;
        *checksum = crc32c::crc32c_append(*checksum, piece);
        if *bytes - *synced >= SYNC_BYTES {
            file.sync_data().map_err(io_error(&self.disk, name, "sync"))?;
            *synced = *bytes;
        }
        Ok(())
    }

    /// Makes a snapshot durable, under its name, and removes those that are too old to be asked
    /// for. When it returns `Ok`, the snapshot survives whatever happens.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]. There is no such snapshot then.
    pub fn finish(
        &self,
        writer: SnapshotWriter<D::File>,
        position: Position,
        configuration: Arc<Configuration>,
    ) -> Result<Snapshot, Error> {
        let SnapshotWriter { name, file, bytes, checksum, .. } = writer;
        let snapshot = Snapshot { position, configuration, bytes, checksum };
        let end = self.encode_end(&snapshot);
        file.write_at(bytes, &end).map_err(io_error(&self.disk, name, "write"))?;
        file.sync_data().map_err(io_error(&self.disk, name, "sync"))?;
        let final_name = name_of(position);
        // The same snapshot may be there: a leader sent what this member had taken itself.
        self.remove_if_there(&final_name)?;
        self.disk.rename(name, &final_name).map_err(io_error(&self.disk, name, "rename"))?;
        self.disk.sync_dir().map_err(io_error(&self.disk, ".", "sync"))?;
        for position in self.positions()?.into_iter().skip(KEPT) {
            self.remove_if_there(&name_of(position))?;
        }
        Ok(snapshot)
    }

    /// Makes a snapshot durable that a leader sent, if it is what the leader said it is.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn finish_received(
        &self,
        writer: SnapshotWriter<D::File>,
        announced: &Snapshot,
    ) -> Result<bool, Error> {
        if (writer.bytes, writer.checksum) != (announced.bytes, announced.checksum) {
            self.remove_if_there(writer.name)?;
            return Ok(false);
        }
        self.finish(writer, announced.position, announced.configuration.clone())?;
        Ok(true)
    }

    /// Reads at most `len` bytes of a snapshot, from `offset` on. `None` if it is not there any
    /// more, or is another one.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] and [`Error::Io`].
    pub fn read(
        &self,
        snapshot: &Snapshot,
        offset: u64,
        len: usize,
    ) -> Result<Option<Bytes>, Error> {
        let is_there = self.positions()?.contains(&snapshot.position);
        if !is_there || self.stat(snapshot.position)? != *snapshot {
            return Ok(None);
        }
        let name = name_of(snapshot.position);
        let file = self.disk.open(&name).map_err(io_error(&self.disk, &name, "open"))?;
        let left = usize::try_from(snapshot.bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut piece = BytesMut::zeroed(left.min(len));
        file.read_at(offset, &mut piece).map_err(io_error(&self.disk, &name, "read"))?;
        Ok(Some(piece.freeze()))
    }

    /// Reads all of a snapshot, piece by piece.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn for_each_piece(
        &self,
        snapshot: &Snapshot,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let go_on = |piece: &[u8]| {
            take(piece);
            true
        };
        self.for_each_piece_while(snapshot, go_on).map(drop)
    }

    /// The same, until `take` says to stop. Whether that was all.
    fn for_each_piece_while(
        &self,
        snapshot: &Snapshot,
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Result<bool, Error> {
        let name = name_of(snapshot.position);
        let file = self.disk.open(&name).map_err(io_error(&self.disk, &name, "open"))?;
        let mut buffer = vec![0; PIECE_LEN];
        let mut at = 0;
        while at < snapshot.bytes {
            let left = snapshot.bytes - at;
            let len = usize::try_from(left).map_or(PIECE_LEN, |left| left.min(PIECE_LEN));
            let piece = &mut buffer[..len];
            file.read_at(at, piece).map_err(io_error(&self.disk, &name, "read"))?;
            at += len as u64;
            if !take(piece) {
                return Ok(at == snapshot.bytes);
            }
        }
        Ok(true)
    }

    fn begin(&self, name: &'static str) -> Result<SnapshotWriter<D::File>, Error> {
        self.remove_if_there(name)?;
        let file = self.disk.create(name).map_err(io_error(&self.disk, name, "create"))?;
        Ok(SnapshotWriter { name, file, bytes: 0, synced: 0, checksum: 0 })
    }

    fn remove_if_there(&self, name: &str) -> Result<(), Error> {
        let names = self.disk.list().map_err(io_error(&self.disk, ".", "list"))?;
        if names.iter().any(|there| there == name) {
            self.disk.remove(name).map_err(io_error(&self.disk, name, "remove"))?;
        }
        Ok(())
    }

    /// The positions of all snapshots, the newest first.
    fn positions(&self) -> Result<Vec<Position>, Error> {
        let names = self.disk.list().map_err(io_error(&self.disk, ".", "list"))?;
        let mut positions = names.iter().filter_map(|name| position_of(name)).collect::<Vec<_>>();
        positions.sort_unstable_by_key(|position| Reverse(*position));
        Ok(positions)
    }

    /// What a snapshot stands for, from its end.
    fn stat(&self, position: Position) -> Result<Snapshot, Error> {
        let name = name_of(position);
        let read_error = io_error(&self.disk, &name, "read");
        let file = self.disk.open(&name).map_err(io_error(&self.disk, &name, "open"))?;
        let bytes = file.size().map_err(&read_error)?;
        let short = |expected| self.corrupt(position, bytes, Damage::ShortFile { bytes, expected });
        let at = bytes.checked_sub(FOOTER_LEN as u64).ok_or_else(|| short(FOOTER_LEN as u64))?;
        let mut footer = [0; FOOTER_LEN];
        file.read_at(at, &mut footer).map_err(&read_error)?;
        let damaged = || self.corrupt(position, at, Damage::BadFooter);
        let mut input = footer.strip_prefix(&MAGIC).ok_or_else(damaged)?;
        let (format, cluster) = (input.get_u32_le(), input.get_u64_le());
        let (meta_bytes, checksum) = (input.get_u64_le(), input.get_u32_le());
        if meta_bytes > META_BYTES_MAX || meta_bytes > at {
            return Err(damaged());
        }
        let mut meta = BytesMut::zeroed(usize::try_from(meta_bytes).map_err(|_| damaged())?);
        file.read_at(at - meta_bytes, &mut meta).map_err(&read_error)?;
        if checksum_of(&meta, &footer) != checksum {
            return Err(damaged());
        }
        if format != FORMAT {
            let path = self.disk.path(&name);
            return Err(Error::Format { path, found: format, supported: FORMAT });
        }
        let mut meta = meta.freeze();
        let snapshot = codec::decode_snapshot(&mut meta).map_err(|_| damaged())?;
        let is_whole = snapshot.bytes + meta_bytes == at && snapshot.position == position;
        if cluster == self.cluster && is_whole { Ok(snapshot) } else { Err(damaged()) }
    }

    fn encode_end(&self, snapshot: &Snapshot) -> BytesMut {
        let mut meta = BytesMut::new();
        codec::encode_snapshot(snapshot, &mut meta);
        let mut footer = BytesMut::with_capacity(FOOTER_LEN);
        footer.put_slice(&MAGIC);
        footer.put_u32_le(FORMAT);
        footer.put_u64_le(self.cluster);
        footer.put_u64_le(meta.len() as u64);
        footer.put_u32_le(checksum_of(&meta, &footer));
        meta.put_slice(&footer);
        meta
    }

    fn corrupt(&self, position: Position, offset: u64, damage: Damage) -> Error {
        Error::Corrupt { path: self.disk.path(&name_of(position)), offset, damage }
    }
}

/// The checksum over what a snapshot stands for and the footer before the checksum.
fn checksum_of(meta: &[u8], footer: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(meta), &footer[..FOOTER_LEN - 4])
}

/// The file of a snapshot. Names sort as positions do.
fn name_of(position: Position) -> String {
    format!("snapshot-{:016x}-{:016x}", position.term.0, position.index.0)
}

fn position_of(name: &str) -> Option<Position> {
    let (term, index) = name.strip_prefix("snapshot-")?.split_once('-')?;
    let number = |text: &str| u64::from_str_radix(text, 16).ok();
    let position = Position::new(number(index)?, number(term)?);
    // Refuses other spellings of the same position.
    (name_of(position) == name).then_some(position)
}

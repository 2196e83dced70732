//! A disk in memory that can fail, lose power, and rot.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::{Disk, File};

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;

/// What a file system gives to a file at once.
const BLOCK_BYTES: u64 = 4096;

/// A disk in memory, for tests and the simulator. Clones are the same disk.
///
/// It behaves as badly as a real one may:
/// - [`crash`](Self::crash) keeps any subset of the sectors that were written and not synced, and
///   a prefix of the directory changes that were not;
/// - a chosen operation [fails](Self::fail): a write then leaves its first half behind, and a
///   sync leaves what it should have made durable visible, not durable, and marked clean, so
///   that the next sync succeeds and says nothing about it;
/// - it is [full](Self::limit) at some size;
/// - a file [rots](Self::overwrite) without a sound.
///
/// ```
/// use wal::{Disk, File, MemoryDisk};
///
/// let disk = MemoryDisk::new();
/// let file = disk.create("kept")?;
/// file.write_at(0, b"synced")?;
/// file.sync_data()?;
/// disk.sync_dir()?;
/// disk.crash(7);
///
/// assert_eq!(disk.contents("kept").as_deref(), Some(&b"synced"[..]));
/// assert!(file.size().is_err(), "what was open before the crash is not open after it");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    state: Arc<Mutex<State>>,
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `EIO`: the device gives up on it.
    Io,
    /// `ENOSPC`: no space left.
    Full,
    /// Everything stops just before it: it and all that follow are in vain, until the
    /// [`crash`](MemoryDisk::crash) or the [`restart`](MemoryDisk::restart).
    Stop,
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many operations were asked of the disk: each call of a method of [`Disk`] or [`File`]
    /// is one (but [`Disk::path`]).
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Lets an operation fail: the one after `skip` others, counted from now.
    pub fn fail(&self, skip: u64, fault: Fault) {
        let mut state = self.state();
        state.fault = Some((state.operations + skip, fault));
    }

    /// Whether everything has stopped, by a [`Fault::Stop`].
    pub fn is_stopped(&self) -> bool {
        self.state().is_stopped
    }

    /// Lets the disk hold no more than so many bytes, in blocks of 4 KiB. A hole takes none; a
    /// write beyond fails with `ENOSPC` and leaves nothing behind.
    pub fn limit(&self, bytes: Option<u64>) {
        self.state().limit_bytes = bytes;
    }

    /// The power fails and comes back. Of what was not durable, `seed` decides what is left. All
    /// open files are closed; a fault that was asked for is forgotten.
    pub fn crash(&self, seed: u64) {
        let mut state = self.state();
        let mut random = Random(seed);
        let kept = random.below(state.unsynced_names.len() as u64 + 1);
        let mut names = std::mem::take(&mut state.durable_names);
        for change in state.unsynced_names.drain(..).take(usize::try_from(kept).unwrap_or(0)) {
            change.apply(&mut names);
        }
        state.names.clone_from(&names);
        state.durable_names = names;
        for content in state.contents.values_mut() {
            content.crash(&mut random);
        }
        state.restart();
    }

    /// The process ends and another one starts, while the machine stays up: all that was written
    /// can be read, durable or not. All open files are closed; a fault that was asked for is
    /// forgotten.
    pub fn restart(&self) {
        self.state().restart();
    }

    /// Another disk, which holds the same now.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self { state: Arc::new(Mutex::new(self.state().clone())) }
    }

    /// What a reader of that file would see; nothing if there is no such file.
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        let image = &state.contents.get(state.names.get(name)?)?.current;
        let mut bytes = vec![0; usize::try_from(image.bytes).ok()?];
        image.read(0, &mut bytes);
        Some(bytes)
    }

    /// Changes what a file holds, durably, behind everybody's back: rot. Nothing if there is no
    /// such file.
    pub fn overwrite(&self, name: &str, offset: u64, bytes: &[u8]) {
        self.edit(name, |image| image.write(offset, bytes));
    }

    /// Changes the length of a file, durably, behind everybody's back. Nothing if there is no
    /// such file.
    pub fn truncate(&self, name: &str, bytes: u64) {
        self.edit(name, |image| image.set_bytes(bytes));
    }

    fn edit(&self, name: &str, edit: impl Fn(&mut Image)) {
        let mut state = self.state();
        if let Some(&id) = state.names.get(name) {
            let content = state.contents.entry(id).or_default();
            edit(&mut content.current);
            edit(&mut content.durable);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere has not left the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk for MemoryDisk {
    type File = MemoryFile;

    fn list(&self) -> io::Result<Vec<String>> {
        let mut state = self.state();
        state.begin()?;
        Ok(state.names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<MemoryFile> {
        let mut state = self.state();
        state.begin()?;
        if state.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let id = state.contents.keys().next_back().map_or(0, |last| last + 1);
        state.contents.insert(id, Content::default());
        state.change_names(NameChange::Create { name: name.into(), id });
        Ok(MemoryFile { disk: self.clone(), id, opened_in: state.run })
    }

    fn open(&self, name: &str) -> io::Result<MemoryFile> {
        let mut state = self.state();
        state.begin()?;
        let id = *state.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(MemoryFile { disk: self.clone(), id, opened_in: state.run })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.begin()?;
        if !state.names.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.change_names(NameChange::Rename { from: from.into(), to: to.into() });
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.begin()?;
        if !state.names.contains_key(name) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.change_names(NameChange::Remove { name: name.into() });
        Ok(())
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut state = self.state();
        state.begin()?;
        state.durable_names = state.names.clone();
        state.unsynced_names.clear();
        state.free_nameless();
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(name)
    }
}

/// An open file of a [`MemoryDisk`].
#[derive(Debug)]
pub struct MemoryFile {
    disk: MemoryDisk,
    id: u64,
    /// The run in which it was opened. In the next, it is no longer open.
    opened_in: u64,
}

impl MemoryFile {
    /// Runs one operation. `on_fault` is what it leaves behind if it fails.
    fn operate<T>(
        &self,
        operation: impl FnOnce(&mut Content) -> io::Result<T>,
        on_fault: impl FnOnce(&mut Content),
    ) -> io::Result<T> {
        let mut state = self.disk.state();
        if state.run != self.opened_in {
            return Err(io::Error::other("the file was opened before the last crash or restart"));
        }
        let begun = state.begin();
        let is_stopped = state.is_stopped;
        let content = state.contents.entry(self.id).or_default();
        match begun {
            Ok(()) => operation(content),
            Err(error) => {
                if !is_stopped {
                    on_fault(content);
                }
                Err(error)
            }
        }
    }
}

impl File for MemoryFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let read = |content: &mut Content| {
            if offset + buffer.len() as u64 > content.current.bytes {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            content.current.read(offset, buffer);
            Ok(())
        };
        self.operate(read, |_| ())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let free = self.disk.state().free_blocks();
        let write = |content: &mut Content| {
            if content.new_blocks(offset, bytes) > free {
                return Err(io::ErrorKind::StorageFull.into());
            }
            content.write(offset, bytes);
            Ok(())
        };
        self.operate(write, |content| content.write(offset, &bytes[..bytes.len() / 2]))
    }

    fn size(&self) -> io::Result<u64> {
        self.operate(|content| Ok(content.current.bytes), |_| ())
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let set = |content: &mut Content| {
            content.set_bytes(bytes);
            Ok(())
        };
        self.operate(set, |_| ())
    }

    fn sync_data(&self) -> io::Result<()> {
        let sync = |content: &mut Content| {
            content.sync();
            Ok(())
        };
        self.operate(sync, |content| content.unsynced.clear())
    }
}

#[derive(Clone, Debug, Default)]
struct State {
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    /// What leads from `durable_names` to `names`.
    unsynced_names: Vec<NameChange>,
    contents: BTreeMap<u64, Content>,
    limit_bytes: Option<u64>,
    operations: u64,
    /// The number of the operation that fails, and how.
    fault: Option<(u64, Fault)>,
    is_stopped: bool,
    /// How often the process has started anew.
    run: u64,
}

impl State {
    fn restart(&mut self) {
        self.fault = None;
        self.is_stopped = false;
        self.run += 1;
    }

    /// Counts an operation, and lets it fail if it is its turn.
    fn begin(&mut self) -> io::Result<()> {
        let number = self.operations;
        self.operations += 1;
        if let Some((turn, fault)) = self.fault
            && turn == number
        {
            self.fault = None;
            match fault {
                Fault::Io => return Err(io::Error::from_raw_os_error(EIO)),
                Fault::Full => return Err(io::ErrorKind::StorageFull.into()),
                Fault::Stop => self.is_stopped = true,
            }
        }
        if self.is_stopped {
            return Err(io::Error::other("the process was stopped"));
        }
        Ok(())
    }

    fn free_blocks(&self) -> u64 {
        self.limit_bytes.map_or(u64::MAX, |bytes| {
            let used: usize = self.contents.values().map(|content| content.blocks.len()).sum();
            (bytes / BLOCK_BYTES).saturating_sub(used as u64)
        })
    }

    /// Gives back what removed files held.
    fn free_nameless(&mut self) {
        let named: BTreeSet<u64> = self.names.values().copied().collect();
        self.contents.retain(|id, _| named.contains(id));
    }

    fn change_names(&mut self, change: NameChange) {
        change.clone().apply(&mut self.names);
        self.unsynced_names.push(change);
    }
}

const EIO: i32 = 5;

#[derive(Clone, Debug)]
enum NameChange {
    Create { name: String, id: u64 },
    Rename { from: String, to: String },
    Remove { name: String },
}

impl NameChange {
    fn apply(self, names: &mut BTreeMap<String, u64>) {
        match self {
            Self::Create { name, id } => {
                names.insert(name, id);
            }
            Self::Rename { from, to } => {
                if let Some(id) = names.remove(&from) {
                    names.insert(to, id);
                }
            }
            Self::Remove { name } => {
                names.remove(&name);
            }
        }
    }
}

/// One file: what is seen, what is durable, and which sectors of the first a crash may keep.
#[derive(Clone, Debug, Default)]
struct Content {
    current: Image,
    durable: Image,
    unsynced: BTreeSet<u64>,
    unsynced_length: bool,
    /// The blocks that were ever written.
    blocks: BTreeSet<u64>,
}

impl Content {
    /// How many blocks a write would add to the file.
    fn new_blocks(&self, offset: u64, bytes: &[u8]) -> u64 {
        let end = offset + bytes.len() as u64;
        let blocks = offset / BLOCK_BYTES..end.div_ceil(BLOCK_BYTES);
        blocks.filter(|block| !self.blocks.contains(block)).count() as u64
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len() as u64;
        self.blocks.extend(offset / BLOCK_BYTES..end.div_ceil(BLOCK_BYTES));
        self.unsynced_length |= end > self.current.bytes;
        self.current.write(offset, bytes);
        self.unsynced.extend(offset / SECTOR_BYTES as u64..end.div_ceil(SECTOR_BYTES as u64));
    }

    fn set_bytes(&mut self, bytes: u64) {
        self.unsynced_length = true;
        self.current.set_bytes(bytes);
    }

    /// Carries over the sectors that wait for it, and no others: what a failed sync has dropped
    /// stays dropped.
    fn sync(&mut self) {
        self.durable.set_bytes(self.current.bytes);
        for sector in std::mem::take(&mut self.unsynced) {
            self.durable.copy_sector(&self.current, sector);
        }
        self.unsynced_length = false;
    }

    fn crash(&mut self, random: &mut Random) {
        if self.unsynced_length && random.coin() {
            self.durable.set_bytes(self.current.bytes);
        }
        for sector in std::mem::take(&mut self.unsynced) {
            if random.coin() {
                self.durable.copy_sector(&self.current, sector);
            }
        }
        self.unsynced_length = false;
        self.current = self.durable.clone();
    }
}

/// The bytes of a file. Sectors that are not in the map are zero.
#[derive(Clone, Debug, Default)]
struct Image {
    bytes: u64,
    sectors: BTreeMap<u64, Box<[u8; SECTOR_BYTES]>>,
}

impl Image {
    fn read(&self, offset: u64, buffer: &mut [u8]) {
        buffer.fill(0);
        let end = offset + buffer.len() as u64;
        let sectors = offset / SECTOR_BYTES as u64..end.div_ceil(SECTOR_BYTES as u64);
        for (sector, bytes) in self.sectors.range(sectors) {
            let start = sector * SECTOR_BYTES as u64;
            let (from, to) = (start.max(offset), end.min(start + SECTOR_BYTES as u64));
            let within = |place: u64, base: u64| usize::try_from(place - base).expect("it is near");
            buffer[within(from, offset)..within(to, offset)]
                .copy_from_slice(&bytes[within(from, start)..within(to, start)]);
        }
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) {
        for (sector, within, part) in parts(offset, bytes.len()) {
            let part = &bytes[part];
            let is_zero = is_zero(part);
            if is_zero && !self.sectors.contains_key(&sector) {
                continue;
            }
            let held = self.sectors.entry(sector).or_insert_with(|| Box::new([0; SECTOR_BYTES]));
            held[within..within + part.len()].copy_from_slice(part);
            if is_zero && self::is_zero(&held[..]) {
                self.sectors.remove(&sector);
            }
        }
        self.bytes = self.bytes.max(offset + bytes.len() as u64);
    }

    fn set_bytes(&mut self, bytes: u64) {
        if bytes < self.bytes {
            self.sectors.split_off(&bytes.div_ceil(SECTOR_BYTES as u64));
            let within = usize::try_from(bytes % SECTOR_BYTES as u64).expect("less than a sector");
            if within > 0
                && let Some(last) = self.sectors.get_mut(&(bytes / SECTOR_BYTES as u64))
            {
                last[within..].fill(0);
            }
        }
        self.bytes = bytes;
    }

    /// Takes a sector over, as far as this file reaches.
    fn copy_sector(&mut self, from: &Self, sector: u64) {
        let start = sector * SECTOR_BYTES as u64;
        if start < self.bytes {
            match from.sectors.get(&sector) {
                Some(bytes) => self.sectors.insert(sector, bytes.clone()),
                None => self.sectors.remove(&sector),
            };
            // Cuts what reaches beyond the end.
            let bytes = self.bytes;
            self.bytes = self.bytes.max(start + SECTOR_BYTES as u64);
            self.set_bytes(bytes);
        }
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Cuts `bytes` bytes at `offset` into sectors: the sector's number, where in it the part begins,
/// and where the part lies in the buffer.
fn parts(offset: u64, bytes: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at == bytes {
            return None;
        }
        let place = offset + at as u64;
        let within = usize::try_from(place % SECTOR_BYTES as u64).expect("less than a sector");
        let part = at..bytes.min(at + SECTOR_BYTES - within);
        at = part.end;
        Some((place / SECTOR_BYTES as u64, within, part))
    })
}

/// `SplitMix64`, which is enough to be arbitrary and the same again.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

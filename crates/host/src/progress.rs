//! How much of its files a member has read, while it starts.
//!
//! What is read is counted where it is read: a [`CountingDisk`] stands before the directory, and
//! whoever opens the log or makes a state of the snapshot need not know of it.

use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use wal::{Disk, File, RealDisk};

/// So much a member has read, of what it has to read before it can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// In bytes.
    pub read: u64,
    /// All of it, in bytes. The log is seldom full, so less may do.
    pub total: u64,
}

/// Counts what is read, and tells it.
pub(crate) struct Meter {
    read: AtomicU64,
    total: AtomicU64,
    tell: Box<dyn Fn(Progress) + Send + Sync>,
}

impl Meter {
    pub(crate) fn new(tell: impl Fn(Progress) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { read: 0.into(), total: 0.into(), tell: Box::new(tell) })
    }

    /// Something more is going to be read, of that length in bytes.
    pub(crate) fn expect(&self, bytes: u64) {
        self.total.fetch_add(bytes, Relaxed);
    }

    fn count(&self, bytes: u64) {
        let read = self.read.fetch_add(bytes, Relaxed) + bytes;
        (self.tell)(Progress { read, total: self.total.load(Relaxed) });
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.read.load(Relaxed), self.total.load(Relaxed))
    }
}

/// A directory whose files are read under a meter. When nobody holds that any more, it is a
/// directory like any other.
#[derive(Clone, Debug)]
pub(crate) struct CountingDisk {
    disk: RealDisk,
    meter: Weak<Meter>,
}

/// A file of such a directory.
#[derive(Debug)]
pub(crate) struct CountingFile {
    file: fs::File,
    meter: Weak<Meter>,
}

impl CountingDisk {
    pub(crate) fn new(disk: RealDisk, meter: &Arc<Meter>) -> Self {
        Self { disk, meter: Arc::downgrade(meter) }
    }

    fn counting(&self, file: fs::File) -> CountingFile {
        CountingFile { file, meter: self.meter.clone() }
    }
}

impl Disk for CountingDisk {
    type File = CountingFile;

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn create(&self, name: &str) -> io::Result<CountingFile> {
        self.disk.create(name).map(|file| self.counting(file))
    }

    fn open(&self, name: &str) -> io::Result<CountingFile> {
        self.disk.open(name).map(|file| self.counting(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.disk.sync_dir()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.disk.path(name)
    }
}

impl File for CountingFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, buffer)?;
        if let Some(meter) = self.meter.upgrade() {
            meter.count(buffer.len() as u64);
        }
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)
    }

    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

//! A directory that is looked at, and not touched.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, File};
use crate::real::names_in;

/// A directory of the file system that another process may own. Nothing in it is ever changed: what
/// is written to it is taken and goes nowhere, as reading a log writes its last frame once more;
/// what would change a name is refused.
#[derive(Clone, Debug)]
pub struct ReadOnlyDisk(PathBuf);

/// An open file of a [`ReadOnlyDisk`].
#[derive(Debug)]
pub struct ReadOnlyFile(fs::File);

impl ReadOnlyDisk {
    /// That directory.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    pub fn directory(&self) -> &Path {
        &self.0
    }
}

impl Disk for ReadOnlyDisk {
    type File = ReadOnlyFile;

    fn list(&self) -> io::Result<Vec<String>> {
        names_in(&self.0)
    }

    fn create(&self, _: &str) -> io::Result<Self::File> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn open(&self, name: &str) -> io::Result<Self::File> {
        fs::File::open(self.path(name)).map(ReadOnlyFile)
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_dir(&self) -> io::Result<()> {
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl File for ReadOnlyFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, buffer)
    }

    fn write_at(&self, _: u64, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }
}

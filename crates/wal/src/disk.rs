//! All that the log wants of a disk.

use std::fmt::Debug;
use std::io;
use std::path::PathBuf;

/// One directory, which the log has for itself.
///
/// [`RealDisk`](crate::RealDisk) is one; [`MemoryDisk`](crate::MemoryDisk) is one that can lose
/// power. What a file holds is durable after [`File::sync_data`], that it exists under its name
/// after [`Disk::sync_dir`], and nothing before.
pub trait Disk {
    /// An open file.
    type File: File + Debug;

    /// The names of all files, in any order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Creates an empty file. An error if one of that name exists.
    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file that exists.
    fn open(&self, name: &str) -> io::Result<Self::File>;

    /// Gives a file another name, which no file has.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes durable what was created, renamed and removed.
    fn sync_dir(&self) -> io::Result<()>;

    /// How error messages call the file of that name.
    fn path(&self, name: &str) -> PathBuf;
}

/// An open file, read and written at given places: it has no cursor.
pub trait File {
    /// Fills the buffer with what the file holds from `offset` on. An error if it ends before.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Writes all the bytes, from `offset` on.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// How many bytes long the file is.
    fn size(&self) -> io::Result<u64>;

    /// Cuts the file, or makes it longer by a hole that reads as zeros.
    fn set_len(&self, bytes: u64) -> io::Result<()>;

    /// Makes the content durable, and the length. When it fails, nobody can say which of the
    /// writes since the last success will survive; a second call that succeeds says nothing
    /// about them (Linux marks the pages clean). So the log never makes one.
    fn sync_data(&self) -> io::Result<()>;
}

//! A member whose state is not that of the others gives it up, and is sent it anew.
//!
//! The files of such a member may be whole: it was its memory that went wrong, or a checksum was
//! made of wrong bytes. So a file beside the log says that what it holds is not to be trusted. The
//! next start keeps what the member has voted, and treats all else as damaged ([ADR 0013]).
//!
//! [ADR 0013]: ../../../docs/adr/0013-recovering-members.md

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// The file beside the log.
const FILE: &str = "differs";

/// Has the next start of the member give up what it holds. Durable when it returns.
///
/// # Errors
/// That of the disk.
pub fn give_up_state(data_dir: &Path) -> io::Result<()> {
    let directory = data_dir.join("member");
    File::create(directory.join(FILE))?;
    File::open(directory)?.sync_all()
}

/// Whether this start is to give it up. `directory` is the log's parent.
pub(crate) fn is_given_up(directory: &Path) -> bool {
    directory.join(FILE).exists()
}

/// It is done, and durable.
pub(crate) fn end_giving_up(directory: &Path) -> io::Result<()> {
    match fs::remove_file(directory.join(FILE)) {
        Ok(()) => File::open(directory)?.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

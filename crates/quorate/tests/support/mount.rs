//! File systems that only a test uses.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::tools::skip;

/// A mounted file system. It is unmounted when this is dropped.
pub(crate) struct Mount(PathBuf);

impl Mount {
    /// A file system in memory of so many bytes. Skips the test if this user may not mount.
    pub(crate) fn tmpfs(at: &Path, bytes: u64) -> Option<Self> {
        Self::over(at, &["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"])
    }

    /// A directory once more, which cannot be written there. Skips the test if this user may not
    /// mount.
    pub(crate) fn read_only(directory: &Path, at: &Path) -> Option<Self> {
        let directory = directory.to_str().expect("a temporary name is Unicode");
        Self::over(at, &["--bind", "-o", "ro", directory])
    }

    fn over(at: &Path, arguments: &[&str]) -> Option<Self> {
        std::fs::create_dir_all(at).expect("there is room for a directory");
        let output = Command::new("mount").args(arguments).arg(at).output();
        let refusal = match output {
            Ok(output) if output.status.success() => return Some(Self(at.to_owned())),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        skip(&format!("cannot mount: {refusal}"));
        None
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily, or a process that is about to end would be in the way.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

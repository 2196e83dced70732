//! File systems that only a test uses.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tools::{skip, skip_for_want_of_rights};

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

    /// An ext4 of so many bytes in a file, which outlives the mount. Skips the test if this user
    /// may not mount.
    pub(crate) fn ext4(image: &Path, bytes: u64, at: &Path) -> Option<Self> {
        let file = File::create(image).expect("there is room for a file");
        file.set_len(bytes).expect("there is room for a hole");
        let made = Command::new("mkfs.ext4").arg("-q").arg(image).output();
        if !made.is_ok_and(|output| output.status.success()) {
            skip("mkfs.ext4 does not run");
            return None;
        }
        Self::image(image, at)
    }

    /// A file system in a file, mounted again.
    pub(crate) fn image(image: &Path, at: &Path) -> Option<Self> {
        let image = image.to_str().expect("a temporary name is Unicode");
        Self::over(at, &["-o", "loop", image])
    }

    /// The disk loses power: what was not synced by now never comes to it. From now on all that is
    /// tried fails, until the file system is mounted again.
    pub(crate) fn cut_power(&self) {
        let done = Command::new("mount").args(["-o", "remount,abort"]).arg(&self.0).status();
        assert!(done.is_ok_and(|status| status.success()), "ext4 cannot be aborted");
    }

    /// Unmounts it, when nobody uses it any more.
    pub(crate) fn unmount(self) {
        let done = Command::new("umount").arg(&self.0).status();
        assert!(done.is_ok_and(|status| status.success()), "somebody still uses it");
        std::mem::forget(self);
    }

    fn over(at: &Path, arguments: &[&str]) -> Option<Self> {
        std::fs::create_dir_all(at).expect("there is room for a directory");
        let output = Command::new("mount").args(arguments).arg(at).output();
        let refusal = match output {
            Ok(output) if output.status.success() => return Some(Self(at.to_owned())),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        skip_for_want_of_rights(&format!("cannot mount: {refusal}"));
        None
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily, or a process that is about to end would be in the way.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

//! The small files beside a member's log: what it must know before it can read that, or what the
//! log cannot say. Only their owner can read them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Creates a directory that only its owner can look into, and those above it.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a file without content durable. That it is there is all it says.
pub(crate) fn keep_mark(directory: &Path, name: &str) -> io::Result<()> {
    create(&directory.join(name))?;
    File::open(directory)?.sync_all()
}

/// Makes a file with that text durable: it is there as a whole, or as it was before.
pub(crate) fn keep_text(directory: &Path, name: &str, text: &str) -> io::Result<()> {
    let draft = directory.join(format!("{name}.new"));
    let mut file = create(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, directory.join(name))?;
    File::open(directory)?.sync_all()
}

/// What such a file says. `None` if there is none.
pub(crate) fn recall_text(directory: &Path, name: &str) -> io::Result<Option<String>> {
    match fs::read_to_string(directory.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_kept_is_recalled_and_private() {
        let above = tempfile::tempdir().unwrap();
        let directory = above.path().join("a/b");
        create_private(&directory).unwrap();
        assert_eq!(recall_text(&directory, "text").unwrap(), None);
        for text in ["first", "second"] {
            keep_text(&directory, "text", text).unwrap();
            assert_eq!(recall_text(&directory, "text").unwrap().as_deref(), Some(text));
        }
        keep_mark(&directory, "mark").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!([mode(&above.path().join("a")), mode(&directory)], [0o700; 2]);
        assert_eq!(["text", "mark"].map(|name| mode(&directory.join(name))), [0o600; 2]);
        let names = fs::read_dir(&directory).unwrap().count();
        assert_eq!(names, 2, "a draft is left");
    }
}

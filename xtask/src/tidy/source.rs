//! The text files of the tree.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::metadata::Metadata;

/// One text file.
#[derive(Debug)]
pub(super) struct Source {
    /// Its path from the root, with `/` between the names.
    pub(super) path: String,
    /// What it says.
    pub(super) text: String,
}

impl Source {
    /// A sample for a test.
    #[cfg(test)]
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_string(), text: text.to_string() }
    }

    /// The ending of its name, or the empty text.
    pub(super) fn extension(&self) -> &str {
        Path::new(&self.path).extension().and_then(|ending| ending.to_str()).unwrap_or_default()
    }

    /// Its lines, each with its number from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line))
    }
}

/// Reads every text file under `root`, in the order of the paths. Left out: what Git keeps for
/// itself, what Cargo and npm put there, and data directories.
pub(super) fn read_tree(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    read_directory(root, root, &mut sources)?;
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn read_directory(root: &Path, directory: &Path, sources: &mut Vec<Source>) -> Result<()> {
    for entry in fs::read_dir(directory).with_context(|| format!("{}", directory.display()))? {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if is_left_out(&path) {
            continue;
        }
        if kind.is_dir() {
            read_directory(root, &path, sources)?;
        } else if kind.is_file() {
            let bytes = fs::read(&path).with_context(|| format!("{}", path.display()))?;
            // What is not UTF-8 is a picture or the like.
            if let Ok(text) = String::from_utf8(bytes) {
                sources.push(Source { path: path_from(root, &path)?, text });
            }
        }
    }
    Ok(())
}

/// `.git` may also be a file: in a second work tree it says where the first one is.
fn is_left_out(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_cache = path.join("CACHEDIR.TAG").is_file();
    matches!(name, ".git" | "target" | "node_modules") || name.ends_with(".quorate") || is_cache
}

/// The root files of all that is built from the workspace, as paths from `root`.
pub(super) fn crate_roots(root: &Path, metadata: &Metadata) -> Result<Vec<String>> {
    let targets = metadata.members().flat_map(|package| &package.targets);
    targets.map(|target| path_from(root, &target.src_path)).collect()
}

fn path_from(root: &Path, path: &Path) -> Result<String> {
    let inside = path.strip_prefix(root);
    let inside = inside.with_context(|| format!("{} is outside", path.display()))?;
    let names: Option<Vec<&str>> = inside.iter().map(|name| name.to_str()).collect();
    Ok(names.with_context(|| format!("{} is no UTF-8", path.display()))?.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_read_without_what_others_put_there() {
        let name = format!("quorate-xtask-source-{}", std::process::id());
        let root = std::env::temp_dir().join(name);
        let ours = ["b/x.rs", "a.md"];
        let theirs = [".git", "target/y.rs", "e2e/node_modules/z.js", "m1.quorate/log"];
        for file in ours.iter().chain(&theirs) {
            let path = root.join(file);
            fs::create_dir_all(path.parent().expect("it is under root")).expect("root is ours");
            fs::write(path, "text").expect("its directory is there");
        }
        fs::write(root.join("picture"), [0xff, 0xfe]).expect("root is there");
        let sources = read_tree(&root);
        fs::remove_dir_all(&root).expect("it was made");
        let paths: Vec<String> =
            sources.expect("it can be read").into_iter().map(|source| source.path).collect();
        assert_eq!(paths, ["a.md", "b/x.rs"]);
    }
}

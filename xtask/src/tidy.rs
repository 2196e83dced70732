//! `cargo xtask tidy`: the project's own rules, those that no compiler knows.
//!
//! Each check is a function from what it looks at to what it found, so that its test can show it a
//! bad sample. [`run`] reads the tree once and asks all of them.

mod arrows;
mod columns;
mod leftovers;
mod lengths;
mod modules;
mod registers;
mod source;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use crate::metadata::Metadata;

/// Something that breaks a rule, or (a warning) strains one.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// Where: a file of the tree.
    path: String,
    /// The line, from 1, if it is about one line.
    line: Option<usize>,
    /// What is wrong, and what to do.
    message: String,
}

impl Finding {
    fn in_file(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_string(), line: None, message: message.into() }
    }

    fn at_line(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_string(), line: Some(line), message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

/// The roots of packages that are no members of the workspace, so that building the project need
/// not build what they compare it with.
const OUTSIDE_ROOTS: [&str; 3] =
    ["bench/core/src/main.rs", "fuzz/fuzz_targets/codec.rs", "fuzz/fuzz_targets/step.rs"];

/// Checks the tree under `root`. An error if a rule is broken; warnings are only printed.
pub(crate) fn run(root: &Path) -> Result<()> {
    let metadata = Metadata::load(root)?;
    let sources = source::read_tree(root)?;

    let mut findings = arrows::check(&metadata);
    findings.extend(columns::check(&sources));
    findings.extend(leftovers::check(&sources));
    let mut roots = source::crate_roots(root, &metadata)?;
    roots.extend(OUTSIDE_ROOTS.map(str::to_owned));
    findings.extend(modules::check(&roots, &sources));
    findings.extend(registers::check(&sources));

    for warning in lengths::check(&sources) {
        println!("warning: {warning}");
    }
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    println!("tidy: {} files, nothing found", sources.len());
    Ok(())
}

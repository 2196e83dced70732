//! `cargo xtask soak` and `cargo xtask sim-mutants`: the simulator of whole members, for long, and
//! against known bugs.
//!
//! The mutants are those of the core, and those in `crates/sim/mutants` that need a whole member to
//! show. They are made as [`mutants`](crate::mutants) makes them, in a copy of the sources.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, run as run_command};
use crate::mutants::{Mutant, copy_directory, mutants};

const DIRECTORIES: [&str; 2] = ["crates/raft/mutants", "crates/sim/mutants"];
const CRATES: [&str; 5] = ["raft", "wal", "mvcc", "replica", "sim"];
const TABLE: &str = "docs/mutants-simulated.md";
/// A mutant that is not found in so long is not found.
const SECONDS_MAX: &str = "30";

const TABLE_HEAD: &str = "# Mutants in the simulator

Bugs that Raft libraries have had, made in a copy of the sources, one at a time, and which check of
the simulator of whole members (`crates/sim`) finds each. `cargo xtask sim-mutants` writes this
page. The seconds are of one run on two cores, and without the build. What is not found here within
half a minute is found by the random runs or the golden scripts of the core; see their own table.

| bug | where it was | found by | seeds | seconds |
| --- | --- | --- | --- | --- |
";

/// Runs seeds on all cores for so many minutes.
pub(crate) fn soak(root: &Path, minutes: &str) -> Result<()> {
    let arguments = ["run", "--quiet", "--release", "--package", "sim", "--bin", "soak", "--"];
    run_command(cargo(root, &arguments).args(["--minutes", minutes]))
}

/// Hunts each mutant, or the ones of that name, and writes the table if it is all of them.
pub(crate) fn hunt_mutants(root: &Path, name: Option<&str>) -> Result<()> {
    let copy = root.join("target/sim-mutants");
    let mut table = String::from(TABLE_HEAD);
    for directory in DIRECTORIES {
        for mutant in mutants(&root.join(directory))? {
            if name.is_none_or(|name| mutant.name == name) {
                table += &hunt(root, &copy, &mutant)?;
            }
        }
    }
    if name.is_some() {
        return Ok(());
    }
    fs::write(root.join(TABLE), table).with_context(|| format!("cannot write {TABLE}"))
}

/// The mutant's row of the table.
fn hunt(root: &Path, copy: &Path, mutant: &Mutant) -> Result<String> {
    copy_sources(root, copy)?;
    for hunk in &mutant.hunks {
        hunk.apply(copy).with_context(|| format!("the mutant {}", mutant.name))?;
    }
    let mut build = cargo(copy, &["build", "--quiet", "--release", "--package", "sim"]);
    let build = build.env("RUSTFLAGS", "-Awarnings").env("CARGO_TARGET_DIR", copy.join("build"));
    let built = build.output()?;
    if !built.status.success() {
        bail!("{} cannot be built:\n{}", mutant.name, String::from_utf8_lossy(&built.stderr));
    }
    let mut soak = std::process::Command::new(copy.join("build/release/soak"));
    let output = soak.args(["--mutant", "--seconds", SECONDS_MAX]).output()?;
    let verdict = verdict(&String::from_utf8_lossy(&output.stdout));
    println!("{}: {verdict}", mutant.name);
    let mut row = String::new();
    writeln!(row, "| {} | {} | {verdict} |", mutant.title, mutant.source)?;
    Ok(row)
}

/// The last columns of the table. A panic ends the process before it says anything more than on
/// which seed.
fn verdict(said: &str) -> String {
    let words = said.lines().last().unwrap_or_default().split(' ').collect::<Vec<_>>();
    match words[..] {
        ["found", check, seeds, seconds] => format!("{check} | {seeds} | {seconds}"),
        ["not", "found", seeds, seconds] => format!("**not found** | {seeds} | {seconds}"),
        ["panic", seeds, seconds] => format!("an assertion of the core | {seeds} | {seconds}"),
        _ => format!("? | {said} | |"),
    }
}

fn copy_sources(root: &Path, copy: &Path) -> Result<()> {
    for name in CRATES {
        let to = copy.join("crates").join(name);
        if to.exists() {
            fs::remove_dir_all(&to)?;
        }
        copy_directory(&root.join("crates").join(name), &to)?;
    }
    for name in ["Cargo.lock", "rust-toolchain.toml"] {
        fs::copy(root.join(name), copy.join(name))?;
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let manifest = manifest
        .replace(r#"members = ["crates/*", "xtask"]"#, r#"members = ["crates/*"]"#)
        .replace(r#"default-members = ["crates/quorate"]"#, "");
    Ok(fs::write(copy.join("Cargo.toml"), manifest)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_becomes_columns() {
        assert_eq!(verdict("found promises 3 0.1\n"), "promises | 3 | 0.1");
        assert_eq!(verdict("not found 900 60.0"), "**not found** | 900 | 60.0");
        assert_eq!(verdict("panic 7 0.5"), "an assertion of the core | 7 | 0.5");
    }
}

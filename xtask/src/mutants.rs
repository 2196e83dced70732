//! `cargo xtask mutants`: shows that the random runs of the core would have found the bugs that
//! Raft libraries have had.
//!
//! What the random runs do not find, a golden script must.
//!
//! A *mutant* is a small text file in `crates/raft/mutants`: what is broken, in which project the
//! bug was, and what to replace by what. Each is made in a copy of the sources and run until it is
//! found. One that is not found is a hole in the tests; one that does not fit the sources any more
//! has to be written anew. The sources themselves know nothing of mutants, and have no switches.
//!
//! ```text
//! A granted vote leaves before it is durable      what is broken
//! raft-rs #372                                    where that bug was
//! found by: promises                              (for the simulator) which check has to find it
//! run with: --scenario crashes                    (for the simulator) in which runs
//! not simulated: members never send that          (for the simulator) why no run can find it
//!
//! === crates/raft/src/message.rs                  replace, in this file ...
//!             Self::Vote { granted } => *granted,
//! --->
//!             Self::Vote { .. } => false,
//! ```

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::cargo;

const MUTANTS: &str = "crates/raft/mutants";
const TABLE: &str = "docs/mutants.md";
/// A mutant that so many seeds do not find is not found.
const SEEDS_MAX: &str = "60000";

pub(crate) struct Mutant {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) source: String,
    /// The check of the simulator that has to find it, if it is there to prove that check.
    pub(crate) found_by: Option<String>,
    /// The runs of the simulator in which it is hunted.
    pub(crate) flags: Vec<String>,
    /// Why no run of the simulator can find it.
    pub(crate) not_simulated: Option<String>,
    pub(crate) hunks: Vec<Hunk>,
}

pub(crate) struct Hunk {
    path: String,
    old: String,
    new: String,
}

/// How a mutant was found.
struct Found {
    how: String,
    seeds: String,
    took: Duration,
}

/// Makes and hunts each mutant, and fails if one is not found. The copy is made anew, so the
/// command changes no file of the sources.
pub(crate) fn run(root: &Path) -> Result<()> {
    hunt_all(root).map(drop)
}

/// Does the same, and writes the table of what was found.
pub(crate) fn write_table(root: &Path) -> Result<()> {
    let table = hunt_all(root)?;
    fs::write(root.join(TABLE), table).with_context(|| format!("cannot write {TABLE}"))
}

/// Tells which mutants the exhaustive search of `crates/explore` finds in the scenarios of the
/// check. It need not find all: its clusters are small, and do not read, forward or send snapshots.
pub(crate) fn explore_all(root: &Path) -> Result<()> {
    let copy = root.join("target/mutants");
    let mutants = mutants(root)?;
    let mut found = 0;
    for Mutant { name, hunks, .. } in &mutants {
        copy_sources(root, &copy)?;
        for hunk in hunks {
            hunk.apply(&copy).with_context(|| format!("the mutant {name}"))?;
        }
        let said = explore(&copy)?;
        found += usize::from(said.is_some());
        println!("{name}: {}", said.as_deref().unwrap_or("not found"));
    }
    println!("{found} of {} found", mutants.len());
    Ok(())
}

/// Runs the search until it finds something: what, where, and after how many states.
fn explore(copy: &Path) -> Result<Option<String>> {
    let mut search = cargo(copy, &["run", "--quiet", "--package", "explore"]);
    search.env("RUSTFLAGS", "-Awarnings").env("CARGO_TARGET_DIR", copy.join("build"));
    let output = search.env("RUST_BACKTRACE", "0").output()?;
    if output.status.success() {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let report = said.lines().find(|line| line.ends_with("BROKEN"));
    let report = report.with_context(|| {
        format!("the search did not run: {}", String::from_utf8_lossy(&output.stderr))
    })?;
    let mut words = report.split_whitespace();
    let (scenario, states) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let fault = said.lines().last().unwrap_or_default();
    Ok(Some(format!("{fault} ({scenario}, {states} states)")))
}

fn hunt_all(root: &Path) -> Result<String> {
    let mutants = mutants(&root.join(MUTANTS))?;
    let copy = root.join("target/mutants");
    let mut table = String::from(TABLE_HEAD);
    let mut missed = Vec::new();
    for Mutant { name, title, source, hunks, .. } in &mutants {
        copy_sources(root, &copy)?;
        for hunk in hunks {
            hunk.apply(&copy).with_context(|| format!("the mutant {name}"))?;
        }
        let Some(Found { how, seeds, took }) = hunt(&copy)? else {
            println!("{name}: NOT FOUND");
            missed.push(name.as_str());
            continue;
        };
        let seconds = took.as_secs_f32();
        println!("{name}: found in {seeds} seeds and {seconds:.1} s: {how}");
        let how = how.replace('|', "/");
        writeln!(table, "| {title} | {source} | {how} | {seeds} | {seconds:.1} |")?;
    }
    if missed.is_empty() {
        println!("{} mutants, all found", mutants.len());
        Ok(table)
    } else {
        bail!("not found: {}", missed.join(", "))
    }
}

const TABLE_HEAD: &str = "# Mutants

Bugs that Raft libraries have had, made in a copy of the core, one at a time; and how the random
runs of `crates/raft/tests/chaos.rs` find each. `cargo xtask mutants` finds them all again, and
fails if one is not found; `cargo xtask mutants-table` writes this page. The seconds are of one run
on two cores, and without the build.

| bug | where it was | found because | seeds | seconds |
| --- | --- | --- | --- | --- |
";

/// The mutants of a directory, by name.
pub(crate) fn mutants(directory: &Path) -> Result<Vec<Mutant>> {
    let mut paths = fs::read_dir(directory)
        .with_context(|| format!("cannot list {}", directory.display()))?
        .map(|file| Ok(file?.path()))
        .collect::<Result<Vec<PathBuf>>>()?;
    paths.sort();
    paths.iter().map(|path| Mutant::read(path)).collect()
}

impl Mutant {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Self::parse(name, &text).with_context(|| format!("cannot read {}", path.display()))
    }

    fn parse(name: String, text: &str) -> Result<Self> {
        let mut parts = text.split("\n=== ");
        let mut head = parts.next().unwrap_or_default().lines();
        let title = head.next().context("it has no title")?.to_owned();
        let source = head.next().context("it does not say where the bug was")?.to_owned();
        let (mut found_by, mut flags, mut not_simulated) = (None, Vec::new(), None);
        for line in head {
            if let Some(check) = line.strip_prefix("found by: ") {
                found_by = Some(check.to_owned());
            } else if let Some(words) = line.strip_prefix("run with: ") {
                flags = words.split(' ').map(str::to_owned).collect();
            } else if let Some(reason) = line.strip_prefix("not simulated: ") {
                not_simulated = Some(reason.to_owned());
            }
        }
        let hunks = parts.map(Hunk::parse).collect::<Result<Vec<_>>>()?;
        if hunks.is_empty() {
            bail!("it changes nothing");
        }
        Ok(Self { name, title, source, found_by, flags, not_simulated, hunks })
    }
}

impl Hunk {
    fn parse(part: &str) -> Result<Self> {
        let (path, change) = part.split_once('\n').context("a hunk names its file")?;
        let (old, new) = change.split_once("\n--->\n").context("a hunk has an arrow")?;
        let new = new.trim_end_matches('\n');
        Ok(Self { path: path.to_owned(), old: old.to_owned(), new: new.to_owned() })
    }

    /// Makes the change in a copy of the sources. The old text must be there, and once.
    pub(crate) fn apply(&self, copy: &Path) -> Result<()> {
        let path = copy.join(&self.path);
        let text = fs::read_to_string(&path).with_context(|| format!("no {}", self.path))?;
        match text.matches(&self.old).count() {
            1 => Ok(fs::write(path, text.replacen(&self.old, &self.new, 1))?),
            count => bail!("what it replaces in {} is there {count} times", self.path),
        }
    }
}

/// Copies what the runs are made of: the core, its search, and the settings of the workspace.
fn copy_sources(root: &Path, copy: &Path) -> Result<()> {
    for name in ["raft", "explore"] {
        copy_directory(&root.join("crates").join(name), &copy.join("crates").join(name))?;
    }
    for name in ["Cargo.lock", "rust-toolchain.toml"] {
        fs::copy(root.join(name), copy.join(name))?;
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let manifest = manifest
        .replace(
            r#"members = ["crates/*", "xtask"]"#,
            r#"members = ["crates/raft", "crates/explore"]"#,
        )
        .replace(r#"default-members = ["crates/quorate"]"#, "");
    Ok(fs::write(copy.join("Cargo.toml"), manifest)?)
}

/// Makes `to` the same as `from`.
pub(crate) fn copy_directory(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for file in fs::read_dir(to)? {
        let file = file?;
        if from.join(file.file_name()).exists() {
            continue;
        }
        if file.file_type()?.is_dir() {
            fs::remove_dir_all(file.path())?;
        } else {
            fs::remove_file(file.path())?;
        }
    }
    for file in fs::read_dir(from)? {
        let file = file?;
        let to = to.join(file.file_name());
        if file.file_type()?.is_dir() {
            copy_directory(&file.path(), &to)?;
            continue;
        }
        let bytes = fs::read(file.path())?;
        // Cargo builds anew what was written anew, so only what the last mutant changed is.
        if fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        fs::write(to, bytes)?;
    }
    Ok(())
}

/// Runs seeds until one fails, and then the golden scripts. `None` if none of them does.
fn hunt(copy: &Path) -> Result<Option<Found>> {
    test(copy, "chaos", &["--no-run"])?;
    let started = Instant::now();
    let said = test(copy, "chaos", &["--", "every_invariant_holds_in_every_run"])?;
    if let Some(said) = said {
        let took = started.elapsed();
        let (how, seeds) = verdict(&said).with_context(|| format!("no verdict in:\n{said}"))?;
        return Ok(Some(Found { how, seeds, took }));
    }
    test(copy, "scripts", &["--no-run"])?;
    let started = Instant::now();
    let said = test(copy, "scripts", &[])?;
    let took = started.elapsed();
    let script = said.as_deref().and_then(failed_script);
    Ok(script.map(|script| {
        let how = format!("the golden script `{script}`");
        Found { how, seeds: "none".into(), took }
    }))
}

/// Runs one of the core's tests in the copy. What it prints, if it fails.
fn test(copy: &Path, name: &str, more: &[&str]) -> Result<Option<String>> {
    let mut command = cargo(copy, &["test", "--release", "--quiet", "--package", "raft"]);
    command.args(["--test", name]).args(more);
    // What a mutant leaves unused is of no interest.
    command.env("RUSTFLAGS", "-Awarnings").env("CARGO_TARGET_DIR", copy.join("build"));
    let output = command.env("QUORATE_SEEDS", SEEDS_MAX).env("RUST_BACKTRACE", "0").output()?;
    if output.status.success() {
        return Ok(None);
    }
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if more == ["--no-run"] {
        bail!("it cannot be built:\n{said}");
    }
    Ok(Some(said.into_owned()))
}

/// The first script that failed.
fn failed_script(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_prefix("---- ")?.strip_suffix(" stdout ----"))
}

/// What was broken, and at which seed, in what a failing run prints.
fn verdict(said: &str) -> Option<(String, String)> {
    let lines = said.lines().collect::<Vec<_>>();
    let at = lines.iter().position(|line| line.starts_with("(seed "))?;
    let seeds = lines[at].split("the ").nth(1)?.trim_end_matches("th)").to_owned();
    let mut how = lines[..at].iter().rev().take_while(|line| !line.is_empty()).last()?.to_string();
    if how.contains("the core panicked") {
        let panic = lines.iter().position(|line| line.contains("panicked at src/"));
        let panic = panic.or_else(|| lines.iter().position(|l| l.contains("raft/src/")));
        let message = panic.and_then(|at| lines.get(at + 1))?;
        how = format!("the core asserts: {message}");
    }
    Some((how.trim_end_matches(':').to_owned(), seeds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_is_read() {
        let text =
            "It forgets\nlib #1\n\n=== a.rs\nold\n  text\n--->\nnew\n\n=== b.rs\nx\n--->\ny\n";
        let mutant = Mutant::parse("forgets".into(), text).unwrap();
        assert_eq!((mutant.title.as_str(), mutant.source.as_str()), ("It forgets", "lib #1"));
        assert_eq!(mutant.found_by, None);
        let hunks = mutant.hunks.iter().map(|it| (&*it.path, &*it.old, &*it.new));
        let expected = [("a.rs", "old\n  text", "new"), ("b.rs", "x", "y")];
        assert_eq!(hunks.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_mutant_may_say_who_finds_it() {
        let text = "It forgets\nlib #1\nfound by: monotony\nrun with: --scenario calm\n\n\
                    === a.rs\nx\n--->\ny\n";
        let mutant = Mutant::parse("forgets".into(), text).unwrap();
        assert_eq!(mutant.found_by.as_deref(), Some("monotony"));
        assert_eq!(mutant.flags, ["--scenario", "calm"]);
    }

    #[test]
    fn a_mutant_that_changes_nothing_is_refused() {
        assert!(Mutant::parse("none".into(), "It does nothing\nnowhere\n").is_err());
    }

    #[test]
    fn a_verdict_is_found() {
        let said = "n1 tick\n\nn1 forgets term 3\n(seed 41, the 42th)\nreproduce: ...";
        assert_eq!(verdict(said), Some(("n1 forgets term 3".into(), "42".into())));
        let said = "no leader after 9 ticks:\nn1 follower\nn2 follower\n(seed 0, the 1th)";
        assert_eq!(verdict(said), Some(("no leader after 9 ticks".into(), "1".into())));
    }
}

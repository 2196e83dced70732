//! `cargo xtask soak` and `cargo xtask sim-mutants`: the simulator of whole members, for long, and
//! against known bugs.
//!
//! The mutants are those of the core, and those in `crates/sim/mutants` that need a whole member to
//! show. They are made as [`mutants`](crate::mutants) makes them, in a copy of the sources.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, read, run as run_command};
use crate::mutants::{Mutant, copy_directory, mutants};

const DIRECTORIES: [&str; 2] = ["crates/raft/mutants", "crates/sim/mutants"];
const CRATES: [&str; 6] = ["raft", "wal", "mvcc", "replica", "trace", "sim"];
const TABLE: &str = "docs/mutants-simulated.md";
/// A mutant that is not found in so many seeds is not found, however fast the machine is.
const SEEDS_MAX: &str = "10000";
/// So many mutants are hunted at a time.
const HUNTERS: usize = 2;
/// What is said of one that is not found.
const NOT_FOUND: &str = "**not found**";

/// So many seeds are run in both builds.
const SEEDS_COMPARED: u64 = 6;

const TABLE_HEAD: &str = "# Mutants in the simulator

Bugs that Raft libraries have had, made in a copy of the sources, one at a time, and which check of
the simulator of whole members (`crates/sim`) finds each. `cargo xtask sim-mutants` writes this
page. The seconds are of one run on two cores, beside another hunt, and without the build. What is
*not here* no run of whole members can bring about; the golden scripts of the core find it ([their
table](mutants.md)).

| bug | where it was | found by | seeds | seconds |
| --- | --- | --- | --- | --- |
";

/// Runs seeds on all cores for so many minutes, and then the long scenarios of the exhaustive
/// search, for a fifth of that.
pub(crate) fn soak(root: &Path, minutes: &str) -> Result<()> {
    /// Scenarios of [`explore`], of which each has its part of that time.
    const SCENARIOS: u64 = 5;
    let seconds = 60 * minutes.parse::<u64>().context("how many minutes?")?;
    let release = |package| ["run", "--quiet", "--release", "--package", package];
    let mut soak = cargo(root, &release("sim"));
    run_command(soak.args(["--bin", "soak", "--", "--minutes", minutes]))?;
    let each = (seconds / 5 / SCENARIOS).to_string();
    run_command(cargo(root, &release("explore")).args(["--", "--seconds", &each, "long"]))
}

/// Runs seeds in a debug and in a release build, and in each of them twice: the same seed must be
/// the same run, to the byte.
pub(crate) fn compare_builds(root: &Path) -> Result<()> {
    let first = run_seeds(root, "dev")?;
    for profile in ["dev", "release", "release"] {
        let again = run_seeds(root, profile)?;
        if again != first {
            bail!("the same seeds are other runs in {profile}:\n{first}\n{again}");
        }
    }
    print!("{first}");
    Ok(())
}

/// What a build says of a few seeds.
fn run_seeds(root: &Path, profile: &str) -> Result<String> {
    let arguments = ["run", "--locked", "--quiet", "--package", "sim", "--bin", "soak"];
    let run = |seed: u64| {
        let mut soak = cargo(root, &arguments);
        read(soak.args(["--profile", profile, "--", "run", "--seed", &seed.to_string()]))
    };
    (1..=SEEDS_COMPARED).map(run).collect()
}

/// Hunts the mutants whose names contain `part`, and writes the table if those are all. Fails if
/// one is not found, or not by the check that it is there to prove.
pub(crate) fn hunt_mutants(root: &Path, part: &str) -> Result<()> {
    let mut hunted = Vec::new();
    for directory in DIRECTORIES {
        hunted.extend(mutants(&root.join(directory))?);
    }
    hunted.retain(|mutant| mutant.name.contains(part));
    let verdicts = hunt_all(root, &hunted)?;

    let mut table = String::from(TABLE_HEAD);
    let mut holes = Vec::new();
    for (mutant, verdict) in hunted.iter().zip(verdicts) {
        let Mutant { name, title, source, found_by, not_simulated, .. } = mutant;
        let Some(Verdict { finder, seeds, seconds }) = verdict else {
            let reason = not_simulated.as_deref().unwrap_or_default();
            writeln!(table, "| {title} | {source} | not here: {reason} | | |")?;
            continue;
        };
        let told = finder.as_deref().unwrap_or(NOT_FOUND);
        writeln!(table, "| {title} | {source} | {told} | {seeds} | {seconds} |")?;
        if finder.is_none() || (found_by.is_some() && finder != *found_by) {
            holes.push(name);
        }
    }
    if part.is_empty() {
        fs::write(root.join(TABLE), table).with_context(|| format!("cannot write {TABLE}"))?;
    }
    if holes.is_empty() { Ok(()) } else { bail!("not found as they should be: {holes:?}") }
}

/// Hunts each that the simulator can find, some at a time: to build them takes longest.
fn hunt_all(root: &Path, hunted: &[Mutant]) -> Result<Vec<Option<Verdict>>> {
    let next = AtomicUsize::new(0);
    let hunter = |copy: PathBuf| -> Result<Vec<(usize, Verdict)>> {
        let mut verdicts = Vec::new();
        while let place = next.fetch_add(1, Ordering::Relaxed)
            && let Some(mutant) = hunted.get(place)
        {
            if mutant.not_simulated.is_some() {
                continue;
            }
            let verdict = hunt(root, &copy, mutant)?;
            let Verdict { finder, seeds, seconds } = &verdict;
            let told = finder.as_deref().unwrap_or(NOT_FOUND);
            println!("{}: {told}, {seeds} seeds, {seconds} s", mutant.name);
            verdicts.push((place, verdict));
        }
        Ok(verdicts)
    };
    let hunts = thread::scope(|scope| {
        let hunters = (0..HUNTERS).map(|number| {
            let copy = mutant_copy(root).with_extension(number.to_string());
            scope.spawn(|| hunter(copy))
        });
        let hunters = hunters.collect::<Vec<_>>();
        let ends = hunters.into_iter().map(|hunter| hunter.join().expect("it does not panic"));
        ends.collect::<Result<Vec<_>>>()
    })?;
    let mut verdicts = hunted.iter().map(|_| None).collect::<Vec<_>>();
    for (place, verdict) in hunts.into_iter().flatten() {
        verdicts[place] = Some(verdict);
    }
    Ok(verdicts)
}

/// Where mutants are made.
pub(crate) fn mutant_copy(root: &Path) -> PathBuf {
    root.join("target/sim-mutants")
}

/// Makes the mutant in that copy, and builds the programs of the simulator with it.
pub(crate) fn build_mutant(root: &Path, copy: &Path, mutant: &Mutant) -> Result<()> {
    copy_sources(root, copy)?;
    for hunk in &mutant.hunks {
        hunk.apply(copy).with_context(|| format!("the mutant {}", mutant.name))?;
    }
    let mut build = cargo(copy, &["build", "--quiet", "--release", "--package", "sim"]);
    build.env("RUSTFLAGS", "-Awarnings").env("CARGO_TARGET_DIR", copy.join("build"));
    let built = build.env("CARGO_PROFILE_RELEASE_INCREMENTAL", "true").output()?;
    if !built.status.success() {
        bail!("{} cannot be built:\n{}", mutant.name, String::from_utf8_lossy(&built.stderr));
    }
    Ok(())
}

/// Makes the mutant and runs seeds until one of them finds it.
fn hunt(root: &Path, copy: &Path, mutant: &Mutant) -> Result<Verdict> {
    build_mutant(root, copy, mutant)?;
    let mut soak = std::process::Command::new(copy.join("build/release/soak"));
    let output = soak.args(["--mutant", "--seeds", SEEDS_MAX]).args(&mutant.flags).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    Verdict::read(&said).with_context(|| format!("no verdict on {}: {said}", mutant.name))
}

/// What became of a hunt.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    /// The check that found it; an assertion of the core may, too.
    finder: Option<String>,
    seeds: String,
    seconds: String,
}

impl Verdict {
    /// Reads the last line. A panic ends the process before it says anything more than on which
    /// seed.
    fn read(said: &str) -> Option<Self> {
        let words = said.lines().last()?.split(' ').collect::<Vec<_>>();
        let (finder, seeds, seconds) = match words[..] {
            ["found", check, seeds, seconds] => (Some(check), seeds, seconds),
            ["not", "found", seeds, seconds] => (None, seeds, seconds),
            ["panic", seeds, seconds] => (Some("an assertion"), seeds, seconds),
            _ => return None,
        };
        let finder = finder.map(str::to_owned);
        Some(Self { finder, seeds: seeds.to_owned(), seconds: seconds.to_owned() })
    }
}

fn copy_sources(root: &Path, copy: &Path) -> Result<()> {
    for name in CRATES {
        copy_directory(&root.join("crates").join(name), &copy.join("crates").join(name))?;
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
    fn the_last_line_is_the_verdict() {
        let read = |said| {
            let Verdict { finder, seeds, seconds } = Verdict::read(said)?;
            Some([finder.unwrap_or_default(), seeds, seconds].join(" "))
        };
        assert_eq!(read("found promises 3 0.1\n").unwrap(), "promises 3 0.1");
        assert_eq!(read("not found 900 60.0").unwrap(), " 900 60.0");
        assert_eq!(read("panic 7 0.5").unwrap(), "an assertion 7 0.5");
        assert_eq!(read("nothing"), None);
    }
}

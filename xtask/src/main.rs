//! What the project does to itself.
//!
//! ```text
//! cargo xtask check     everything that CI runs; reads only
//! cargo xtask fix       formats the code, and takes the corrections that clippy is sure of
//! cargo xtask golden    writes the outputs in the golden scripts anew, for review
//! cargo xtask compatibility   asks a real etcd, and writes docs/compatibility.md
//! cargo xtask tidy      the project's own rules alone; also a step of check
//! cargo xtask hooks     installs a pre-commit hook of fmt and tidy
//! cargo xtask failover  measures how long a killed leader is missed, beside etcd
//! cargo xtask etcd-client   runs the tests of that client against three members
//! cargo xtask watchers  loads one member with ten thousand watchers, beside etcd; with
//!                       --watchers N, --rate EVENTS_PER_SECOND, --seconds S another load
//! cargo xtask figures   measures what storage costs, beside etcd; --short shows that it works
//! cargo xtask mutants   makes known bugs in a copy of the core; the tests must find each
//! cargo xtask mutants-table   does so, and writes docs/mutants.md
//! cargo xtask mutants-explored   tells which of them the exhaustive search finds, and where
//! cargo xtask same-runs   runs seeds in debug and release builds, which must be the same runs
//! cargo xtask soak --minutes M   runs seeds of the simulator of whole members on all cores, then
//!                       the long scenarios of the exhaustive search for a fifth of that time
//! cargo xtask power-loss --cycles N   cuts the power of members' disks so often, as root
//! cargo xtask kills --times N   kills members so often
//! cargo xtask sim-mutants   hunts the bugs in it, and writes docs/mutants-simulated.md
//! cargo xtask sim-mutants PART   hunts those whose names contain that
//! cargo xtask story-traces [PART]   records runs of the story in which a rule is missing
//! ```
//!
//! What checks and what writes are kept apart: `check` never changes a file of yours.
#![allow(clippy::print_stdout, reason = "a command-line tool talks on its standard output")]

mod check;
mod command;
mod demo;
mod failover;
mod figures;
mod metadata;
mod mutants;
mod page;
mod power;
mod recorded;
mod simulated;
mod suites;
mod tidy;
mod watchers;
mod write;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<()> {
    let root = root()?;
    let words = words.iter().map(String::as_str).collect::<Vec<_>>();
    match words[..] {
        ["watchers", ref flags @ ..] => return watchers::run_all(&root, flags),
        ["figures", "--short"] => return figures::run_short(&root),
        ["soak", "--minutes", minutes] => return simulated::soak(&root, minutes),
        ["power-loss", "--cycles", cycles] => return power::lose(&root, cycles),
        ["kills", "--times", times] => return power::kill(&root, times),
        ["sim-mutants"] => return simulated::hunt_mutants(&root, ""),
        ["sim-mutants", part] => return simulated::hunt_mutants(&root, part),
        ["story-traces"] => return recorded::record_all(&root, ""),
        ["story-traces", part] => return recorded::record_all(&root, part),
        _ => {}
    }
    let [task] = words[..] else { bail!("{USAGE}") };
    match task {
        "check" => check::run(&root),
        "fix" => write::fix(&root),
        "golden" => write::golden(&root),
        "compatibility" => write::compatibility(&root),
        "tidy" => tidy::run(&root),
        "hooks" => write::hooks(&root),
        "failover" => failover::run_all(&root),
        "etcd-client" => suites::etcd_client(&root),
        "figures" => figures::run_all(&root),
        "mutants" => mutants::run(&root),
        "same-runs" => simulated::compare_builds(&root),
        "mutants-table" => mutants::write_table(&root),
        "mutants-explored" => mutants::explore_all(&root),
        other => bail!("there is no task {other:?}\n{USAGE}"),
    }
}

const USAGE: &str = "usage: cargo xtask check | fix | golden | compatibility | tidy | hooks | \
                     failover | etcd-client | watchers [--watchers N] [--rate R] [--seconds S] | \
                     figures [--short] | mutants | mutants-table | mutants-explored | same-runs | \
                     soak --minutes M | power-loss --cycles N | kills --times N | \
                     sim-mutants [PART] | story-traces [PART]";

/// The directory of the workspace. Cargo tells it when the program runs, not when it is built: a
/// build may be shared by several copies of the project.
fn root() -> Result<PathBuf> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
    let root = Path::new(&manifest).parent().context("xtask has no parent directory")?;
    Ok(root.to_path_buf())
}

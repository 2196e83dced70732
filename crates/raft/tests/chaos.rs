//! Random runs of small clusters: whatever goes wrong, the invariants hold; and when nothing goes
//! wrong any more, the cluster works again.
//!
//! `QUORATE_SEEDS` sets how many seeds are tried, `QUORATE_SEED` the first of them, and
//! `QUORATE_STEPS` how many steps a run has before its faults end.

#[path = "support/random.rs"]
mod random;
#[path = "support/storm.rs"]
mod storm;
mod support;

use std::env;
use std::panic::{self, AssertUnwindSafe};

use storm::Storm;

const STEPS: u64 = 4000;

#[test]
fn every_invariant_holds_in_every_run() {
    let (first, count) = (setting("QUORATE_SEED", 0), setting("QUORATE_SEEDS", 300));
    for seed in first..first + count {
        if let Err(broken) = run(seed, false).1 {
            let (trace, _) = run(seed, true);
            let lines = trace.lines().collect::<Vec<_>>();
            let end = lines[lines.len().saturating_sub(60)..].join("\n");
            panic!(
                "{end}\n\n{broken}\n(seed {seed}, the {}th)\n\
                 reproduce: QUORATE_SEED={seed} QUORATE_SEEDS=1 cargo test -p raft --test chaos",
                seed - first + 1
            );
        }
    }
}

/// A run is its seed, to the last byte of its trace.
#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..10 {
        let (first, second) = (run(seed, true).0, run(seed, true).0);
        assert!(!first.is_empty() && first == second, "seed {seed} gives two traces");
    }
}

/// A run that proves nothing is no use: most must elect, commit, read and crash.
#[test]
fn runs_are_eventful() {
    let traces = (0..60).map(|seed| run(seed, true).0).collect::<String>();
    for event in [
        "leader term",
        " apply ",
        " ready at ",
        " crashes",
        "(lost)",
        "Rejected",
        "Forward",
        " changed t",
        " (n",
        "TimeoutNow",
        "Chunk of",
        " restore ",
        " base ",
    ] {
        let count = traces.lines().filter(|line| line.contains(event)).count();
        assert!(count > 20, "only {count} times {event:?}");
    }
    for event in [" loses ", " recovered", "Vote weak"] {
        let count = traces.lines().filter(|line| line.contains(event)).count();
        assert!(count > 2, "only {count} times {event:?}");
    }
}

/// Runs one seed: what happened, if that is asked for, and what was broken. A panic of the core is
/// a broken invariant too.
fn run(seed: u64, traced: bool) -> (String, Result<(), String>) {
    let steps = usize::try_from(setting("QUORATE_STEPS", STEPS)).expect("few");
    let mut storm = Storm::new(seed, traced);
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        storm.rage(steps)?;
        storm.calm()
    }));
    let outcome = outcome.unwrap_or_else(|_| Err("the core panicked, see above".into()));
    (storm.world.trace.unwrap_or_default(), outcome)
}

fn setting(name: &str, otherwise: u64) -> u64 {
    env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

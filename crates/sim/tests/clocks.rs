//! Reads under a leader's lease are right as long as clocks keep the bound (R12). Beyond it they,
//! and the leases of clients, are all that may go wrong, and it is seen.

use sim::{Scenario, Setup, Violation};

const SEEDS: u64 = 24;

fn violations(drift: u64) -> Vec<Violation> {
    let run = |seed| {
        let drift_permille = Some(drift);
        sim::run(&Setup { scenario: Scenario::Network, drift_permille, ..Setup::new(seed) })
    };
    (1..=SEEDS).filter_map(|seed| run(seed).violation).collect()
}

#[test]
fn leases_hold_within_the_bound() {
    assert_eq!(violations(Setup::DRIFT_PERMILLE_MAX), []);
}

#[test]
fn beyond_the_bound_stale_reads_are_found_and_nothing_else_breaks() {
    let violations = violations(600);
    let stale = violations.iter().filter(|violation| violation.check == "reads").count();
    assert!(stale > 0, "no stale read in {SEEDS} seeds");
    for violation in violations {
        assert!(["reads", "leases"].contains(&violation.check), "{violation}");
    }
}

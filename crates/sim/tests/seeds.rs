//! Runs of the first seeds, and of each kind of world.

use std::collections::BTreeMap;

use sim::{FaultKind, Outcome, Scenario, Setup, Situation};

/// Runs it, twice the same way, and without a violation.
fn check(setup: &Setup) -> Outcome {
    let outcome = sim::run(setup);
    if let Some(violation) = &outcome.violation {
        panic!("soak run {setup}: {violation}");
    }
    outcome
}

#[test]
fn nothing_is_wrong_in_the_first_seeds() {
    // Shorter than they could be: this is also run in builds that are not optimised.
    let run = |seed| check(&Setup { until_ms: Some(3000), ..Setup::new(seed) });
    let outcomes = (1..=12).map(run).collect::<Vec<_>>();
    let mut counts = BTreeMap::new();
    for (situation, count) in outcomes.iter().flat_map(|outcome| &outcome.situations) {
        *counts.entry(*situation).or_default() += count;
    }
    assert_eq!(Situation::missing(12, &counts), [], "never came about");
    assert!(outcomes.iter().map(|outcome| outcome.answered).sum::<u64>() > 1000);
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in [3, 8] {
        let setup = Setup::new(seed);
        assert_eq!(check(&setup), check(&setup));
    }
}

#[test]
fn a_scenario_has_only_its_faults() {
    for scenario in Scenario::ALL {
        let outcome = check(&Setup { scenario, ..Setup::new(5) });
        let kinds = outcome.faults.keys();
        match scenario {
            Scenario::Storm | Scenario::Members => {}
            Scenario::Calm => assert_eq!(kinds.count(), 0),
            Scenario::Network => assert!(!outcome.faults.contains_key(&FaultKind::Crash)),
            Scenario::Crashes | Scenario::Disks => {
                assert!(!outcome.faults.contains_key(&FaultKind::Isolation));
            }
        }
    }
}

#[test]
fn what_is_left_out_does_not_happen() {
    let setup = Setup::new(1);
    let kind = *check(&setup).faults.keys().next().expect("seed 1 has faults");
    let without = Setup { without: [kind].into(), ..setup };
    assert!(!check(&without).faults.contains_key(&kind));
}

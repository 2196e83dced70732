//! What a violation does not need is taken away: kinds of faults, clients, time, single faults.
//!
//! A step is kept if the same check still fails. What is left out draws no random numbers of
//! others, so most of the run stays as it was.

use std::collections::BTreeSet;

use crate::faults::FaultKind;
use crate::outcome::Outcome;
use crate::setup::Setup;

/// A smaller setup in which the same check fails; the same one if none is found. The outcome is
/// that of the setup.
pub fn minimise(setup: &Setup, outcome: &Outcome) -> Setup {
    let Some(violation) = &outcome.violation else { return setup.clone() };
    let mut smallest = setup.clone();
    let try_it = |smallest: &mut Setup, smaller: Setup| {
        let failed = crate::run(&smaller).violation;
        if failed.is_some_and(|it| it.check == violation.check) {
            *smallest = smaller;
        }
    };
    for kind in FaultKind::ALL {
        let mut smaller = smallest.clone();
        if outcome.faults.contains_key(&kind) && smaller.without.insert(kind) {
            try_it(&mut smallest, smaller);
        }
    }
    for clients in [1, 2, 4] {
        if smallest.clients.is_none() {
            let smaller = Setup { clients: Some(clients), ..smallest.clone() };
            try_it(&mut smallest, smaller);
        }
    }
    let at_ms = violation.at / 1000 + 1;
    let smaller = Setup { until_ms: Some(at_ms), ..smallest.clone() };
    try_it(&mut smallest, smaller);
    skip_faults(&mut smallest, &try_it);
    smallest
}

/// Leaves out halves of the faults, then quarters, down to single ones.
fn skip_faults(smallest: &mut Setup, try_it: &impl Fn(&mut Setup, Setup)) {
    /// Later faults than these are rare, and all go with the time.
    const FAULTS: u32 = 128;
    let mut size = FAULTS / 2;
    while size >= 4 {
        for start in (0..FAULTS).step_by(size as usize) {
            let part = (start..start + size).collect::<BTreeSet<_>>();
            if !part.is_subset(&smallest.skip) {
                let skip = smallest.skip.union(&part).copied().collect();
                let smaller = Setup { skip, ..smallest.clone() };
                try_it(smallest, smaller);
            }
        }
        size /= 2;
    }
}

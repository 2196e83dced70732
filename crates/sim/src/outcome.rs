//! What came of a run.

use std::collections::BTreeMap;
use std::fmt;

use crate::coverage::Situation;
use crate::event::Moment;
use crate::faults::FaultKind;

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// How many events there were.
    pub events: u64,
    /// How long it took in the world, in microseconds.
    pub duration_us: u64,
    /// How often each kind of fault happened.
    pub faults: BTreeMap<FaultKind, u64>,
    /// How often each situation came about.
    pub situations: BTreeMap<Situation, u64>,
    /// How many requests were answered.
    pub answered: u64,
    /// How many failed, or were lost.
    pub failed: u64,
    /// Of everything that happened. The same setup gives the same one.
    pub trace_hash: u64,
    /// What was broken, if anything. The run ended there.
    pub violation: Option<Violation>,
}

/// Something that must not happen has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Who says so.
    pub check: &'static str,
    /// What is wrong.
    pub text: String,
    /// When, in microseconds since the world began.
    pub at: Moment,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.at / 1000;
        write!(f, "{} at {}.{:03} s: {}", self.check, ms / 1000, ms % 1000, self.text)
    }
}

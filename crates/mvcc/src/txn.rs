//! Deciding what a transaction does, before it does anything.
//!
//! A transaction goes through three stages. All comparisons, of all levels, are judged on the
//! state before it: that gives the [`Plan`]. Then the plan is checked, on the same state: only this
//! can refuse. Then it is carried out (`write.rs`), which cannot fail, so a refused transaction
//! never leaves anything behind.

use crate::Refusal;
use crate::command::{Compare, CompareTarget, DeleteRange, Op, Put, Range, Relation, Txn};
use crate::lease::Leases;
use crate::memory::Version;
use crate::read::View;
use crate::span::span;

/// A transaction whose comparisons are decided.
pub(crate) struct Plan<'a> {
    /// Which branch was chosen.
    pub(crate) succeeded: bool,
    /// What that branch does.
    pub(crate) steps: Vec<PlanStep<'a>>,
}

/// One operation of the chosen branch.
pub(crate) enum PlanStep<'a> {
    Range(&'a Range),
    Put(&'a Put),
    DeleteRange(&'a DeleteRange),
    Txn(Plan<'a>),
}

impl<'a> Plan<'a> {
    /// Decides all comparisons of the transaction and of the chosen nested ones.
    pub(crate) fn decide(txn: &'a Txn, view: &View<'_>) -> Self {
        let succeeded = txn.compare.iter().all(|compare| holds(compare, view));
        let chosen = if succeeded { &txn.success } else { &txn.failure };
        let steps = chosen.iter().map(|op| match op {
            Op::Range(range) => PlanStep::Range(range),
            Op::Put(put) => PlanStep::Put(put),
            Op::DeleteRange(delete) => PlanStep::DeleteRange(delete),
            Op::Txn(txn) => PlanStep::Txn(Self::decide(txn, view)),
        });
        Self { succeeded, steps: steps.collect() }
    }

    /// Finds out whether the plan can be carried out: first all puts, then all ranges, as etcd.
    pub(crate) fn check(&self, view: &View<'_>, leases: &Leases) -> Result<(), Refusal> {
        self.check_puts(view, leases)?;
        self.check_ranges(view)
    }

    fn check_puts(&self, view: &View<'_>, leases: &Leases) -> Result<(), Refusal> {
        self.steps.iter().try_for_each(|step| match step {
            PlanStep::Put(put) => {
                check_kept(put, view)?;
                check_lease(put, leases)
            }
            PlanStep::Txn(plan) => plan.check_puts(view, leases),
            PlanStep::Range(_) | PlanStep::DeleteRange(_) => Ok(()),
        })
    }

    fn check_ranges(&self, view: &View<'_>) -> Result<(), Refusal> {
        self.steps.iter().try_for_each(|step| match step {
            PlanStep::Range(range) => check_range(range, view),
            PlanStep::Txn(plan) => plan.check_ranges(view),
            PlanStep::Put(_) | PlanStep::DeleteRange(_) => Ok(()),
        })
    }
}

/// Refuses a put that wants to keep the value or lease of a key that does not exist.
pub(crate) fn check_kept(put: &Put, view: &View<'_>) -> Result<(), Refusal> {
    let keeps = put.ignore_value || put.ignore_lease;
    if keeps && view.memory.get(&put.key, view.current).is_none() {
        return Err(Refusal::KeyNotFound);
    }
    Ok(())
}

/// Refuses a put that names a lease that does not exist.
pub(crate) fn check_lease(put: &Put, leases: &Leases) -> Result<(), Refusal> {
    if put.lease != 0 && leases.get(put.lease).is_none() {
        return Err(Refusal::LeaseNotFound);
    }
    Ok(())
}

/// Refuses a range at a revision that cannot be read. Unlike a range outside of a transaction, one
/// with a revision below 0 is taken literally here: etcd does so.
fn check_range(range: &Range, view: &View<'_>) -> Result<(), Refusal> {
    if range.revision > view.current {
        return Err(Refusal::FutureRevision { current: view.current });
    }
    if range.revision != 0 && range.revision < view.compacted {
        return Err(Refusal::Compacted { at: view.compacted });
    }
    Ok(())
}

/// Whether the comparison holds for each key of its range. If there is none, it is made with a key
/// that has never been: zero everywhere, and no value to compare.
fn holds(compare: &Compare, view: &View<'_>) -> bool {
    let mut scan = view.memory.scan(span(&compare.key, &compare.range_end), view.current);
    let mut found = scan.by_ref().filter_map(|(_, version)| version).peekable();
    if found.peek().is_none() {
        return holds_for(compare, None);
    }
    found.all(|version| holds_for(compare, Some(version)))
}

fn holds_for(compare: &Compare, version: Option<&Version>) -> bool {
    let live = version.and_then(|version| version.live.as_ref());
    let number = |value: Option<i64>, given: &i64| value.unwrap_or(0).cmp(given);
    let ordering = match &compare.target {
        CompareTarget::Version(given) => number(live.map(|live| live.version), given),
        CompareTarget::Create(given) => number(live.map(|live| live.create_revision), given),
        CompareTarget::Mod(given) => number(version.map(|version| version.at.main), given),
        CompareTarget::Lease(given) => number(live.map(|live| live.lease), given),
        CompareTarget::Value(given) => match live {
            Some(live) => live.value.cmp(given),
            None => return false,
        },
    };
    match compare.relation {
        Relation::Equal => ordering.is_eq(),
        Relation::NotEqual => ordering.is_ne(),
        Relation::Greater => ordering.is_gt(),
        Relation::Less => ordering.is_lt(),
        Relation::Unknown => true,
    }
}

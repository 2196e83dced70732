//! Compaction by itself, as etcd has it: by age, or by the number of revisions. Only the leader
//! compacts, but all take note, so that a new leader goes on.

use std::collections::VecDeque;
use std::time::Duration;

use mvcc::{Command, Compact, Refusal, Store};
use tokio::time::sleep;

use crate::backend::Backend;
use crate::frontend::Frontend;
use crate::status::Error;

const HOUR: Duration = Duration::from_hours(1);

/// How often revisions are counted.
const REVISION_PAUSE: Duration = Duration::from_mins(5);

/// How much history to keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoCompaction {
    /// All of it, until somebody compacts.
    #[default]
    Off,
    /// That of so much time. It is compacted once in that time, at most once an hour.
    Periodic(Duration),
    /// So many revisions. Looked after every five minutes.
    Revisions(i64),
}

/// Compacts, without end.
pub(super) async fn run<B: Backend>(frontend: &Frontend<B>, compaction: AutoCompaction) {
    let (mut plan, pause) = match compaction {
        AutoCompaction::Off => return,
        AutoCompaction::Periodic(period) => (Plan::periodic(period), pause_of(period)),
        AutoCompaction::Revisions(kept) => (Plan::Revisions { kept, last: 0 }, REVISION_PAUSE),
    };
    loop {
        plan.note(frontend.backend().read(Store::revision));
        sleep(pause).await;
        if !frontend.backend().status().is_leader() {
            continue;
        }
        let Some(revision) = plan.due(frontend.backend().read(Store::revision)) else { continue };
        match frontend.as_system().apply(&Command::Compact(Compact { revision })).await {
            Ok(_) | Err(Error::Refused(Refusal::Compacted { .. })) => {
                tracing::info!(revision, "compacted the history, as configured");
                plan.done(revision);
            }
            Err(error) => tracing::warn!(revision, %error, "cannot compact for now"),
        }
    }
}

/// etcd looks ten times in a period, or in an hour.
fn pause_of(period: Duration) -> Duration {
    period.min(HOUR) / 10
}

/// What to compact when, told in pauses.
#[derive(Debug)]
enum Plan {
    Periodic {
        /// The revision at the beginning of each pause of the last period, the oldest first.
        revisions: VecDeque<i64>,
        /// How many pauses a period has.
        pauses: usize,
        /// How many pauses are between two compactions.
        interval: usize,
        /// How many pauses to wait.
        wait: usize,
        /// The last revision that was compacted.
        last: i64,
    },
    Revisions {
        kept: i64,
        last: i64,
    },
}

impl Plan {
    fn periodic(period: Duration) -> Self {
        let count = |time: Duration| {
            let pauses = time.as_nanos() / pause_of(period).as_nanos().max(1);
            usize::try_from(pauses).unwrap_or(usize::MAX)
        };
        let (pauses, interval) = (count(period), count(period.min(HOUR)));
        Self::Periodic { revisions: VecDeque::new(), pauses, interval, wait: pauses, last: 0 }
    }

    /// A pause begins.
    fn note(&mut self, revision: i64) {
        if let Self::Periodic { revisions, pauses, wait, .. } = self {
            revisions.push_back(revision);
            // One more, as in etcd: what was before all of the last period.
            if revisions.len() > *pauses + 1 {
                revisions.pop_front();
            }
            *wait = wait.saturating_sub(1);
        }
    }

    /// A pause has ended: the revision to compact now, if it is time.
    fn due(&self, current: i64) -> Option<i64> {
        match self {
            Self::Periodic { revisions, wait, last, .. } => {
                let oldest = *revisions.front()?;
                (*wait == 0 && oldest != *last).then_some(oldest)
            }
            Self::Revisions { kept, last } => {
                let revision = current.saturating_sub(*kept);
                (revision > 0 && revision != *last).then_some(revision)
            }
        }
    }

    /// It is compacted.
    fn done(&mut self, revision: i64) {
        match self {
            Self::Periodic { wait, interval, last, .. } => {
                (*wait, *last) = (*interval, revision);
            }
            Self::Revisions { last, .. } => *last = revision,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets pauses pass, with ten new revisions in each. Returns, of each compaction, the pause
    /// after which it was, and the revision.
    fn compactions(plan: &mut Plan, pauses: i64) -> Vec<(i64, i64)> {
        let mut done = Vec::new();
        for pause in 1..=pauses {
            plan.note(10 * (pause - 1) + 1);
            if let Some(revision) = plan.due(10 * pause + 1) {
                plan.done(revision);
                done.push((pause, revision));
            }
        }
        done
    }

    #[test]
    fn an_hour_is_kept_and_compacted_every_hour() {
        assert_eq!(pause_of(HOUR), Duration::from_mins(6));
        let mut plan = Plan::periodic(HOUR);
        // Nothing in the first hour; then what was an hour before, and up to a pause more.
        assert_eq!(compactions(&mut plan, 35), [(10, 1), (20, 91), (30, 191)]);
    }

    #[test]
    fn a_day_is_kept_and_compacted_every_hour() {
        assert_eq!(pause_of(24 * HOUR), Duration::from_mins(6));
        let done = compactions(&mut Plan::periodic(24 * HOUR), 262);
        assert_eq!(done, [(240, 1), (250, 91), (260, 191)]);
    }

    #[test]
    fn minutes_are_kept_and_compacted_as_often() {
        assert_eq!(pause_of(Duration::from_mins(5)), Duration::from_secs(30));
        assert_eq!(compactions(&mut Plan::periodic(Duration::from_mins(5)), 20).len(), 2);
    }

    #[test]
    fn a_number_of_revisions_is_kept() {
        let mut plan = Plan::Revisions { kept: 25, last: 0 };
        assert_eq!(plan.due(25), None);
        assert_eq!(plan.due(30), Some(5));
        plan.done(5);
        assert_eq!(plan.due(30), None, "nothing is new");
        assert_eq!(plan.due(31), Some(6));
    }
}

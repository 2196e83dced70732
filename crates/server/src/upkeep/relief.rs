//! The end of an alarm for lack of space.
//!
//! In etcd somebody has to disarm it, after a compaction and a defragmentation. Here a compaction
//! gives the space back, so the member disarms its own alarm when its store has become smaller and
//! what was refused would fit. An alarm that somebody raised by hand, with space left, stays until
//! then too.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mvcc::{Alarm, AlarmCommand, Command, MemberAlarm, Store};
use tokio::time::sleep;

use crate::backend::Backend;
use crate::frontend::Frontend;

/// How often to look.
const PAUSE: Duration = Duration::from_millis(500);

/// What was refused because there was no space.
#[derive(Debug, Default)]
pub(crate) struct Refused(Mutex<Shortage>);

/// How large the store was then, and by how much it was to grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shortage {
    size: u64,
    cost: u64,
}

impl Refused {
    /// Takes notice.
    pub(crate) fn note(&self, size: u64, cost: u64) {
        let mut shortage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *shortage = Shortage { size: shortage.size.max(size), cost: shortage.cost.max(cost) };
    }

    fn shortage(&self) -> Shortage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Shortage::default();
    }
}

/// Looks now and then, without end.
pub(super) async fn run<B: Backend>(frontend: &Frontend<B>) {
    let Some(quota) = frontend.options().quota_bytes else { return };
    let member_id = frontend.backend().status().member_id;
    let alarm = MemberAlarm { alarm: Alarm::NoSpace, member_id };
    // An alarm from before the start was raised for a full store.
    frontend.refused().note(quota, 0);
    loop {
        let look = |store: &Store| (store.alarms().contains(&alarm), store.size_bytes());
        let (is_raised, size) = frontend.backend().read(look);
        if is_raised {
            frontend.refused().note(size, 0);
            if is_over(frontend.refused().shortage(), size, quota) {
                let disarm = Command::Alarm(AlarmCommand::Disarm(alarm));
                match frontend.as_system().apply(&disarm).await {
                    Ok(_) => tracing::info!(size, quota, "there is space again"),
                    Err(error) => tracing::warn!(%error, "cannot disarm the alarm for now"),
                }
            }
        } else {
            frontend.refused().forget();
        }
        sleep(PAUSE).await;
    }
}

/// Whether the store has shrunk since, so that what was refused fits.
fn is_over(Shortage { size: before, cost }: Shortage, size: u64, quota: u64) -> bool {
    size < before && size + cost < quota
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_when_what_was_refused_fits() {
        let shortage = Shortage { size: 95, cost: 10 };
        assert!(!is_over(shortage, 95, 100), "nothing has changed");
        assert!(!is_over(shortage, 90, 100), "smaller, and still too large");
        assert!(is_over(shortage, 89, 100));
    }

    #[test]
    fn the_largest_counts() {
        let refused = Refused::default();
        refused.note(95, 10);
        refused.note(90, 20);
        assert_eq!(refused.shortage(), Shortage { size: 95, cost: 20 });
        refused.forget();
        assert_eq!(refused.shortage(), Shortage::default());
    }
}

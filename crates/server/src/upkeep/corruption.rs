//! The watch over the members' stores: whether they are the same, and what is done if not.
//!
//! ```text
//!   leader, now and then      every member whose alarm is raised
//!        │ compare                 │ compare again
//!        ▼                         ▼
//!   n3 is wrong:              it differs from a majority: it gives up what it holds, starts
//!   raise its alarm           again, and is sent all of it anew
//!   they differ, and nobody   it is as the others (again): disarm its alarm
//!   knows who is wrong:       nobody can tell: wait
//!   raise that of all
//! ```
//!
//! While the alarm is raised, for whichever member, nothing is written. A member gives up its store
//! only if a majority of all members has just said to have another one, so one that is right is
//! never lost for a false alarm. The alarm of all is that of member 0, as in etcd; the leader
//! disarms it when a comparison tells who is wrong, or that nobody is.

use std::collections::BTreeSet;
use std::time::Duration;

use mvcc::{Alarm, AlarmCommand, MemberAlarm, Verdict};
use tokio::time::sleep;

use crate::backend::Backend;
use crate::comparison::compare;
use crate::frontend::Frontend;
use crate::status::Error;

/// How often to look for an alarm.
const PAUSE: Duration = Duration::from_millis(500);

/// The member that is named when nobody knows which one is wrong.
const ALL: u64 = 0;

/// A majority of the members has another store than this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Differs;

/// Why a member that was told to compare its store before it serves does not serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It is wrong.
    Differs,
    /// Some member is wrong, and nobody knows which one.
    Split,
}

/// Compares this member's store once, before it serves. Members that cannot be reached are left
/// out; if that are too many, nothing is known against this one.
///
/// # Errors
/// A [`Doubt`].
pub async fn check_at_start<B: Backend>(frontend: &Frontend<B>) -> Result<(), Doubt> {
    let own = frontend.backend().status().member_id;
    match compare(frontend).await {
        Ok(Verdict::Wrong(ids)) if ids.contains(&own) => Err(Doubt::Differs),
        Ok(Verdict::Split) => Err(Doubt::Split),
        Ok(Verdict::AllAgree | Verdict::MajorityAgrees | Verdict::Wrong(_)) => {
            tracing::info!("this member's store is that of the others");
            Ok(())
        }
        Ok(Verdict::Unknown) => {
            tracing::warn!("too few members answer to compare their stores with this one's");
            Ok(())
        }
        Err(error) => {
            tracing::warn!(%error, "cannot compare this member's store with those of the others");
            Ok(())
        }
    }
}

/// Has the members compared as often as that, without end, while this one leads.
pub(super) async fn watch<B: Backend>(frontend: &Frontend<B>, period: Option<Duration>) {
    let Some(period) = period else { return };
    loop {
        sleep(period).await;
        if frontend.backend().status().is_leader()
            && let Err(error) = check(frontend).await
        {
            tracing::warn!(%error, "cannot compare the members' stores for now");
        }
    }
}

/// Compares once, and raises and disarms alarms by it.
async fn check<B: Backend>(frontend: &Frontend<B>) -> Result<(), Error> {
    let (wrong, is_known) = match compare(frontend).await? {
        Verdict::AllAgree => (BTreeSet::new(), true),
        Verdict::Wrong(ids) => (ids, true),
        Verdict::Split => (BTreeSet::from([ALL]), false),
        Verdict::MajorityAgrees | Verdict::Unknown => (BTreeSet::new(), false),
    };
    for id in wrong {
        if !is_raised(frontend, id) {
            frontend.change_alarm(AlarmCommand::Raise(corrupt(id))).await?;
        }
    }
    if is_known && is_raised(frontend, ALL) {
        frontend.change_alarm(AlarmCommand::Disarm(corrupt(ALL))).await?;
    }
    Ok(())
}

/// Looks after the alarm of this member, until it is right: then the member is to give up its
/// store.
pub(super) async fn watch_own<B: Backend>(frontend: &Frontend<B>) -> Differs {
    let own = frontend.backend().status().member_id;
    loop {
        sleep(PAUSE).await;
        // One that is alone has nobody to ask: whoever raised its alarm may disarm it.
        let is_alone = frontend.backend().members().len() <= 1;
        if is_alone || !is_raised(frontend, own) {
            continue;
        }
        match compare(frontend).await {
            Ok(Verdict::Wrong(ids)) if ids.contains(&own) => return Differs,
            Ok(Verdict::AllAgree | Verdict::MajorityAgrees | Verdict::Wrong(_)) => {
                match frontend.change_alarm(AlarmCommand::Disarm(corrupt(own))).await {
                    Ok(()) => tracing::info!("this member's store is that of the others"),
                    Err(error) => tracing::warn!(%error, "cannot disarm the alarm for now"),
                }
            }
            Ok(Verdict::Split | Verdict::Unknown) => {}
            Err(error) => tracing::warn!(%error, "cannot compare this member's store for now"),
        }
    }
}

fn corrupt(member_id: u64) -> MemberAlarm {
    MemberAlarm { alarm: Alarm::Corrupt, member_id }
}

fn is_raised<B: Backend>(frontend: &Frontend<B>, member_id: u64) -> bool {
    frontend.backend().read(|store| store.alarms().contains(&corrupt(member_id)))
}

//! What a member does by itself, beside answering: it forgets old history when it is told to,
//! disarms its alarm when there is space again, and watches whether the members' stores are the
//! same.

mod compaction;
mod corruption;
mod relief;

use std::time::Duration;

pub use self::compaction::AutoCompaction;
pub use self::corruption::{Differs, Doubt, check_at_start};
pub(crate) use self::relief::Refused;

use crate::backend::Backend;
use crate::frontend::Frontend;

/// Does all of it. `compare_every` says how often the leader compares the members' stores; `None`
/// for never. Ends if this member's store turns out to be another one than the others'.
pub async fn upkeep<B: Backend>(
    frontend: Frontend<B>,
    compaction: AutoCompaction,
    compare_every: Option<Duration>,
) -> Differs {
    let endless = async {
        tokio::join!(
            relief::run(&frontend),
            compaction::run(&frontend, compaction),
            corruption::watch(&frontend, compare_every),
        );
        // There may be nothing to do.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = endless => unreachable!("it is endless"),
        differs = corruption::watch_own(&frontend) => differs,
    }
}

//! What a member does by itself, beside answering: it forgets old history when it is told to, and
//! disarms its alarm when there is space again.

mod compaction;
mod relief;

pub use self::compaction::AutoCompaction;
pub(crate) use self::relief::Refused;

use crate::backend::Backend;
use crate::frontend::Frontend;

/// Does all of it, without end.
pub async fn upkeep<B: Backend>(frontend: Frontend<B>, compaction: AutoCompaction) {
    tokio::join!(relief::run(&frontend), compaction::run(&frontend, compaction));
}

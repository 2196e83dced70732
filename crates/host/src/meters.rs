//! Counters that anybody may read while the threads count.

use std::sync::atomic::AtomicU64;

/// What a host counts since it started.
#[derive(Debug, Default)]
pub struct Meters {
    /// Proposals of clients here that failed.
    pub proposals_failed: AtomicU64,
    /// How often another leader came up.
    pub leader_changes: AtomicU64,
}

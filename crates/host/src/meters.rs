//! Counters that anybody may read while the threads count.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};

use raft::NodeId;

use crate::traffic::Traffic;

/// What a host counts since it started.
#[derive(Debug, Default)]
pub struct Meters {
    /// Proposals of clients here that failed.
    pub proposals_failed: AtomicU64,
    /// How often another leader came up.
    pub leader_changes: AtomicU64,
    /// What goes between this member and each other one that it ever knew.
    traffic: Mutex<BTreeMap<NodeId, Arc<Traffic>>>,
    /// Bytes of files at rest that were read to see whether they are whole.
    pub scrubbed_bytes: AtomicU64,
    /// Damages that were found so.
    pub scrub_damages: AtomicU64,
    is_disk_full: AtomicBool,
}

impl Meters {
    /// What goes between this member and the others.
    pub fn traffic(&self) -> Vec<(NodeId, Arc<Traffic>)> {
        let traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.iter().map(|(id, traffic)| (*id, traffic.clone())).collect()
    }

    /// Where that is counted for one other member.
    pub(crate) fn traffic_with(&self, peer: NodeId) -> Arc<Traffic> {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.entry(peer).or_default().clone()
    }

    /// Whether the log finds no more space on its disk. It has some left that it made ready before;
    /// whoever keeps what is dispensable from being written lets the member last longer.
    pub fn is_disk_full(&self) -> bool {
        self.is_disk_full.load(Relaxed)
    }

    /// Says whether it is, and returns whether it was.
    pub(crate) fn set_disk_full(&self, is_full: bool) -> bool {
        self.is_disk_full.swap(is_full, Relaxed)
    }
}

//! Counters that anybody may read while the threads count.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What a host counts since it started.
#[derive(Debug, Default)]
pub struct Meters {
    /// How long the log takes to write and sync one frame.
    pub log_sync: Histogram,
    /// Proposals that came from clients here.
    pub proposals: AtomicU64,
    /// Proposals that failed.
    pub proposals_failed: AtomicU64,
    /// How often another leader came up.
    pub leader_changes: AtomicU64,
    /// Bytes sent to other members.
    pub peer_sent_bytes: AtomicU64,
    /// Bytes received from other members.
    pub peer_received_bytes: AtomicU64,
}

/// Durations, counted by etcd's bounds: 1 ms, 2 ms, 4 ms, and so on up to 8.192 s.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; Self::BOUNDS + 1],
    sum_us: AtomicU64,
}

impl Histogram {
    const BOUNDS: usize = 14;

    /// Counts one duration.
    pub fn observe(&self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = (0..Self::BOUNDS).find(|bucket| us <= 1000 << bucket);
        self.buckets[bucket.unwrap_or(Self::BOUNDS)].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(us, Relaxed);
    }

    /// The upper bounds in seconds, each with how many durations were not longer; the last bound
    /// is infinite.
    pub fn cumulative(&self) -> Vec<(f64, u64)> {
        let mut total = 0;
        let bounds = (0..Self::BOUNDS).map(|bucket| f64::from(1 << bucket) / 1000.0);
        bounds
            .chain([f64::INFINITY])
            .zip(&self.buckets)
            .map(|(bound, count)| {
                total += count.load(Relaxed);
                (bound, total)
            })
            .collect()
    }

    /// The sum of all durations.
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_us.load(Relaxed))
    }
}

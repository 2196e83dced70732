//! What becomes of leases, counted as it is applied.

use mvcc::{LeaseCommand, LeaseOutcome, Response};
use prometheus::{Histogram, HistogramOpts, IntCounter, Registry, exponential_buckets};

use super::{counter, register};

/// The counters.
#[derive(Debug)]
pub(super) struct LeaseMetrics {
    granted: IntCounter,
    renewed: IntCounter,
    revoked: IntCounter,
    expired: IntCounter,
    ttls: Histogram,
}

impl LeaseMetrics {
    pub(super) fn new(registry: &Registry) -> Self {
        let counter = |name, help| counter(registry, name, help);
        let buckets = exponential_buckets(1.0, 2.0, 24).expect("the bounds are valid");
        let help = "How many seconds leases live.";
        let ttls = HistogramOpts::new("etcd_debugging_lease_ttl_total", help).buckets(buckets);
        Self {
            granted: counter("etcd_debugging_lease_granted_total", "Leases that were granted."),
            renewed: counter("etcd_debugging_lease_renewed_total", "Times that one was renewed."),
            revoked: counter("etcd_debugging_lease_revoked_total", "Leases that ended."),
            expired: counter(
                "etcd_debugging_server_lease_expired_total",
                "Leases that ended because they were not renewed.",
            ),
            ttls: register(registry, Histogram::with_opts(ttls).expect("the name is valid")),
        }
    }

    /// Counts a command that was applied with success.
    pub(super) fn applied(&self, command: &LeaseCommand, response: &Response) {
        let Response::Lease(answer) = response else { return };
        match &answer.outcome {
            LeaseOutcome::Granted => {
                self.granted.inc();
                if let LeaseCommand::Grant { ttl_seconds, .. } = command {
                    #[expect(clippy::cast_precision_loss, reason = "it only finds its bucket")]
                    self.ttls.observe(*ttl_seconds as f64);
                }
            }
            LeaseOutcome::Revoked => self.revoked.inc(),
            LeaseOutcome::Renewed(ttls) => {
                self.renewed.inc_by(ttls.iter().flatten().count() as u64);
            }
            LeaseOutcome::Expired(true) => {
                self.revoked.inc();
                self.expired.inc();
            }
            LeaseOutcome::Expired(false) | LeaseOutcome::Checkpointed => {}
        }
    }
}

//! What can be counted, under the names that dashboards for etcd know.
//!
//! Made with the `prometheus` crate because it keeps names and types as they are given and knows
//! the process; one for `OpenMetrics` would rename some of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mvcc::{Change, Command, Reply, Store};
use prometheus::core::Collector;
#[cfg(target_os = "linux")]
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder, exponential_buckets,
};

use crate::backend::{Backend, MemberStatus};
use crate::frontend::Options;
use crate::grpc_meter::GrpcMeter;
use crate::watch::Counts;

/// The counters of a member.
///
/// Some are fed as things happen: the services count reads, and whoever runs the member calls
/// [`applied`](Self::applied) and [`wal_synced`](Self::wal_synced). The others are taken from the
/// member when somebody looks.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    pub(crate) ranges: IntCounter,
    pub(crate) txns: IntCounter,
    pub(crate) watch_events: IntCounter,
    pub(crate) health_successes: IntCounter,
    pub(crate) health_failures: IntCounter,
    puts: IntCounter,
    deletes: IntCounter,
    wal_sync_seconds: Histogram,
    apply_seconds: Histogram,
    grpc: Arc<GrpcMeter>,
    check_ok: IntGaugeVec,
    checks: IntCounterVec,
    /// Locked while they are brought up to date and written out.
    taken: Mutex<Taken>,
}

/// What is taken from the member.
#[derive(Debug)]
struct Taken {
    has_leader: IntGauge,
    is_leader: IntGauge,
    leader_changes: IntCounter,
    proposals_committed: IntGauge,
    proposals_applied: IntGauge,
    proposals_pending: IntGauge,
    proposals_failed: IntCounter,
    keys: IntGauge,
    revision: IntGauge,
    compacted_revision: IntGauge,
    db_size: IntGauge,
    db_size_in_use: IntGauge,
    watch_streams: IntGauge,
    watchers: IntGauge,
    slow_watchers: IntGauge,
    pending_events: IntGauge,
    quota: IntGauge,
    is_learner: IntGauge,
}

impl Metrics {
    /// Counters that are all zero.
    ///
    /// # Panics
    /// Never: the names are fixed, and valid.
    pub fn new() -> Self {
        let registry = Registry::new();
        #[cfg(target_os = "linux")]
        registry
            .register(Box::new(ProcessCollector::for_self()))
            .expect("no other collector knows the process");
        let counter = |name, help| counter(&registry, name, help);
        let checks = ["type", "name", "status"];
        let checks = IntCounterVec::new(
            Opts::new("etcd_server_healthchecks_total", "Checks, by outcome."),
            &checks,
        );
        let check_ok = IntGaugeVec::new(
            Opts::new("etcd_server_healthcheck", "How a check went last time."),
            &["type", "name"],
        );
        Self {
            ranges: counter("etcd_mvcc_range_total", "Ranges that were read."),
            txns: counter("etcd_mvcc_txn_total", "Transactions, applied or only read."),
            watch_events: counter("etcd_debugging_mvcc_events_total", "Events sent to watchers."),
            health_successes: counter("etcd_server_health_success", "Health checks that passed."),
            health_failures: counter("etcd_server_health_failures", "Health checks that failed."),
            puts: counter("etcd_mvcc_put_total", "Puts that were applied."),
            deletes: counter("etcd_mvcc_delete_total", "Keys whose deletion was applied."),
            wal_sync_seconds: histogram(
                &registry,
                "etcd_disk_wal_fsync_duration_seconds",
                "How long it took to make writes to the log durable.",
            ),
            apply_seconds: histogram(
                &registry,
                "etcd_disk_backend_commit_duration_seconds",
                "How long it took to apply a command. That is in memory: the log is on the disk.",
            ),
            grpc: Arc::new(GrpcMeter::new(&registry)),
            check_ok: register(&registry, check_ok.expect("the names are valid")),
            checks: register(&registry, checks.expect("the names are valid")),
            taken: Mutex::new(Taken::new(&registry)),
            registry,
        }
    }

    /// Counts how long a command took to apply.
    pub(crate) fn took(&self, duration: Duration) {
        self.apply_seconds.observe(duration.as_secs_f64());
    }

    /// Counts a command that was applied here, and what it changed.
    pub fn applied(&self, command: &Command, reply: &Reply) {
        if matches!(command, Command::Txn(_)) && reply.result.is_ok() {
            self.txns.inc();
        }
        for change in &reply.changes {
            match change {
                Change::Put { .. } => self.puts.inc(),
                Change::Delete { .. } => self.deletes.inc(),
            }
        }
    }

    /// Counts a write to the log that became durable, and how long that took.
    pub fn wal_synced(&self, duration: Duration) {
        self.wal_sync_seconds.observe(duration.as_secs_f64());
    }

    /// Counts a check of how the member is.
    pub(crate) fn checked(&self, kind: &str, name: &str, is_ok: bool) {
        self.check_ok.with_label_values(&[kind, name]).set(is_ok.into());
        let status = if is_ok { "success" } else { "error" };
        self.checks.with_label_values(&[kind, name, status]).inc();
    }

    /// Where calls of gRPC are counted.
    pub(crate) fn grpc(&self) -> Arc<GrpcMeter> {
        self.grpc.clone()
    }

    /// Everything, in Prometheus' text format.
    pub(crate) fn render(
        &self,
        backend: &impl Backend,
        options: &Options,
        watches: Counts,
    ) -> String {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.take_status(&backend.status());
        taken.quota.set(options.quota_bytes.map_or(0, gauge_value));
        backend.read(|store| taken.take_store(store));
        taken.take_watches(watches);
        let families = self.registry.gather();
        TextEncoder::new().encode_to_string(&families).expect("writing to memory cannot fail")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Taken {
    fn new(registry: &Registry) -> Self {
        let counter = |name, help| counter(registry, name, help);
        let gauge =
            |name, help| register(registry, IntGauge::new(name, help).expect("the name is valid"));
        Self {
            has_leader: gauge("etcd_server_has_leader", "Whether there is a leader."),
            is_leader: gauge("etcd_server_is_leader", "Whether this member leads."),
            leader_changes: counter(
                "etcd_server_leader_changes_seen_total",
                "How often another member became leader.",
            ),
            proposals_committed: gauge(
                "etcd_server_proposals_committed_total",
                "The commit index.",
            ),
            proposals_applied: gauge(
                "etcd_server_proposals_applied_total",
                "The index of the last applied entry.",
            ),
            proposals_pending: gauge(
                "etcd_server_proposals_pending",
                "Proposals that wait to be committed.",
            ),
            proposals_failed: counter(
                "etcd_server_proposals_failed_total",
                "Proposals that failed.",
            ),
            keys: gauge("etcd_debugging_mvcc_keys_total", "Keys in the store."),
            revision: gauge("etcd_debugging_mvcc_current_revision", "The latest revision."),
            compacted_revision: gauge(
                "etcd_debugging_mvcc_compact_revision",
                "The revision of the last compaction.",
            ),
            quota: gauge("etcd_server_quota_backend_bytes", "Bytes that the store may take."),
            is_learner: gauge("etcd_server_is_learner", "Whether this member only learns."),
            db_size: gauge("etcd_mvcc_db_total_size_in_bytes", "Bytes that the store takes."),
            db_size_in_use: gauge(
                "etcd_mvcc_db_total_size_in_use_in_bytes",
                "Bytes of the store that hold something.",
            ),
            watch_streams: gauge("etcd_debugging_mvcc_watch_stream_total", "Streams of watches."),
            watchers: gauge("etcd_debugging_mvcc_watcher_total", "Watchers."),
            slow_watchers: gauge(
                "etcd_debugging_mvcc_slow_watcher_total",
                "Watchers that have not heard all there is.",
            ),
            pending_events: gauge(
                "etcd_debugging_mvcc_pending_events_total",
                "Responses to watchers that wait to be sent.",
            ),
        }
    }

    fn take_status(&self, status: &MemberStatus) {
        self.has_leader.set(status.leader.is_some().into());
        self.is_leader.set(status.is_leader().into());
        self.is_learner.set(status.is_learner.into());
        advance(&self.leader_changes, status.leader_changes);
        self.proposals_committed.set(gauge_value(status.commit));
        self.proposals_applied.set(gauge_value(status.applied));
        self.proposals_pending.set(gauge_value(status.proposals_pending));
        advance(&self.proposals_failed, status.proposals_failed);
    }

    fn take_store(&self, store: &Store) {
        self.keys.set(gauge_value(store.key_count() as u64));
        self.revision.set(store.revision());
        self.compacted_revision.set(store.compacted_revision().unwrap_or(-1));
        self.db_size.set(gauge_value(store.size_bytes()));
        self.db_size_in_use.set(gauge_value(store.size_bytes()));
    }

    fn take_watches(&self, counts: Counts) {
        let Counts { streams, watchers, slow_watchers, pending } = counts;
        self.watch_streams.set(gauge_value(streams as u64));
        self.watchers.set(gauge_value(watchers as u64));
        self.slow_watchers.set(gauge_value(slow_watchers as u64));
        self.pending_events.set(gauge_value(pending as u64));
    }
}

/// Brings a counter up to a total that was counted elsewhere.
fn advance(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

fn gauge_value(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    register(registry, IntCounter::new(name, help).expect("the name is valid"))
}

/// A histogram of times, from a millisecond to eight seconds, as etcd has them.
fn histogram(registry: &Registry, name: &str, help: &str) -> Histogram {
    let buckets = exponential_buckets(0.001, 2.0, 14).expect("the bounds are valid");
    let options = HistogramOpts::new(name, help).buckets(buckets);
    register(registry, Histogram::with_opts(options).expect("the name is valid"))
}

fn register<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> C {
    registry.register(Box::new(collector.clone())).expect("each name is registered once");
    collector
}

//! What can be counted, under the names that dashboards for etcd know.
//!
//! Some have two names: that of today's etcd, and the one before (`etcd_debugging_mvcc_put_total`),
//! which dashboards ask for still.
//!
//! Made with the `prometheus` crate because it keeps names and types as they are given and knows
//! the process; one for `OpenMetrics` would rename some of them.

mod leases;
mod peers;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mvcc::{Change, Command, Reply, Store, Verdict};
use prometheus::core::Collector;
#[cfg(target_os = "linux")]
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder, exponential_buckets,
};

use self::leases::LeaseMetrics;
use crate::ETCD_VERSION;
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
    pub(crate) ranges: Twice,
    pub(crate) txns: Twice,
    pub(crate) watch_events: IntCounter,
    pub(crate) health_successes: IntCounter,
    pub(crate) health_failures: IntCounter,
    puts: Twice,
    deletes: Twice,
    leases: LeaseMetrics,
    wal_sync_seconds: Histogram,
    apply_seconds: Histogram,
    slow_applies: IntCounter,
    grpc: Arc<GrpcMeter>,
    check_ok: IntGaugeVec,
    checks: IntCounterVec,
    comparisons: IntCounterVec,
    /// Locked while they are brought up to date and written out.
    taken: Mutex<Taken>,
}

/// What a member counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// What costs next to nothing.
    #[default]
    Basic,
    /// Also how long calls of gRPC take, for each method.
    Extensive,
}

/// One count under two names.
#[derive(Debug)]
pub(crate) struct Twice([IntCounter; 2]);

impl Twice {
    /// Those are called `etcd_mvcc_…` and `etcd_debugging_mvcc_…`.
    fn new(registry: &Registry, name: &str, help: &str) -> Self {
        Self(
            ["etcd_mvcc", "etcd_debugging_mvcc"]
                .map(|first| counter(registry, &format!("{first}_{name}"), help)),
        )
    }

    pub(crate) fn inc(&self) {
        self.0.iter().for_each(IntCounter::inc);
    }
}

/// A command that takes longer to apply is slow, in etcd's view.
const SLOW_APPLY: Duration = Duration::from_millis(100);

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
    auth_revision: IntGauge,
    id: IntGaugeVec,
    db_size: IntGauge,
    db_size_of_old: IntGauge,
    db_size_in_use: IntGauge,
    watch_streams: IntGauge,
    watchers: IntGauge,
    slow_watchers: IntGauge,
    pending_events: IntGauge,
    quota: IntGauge,
    is_learner: IntGauge,
    scrubbed_bytes: IntCounter,
    scrub_damages: IntCounter,
    is_disk_full: IntGauge,
}

impl Metrics {
    /// Counters that are all zero.
    ///
    /// # Panics
    /// Never: the names are fixed, and valid.
    pub fn new(detail: Detail) -> Self {
        let registry = Registry::new();
        #[cfg(target_os = "linux")]
        registry
            .register(Box::new(ProcessCollector::for_self()))
            .expect("no other collector knows the process");
        tell_versions(&registry);
        let counter = |name, help| counter(&registry, name, help);
        let twice = |name, help| Twice::new(&registry, name, help);
        let checks = ["type", "name", "status"];
        let checks = IntCounterVec::new(
            Opts::new("etcd_server_healthchecks_total", "Checks, by outcome."),
            &checks,
        );
        let check_ok = IntGaugeVec::new(
            Opts::new("etcd_server_healthcheck", "How a check went last time."),
            &["type", "name"],
        );
        let comparisons = IntCounterVec::new(
            Opts::new("quorate_store_comparisons_total", "Comparisons of stores, by verdict."),
            &["verdict"],
        );
        Self {
            ranges: twice("range_total", "Ranges that were read."),
            txns: twice("txn_total", "Transactions, applied or only read."),
            watch_events: counter("etcd_debugging_mvcc_events_total", "Events sent to watchers."),
            health_successes: counter("etcd_server_health_success", "Health checks that passed."),
            health_failures: counter("etcd_server_health_failures", "Health checks that failed."),
            puts: twice("put_total", "Puts that were applied."),
            deletes: twice("delete_total", "Keys whose deletion was applied."),
            leases: LeaseMetrics::new(&registry),
            slow_applies: counter(
                "etcd_server_slow_apply_total",
                "Commands that took more than 100 ms to apply.",
            ),
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
            grpc: Arc::new(GrpcMeter::new(&registry, detail)),
            check_ok: register(&registry, check_ok.expect("the names are valid")),
            checks: register(&registry, checks.expect("the names are valid")),
            comparisons: register(&registry, comparisons.expect("the names are valid")),
            taken: Mutex::new(Taken::new(&registry)),
            registry,
        }
    }

    /// Counts how long a command took to apply.
    pub(crate) fn took(&self, duration: Duration) {
        self.apply_seconds.observe(duration.as_secs_f64());
        if duration > SLOW_APPLY {
            self.slow_applies.inc();
        }
    }

    /// Counts a command that was applied here, and what it changed.
    pub fn applied(&self, command: &Command, reply: &Reply) {
        if matches!(command, Command::Txn(_)) && reply.result.is_ok() {
            self.txns.inc();
        }
        if let (Command::Lease(command), Ok(response)) = (command, &reply.result) {
            self.leases.applied(command, response);
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

    /// Counts a comparison of the members' stores.
    pub(crate) fn compared(&self, verdict: &Verdict) {
        let verdict = match verdict {
            Verdict::AllAgree => "all_agree",
            Verdict::MajorityAgrees => "majority_agrees",
            Verdict::Wrong(_) => "wrong",
            Verdict::Split => "split",
            Verdict::Unknown => "unknown",
        };
        self.comparisons.with_label_values(&[verdict]).inc();
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
        let mut text =
            TextEncoder::new().encode_to_string(&families).expect("writing to memory cannot fail");
        text.push_str(&peers::text(&backend.traffic()));
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new(Detail::default())
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
            scrubbed_bytes: counter(
                "quorate_scrub_read_bytes_total",
                "Bytes of files at rest that were read to see whether they are whole.",
            ),
            scrub_damages: counter(
                "quorate_scrub_damages_total",
                "Damages that were found in files at rest.",
            ),
            is_disk_full: gauge(
                "quorate_disk_full",
                "Whether this member's disk is full, so that it takes no writes that need space.",
            ),
            is_learner: gauge("etcd_server_is_learner", "Whether this member only learns."),
            auth_revision: gauge("etcd_debugging_auth_revision", "The state of the users."),
            id: labelled(registry, "etcd_server_id", "This member.", "server_id"),
            db_size: gauge("etcd_mvcc_db_total_size_in_bytes", "Bytes that the store takes."),
            db_size_of_old: gauge(
                "etcd_debugging_mvcc_db_total_size_in_bytes",
                "Bytes that the store takes.",
            ),
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
        self.id.with_label_values(&[&format!("{:x}", status.member_id)]).set(1);
        self.is_disk_full.set(status.is_disk_full.into());
        advance(&self.leader_changes, status.leader_changes);
        self.proposals_committed.set(gauge_value(status.commit));
        self.proposals_applied.set(gauge_value(status.applied));
        self.proposals_pending.set(gauge_value(status.proposals_pending));
        advance(&self.proposals_failed, status.proposals_failed);
        advance(&self.scrubbed_bytes, status.scrubbed_bytes);
        advance(&self.scrub_damages, status.scrub_damages);
    }

    fn take_store(&self, store: &Store) {
        self.keys.set(gauge_value(store.key_count() as u64));
        self.revision.set(store.revision());
        self.compacted_revision.set(store.compacted_revision().unwrap_or(-1));
        self.auth_revision.set(gauge_value(store.auth().revision()));
        self.db_size.set(gauge_value(store.size_bytes()));
        self.db_size_of_old.set(gauge_value(store.size_bytes()));
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

/// Which versions of etcd this is like.
fn tell_versions(registry: &Registry) {
    let (name, help) = ("etcd_server_version", "The version of etcd that this member is like.");
    labelled(registry, name, help, "server_version").with_label_values(&[ETCD_VERSION]).set(1);
    let (name, help) = ("etcd_cluster_version", "The version of etcd that the cluster is like.");
    let (minor, _) = ETCD_VERSION.rsplit_once('.').expect("it has three parts");
    labelled(registry, name, help, "cluster_version").with_label_values(&[minor]).set(1);
}

/// A gauge that says something by its label.
fn labelled(registry: &Registry, name: &str, help: &str, label: &str) -> IntGaugeVec {
    let gauge = IntGaugeVec::new(Opts::new(name, help), &[label]);
    register(registry, gauge.expect("the names are valid"))
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

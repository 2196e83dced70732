//! What dashboards and alerts for etcd ask Prometheus for is there, and moves.
//!
//! The names are those of Grafana's dashboard 3070, of etcd's own collection of alerts and panels
//! (its "mixin"), and of the dashboards of Kubernetes' tools.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use support::any_call::{call, channel};
use support::client::{http_get, put};
use support::cluster::Cluster;
use support::{client, eventually};

/// Counters that grow when clients use the leader of a cluster. All series of a name count
/// together.
const MOVING: &[&str] = &[
    "etcd_debugging_lease_granted_total",
    "etcd_debugging_lease_renewed_total",
    "etcd_debugging_lease_revoked_total",
    "etcd_debugging_lease_ttl_total_count",
    "etcd_debugging_mvcc_current_revision",
    "etcd_debugging_mvcc_db_total_size_in_bytes",
    "etcd_debugging_mvcc_delete_total",
    "etcd_debugging_mvcc_events_total",
    "etcd_debugging_mvcc_keys_total",
    "etcd_debugging_mvcc_put_total",
    "etcd_debugging_mvcc_range_total",
    "etcd_debugging_mvcc_txn_total",
    "etcd_debugging_server_lease_expired_total",
    "etcd_disk_backend_commit_duration_seconds_bucket",
    "etcd_disk_wal_fsync_duration_seconds_bucket",
    "etcd_mvcc_db_total_size_in_bytes",
    "etcd_mvcc_db_total_size_in_use_in_bytes",
    "etcd_mvcc_delete_total",
    "etcd_mvcc_put_total",
    "etcd_mvcc_range_total",
    "etcd_mvcc_txn_total",
    "etcd_network_client_grpc_received_bytes_total",
    "etcd_network_client_grpc_sent_bytes_total",
    "etcd_network_peer_received_bytes_total",
    "etcd_network_peer_round_trip_time_seconds_bucket",
    "etcd_network_peer_round_trip_time_seconds_sum",
    "etcd_network_peer_sent_bytes_total",
    "etcd_network_peer_sent_failures_total",
    "etcd_server_proposals_applied_total",
    "etcd_server_proposals_committed_total",
    "grpc_server_handled_total",
    "grpc_server_handling_seconds_bucket",
    "grpc_server_started_total",
];

/// What is there, and need not grow.
const THERE: &[&str] = &[
    "etcd_cluster_version",
    "etcd_debugging_auth_revision",
    "etcd_debugging_mvcc_compact_revision",
    "etcd_debugging_mvcc_pending_events_total",
    "etcd_debugging_mvcc_slow_watcher_total",
    "etcd_debugging_mvcc_watch_stream_total",
    "etcd_debugging_mvcc_watcher_total",
    "etcd_server_has_leader",
    "etcd_server_health_failures",
    "etcd_server_health_success",
    "etcd_server_id",
    "etcd_server_is_leader",
    "etcd_server_is_learner",
    "etcd_server_leader_changes_seen_total",
    "etcd_server_proposals_failed_total",
    "etcd_server_proposals_pending",
    "etcd_server_quota_backend_bytes",
    "etcd_server_slow_apply_total",
    "etcd_server_version",
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_virtual_memory_bytes",
];

/// All series at that address, added up by their names.
async fn metrics(address: impl ToString) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    for line in http_get(address, "/metrics").await.lines() {
        if line.starts_with('#') {
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let name = series.split('{').next().expect("there is always a first part");
        let value: f64 = value.parse().unwrap_or_else(|error| panic!("{error}: {line}"));
        *all.entry(name.to_owned()).or_default() += value;
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboards_find_what_they_ask_for() {
    let mut cluster = Cluster::of(3);
    for member in &mut cluster.members {
        member.flags.set("--metrics", "extensive");
    }
    cluster.start_all().await;
    let leader = cluster.leader().await;
    let (address, url) = (cluster.members[leader].client, cluster.members[leader].url());
    let mut kv = client::kv(&url);
    kv.put(put("a", "1")).await.unwrap();
    let before = metrics(address).await;

    let channel = channel(&url);
    let did = async |method, request: &str| {
        call(method, request).of(&channel).await.unwrap_or_else(|status| panic!("{status}"))
    };
    for (id, ttl) in [(1, 600), (2, 600), (3, 2)] {
        did("Lease/LeaseGrant", &format!(r#"{{"ID":{id},"TTL":{ttl}}}"#)).await;
    }
    did("Lease/LeaseKeepAlive", r#"{"ID":1}"#).await;
    did("Lease/LeaseRevoke", r#"{"ID":2}"#).await;
    // Events of the past are events.
    let watch = r#"{"create_request":{"key":"YQ==","start_revision":1}}"#;
    did("Watch/Watch", watch).await;
    for key in ["a", "b", "c"] {
        kv.put(put(key, "2")).await.unwrap();
        kv.range(client::key(key)).await.unwrap();
    }
    did("KV/DeleteRange", r#"{"key":"Yg=="}"#).await;
    did("KV/Txn", r#"{"success":[{"request_put":{"key":"ZA=="}}]}"#).await;
    // A member that is down is noticed by who sends to it.
    cluster.members[(leader + 1) % 3].kill();

    eventually("some do not move", async || {
        call("Watch/Watch", watch).of(&channel).await.map_err(|status| status.to_string())?;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let after = metrics(address).await;
        let value = |of: &BTreeMap<String, f64>, name: &&str| of.get(*name).copied();
        let mut still = MOVING.iter().filter(|name| match value(&after, name) {
            Some(now) => now <= value(&before, name).unwrap_or_default(),
            None => true,
        });
        match still.next() {
            None => Ok(()),
            Some(name) => Err((*name).to_owned()),
        }
    })
    .await;
    let after = metrics(address).await;
    let missing = THERE.iter().filter(|name| !after.contains_key(**name)).collect::<Vec<_>>();
    assert!(missing.is_empty(), "{missing:?}");
    for name in ["etcd_server_has_leader", "etcd_server_is_leader", "etcd_server_id"] {
        assert!((after[name] - 1.0).abs() < f64::EPSILON, "{name} {}", after[name]);
    }
}

//! Flags of etcd: those that do something small, and those that there is no use for.

mod support;

use hyper::Request;

use support::client::{http, http_get};
use support::cluster::Cluster;
use support::free_addresses;
use support::tools::run;

#[tokio::test(flavor = "multi_thread")]
async fn a_port_for_operators() {
    let mut cluster = Cluster::of(1);
    let [metrics] = free_addresses();
    let member = &mut cluster.members[0];
    member.flags.set("--listen-metrics-urls", format!("http://{metrics}"));
    member.flags.set("--max-concurrent-streams", "10");
    member.flags.set("--grpc-keepalive-interval", "1s");
    cluster.start_all().await;
    assert!(http_get(metrics, "/metrics").await.contains("etcd_server_has_leader 1"));
    assert_eq!(http_get(metrics, "/health").await, r#"{"health":"true","reason":""}"#);
    // What is in the store is not told there.
    let request = Request::post("/v3/kv/range").header("host", "x").body(r#"{"key":"YQ=="}"#);
    let response = http(metrics, request.unwrap()).await.unwrap();
    assert_eq!(response.status(), 404);
    // It ends as the others do.
    cluster.members[0].stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_without_effect_are_taken_and_named() {
    let mut cluster = Cluster::of(1);
    let member = &mut cluster.members[0];
    member.flags.set("--snapshot-count", "10000");
    member.flags.set("--compact-hash-check-time", "1m");
    member.flags.set("--pre-vote", "true");
    cluster.start_all().await;
    let log = cluster.members[0].process().output();
    assert!(log.contains("--snapshot-count has no effect: "), "{log}");
    assert!(log.contains("--compact-hash-check-time has no effect: "), "{log}");
    assert!(!log.contains("--pre-vote"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_listed_hosts_are_answered() {
    let mut cluster = Cluster::of(1);
    cluster.members[0].flags.set("--host-whitelist", "127.0.0.1,db.example");
    cluster.start_all().await;
    let address = cluster.members[0].client;
    for (host, expected) in
        [("127.0.0.1:2379", 200), ("db.example", 200), ("evil.example", 421), ("localhost", 421)]
    {
        let request = Request::get("/version").header("host", host).body("").unwrap();
        assert_eq!(http(address, request).await.unwrap().status(), expected, "{host}");
    }
}

#[test]
fn flags_that_cannot_be_kept_are_refused() {
    let refused = |flag: &str, value: &str, says: &str| {
        let mut cluster = Cluster::of(1);
        let member = &mut cluster.members[0];
        member.flags.set(flag, value);
        let output = run(&mut member.command(), "");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(flag) && error.contains(says), "{error}");
        assert!(!member.data_dir.exists(), "{flag}: the directory was touched");
    };
    refused("--unsafe-no-fsync", "true", "what is acknowledged is on disk");
    refused("--discovery-srv", "example", "is not supported");
    refused("--listen-metrics-urls", "nonsense", "http://host:port");
}

/// Variables count as flags do.
#[test]
fn a_variable_that_cannot_be_kept() {
    let cluster = Cluster::of(1);
    let mut command = cluster.members[0].command();
    let output = run(command.env("ETCD_UNSAFE_NO_FSYNC", "true"), "");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("what is acknowledged is on disk"), "{error}");
}

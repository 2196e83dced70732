//! A member that is started with nothing but a file of etcd's.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::process::Process;
use support::tools::{quorate, run};
use support::{client, eventually, free_addresses};

/// As in etcd's own sample, where most names have no value.
const FILE: &str = "\
# This is the configuration of a member.
name: 'by-file'
data-dir: DATA
wal-dir:
snapshot-count: 10000
heartbeat-interval: 70
election-timeout: 700
quota-backend-bytes: 0
listen-peer-urls: http://PEER
listen-client-urls: http://CLIENT
max-snapshots: 5
max-wals: 5
cors:
initial-advertise-peer-urls: http://PEER
advertise-client-urls: http://CLIENT
discovery:
discovery-fallback: 'proxy'
discovery-proxy:
discovery-srv:
initial-cluster: by-file=http://PEER
initial-cluster-token: 'etcd-cluster'
initial-cluster-state: 'new'
strict-reconfig-check: false
enable-pprof: true
proxy: 'off'
proxy-failure-wait: 5000
client-transport-security:
  cert-file:
  key-file:
  client-cert-auth: false
  trusted-ca-file:
  auto-tls: false
peer-transport-security:
  cert-file:
  key-file:
  client-cert-auth: false
  trusted-ca-file:
  auto-tls: false
  allowed-cn:
self-signed-cert-validity: 1
log-level: info
logger: zap
log-outputs: [stderr]
force-new-cluster: false
auto-compaction-mode: periodic
auto-compaction-retention: \"1\"
";

#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let [client, peer] = free_addresses();
    let data = directory.path().join("data");
    let yaml = FILE.replace("DATA", data.to_str().unwrap());
    let yaml = yaml.replace("CLIENT", &client.to_string()).replace("PEER", &peer.to_string());
    let file = directory.path().join("etcd.conf.yml");
    fs::write(&file, &yaml).unwrap();
    let mut command = quorate();
    command.args(["serve", "--stop-with-stdin", "--name", "other", "--config-file"]).arg(&file);
    // Nothing else counts.
    command.env("ETCD_NAME", "another").env("ETCD_FORCE_NEW_CLUSTER", "true");
    let process = Process::start(&mut command, &directory.path().join("log"));
    let url = format!("http://{client}");
    let members = eventually(&format!("it does not serve: {}", process.output()), async || {
        let list = client::members(&url).await.map_err(|error| error.to_string())?;
        let is_published = list.members.iter().all(|member| !member.name.is_empty());
        if is_published { Ok(list) } else { Err("it has not published its name".to_owned()) }
    })
    .await;
    assert_eq!(members.members[0].name, "by-file");
    assert!(data.join("member/wal").is_dir(), "the data is elsewhere");
    let log = process.output();
    assert!(log.contains("--snapshot-count has no effect: "), "{log}");
    assert!(!log.contains("--force-new-cluster"), "{log}");
}

fn with_file(directory: &Path, text: &str) -> Command {
    let file = directory.join("file");
    fs::write(&file, text).expect("a file can be written");
    let mut command = quorate();
    command.args(["serve", "--config-file"]).arg(file).current_dir(directory);
    command
}

#[test]
fn what_a_file_says_is_checked_as_flags_are() {
    let directory = tempfile::tempdir().unwrap();
    for (text, says) in [
        ("heartbeat-interval: soon", "--heartbeat-interval"),
        ("no-such-thing: 1", "--no-such-thing"),
        ("unsafe-no-fsync: true", "what is acknowledged is on disk"),
        (r#"{"name": "m2", "initial-cluster": "m1=http://h:1"}"#, "--name m2"),
        ("name: [a", "--config-file"),
        ("peer-transport-security:\n  cert-file: a.pem", "--peer-key-file"),
    ] {
        let output = run(&mut with_file(directory.path(), text), "");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}: {error}");
        assert!(error.contains(says), "{text}: {error}");
    }
    let mut missing = quorate();
    let output = run(missing.args(["serve", "--config-file", "no/such/file"]), "");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("--config-file no/such/file: No such file"), "{error}");
}

//! A backup of a running cluster becomes another cluster.
//!
//! The last of these tests needs Debian's `etcdctl` (3.4) on the `PATH`; without it the test says
//! so and does nothing, unless `QUORATE_REQUIRE_TOOLS=1`.

mod support;

use std::path::Path;

use support::client;
use support::cluster::Cluster;
use support::tools::{etcdctl, quorate, run, tools_are_there};

/// Runs a command that must succeed, and returns what it prints.
fn print(endpoint: &str, arguments: &[&str]) -> String {
    let output = run(quorate().args(["--endpoints", endpoint]).args(arguments), "");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Makes the data directories of a cluster out of a backup.
fn restore(cluster: &Cluster, backup: &Path, more: &[&str]) {
    for member in &cluster.members {
        let output = run(
            quorate()
                .args(["snapshot", "restore", backup.to_str().expect("text")])
                .args(["--name", &member.name])
                .args(["--initial-cluster", member.flags.value("--initial-cluster")])
                .args(["--initial-advertise-peer-urls", &format!("http://{}", member.peer)])
                .args(["--data-dir", member.flags.value("--data-dir")])
                .args(more),
            "",
        );
        assert!(output.status.success(), "{output:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_becomes_a_new_cluster() {
    let old = Cluster::start(1).await;
    let url = old.members[0].url();
    for number in 0..20 {
        print(&url, &["put", &format!("key-{}", number % 5), &format!("value-{number}")]);
    }
    print(&url, &["del", "key-0"]);
    let backup = old.directory().join("backup");
    let name = backup.to_str().expect("text");
    let said = print(&url, &["snapshot", "save", name]);
    assert_eq!(said, format!("Snapshot saved at {name}\n"));
    let status = print(&url, &["snapshot", "status", name]);
    let [_, revision, keys, _] = status.trim().split(", ").collect::<Vec<_>>()[..] else {
        panic!("{status}");
    };
    assert_eq!((revision, keys), ("22", "4"));

    let mut new = Cluster::of(3);
    restore(&new, &backup, &["--bump-revision", "1000", "--mark-compacted"]);
    new.start_all().await;
    new.agree().await;
    let url = new.members[1].url();
    assert_eq!(print(&url, &["get", "", "--prefix", "--count-only"]), "4\n");
    assert_eq!(print(&url, &["get", "key-4", "--print-value-only"]), "value-19\n");
    print(&url, &["put", "after", "wards"]);
    let got = client::kv(&url).range(client::key("after")).await.expect("it serves").into_inner();
    assert_eq!(got.kvs[0].mod_revision, 1023);
    let output = run(quorate().args(["--endpoints", &url, "get", "key-4", "--rev", "20"]), "");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("required revision has been compacted"), "{error}");
    // They are members of their own cluster, and no others.
    assert_eq!(print(&url, &["member", "list"]).lines().count(), 3);
    // What they begin with is on their disks.
    for member in &mut new.members {
        member.kill();
        member.start();
    }
    new.ready().await;
    new.agree().await;

    let output = run(
        quorate()
            .args(["snapshot", "restore", name])
            .args(["--data-dir", new.members[0].flags.value("--data-dir")]),
        "",
    );
    assert_eq!(output.status.code(), Some(1), "somebody lives there: {output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_found_unless_nobody_looks() {
    let old = Cluster::start(1).await;
    print(&old.members[0].url(), &["put", "a", "a value that is long enough"]);
    let backup = old.directory().join("backup");
    let name = backup.to_str().expect("text");
    print(&old.members[0].url(), &["snapshot", "save", name]);
    let mut bytes = std::fs::read(&backup).expect("it is there");
    let place = bytes.windows(4).position(|bytes| bytes == b"long").expect("the value is in it");
    bytes[place] = b'w';
    std::fs::write(&backup, bytes).expect("it can be written");

    let output = run(quorate().args(["snapshot", "status", name]), "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("damaged"), "{output:?}");
    let mut new = Cluster::of(1);
    restore(&new, &backup, &["--skip-hash-check"]);
    new.start_all().await;
    let value = print(&new.members[0].url(), &["get", "a", "--print-value-only"]);
    assert_eq!(value, "a value that is wong enough\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn etcdctl_saves_backups_too() {
    if !tools_are_there() {
        return;
    }
    let old = Cluster::start(1).await;
    let url = old.members[0].url();
    print(&url, &["put", "a", "1"]);
    let (theirs, ours) = (old.directory().join("theirs"), old.directory().join("ours"));
    let (theirs, ours) = (theirs.to_str().expect("text"), ours.to_str().expect("text"));
    let output = run(etcdctl(&url).args(["snapshot", "save", theirs]), "");
    assert!(output.status.success(), "{output:?}");
    print(&url, &["snapshot", "save", ours]);
    let status = |file| print(&url, &["snapshot", "status", file, "-w", "json"]);
    assert_eq!(status(theirs), status(ours));
}

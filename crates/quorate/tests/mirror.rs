//! `quorate make-mirror` and `quorate check`, on real clusters.

mod support;

use std::process::Command;

use etcdpb::etcdserverpb::request_op::Request;
use etcdpb::etcdserverpb::{DeleteRangeRequest, RequestOp, TxnRequest};

use support::client::{self, prefix, put};
use support::cluster::Cluster;
use support::eventually;
use support::process::Process;
use support::tools::{Addresses, Etcd, etcdctl, quorate, run, tools_are_there};

/// All that begins with that, as `key=value`.
async fn all(url: &str, beginning: &str) -> Vec<String> {
    let range = client::kv(url).range(prefix(beginning)).await.expect("it serves");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let kvs = range.into_inner().kvs.into_iter();
    kvs.map(|kv| format!("{}={}", text(&kv.key), text(&kv.value))).collect()
}

async fn becomes(url: &str, beginning: &str, expected: &[&str]) {
    eventually("the copy does not come", async || {
        let found = all(url, beginning).await;
        if found == expected { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
}

fn mirror(source: &str, arguments: &[&str], log: &Cluster) -> Process {
    let mut command = quorate();
    command.args(["--endpoints", source, "make-mirror"]).args(arguments);
    Process::start(&mut command, &log.directory().join("mirror.log"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_follows_though_a_member_dies() {
    let mut source = Cluster::start(3).await;
    let destination = Cluster::start(1).await;
    let mut here = client::kv(&source.members[0].url());
    let there = destination.members[0].url();
    for number in 0..300 {
        here.put(put(format!("a/{number:03}"), "old")).await.unwrap();
    }
    here.put(put("b", "not this")).await.unwrap();

    let arguments = ["--prefix", "a/", "--dest-prefix", "copy/", "--max-txn-ops", "7", &there];
    let mut process = mirror(&source.endpoints(), &arguments, &source);
    let copied = (0..300).map(|number| format!("copy/{number:03}=old")).collect::<Vec<_>>();
    becomes(&there, "copy/", &copied.iter().map(String::as_str).collect::<Vec<_>>()).await;

    // What changes at once here changes at once there.
    let delete = DeleteRangeRequest { key: "a/".into(), range_end: "a0".into(), prev_kv: false };
    let requests = [Request::RequestDeleteRange(delete)];
    let mut success = requests.map(|request| RequestOp { request: Some(request) }).to_vec();
    success.extend(
        ["x", "y"].map(|key| RequestOp {
            request: Some(Request::RequestPut(put(format!("c/{key}"), "1"))),
        }),
    );
    here.txn(TxnRequest { success, ..TxnRequest::default() }).await.unwrap();
    becomes(&there, "copy/", &[]).await;
    here.put(put("a/1", "new")).await.unwrap();
    becomes(&there, "copy/", &["copy/1=new"]).await;

    // It goes on with another member, without being told.
    let leader = source.leader().await;
    source.members[leader].kill();
    let mut here = client::kv(&source.members[(leader + 1) % 3].url());
    eventually("no new leader", async || {
        here.put(put("a/2", "newer")).await.map_err(|error| error.to_string())
    })
    .await;
    becomes(&there, "copy/", &["copy/1=new", "copy/2=newer"]).await;
    assert_eq!(process.ended(), None, "{}", process.output());
    assert_eq!(all(&there, "a").await, [""; 0]);
    assert_eq!(all(&there, "b").await, [""; 0]);
    assert_eq!(all(&there, "c/").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_from_a_revision_on() {
    let source = Cluster::start(1).await;
    let destination = Cluster::start(1).await;
    let (from, there) = (source.members[0].url(), destination.members[0].url());
    let mut here = client::kv(&from);
    here.put(put("a/1", "2")).await.unwrap();
    let second = here.put(put("a/2", "3")).await.unwrap().into_inner();
    let revision = second.header.unwrap().revision.to_string();
    let arguments = ["--prefix", "a/", "--no-dest-prefix", "--rev", &revision, &there];
    let _process = mirror(&from, &arguments, &source);
    becomes(&there, "2", &["2=3"]).await;
    assert_eq!(all(&there, "1").await, [""; 0]);
}

/// A user there, known by name and password in both ways in which they can be given.
#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_into_a_cluster_with_users() {
    let source = Cluster::start(1).await;
    let destination = Cluster::start(1).await;
    let (from, there) = (source.members[0].url(), destination.members[0].url());
    let asked = |words: &[&str]| run(quorate().args(["--endpoints", &there]).args(words), "");
    for words in [
        &["user", "add", "root:secret"][..],
        &["user", "grant-role", "root", "root"],
        &["user", "add", "mirror:hidden"],
        &["role", "add", "copies"],
        &["role", "grant-permission", "copies", "readwrite", "copy/", "--prefix"],
        &["user", "grant-role", "mirror", "copies"],
        &["auth", "enable"],
    ] {
        let output = asked(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
    }
    let copied = || {
        let output = asked(&["--user", "root:secret", "get", "", "--prefix"]);
        String::from_utf8(output.stdout).expect("it is text")
    };
    let mut here = client::kv(&from);
    let users = [
        &["--dest-user", "mirror:hidden"][..],
        &["--dest-user", "mirror", "--dest-password", "hidden"],
    ];
    for (number, user) in users.into_iter().enumerate() {
        here.put(put("a", number.to_string())).await.unwrap();
        let arguments = [user, &["--dest-prefix", "copy/", &there]].concat();
        let _process = mirror(&from, &arguments, &source);
        let expected = format!("copy/a\n{number}\n");
        eventually("the copy does not come", async || {
            let found = copied();
            if found == expected { Ok(()) } else { Err(found) }
        })
        .await;
    }
    // Who may not write there is told so.
    for (user, says) in [
        (&["--dest-user", "mirror:guessed"][..], "authentication failed"),
        (&[], "user name is empty"),
    ] {
        let mut command = quorate();
        command.args(["--endpoints", &from, "make-mirror", "--dest-prefix", "copy/"]);
        let output = run(command.args(user).arg(&there), "");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(says), "{user:?}: {error}");
    }
}

#[test]
fn a_mirror_that_cannot_be() {
    let refused = |arguments: &[&str], says: &str| {
        let output = run(quorate().arg("make-mirror").args(arguments), "");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(says), "{arguments:?}: {error}");
    };
    refused(&[], "DESTINATION");
    refused(&["127.0.0.1:1", "--dest-prefix", "a", "--no-dest-prefix"], "--no-dest-prefix");
    refused(&["127.0.0.1:1", "--endpoints", "127.0.0.1:2"], "127.0.0.1:2");
    refused(&["127.0.0.1:1", "--dest-cert", "cert.pem"], "--dest-key");
}

/// This is how the keys of an etcd come here, and how they go back.
#[tokio::test(flavor = "multi_thread")]
async fn from_etcd_and_to_etcd() {
    if !tools_are_there() {
        return;
    }
    let addresses = Addresses::free();
    let _etcd = Etcd::start(&addresses);
    let cluster = Cluster::start(1).await;
    let (etcd, ours) = (format!("http://{}", addresses.client), cluster.members[0].url());
    let mut their_kv = client::kv(&etcd);
    their_kv.put(put("a/1", "theirs")).await.unwrap();
    let _there = mirror(&etcd, &[&ours], &cluster);
    becomes(&ours, "a/", &["a/1=theirs"]).await;
    their_kv.put(put("a/2", "later")).await.unwrap();
    becomes(&ours, "a/", &["a/1=theirs", "a/2=later"]).await;

    // And etcd's own command, from here to there.
    let mut back: Command = etcdctl(&ours);
    back.args(["make-mirror", "--prefix", "a/", "--dest-prefix", "back/", &addresses.client]);
    let _back = Process::start(&mut back, &cluster.directory().join("back.log"));
    becomes(&etcd, "back/", &["back/1=theirs", "back/2=later"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_of_what_a_cluster_can_do() {
    let cluster = Cluster::start(1).await;
    let url = cluster.members[0].url();
    let check = |arguments: &[&str]| {
        let output = run(quorate().args(["--endpoints", &url, "check"]).args(arguments), "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (text, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    // Whether it is fast enough depends on what else runs here.
    let (text, error) = check(&["perf", "--seconds", "1", "--auto-compact", "--auto-defrag"]);
    for word in ["Compacted with revision ", "Defragmented ", "Throughput", "Stddev"] {
        assert!(text.contains(word), "{word}: {text}{error}");
    }
    let (text, error) = check(&["datascale", "--keys", "500"]);
    assert!(text.starts_with("Start data scale check for work load [500 key-value"), "{error}");
    assert!(text.contains("PASS: Approximate system memory used : "), "{text}{error}");
    assert_eq!(all(&url, "/").await, [""; 0]);

    // Keys of somebody are neither measured nor deleted.
    client::kv(&url).put(put("/etcdctl-check-perf/mine", "1")).await.unwrap();
    let (_, error) = check(&["perf", "--seconds", "1"]);
    assert!(error.contains("has keys"), "{error}");
    assert_eq!(all(&url, "/").await, ["/etcdctl-check-perf/mine=1"]);
}

//! Debian's `etcdctl` 3.4 against a cluster whose leader dies, and against a real etcd: whoever
//! types these commands must not see a difference.
//!
//! Needs `etcd` and `etcdctl` (3.4) on the `PATH`; without them the tests say so and do nothing,
//! unless `QUORATE_REQUIRE_TOOLS=1`.

mod support;

use serde_json::Value;

use support::cluster::Cluster;
use support::tools::{Addresses, Etcd, etcdctl, run, tools_are_there};

/// Commands, with what they read from stdin. Each prints json.
type Story = &'static [(&'static [&'static str], &'static str)];

const BEFORE: Story = &[
    (&["put", "a", "1"], ""),
    (&["get", "a"], ""),
    (&["put", "a", "2", "--prev-kv"], ""),
    (&["put", "a/b", "3"], ""),
    (&["txn"], "value(\"a\") = \"2\"\n\nput a 4\nget a/b\n\nput no 0\n\n"),
];

const AFTER: Story = &[
    (&["get", "", "--prefix"], ""),
    (&["put", "a/c", "5"], ""),
    (&["txn"], "mod(\"a\") > \"100\"\n\nput no 0\n\ndel a/b --prev-kv\nput z 6\n\n"),
    (&["get", "a", "--prefix"], ""),
    (&["get", "a", "--rev", "2"], ""),
    (&["get", "a/", "--prefix", "--keys-only"], ""),
    (&["del", "absent"], ""),
    (&["del", "a", "--prev-kv"], ""),
    (&["get", "a"], ""),
    (&["del", "", "--prefix"], ""),
    (&["get", "", "--prefix"], ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_same_answers_as_from_etcd_though_the_leader_dies() {
    if !tools_are_there() {
        return;
    }
    let addresses = Addresses::free();
    let etcd = Etcd::start(&addresses);
    let expected = [BEFORE, AFTER].map(|story| answers_to(story, &addresses.client));
    drop(etcd);

    let mut cluster = Cluster::start(3).await;
    assert_eq!(answers_to(BEFORE, &cluster.endpoints()), expected[0]);
    let leader = cluster.leader().await;
    cluster.members[leader].kill();
    assert_eq!(answers_to(AFTER, &cluster.endpoints()), expected[1]);
    // Each member that is left, by itself, whether it leads or not.
    for (number, member) in cluster.members.iter().enumerate() {
        if number != leader {
            assert_eq!(answers_to(&AFTER[..1], &member.url()), expected[1][AFTER.len() - 1..]);
        }
    }
    cluster.members[leader].start();
    cluster.ready().await;
    cluster.agree().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn how_the_members_are() {
    if !tools_are_there() {
        return;
    }
    let mut cluster = Cluster::start(3).await;
    let endpoints = cluster.endpoints();
    let list = print(&endpoints, &["member", "list"]);
    assert_eq!(list.lines().count(), 3, "{list}");
    for member in &cluster.members {
        let line = format!(" started, {}, http://{}, {}, ", member.name, member.peer, member.url());
        assert!(list.contains(&line), "{line:?} is not in\n{list}");
    }

    let status = print(&endpoints, &["endpoint", "status", "-w", "table"]);
    for member in &cluster.members {
        let row = status.lines().find(|line| line.contains(&format!(" {} ", member.url())));
        assert!(row.is_some_and(|row| row.contains(" 3.")), "{status}");
    }
    let leaders = status.lines().filter(|line| line.contains(" true ")).count();
    assert_eq!(leaders, 1, "{status}");

    let healthy = |name: &str| format!("{name} is healthy: successfully committed proposal");
    let health = endpoint_health(&endpoints);
    for member in &cluster.members {
        assert!(health.contains(&healthy(&member.url())), "{health}");
    }

    let leader = cluster.leader().await;
    cluster.members[leader].kill();
    cluster.ready().await;
    let health = endpoint_health(&endpoints);
    for (number, member) in cluster.members.iter().enumerate() {
        let is_healthy = health.contains(&healthy(&member.url()));
        assert_eq!(is_healthy, number != leader, "{}: {health}", member.url());
    }
}

/// Carries the commands out, and returns what they print, but for what no two clusters share: ids
/// and terms.
fn answers_to(story: &[(&[&str], &str)], endpoints: &str) -> Vec<Value> {
    let answers = story.iter().map(|(arguments, stdin)| {
        let output = run(etcdctl(endpoints).args(["-w", "json"]).args(*arguments), stdin);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let mut answer = serde_json::from_slice::<Value>(&output.stdout).expect("json");
        let header = answer["header"].as_object_mut().expect("each answer has a header");
        for known_to_differ in ["cluster_id", "member_id", "raft_term"] {
            let id = header.remove(known_to_differ).and_then(|id| id.as_u64());
            assert!(id.is_some_and(|id| id > 0), "{arguments:?}: {known_to_differ}");
        }
        answer
    });
    answers.collect()
}

fn print(endpoints: &str, arguments: &[&str]) -> String {
    let output = run(etcdctl(endpoints).args(arguments), "");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What `endpoint health` says, on whichever stream. It fails if one endpoint is not healthy.
fn endpoint_health(endpoints: &str) -> String {
    let output = run(etcdctl(endpoints).args(["endpoint", "health"]), "");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

//! Leases of real members: kept alive, or not, while the leader dies and members start again; and
//! `quorate lease` beside `etcdctl lease`.

mod support;

use std::process::Output;
use std::time::{Duration, Instant};

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::lease_client::LeaseClient;
use support::cluster::Cluster;
use support::eventually;
use support::tools::{Addresses, Etcd, etcdctl, run, tools_are_there};
use tokio::time::sleep;
use tonic::transport::{Channel, Endpoint};

/// Longer than the shortest one, so that each lease is judged by its own.
const TTL: Duration = Duration::from_secs(5);

/// A client of the leases, through one member.
fn leases(url: &str) -> LeaseClient<Channel> {
    let endpoint = Endpoint::from_shared(url.to_owned()).expect("a URL");
    LeaseClient::new(endpoint.connect_lazy())
}

/// Grants a lease, with a key of its own.
async fn grant(url: &str, key: &'static str) -> i64 {
    let ttl = TTL.as_secs().cast_signed();
    let grant = pb::LeaseGrantRequest { ttl, id: 0 };
    let lease = leases(url).lease_grant(grant).await.expect("it is granted").into_inner();
    assert_eq!(lease.ttl, ttl);
    let put = pb::PutRequest { lease: lease.id, ..support::client::put(key, "there") };
    support::client::kv(url).put(put).await.expect("the lease is there");
    lease.id
}

/// Renews a lease, by whichever member answers first. How long it lives then.
async fn renew(urls: &[String], id: i64) -> i64 {
    eventually("nobody renews the lease", async || {
        let mut reason = String::new();
        for url in urls {
            match try_to_renew(url, id).await {
                Ok(ttl) => return Ok(ttl),
                Err(status) => reason = status.to_string(),
            }
        }
        Err(reason)
    })
    .await
}

async fn try_to_renew(url: &str, id: i64) -> Result<i64, tonic::Status> {
    let requests = tokio_stream::iter([pb::LeaseKeepAliveRequest { id }]);
    let mut answers = leases(url).lease_keep_alive(requests).await?.into_inner();
    let answer = answers.message().await?;
    Ok(answer.ok_or_else(|| tonic::Status::unavailable("no answer"))?.ttl)
}

async fn is_there(urls: &[String], key: &'static str) -> bool {
    eventually("nobody answers", async || {
        let mut reason = String::new();
        for url in urls {
            match support::client::kv(url).range(support::client::key(key)).await {
                Ok(range) => return Ok(range.into_inner().count > 0),
                Err(status) => reason = status.to_string(),
            }
        }
        Err(reason)
    })
    .await
}

/// One lease is kept alive through all members, one is not, and the leader dies. The first one
/// lives on; the second one ends, and not before its time.
#[tokio::test(flavor = "multi_thread")]
async fn the_leader_dies() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let mut urls = cluster.urls();
    let kept = grant(&urls[0], "kept").await;
    let granted = Instant::now();
    let left = grant(&urls[1], "left").await;
    cluster.members[leader].kill();
    urls.remove(leader);

    let (mut renewed, mut ended) = (Instant::now(), None);
    while ended.is_none() || granted.elapsed() < 2 * TTL {
        let before = Instant::now();
        let ttl = renew(&urls, kept).await;
        // If the machine did not let it be renewed in time, its end is right.
        assert!(ttl > 0 || renewed.elapsed() > TTL, "it was kept alive, and ended");
        renewed = before;
        if ended.is_none() && !is_there(&urls, "left").await {
            ended = Some(granted.elapsed());
        }
        sleep(Duration::from_millis(200)).await;
    }
    assert!(ended >= Some(TTL), "it ended after {ended:?}");
    assert_eq!(renew(&urls, left).await, 0);
    assert!(is_there(&urls, "kept").await);

    cluster.members[leader].start();
    cluster.ready().await;
    cluster.agree().await;
}

/// The member forgets how much time had passed, but neither the lease nor its keys.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_starts_again() {
    let mut cluster = Cluster::start(1).await;
    let url = cluster.urls().remove(0);
    let id = grant(&url, "key").await;
    cluster.members[0].kill();
    let started = Instant::now();
    cluster.members[0].start();
    cluster.ready().await;
    let ask = pb::LeaseTimeToLiveRequest { id, keys: true };
    let answer = leases(&url).lease_time_to_live(ask).await.expect("it serves").into_inner();
    if started.elapsed() < TTL {
        assert!((0..=5).contains(&answer.ttl), "{answer:?}");
        assert_eq!((answer.granted_ttl, &answer.keys[..]), (5, &["key".into()][..]));
    }
    eventually("the key does not go", async || {
        if is_there(std::slice::from_ref(&url), "key").await { Err(String::new()) } else { Ok(()) }
    })
    .await;
    assert!(started.elapsed() >= TTL, "it was counted from before the member was there");
}

/// Debian's `etcdctl` 3.4 with our members.
#[tokio::test(flavor = "multi_thread")]
async fn etcdctl_uses_them() {
    if !tools_are_there() {
        return;
    }
    let cluster = Cluster::start(3).await;
    let print = |args: &[&str]| {
        let output = run(etcdctl(&cluster.endpoints()).args(args), "");
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let granted = print(&["lease", "grant", "600"]);
    let id = granted.split(' ').nth(1).expect("it says which");
    assert_eq!(granted, format!("lease {id} granted with TTL(600s)\n"));
    for key in ["b", "a"] {
        assert_eq!(print(&["put", key, "v", "--lease", id]), "OK\n");
    }
    let left = print(&["lease", "timetolive", id, "--keys"]);
    assert!(left.starts_with(&format!("lease {id} granted with TTL(600s), remaining(")), "{left}");
    assert!(left.ends_with("s), attached keys([a b])\n"), "{left}");
    let renewed = print(&["lease", "keep-alive", "--once", id]);
    assert_eq!(renewed, format!("lease {id} keepalived with TTL(600)\n"));
    cluster.agree().await;
    assert_eq!(print(&["lease", "list"]), format!("found 1 leases\n{id}\n"));
    assert_eq!(print(&["lease", "revoke", id]), format!("lease {id} revoked\n"));
    assert_eq!(print(&["get", "", "--prefix"]), "");
    assert_eq!(print(&["lease", "timetolive", id]), format!("lease {id} already expired\n"));
    let again = print(&["lease", "keep-alive", id]);
    assert_eq!(again, format!("lease {id} expired or revoked.\n"));
}

/// Both ask one etcd, and print the same.
#[test]
fn the_same_as_etcdctl() {
    if !tools_are_there() {
        return;
    }
    let addresses = Addresses::free();
    let _etcd = Etcd::start(&addresses);
    let both = [|a: &Addresses| a.etcdctl(), |a: &Addresses| a.quorate()];
    let granted =
        both.map(|program| text(run(program(&addresses).args(["lease", "grant", "600"]), "")));
    let ids = granted.clone().map(|text| text.split(' ').nth(1).expect("it says which").to_owned());
    assert_eq!(granted[0].replace(&ids[0], "X"), granted[1].replace(&ids[1], "X"));
    for key in ["a", "b"] {
        let put = run(addresses.quorate().args(["put", key, "v", "--lease", &ids[0]]), "");
        assert!(put.status.success(), "{put:?}");
    }
    let id = &*ids[0];
    for format in ["simple", "json"] {
        for args in [
            &["lease", "list"][..],
            &["lease", "timetolive", id],
            &["lease", "timetolive", id, "--keys"],
            &["lease", "timetolive", &ids[1], "--keys"],
            &["lease", "timetolive", "abc"],
            &["lease", "keep-alive", "--once", id],
            &["lease", "keep-alive", "abc"],
        ] {
            // The seconds pass, but not many between two commands.
            let same = (0..5).any(|_| {
                let [theirs, ours] = both.map(|program| {
                    text(run(program(&addresses).args(["-w", format]).args(args), ""))
                });
                theirs == ours
            });
            assert!(same, "{args:?} as {format}");
        }
    }
    let json = both.map(|program| {
        text(run(program(&addresses).args(["-w", "json", "lease", "grant", "99"]), ""))
    });
    let without_id = json.map(|text| {
        let (head, tail) = text.split_once("\"ID\":").expect("it says which");
        head.to_owned() + tail.trim_start_matches(|c: char| c.is_ascii_digit())
    });
    assert_eq!(without_id[0], without_id[1]);
    let revoked = [0, 1].map(|n| {
        let revoke = ["-w", "json", "lease", "revoke", &ids[n]];
        // The other keys are gone with the first one, at a revision of their own.
        text(run(both[n](&addresses).args(revoke), ""))
    });
    assert_eq!(revoked[0], revoked[1]);
    for args in [
        &["lease", "revoke", "abc"][..],
        &["lease", "keep-alive", "--once", "abc"],
        &["lease", "grant", "9000000001"],
    ] {
        let [theirs, ours] = both.map(|program| error(&run(program(&addresses).args(args), "")));
        assert_eq!(theirs, ours, "{args:?}");
    }
}

fn text(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("both print Unicode")
}

/// The line that says why. `etcdctl` also logs there.
fn error(output: &Output) -> Option<String> {
    assert!(!output.status.success(), "{output:?}");
    let lines = String::from_utf8_lossy(&output.stderr).into_owned();
    lines.lines().rfind(|line| line.starts_with("Error:")).map(str::to_owned)
}

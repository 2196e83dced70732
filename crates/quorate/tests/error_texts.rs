//! Every text with which etcd refuses something, since clients compare them; and what provokes it
//! here, of real members over gRPC.
//!
//! [`TEXTS`] has them all. A text that no test provokes stands there with its reason, and what is
//! said to be provoked here must be heard here.

mod support;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::pin::pin;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tonic::Code::{
    self, Cancelled, DataLoss, DeadlineExceeded, FailedPrecondition, InvalidArgument, NotFound,
    OutOfRange, PermissionDenied, ResourceExhausted, Unauthenticated, Unavailable,
};
use tonic::Status;
use tonic::transport::Channel;

use support::any_call::{Call, call, channel};
use support::cluster::Cluster;
use support::tools::{quorate, run};
use support::{PATIENCE, eventually};

/// How a text comes to be heard.
enum Heard {
    /// By a test in this file.
    Here,
    /// By that other test: a whole cluster says it by chance only.
    Elsewhere(&'static str),
    /// Never, because.
    Never(&'static str),
}

use Heard::{Elsewhere, Here, Never};

const ONE_API: &str = "there is one version of the API, and all members have it";
const VALIDATES: &str = "a downgrade is only validated";
const BY_CHANCE: &str = "server: calls::what_fails_elsewhere_is_told_in_etcds_words";

/// The texts of etcd's table (`rpctypes`), without `etcdserver: `.
const TEXTS: &[(Code, &str, Heard)] = &[
    (InvalidArgument, "key is not provided", Here),
    (InvalidArgument, "key not found", Here),
    (InvalidArgument, "value is provided", Here),
    (InvalidArgument, "lease is provided", Here),
    (InvalidArgument, "too many operations in txn request", Here),
    (InvalidArgument, "duplicate key given in txn request", Here),
    (InvalidArgument, "invalid client api version", Here),
    (InvalidArgument, "invalid sort option", Here),
    (InvalidArgument, "given member URLs are invalid", Here),
    (InvalidArgument, "request is too large", Here),
    (InvalidArgument, "user name is empty", Here),
    (InvalidArgument, "role name is empty", Here),
    (InvalidArgument, "authentication failed, invalid user ID or password", Here),
    (InvalidArgument, "permission not given", Here),
    (InvalidArgument, "invalid auth management", Here),
    (InvalidArgument, "revision of auth store is old", Here),
    (InvalidArgument, "wrong downgrade target version format", Here),
    (InvalidArgument, "invalid downgrade target version", Here),
    (NotFound, "requested lease not found", Here),
    (NotFound, "member not found", Here),
    (PermissionDenied, "permission denied", Here),
    (ResourceExhausted, "mvcc: database space exceeded", Here),
    (ResourceExhausted, "too many requests", Elsewhere(BY_CHANCE)),
    (FailedPrecondition, "lease already exists", Here),
    (FailedPrecondition, "member ID already exist", Here),
    (FailedPrecondition, "Peer URLs already exists", Here),
    (FailedPrecondition, "re-configuration failed due to not enough started members", Here),
    (FailedPrecondition, "can only promote a learner member", Here),
    (FailedPrecondition, "can only promote a learner member which is in sync with leader", Here),
    (FailedPrecondition, "too many learner members in cluster", Here),
    (FailedPrecondition, "cluster ID mismatch", Never("members tell it each other, not clients")),
    (FailedPrecondition, "root user does not exist", Here),
    (FailedPrecondition, "root user does not have root role", Here),
    (FailedPrecondition, "user name already exists", Here),
    (FailedPrecondition, "user name not found", Here),
    (FailedPrecondition, "role name already exists", Here),
    (FailedPrecondition, "role name not found", Here),
    (FailedPrecondition, "role is not granted to the user", Here),
    (FailedPrecondition, "permission is not granted to the role", Here),
    (FailedPrecondition, "authentication is not enabled", Here),
    (FailedPrecondition, "not leader", Here),
    (FailedPrecondition, "not capable", Never(ONE_API)),
    (FailedPrecondition, "rpc not supported for learner", Here),
    (FailedPrecondition, "bad leader transferee", Here),
    (FailedPrecondition, "cluster version not found during downgrade", Never(ONE_API)),
    (FailedPrecondition, "cluster has a downgrade job in progress", Never(VALIDATES)),
    (FailedPrecondition, "no inflight downgrade job", Here),
    (OutOfRange, "mvcc: required revision has been compacted", Here),
    (OutOfRange, "mvcc: required revision is a future revision", Here),
    (OutOfRange, "too large lease TTL", Here),
    (Unavailable, "no leader", Here),
    (Unavailable, "leader changed", Elsewhere(BY_CHANCE)),
    (Unavailable, "server stopped", Here),
    (Unavailable, "request timed out", Here),
    (
        Unavailable,
        "request timed out, possibly due to previous leader failure",
        Elsewhere(BY_CHANCE),
    ),
    (Unavailable, "request timed out, possibly due to connection lost", Elsewhere(BY_CHANCE)),
    (
        Unavailable,
        "request timed out, waiting for the applied index took too long",
        Never("a read that is confirmed waits for what is applied within the same time-out"),
    ),
    (Unavailable, "unhealthy cluster", Here),
    (DataLoss, "corrupt cluster", Here),
    (Unauthenticated, "invalid auth token", Here),
    (Cancelled, "watch canceled", Never("who has canceled the stream does not hear it")),
    (Cancelled, "request canceled", Never("who has canceled the request does not hear it")),
    (
        DeadlineExceeded,
        "context deadline exceeded",
        Elsewhere("server: calls::a_call_ends_when_its_client_waits_no_more"),
    ),
];

/// What a test has heard, and of whom.
#[derive(Default)]
struct Ear {
    texts: RefCell<BTreeSet<(i32, String)>>,
}

impl Ear {
    /// The call is refused with that text.
    async fn hears(&self, channel: &Channel, call: &Call, code: Code, text: &str) {
        let answer = call.of(channel).await;
        let status = answer.expect_err(&format!("{call:.200?} is not refused"));
        self.heard(&status, code, text);
    }

    fn heard(&self, status: &Status, code: Code, text: &str) {
        let said = (status.code(), status.message().to_owned());
        assert_eq!(said, (code, format!("etcdserver: {text}")));
        self.texts.borrow_mut().insert((code as i32, text.to_owned()));
    }
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What works, on the way to the next refusal.
async fn done(channel: &Channel, call: &Call) -> Value {
    call.of(channel).await.unwrap_or_else(|status| panic!("{call:?}: {status}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_text_is_heard() {
    let ear = Ear::default();
    let mut cluster = Cluster::of(1);
    let key = cluster.directory().join("tokens.key");
    fs::write(&key, "a secret of members").unwrap();
    // Only these tokens say of which users they know.
    let tokens = format!("jwt,sign-method=HS256,priv-key={}", key.display());
    cluster.members[0].flags.set("--auth-token", tokens);
    cluster.start_all().await;
    let channel = channel(&cluster.members[0].url());
    about_keys(&ear, &channel).await;
    about_members(&ear, &channel).await;
    about_space(&ear, &channel).await;
    about_users(&ear, &channel).await;
    drop(cluster);
    of_several_members(&ear).await;

    let heard = ear.texts.take();
    let expected = TEXTS.iter().filter(|(_, _, how)| matches!(how, Here));
    let expected = expected.map(|(code, text, _)| (*code as i32, (*text).to_owned()));
    assert_eq!(heard, expected.collect::<BTreeSet<_>>());
    for (_, text, how) in TEXTS {
        match how {
            Here => {}
            Elsewhere(why) | Never(why) => assert!(!why.is_empty(), "{text}"),
        }
    }
}

async fn about_keys(ear: &Ear, channel: &Channel) {
    let put = |more: &str| call("KV/Put", format!(r#"{{"key":"eg=="{more}}}"#));
    let check = async |call: Call, code, text| ear.hears(channel, &call, code, text).await;
    check(call("KV/Range", "{}"), InvalidArgument, "key is not provided").await;
    check(put(r#","ignore_value":true"#), InvalidArgument, "key not found").await;
    let both = r#","ignore_value":true,"value":"eg==""#;
    check(put(both), InvalidArgument, "value is provided").await;
    let both = r#","ignore_lease":true,"lease":1"#;
    check(put(both), InvalidArgument, "lease is provided").await;
    let puts = |count| json!({"success": vec![json!({"request_put": {"key": "eg=="}}); count]});
    let text = "duplicate key given in txn request";
    check(call("KV/Txn", puts(2).to_string()), InvalidArgument, text).await;
    let text = "too many operations in txn request";
    check(call("KV/Txn", puts(129).to_string()), InvalidArgument, text).await;
    let range = |more: &str| call("KV/Range", format!(r#"{{"key":"eg=="{more}}}"#));
    check(range(r#","sort_order":9"#), InvalidArgument, "invalid sort option").await;
    let value = base64(&vec![b'v'; 1536 * 1024]);
    let large = put(&format!(r#","value":"{value}""#));
    check(large, InvalidArgument, "request is too large").await;
    let of_no_version = put("").with("client-api-version", *b"\xff");
    check(of_no_version, InvalidArgument, "invalid client api version").await;

    for _ in 0..3 {
        done(channel, &put("")).await;
    }
    done(channel, &call("KV/Compact", r#"{"revision":3}"#)).await;
    let text = "mvcc: required revision has been compacted";
    check(range(r#","revision":2"#), OutOfRange, text).await;
    let text = "mvcc: required revision is a future revision";
    check(range(r#","revision":999"#), OutOfRange, text).await;

    check(call("Lease/LeaseRevoke", r#"{"ID":7}"#), NotFound, "requested lease not found").await;
    let grant = call("Lease/LeaseGrant", r#"{"ID":7,"TTL":600}"#);
    done(channel, &grant).await;
    check(grant, FailedPrecondition, "lease already exists").await;
    let for_ever = call("Lease/LeaseGrant", r#"{"TTL":9000000001}"#);
    check(for_ever, OutOfRange, "too large lease TTL").await;
}

async fn about_members(ear: &Ear, channel: &Channel) {
    let check = async |call: Call, code, text| ear.hears(channel, &call, code, text).await;
    let add = |url: &str, is_learner: bool| {
        call("Cluster/MemberAdd", json!({"peerURLs": [url], "isLearner": is_learner}).to_string())
    };
    let promote = |id: &Value| call("Cluster/MemberPromote", json!({"ID": id}).to_string());
    check(add("nonsense", false), InvalidArgument, "given member URLs are invalid").await;
    check(call("Cluster/MemberRemove", r#"{"ID":1}"#), NotFound, "member not found").await;
    let (added, url) = add_twice_in_a_second(ear, channel, add).await;
    let text = "etcdserver: Peer URLs already exists";
    let taken =
        eventually("the second goes on", async || match add(&url, true).of(channel).await {
            Err(status) if status.message() == text => Ok(status),
            answer => Err(format!("{answer:?}")),
        });
    ear.heard(&taken.await, FailedPrecondition, "Peer URLs already exists");
    let text = "too many learner members in cluster";
    check(add("http://127.0.0.1:2", true), FailedPrecondition, text).await;
    // It never started.
    let text = "can only promote a learner member which is in sync with leader";
    check(promote(&added["member"]["ID"]), FailedPrecondition, text).await;
    let own = &added["header"]["member_id"];
    check(promote(own), FailedPrecondition, "can only promote a learner member").await;
    let transfer = call("Maintenance/MoveLeader", r#"{"targetID":1}"#);
    check(transfer, FailedPrecondition, "bad leader transferee").await;
    // The second voter has not started, so there is no third one, and no further learner.
    done(channel, &add("http://127.0.0.1:3", false)).await;
    let text = "re-configuration failed due to not enough started members";
    check(add("http://127.0.0.1:4", false), FailedPrecondition, text).await;
    check(add("http://127.0.0.1:4", true), Unavailable, "unhealthy cluster").await;

    let downgrade = |request| call("Maintenance/Downgrade", request);
    let text = "wrong downgrade target version format";
    check(downgrade(r#"{"version":"x"}"#), InvalidArgument, text).await;
    let text = "invalid downgrade target version";
    check(downgrade(r#"{"version":"3.4"}"#), InvalidArgument, text).await;
    let text = "no inflight downgrade job";
    check(downgrade(r#"{"action":"CANCEL"}"#), FailedPrecondition, text).await;
}

/// A new member's ID is made of its URLs and of the second, so that the same URLs make another ID
/// soon. Adds a learner, and returns what was answered and its URL.
async fn add_twice_in_a_second(
    ear: &Ear,
    channel: &Channel,
    add: impl Fn(&str, bool) -> Call,
) -> (Value, String) {
    const TRIES: usize = 20;
    let text = "member ID already exist";
    for port in 100..100 + TRIES {
        let url = format!("http://127.0.0.1:{port}");
        let added = done(channel, &add(&url, true)).await;
        let again = add(&url, true).of(channel).await.expect_err("there is one there");
        if again.message().ends_with(text) {
            ear.heard(&again, FailedPrecondition, text);
            return (added, url);
        }
        let remove = json!({"ID": added["member"]["ID"]}).to_string();
        done(channel, &call("Cluster/MemberRemove", remove)).await;
    }
    panic!("no two requests came within a second");
}

async fn about_space(ear: &Ear, channel: &Channel) {
    let put = call("KV/Put", r#"{"key":"eg=="}"#);
    for (alarm, code, text) in [
        ("NOSPACE", ResourceExhausted, "mvcc: database space exceeded"),
        ("CORRUPT", DataLoss, "corrupt cluster"),
    ] {
        let set = |action: &str| {
            call("Maintenance/Alarm", json!({"action": action, "alarm": alarm}).to_string())
        };
        done(channel, &set("ACTIVATE")).await;
        ear.hears(channel, &put, code, text).await;
        done(channel, &set("DEACTIVATE")).await;
    }
    done(channel, &put).await;
}

async fn about_users(ear: &Ear, channel: &Channel) {
    let check = async |call: Call, code, text| ear.hears(channel, &call, code, text).await;
    let login = |name: &str, password: &str| {
        call("Auth/Authenticate", json!({"name": name, "password": password}).to_string())
    };
    let grant = |more: &str| call("Auth/RoleGrantPermission", format!(r#"{{"name":"r"{more}}}"#));
    let user =
        |name: &str| call("Auth/UserAdd", json!({"name": name, "password": name}).to_string());
    let role = |name: &str| call("Auth/RoleAdd", json!({"name": name}).to_string());
    let enable = call("Auth/AuthEnable", "{}");

    check(enable.clone(), FailedPrecondition, "root user does not exist").await;
    check(login("root", "root"), FailedPrecondition, "authentication is not enabled").await;
    check(user(""), InvalidArgument, "user name is empty").await;
    done(channel, &user("root")).await;
    check(user("root"), FailedPrecondition, "user name already exists").await;
    let get = call("Auth/UserGet", r#"{"name":"nobody"}"#);
    check(get, FailedPrecondition, "user name not found").await;
    check(enable.clone(), FailedPrecondition, "root user does not have root role").await;
    check(role(""), InvalidArgument, "role name is empty").await;
    done(channel, &role("r")).await;
    check(role("r"), FailedPrecondition, "role name already exists").await;
    let get = call("Auth/RoleGet", r#"{"role":"none"}"#);
    check(get, FailedPrecondition, "role name not found").await;
    let revoke = call("Auth/UserRevokeRole", r#"{"name":"root","role":"r"}"#);
    check(revoke, FailedPrecondition, "role is not granted to the user").await;
    let revoke = call("Auth/RoleRevokePermission", r#"{"role":"r","key":"eg=="}"#);
    check(revoke, FailedPrecondition, "permission is not granted to the role").await;
    check(grant(""), InvalidArgument, "permission not given").await;
    let backwards = grant(r#","perm":{"key":"eg==","range_end":"YQ=="}"#);
    check(backwards, InvalidArgument, "invalid auth management").await;

    done(channel, &role("root")).await;
    let make_root = call("Auth/UserGrantRole", r#"{"user":"root","role":"root"}"#);
    done(channel, &make_root).await;
    done(channel, &user("ann")).await;
    done(channel, &enable).await;
    let text = "authentication failed, invalid user ID or password";
    check(login("root", "guessed"), InvalidArgument, text).await;
    let put = call("KV/Put", r#"{"key":"eg=="}"#);
    check(put.clone(), InvalidArgument, "user name is empty").await;
    check(put.clone().with("token", "nonsense"), Unauthenticated, "invalid auth token").await;
    let ann = token(&done(channel, &login("ann", "ann")).await);
    check(put.clone().with("token", &*ann), PermissionDenied, "permission denied").await;
    // The lease has a key that ann may not write, and its stream says so.
    let root = token(&done(channel, &login("root", "root")).await);
    let attach = call("KV/Put", r#"{"key":"eg==","lease":7}"#).with("token", &*root);
    done(channel, &attach).await;
    let renew = call("Lease/LeaseKeepAlive", r#"{"ID":7}"#);
    check(renew.clone().with("token", &*ann), PermissionDenied, "permission denied").await;
    check(renew.clone(), InvalidArgument, "user name is empty").await;
    done(channel, &renew.with("token", &*root)).await;
    // When users change, such tokens are old.
    done(channel, &user("bob").with("token", &*root)).await;
    check(put.with("token", &*root), InvalidArgument, "revision of auth store is old").await;
}

fn token(answer: &Value) -> String {
    answer["token"].as_str().expect("a token").to_owned()
}

async fn of_several_members(ear: &Ear) {
    let put = call("KV/Put", r#"{"key":"eg=="}"#);
    let mut cluster = Cluster::start(3).await;
    let follower = cluster.follower().await;
    let at = channel(&cluster.members[follower].url());
    let transfer = call("Maintenance/MoveLeader", r#"{"targetID":1}"#);
    ear.hears(&at, &transfer, FailedPrecondition, "not leader").await;

    let learner = cluster.prepare_member();
    let (name, peer) = (cluster.members[learner].name.clone(), cluster.members[learner].peer);
    let mut add = quorate();
    add.args(["--endpoints", &cluster.members[0].url(), "member", "add", &name, "--learner"]);
    let added = run(add.args(["--peer-urls", &format!("http://{peer}")]), "");
    assert!(added.status.success(), "{added:?}");
    let all =
        cluster.members.iter().map(|member| format!("{}=http://{}", member.name, member.peer));
    let all = all.collect::<Vec<_>>().join(",");
    cluster.members[learner].flags.set("--initial-cluster", all);
    cluster.members[learner].flags.set("--initial-cluster-state", "existing");
    cluster.members[learner].start();
    let there = channel(&cluster.members[learner].url());
    let status = call("Maintenance/Status", "{}");
    eventually("it is no learner", async || match status.of(&there).await {
        Ok(status) if status["isLearner"] == true => Ok(()),
        answer => Err(format!("{answer:?}")),
    })
    .await;
    ear.hears(&there, &put, FailedPrecondition, "rpc not supported for learner").await;

    let others = (0..cluster.members.len()).filter(|member| *member != follower);
    for other in others.collect::<Vec<_>>() {
        cluster.members[other].kill();
    }
    let insists = put.clone().with("hasleader", "true");
    eventually("it goes on to see a leader", async || match insists.of(&at).await {
        Err(status) if status.message().ends_with("no leader") => Ok(()),
        answer => Err(format!("{answer:?}")),
    })
    .await;
    ear.hears(&at, &insists, Unavailable, "no leader").await;
    let renews = call("Lease/LeaseKeepAlive", r#"{"ID":7}"#).with("hasleader", "true");
    ear.hears(&at, &renews, Unavailable, "no leader").await;
    ear.hears(&at, &put, Unavailable, "request timed out").await;
    // Stopped while somebody waits.
    let mut waits = pin!(put.of(&at));
    let started = call("Maintenance/Status", "{}");
    tokio::select! {
        // Asked first, so that it is on its way when the other one is answered.
        biased;
        answer = &mut waits => panic!("{answer:?}"),
        _ = done(&at, &started) => {}
    }
    let asked = Instant::now();
    cluster.members[follower].stop();
    assert!(asked.elapsed() < PATIENCE, "it does not end");
    let told = waits.await.expect_err("nothing is written");
    ear.heard(&told, Unavailable, "server stopped");
}

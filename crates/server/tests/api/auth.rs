//! Users, roles and permissions, side by side with a real etcd where there is one.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;

use etcdpb::authpb;
use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::auth_client::AuthClient;
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::lease_client::LeaseClient;
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;
use serde_json::{Value, json};
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::etcd::Etcd;
use crate::local::{Local, Server};
use crate::plain::send;
use crate::watch::{WatchStream, watch};

/// Requests, by whom, in this order. Whoever is named logs in before each.
///
/// Not asked, because etcd 3.4 is kinder than its successors: a permission for no keys, what the
/// role `root` permits, and a compaction by who is no administrator.
///
/// In base64: `YQ==` is "a", `Yg==` is "b", `Yw==` is "c", `ZA==` is "d", `eA==` is "x".
const STORY: &[(&str, &str, &str)] = &[
    // What is wrong whoever asks.
    ("", "auth/enable", "{}"),
    ("", "auth/user/add", r#"{"name":"","password":"x"}"#),
    ("", "auth/user/add", r#"{"name":"root","password":"root"}"#),
    ("", "auth/user/add", r#"{"name":"root","password":"root"}"#),
    ("", "auth/enable", "{}"),
    ("", "auth/user/grant", r#"{"user":"root","role":"root"}"#),
    ("", "auth/user/grant", r#"{"user":"root","role":"none"}"#),
    ("", "auth/user/grant", r#"{"user":"none","role":"root"}"#),
    ("", "auth/role/add", r#"{"name":""}"#),
    ("", "auth/role/add", r#"{"name":"root"}"#),
    ("", "auth/role/add", r#"{"name":"root"}"#),
    ("", "auth/user/grant", r#"{"user":"root","role":"root"}"#),
    ("", "auth/user/grant", r#"{"user":"root","role":"root"}"#),
    ("", "auth/user/add", r#"{"name":"ann","password":"ann"}"#),
    ("", "auth/user/add", r#"{"name":"bob","password":"bob"}"#),
    ("", "auth/role/add", r#"{"name":"reader"}"#),
    ("", "auth/role/add", r#"{"name":"writer"}"#),
    (
        "",
        "auth/role/grant",
        r#"{"name":"reader","perm":{"permType":"READ","key":"YQ==","range_end":"Yw=="}}"#,
    ),
    (
        "",
        "auth/role/grant",
        r#"{"name":"reader","perm":{"permType":"READ","key":"Yw==","range_end":"ZA=="}}"#,
    ),
    ("", "auth/role/grant", r#"{"name":"writer","perm":{"permType":"WRITE","key":"YQ=="}}"#),
    ("", "auth/role/grant", r#"{"name":"writer","perm":{"permType":"READWRITE","key":"Yg=="}}"#),
    ("", "auth/role/grant", r#"{"name":"writer","perm":{"permType":"READ","key":"Yg=="}}"#),
    ("", "auth/role/grant", r#"{"name":"writer","perm":{"permType":"READWRITE","key":"Yg=="}}"#),
    ("", "auth/role/grant", r#"{"name":"none","perm":{"permType":"READ","key":"YQ=="}}"#),
    ("", "auth/role/revoke", r#"{"role":"writer","key":"Yw=="}"#),
    ("", "auth/role/revoke", r#"{"role":"none","key":"Yw=="}"#),
    ("", "auth/role/get", r#"{"role":"writer"}"#),
    ("", "auth/role/get", r#"{"role":"none"}"#),
    ("", "auth/role/list", "{}"),
    ("", "auth/user/grant", r#"{"user":"ann","role":"reader"}"#),
    ("", "auth/user/grant", r#"{"user":"bob","role":"writer"}"#),
    ("", "auth/user/revoke", r#"{"name":"bob","role":"reader"}"#),
    ("", "auth/user/revoke", r#"{"name":"none","role":"reader"}"#),
    ("", "auth/user/get", r#"{"name":"ann"}"#),
    ("", "auth/user/get", r#"{"name":"none"}"#),
    ("", "auth/user/list", "{}"),
    ("", "auth/authenticate", r#"{"name":"ann","password":"ann"}"#),
    ("", "kv/put", r#"{"key":"YQ==","value":"MQ=="}"#),
    ("", "auth/enable", "{}"),
    // Who may do what.
    ("", "kv/range", r#"{"key":"YQ=="}"#),
    ("", "kv/put", r#"{"key":"YQ=="}"#),
    ("", "auth/user/list", "{}"),
    ("", "auth/authenticate", r#"{"name":"ann","password":"bob"}"#),
    ("", "auth/authenticate", r#"{"name":"none","password":"bob"}"#),
    ("nonsense", "kv/range", r#"{"key":"YQ=="}"#),
    ("ann", "kv/range", r#"{"key":"YQ=="}"#),
    ("ann", "kv/range", r#"{"key":"YQ==","range_end":"Yw=="}"#),
    ("ann", "kv/range", r#"{"key":"YQ==","range_end":"ZA=="}"#),
    ("ann", "kv/range", r#"{"key":"YQ==","range_end":"ZQ=="}"#),
    ("ann", "kv/range", r#"{"key":"YQ==","range_end":"AA=="}"#),
    ("ann", "kv/range", r#"{"key":"eA=="}"#),
    ("ann", "kv/put", r#"{"key":"YQ=="}"#),
    ("bob", "kv/range", r#"{"key":"YQ=="}"#),
    ("bob", "kv/put", r#"{"key":"YQ==","value":"Mg=="}"#),
    ("bob", "kv/put", r#"{"key":"YQ==","prev_kv":true}"#),
    ("bob", "kv/put", r#"{"key":"Yg==","prev_kv":true}"#),
    ("bob", "kv/deleterange", r#"{"key":"YQ==","prev_kv":true}"#),
    ("bob", "kv/deleterange", r#"{"key":"YQ=="}"#),
    ("bob", "kv/deleterange", r#"{"key":"YQ==","range_end":"Yw=="}"#),
    (
        "bob",
        "kv/txn",
        r#"{"compare":[{"target":"MOD","key":"YQ=="}],"success":[{"request_put":{"key":"Yg=="}}]}"#,
    ),
    (
        "bob",
        "kv/txn",
        r#"{"compare":[{"target":"MOD","key":"Yg=="}],"success":[{"request_put":{"key":"Yg=="}}]}"#,
    ),
    (
        "bob",
        "kv/txn",
        r#"{"success":[{"request_put":{"key":"Yg=="}}],
            "failure":[{"request_put":{"key":"eA=="}}]}"#,
    ),
    (
        "bob",
        "kv/txn",
        r#"{"success":[{"request_put":{"key":"Yg=="}},{"request_range":{"key":"Yg=="}}]}"#,
    ),
    ("bob", "kv/txn", r#"{"success":[{"request_range":{"key":"eA=="}}]}"#),
    // The keys of an election, or a lock, are below its name.
    ("", "election/campaign", r#"{"name":"eA==","lease":"7","value":"MQ=="}"#),
    ("", "election/leader", r#"{"name":"eA=="}"#),
    ("", "lock/lock", r#"{"name":"eA==","lease":"7"}"#),
    ("nonsense", "lock/lock", r#"{"name":"eA==","lease":"7"}"#),
    ("ann", "election/campaign", r#"{"name":"eA==","lease":"7","value":"MQ=="}"#),
    ("ann", "election/leader", r#"{"name":"eA=="}"#),
    ("ann", "election/proclaim", r#"{"leader":{"key":"eA==","lease":"7"},"value":"MQ=="}"#),
    ("ann", "election/resign", r#"{"leader":{"key":"eA==","lease":"7"}}"#),
    ("ann", "lock/lock", r#"{"name":"eA==","lease":"7"}"#),
    ("ann", "lock/unlock", r#"{"key":"eA=="}"#),
    ("root", "lock/unlock", r#"{"key":"eA=="}"#),
    ("bob", "auth/user/get", r#"{"name":"bob"}"#),
    ("bob", "auth/user/get", r#"{"name":"ann"}"#),
    ("bob", "auth/role/get", r#"{"role":"writer"}"#),
    ("bob", "auth/role/get", r#"{"role":"reader"}"#),
    ("bob", "auth/user/add", r#"{"name":"cat","password":"x"}"#),
    ("bob", "auth/disable", "{}"),
    ("bob", "lease/grant", r#"{"ID":"7","TTL":"100"}"#),
    ("bob", "kv/put", r#"{"key":"Yg==","lease":"7"}"#),
    ("ann", "lease/revoke", r#"{"ID":"7"}"#),
    ("root", "kv/put", r#"{"key":"eA==","lease":"7"}"#),
    ("bob", "kv/put", r#"{"key":"Yg==","lease":"7"}"#),
    ("bob", "lease/revoke", r#"{"ID":"7"}"#),
    ("root", "lease/revoke", r#"{"ID":"7"}"#),
    // What cannot be while users matter, and what can.
    ("root", "auth/user/delete", r#"{"name":"root"}"#),
    ("root", "auth/user/revoke", r#"{"name":"root","role":"root"}"#),
    ("root", "auth/role/delete", r#"{"role":"root"}"#),
    ("root", "auth/user/delete", r#"{"name":"none"}"#),
    ("root", "auth/role/delete", r#"{"role":"none"}"#),
    ("root", "auth/user/changepw", r#"{"name":"none","password":"x"}"#),
    ("root", "auth/role/delete", r#"{"role":"writer"}"#),
    ("bob", "kv/put", r#"{"key":"YQ=="}"#),
    ("root", "auth/user/get", r#"{"name":"bob"}"#),
    ("root", "auth/user/delete", r#"{"name":"bob"}"#),
    ("root", "auth/user/list", "{}"),
    ("root", "kv/range", r#"{"key":"AA==","range_end":"AA=="}"#),
    ("root", "auth/enable", "{}"),
    ("root", "auth/disable", "{}"),
    ("", "auth/disable", "{}"),
    ("", "kv/put", r#"{"key":"YQ=="}"#),
    ("", "auth/user/delete", r#"{"name":"root"}"#),
];

#[tokio::test]
async fn etcd_answers_the_same() {
    let Some(mut etcd) = Etcd::start() else { return };
    let _serves = etcd.channel().await;
    let server = Server::start(&Local::new()).await;
    let mut differences = Vec::new();
    for (n, (who, path, body)) in STORY.iter().enumerate() {
        let expected = ask(&etcd.address(), who, path, body).await;
        let got = ask(&server.address.to_string(), who, path, body).await;
        if got != expected {
            differences
                .push(format!("{n}: {who} {path} {body}\n  etcd: {expected}\n  ours: {got}"));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
    server.stop().await;
}

/// The answer to a request of that user, whose password is its name, but for who answers.
async fn ask(address: &str, who: &str, path: &str, body: &str) -> Value {
    let headers = if who.is_empty() {
        String::new()
    } else {
        let login = json!({ "name": who, "password": who }).to_string();
        let answer = send(address, "POST", "/v3/auth/authenticate", "", &login).await.json();
        let token = answer["token"].as_str().unwrap_or(who).to_owned();
        format!("authorization: {token}\r\n")
    };
    let answer = send(address, "POST", &format!("/v3/{path}"), &headers, body).await.json();
    if let Some(message) = answer.get("message") {
        return json!({ "code": answer["code"], "message": message });
    }
    let mut answer = answer;
    let fields = answer.as_object_mut().unwrap();
    let revision = fields["header"]["revision"].clone();
    fields.insert("header".to_owned(), json!({ "revision": revision }));
    if fields.contains_key("token") {
        fields.insert("token".to_owned(), json!("some"));
    }
    answer
}

/// A cluster in which users matter, with `root`, and `ann`, who may read "a" to "c".
pub(crate) async fn with_users(channel: &Channel) -> BTreeMap<&'static str, String> {
    let mut auth = AuthClient::new(channel.clone());
    for name in ["root", "ann"] {
        let text = name.to_owned();
        let add =
            pb::AuthUserAddRequest { name: text.clone(), password: text, ..Default::default() };
        auth.user_add(add).await.unwrap();
    }
    let [root, ann, reader] = ["root", "ann", "reader"].map(str::to_owned);
    auth.role_add(pb::AuthRoleAddRequest { name: reader.clone() }).await.unwrap();
    let perm = authpb::Permission {
        perm_type: authpb::permission::Type::Read.into(),
        key: "a".into(),
        range_end: "c".into(),
    };
    let grant = pb::AuthRoleGrantPermissionRequest { name: reader.clone(), perm: Some(perm) };
    auth.role_grant_permission(grant).await.unwrap();
    for (user, role) in [(root.clone(), root), (ann, reader)] {
        auth.user_grant_role(pb::AuthUserGrantRoleRequest { user, role }).await.unwrap();
    }
    auth.auth_enable(pb::AuthEnableRequest {}).await.unwrap();
    let mut tokens = BTreeMap::new();
    for name in ["root", "ann"] {
        tokens.insert(name, login(channel, name, name).await.unwrap());
    }
    tokens
}

async fn login(channel: &Channel, name: &str, password: &str) -> Result<String, Status> {
    let [name, password] = [name, password].map(str::to_owned);
    let request = pb::AuthenticateRequest { name, password };
    Ok(AuthClient::new(channel.clone()).authenticate(request).await?.into_inner().token)
}

pub(crate) fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    let token = AsciiMetadataValue::try_from(token).unwrap();
    request.metadata_mut().insert("token", token);
    request
}

#[track_caller]
fn refused<T>(answer: Result<T, Status>, code: Code, text: &str) {
    let status = answer.err().expect("it is refused");
    assert_eq!((status.code(), status.message()), (code, text));
}

#[tokio::test]
async fn watches_need_permission_for_all_their_keys() {
    let server = Server::start(&Local::new()).await;
    let channel = server.channel().await;
    let tokens = with_users(&channel).await;
    let denied = "rpc error: code = PermissionDenied desc = etcdserver: permission denied";
    let empty = "rpc error: code = InvalidArgument desc = etcdserver: user name is empty";
    let invalid = "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token";
    let ann = tokens["ann"].as_str();
    for (token, key, range_end, reason) in [
        (Some(ann), "a", "", ""),
        (Some(ann), "a", "c", ""),
        (Some(ann), "a", "d", denied),
        // One key is not all that follow it (GHSA-xg4h-6gfc-h4m8).
        (Some(ann), "a", "\0", denied),
        (Some(ann), "", "", denied),
        (Some(tokens["root"].as_str()), "", "\0", ""),
        (Some("nonsense"), "a", "", invalid),
        (None, "a", "", empty),
    ] {
        let mut stream = WatchStream::open_as(channel.clone(), watch(key, range_end), token).await;
        let created = stream.next().await.unwrap();
        assert!(created.created);
        assert_eq!(created.cancel_reason, reason, "{key} {range_end}");
        let id = if reason.is_empty() { 0 } else { -1 };
        assert_eq!((created.watch_id, created.canceled), (id, id == -1));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_token_ends_with_its_password_and_with_its_user() {
    let server = Server::start(&Local::new()).await;
    let channel = server.channel().await;
    let tokens = with_users(&channel).await;
    let mut auth = AuthClient::new(channel.clone());
    let mut kv = KvClient::new(channel.clone());
    let mut read = async |token: &str| {
        let range = pb::RangeRequest { key: "a".into(), ..Default::default() };
        kv.range(with_token(range, token)).await
    };
    let root = tokens["root"].as_str();
    read(&tokens["ann"]).await.unwrap();
    // A role more, or less, is no reason to log in again.
    auth.role_add(with_token(pb::AuthRoleAddRequest { name: "other".into() }, root)).await.unwrap();
    read(&tokens["ann"]).await.unwrap();

    let change = pb::AuthUserChangePasswordRequest {
        name: "ann".into(),
        password: "new".into(),
        ..Default::default()
    };
    auth.user_change_password(with_token(change, root)).await.unwrap();
    let invalid = "etcdserver: invalid auth token";
    refused(read(&tokens["ann"]).await, Code::Unauthenticated, invalid);
    let text = "etcdserver: authentication failed, invalid user ID or password";
    refused(login(&channel, "ann", "ann").await, Code::InvalidArgument, text);
    let token = login(&channel, "ann", "new").await.unwrap();
    read(&token).await.unwrap();
    let delete = pb::AuthUserDeleteRequest { name: "ann".into() };
    auth.user_delete(with_token(delete, root)).await.unwrap();
    refused(read(&token).await, Code::Unauthenticated, invalid);

    // Whoever logged in before users ceased to matter, has to do so again.
    auth.auth_disable(with_token(pb::AuthDisableRequest {}, root)).await.unwrap();
    refused(
        login(&channel, "root", "root").await,
        Code::FailedPrecondition,
        "etcdserver: authentication is not enabled",
    );
    auth.auth_enable(pb::AuthEnableRequest {}).await.unwrap();
    refused(read(root).await, Code::Unauthenticated, invalid);
    server.stop().await;
}

#[tokio::test]
async fn what_is_for_administrators_is_for_nobody_else() {
    let server = Server::start(&Local::new()).await;
    let channel = server.channel().await;
    let tokens = with_users(&channel).await;
    let mut maintenance = MaintenanceClient::new(channel.clone());
    let mut auth = AuthClient::new(channel.clone());
    let (ann, root) = (&tokens["ann"], &tokens["root"]);
    let denied = "etcdserver: permission denied";
    let hash = maintenance.hash(with_token(pb::HashRequest {}, ann)).await;
    refused(hash, Code::PermissionDenied, denied);
    let raise = pb::AlarmRequest { action: 1, alarm: 1, member_id: 8 };
    let raised = maintenance.alarm(with_token(raise, ann)).await;
    refused(raised, Code::PermissionDenied, denied);
    maintenance.alarm(with_token(pb::AlarmRequest::default(), ann)).await.unwrap();
    maintenance.status(with_token(pb::StatusRequest {}, ann)).await.unwrap();
    let status = maintenance.status(pb::StatusRequest {}).await;
    refused(status, Code::InvalidArgument, "etcdserver: user name is empty");
    maintenance.hash(with_token(pb::HashRequest {}, root)).await.unwrap();
    // Before one has logged in, one can ask whether one has to.
    let status = auth.auth_status(pb::AuthStatusRequest {}).await.unwrap().into_inner();
    assert!(status.enabled && status.auth_revision > 5, "{status:?}");

    let mut lease = LeaseClient::new(channel.clone());
    let grant = pb::LeaseGrantRequest { ttl: 100, id: 7 };
    refused(
        lease.lease_grant(grant).await,
        Code::InvalidArgument,
        "etcdserver: user name is empty",
    );
    lease.lease_grant(with_token(grant, ann)).await.unwrap();
    let put = pb::PutRequest { key: "z".into(), lease: 7, ..Default::default() };
    KvClient::new(channel.clone()).put(with_token(put, root)).await.unwrap();
    let ask = pb::LeaseTimeToLiveRequest { id: 7, keys: true };
    refused(lease.lease_time_to_live(with_token(ask, ann)).await, Code::PermissionDenied, denied);
    let ask = pb::LeaseTimeToLiveRequest { id: 7, keys: false };
    lease.lease_time_to_live(with_token(ask, ann)).await.unwrap();
    let requests = tokio_stream::iter([pb::LeaseKeepAliveRequest { id: 7 }]);
    let mut answers = lease.lease_keep_alive(with_token(requests, ann)).await.unwrap().into_inner();
    refused(answers.message().await, Code::PermissionDenied, denied);

    let without = authpb::UserAddOptions { no_password: true };
    let add = pb::AuthUserAddRequest {
        name: "cert".into(),
        options: Some(without),
        ..Default::default()
    };
    auth.user_add(with_token(add, root)).await.unwrap();
    let text = "auth: authentication failed, password was given for no password user";
    refused(login(&channel, "cert", "").await, Code::Unknown, text);
    server.stop().await;
}

//! Every text with which etcd refuses, as far as a member can be brought to say it.

use serde_json::json;

use crate::local::{Local, Server};
use crate::plain::{post, send};

/// The codes of gRPC.
const INVALID_ARGUMENT: i32 = 3;
const NOT_FOUND: i32 = 5;
const RESOURCE_EXHAUSTED: i32 = 8;
const FAILED_PRECONDITION: i32 = 9;
const OUT_OF_RANGE: i32 = 11;
const UNAVAILABLE: i32 = 14;
const DATA_LOSS: i32 = 15;

/// A path, a request, and the code and the text with which it is refused.
type Case = (&'static str, &'static str, i32, &'static str);

const CASES: &[Case] = &[
    ("/v3/kv/range", "{}", INVALID_ARGUMENT, "key is not provided"),
    ("/v3/kv/put", r#"{"key":"eg==","ignore_value":true}"#, INVALID_ARGUMENT, "key not found"),
    (
        "/v3/kv/put",
        r#"{"key":"eg==","value":"eg==","ignore_value":true}"#,
        INVALID_ARGUMENT,
        "value is provided",
    ),
    (
        "/v3/kv/put",
        r#"{"key":"eg==","lease":"1","ignore_lease":true}"#,
        INVALID_ARGUMENT,
        "lease is provided",
    ),
    (
        "/v3/kv/txn",
        r#"{"success":[{"request_put":{"key":"eg=="}},{"request_put":{"key":"eg=="}}]}"#,
        INVALID_ARGUMENT,
        "duplicate key given in txn request",
    ),
    ("/v3/kv/range", r#"{"key":"eg==","sort_order":9}"#, INVALID_ARGUMENT, "invalid sort option"),
    (
        "/v3/kv/range",
        r#"{"key":"eg==","revision":"9"}"#,
        OUT_OF_RANGE,
        "mvcc: required revision is a future revision",
    ),
    (
        "/v3/cluster/member/add",
        r#"{"peerURLs":["nonsense"]}"#,
        INVALID_ARGUMENT,
        "given member URLs are invalid",
    ),
    (
        "/v3/cluster/member/add",
        r#"{"peerURLs":["http://127.0.0.1:1"],"isLearner":true}"#,
        FAILED_PRECONDITION,
        "too many learner members in cluster",
    ),
    ("/v3/cluster/member/remove", r#"{"ID":"1"}"#, NOT_FOUND, "member not found"),
    (
        "/v3/cluster/member/promote",
        r#"{"ID":"8"}"#,
        FAILED_PRECONDITION,
        "can only promote a learner member",
    ),
    (
        "/v3/cluster/member/promote",
        r#"{"ID":"9"}"#,
        FAILED_PRECONDITION,
        "can only promote a learner member which is in sync with leader",
    ),
    (
        "/v3/maintenance/transfer-leadership",
        r#"{"targetID":"1"}"#,
        FAILED_PRECONDITION,
        "bad leader transferee",
    ),
    ("/v3/lease/revoke", r#"{"ID":"1"}"#, NOT_FOUND, "requested lease not found"),
    ("/v3/lease/grant", r#"{"TTL":"9000000001"}"#, OUT_OF_RANGE, "too large lease TTL"),
    (
        "/v3/maintenance/downgrade",
        r#"{"version":"x"}"#,
        INVALID_ARGUMENT,
        "wrong downgrade target version format",
    ),
    (
        "/v3/maintenance/downgrade",
        r#"{"version":"3.4"}"#,
        INVALID_ARGUMENT,
        "invalid downgrade target version",
    ),
    (
        "/v3/maintenance/downgrade",
        r#"{"action":"CANCEL"}"#,
        FAILED_PRECONDITION,
        "no inflight downgrade job",
    ),
];

async fn check(server: &Server, (path, body, code, text): (&str, &str, i32, &str)) {
    let answer = post(&server.address.to_string(), path, body).await;
    let text = format!("etcdserver: {text}");
    let expected = json!({"error": text, "code": code, "message": text, "details": []});
    assert_eq!(answer.json(), expected, "{path} {}", &body[..body.len().min(200)]);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_etcds_words() {
    let server = Server::start(&Local::new()).await;
    for case in CASES {
        check(&server, *case).await;
    }
    let put = r#"{"request_put":{"key":"eg=="}}"#;
    let many = format!(r#"{{"success":[{}]}}"#, vec![put; 129].join(","));
    let text = "too many operations in txn request";
    check(&server, ("/v3/kv/txn", &many, INVALID_ARGUMENT, text)).await;
    let large = format!(r#"{{"key":"eg==","value":"{}"}}"#, "AAAA".repeat(530_000));
    check(&server, ("/v3/kv/put", &large, INVALID_ARGUMENT, "request is too large")).await;
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_in_etcds_words() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let address = server.address.to_string();
    for _ in 0..3 {
        post(&address, "/v3/kv/put", r#"{"key":"YQ=="}"#).await;
    }
    post(&address, "/v3/kv/compaction", r#"{"revision":"3"}"#).await;
    let text = "mvcc: required revision has been compacted";
    let past = r#"{"key":"YQ==","revision":"2"}"#;
    check(&server, ("/v3/kv/range", past, OUT_OF_RANGE, text)).await;
    post(&address, "/v3/lease/grant", r#"{"ID":"7","TTL":"60"}"#).await;
    let grant = ("/v3/lease/grant", r#"{"ID":"7","TTL":"60"}"#);
    check(&server, (grant.0, grant.1, FAILED_PRECONDITION, "lease already exists")).await;

    post(&address, "/v3/maintenance/alarm", r#"{"action":"ACTIVATE","alarm":"NOSPACE"}"#).await;
    let put = ("/v3/kv/put", r#"{"key":"YQ=="}"#);
    let text = "mvcc: database space exceeded";
    check(&server, (put.0, put.1, RESOURCE_EXHAUSTED, text)).await;
    check(&server, ("/v3/lease/grant", r#"{"TTL":"60"}"#, RESOURCE_EXHAUSTED, text)).await;
    post(&address, "/v3/maintenance/alarm", r#"{"action":"ACTIVATE","alarm":"CORRUPT"}"#).await;
    check(&server, (put.0, put.1, DATA_LOSS, "corrupt cluster")).await;

    local.change(|status| status.is_learner = true);
    let text = "rpc not supported for learner";
    check(&server, (put.0, put.1, FAILED_PRECONDITION, text)).await;
    local.change(|status| (status.is_learner, status.leader) = (false, Some(9)));
    let transfer = ("/v3/maintenance/transfer-leadership", r#"{"targetID":"8"}"#);
    check(&server, (transfer.0, transfer.1, FAILED_PRECONDITION, "not leader")).await;
    local.change(|status| status.leader = None);
    check(&server, (put.0, put.1, UNAVAILABLE, "request timed out")).await;
    let wants_leader = "grpc-metadata-hasleader: true\r\n";
    let answer = send(&address, "POST", put.0, wants_leader, put.1).await;
    assert_eq!(answer.json()["error"], "etcdserver: no leader", "{answer:?}");
    server.stop().await;
}

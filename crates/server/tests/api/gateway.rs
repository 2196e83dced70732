//! The JSON gateway, side by side with that of a real etcd where there is one.

use serde_json::{Value, json};

use crate::etcd::Etcd;
use crate::local::{Local, Server};
use crate::plain::{Answer, post};

/// Requests whose answers must be etcd's, in this order.
///
/// None of them fails a precondition: etcd 3.4 answers 412 then, and its successors 400.
const ASKS: &[(&str, &str)] = &[
    ("/v3/kv/range", r#"{"key":"Zm9v"}"#),
    ("/v3/kv/put", r#"{"key":"Zm9v","value":"YmFy"}"#),
    ("/v3/kv/put", r#"{"key":"Zm9v","value":"YmFyMg==","prev_kv":true}"#),
    ("/v3/kv/put", r#"{"key":"Zm9v","prevKv":true,"unknown":[1]}"#),
    ("/v3/kv/range", r#"{"key":"Zm9v"} and whatever follows"#),
    ("/v3/kv/range", r#"{"key":"AA==","range_end":"AA==","limit":"1","keys_only":true}"#),
    ("/v3/kv/range", r#"{"key":"AA==","rangeEnd":"AA==","revision":2,"sort_order":"DESCEND"}"#),
    ("/v3/kv/range", r#"{"key":"Zm9v","sort_order":1,"sort_target":"MOD"}"#),
    ("/v3/kv/range", r#"{"key":"Zm9v","revision":null,"count_only":true}"#),
    ("/v3/kv/range", r#"{"key":"Zm9v","revision":"1000"}"#),
    ("/v3/kv/range", ""),
    ("/v3/kv/range", "{}"),
    (
        "/v3/kv/txn",
        r#"{"compare":[{"target":"MOD","key":"Zm9v","mod_revision":"4"}],
            "success":[{"request_put":{"key":"YQ==","value":"MQ=="}},
                       {"request_range":{"key":"YQ=="}},
                       {"requestDeleteRange":{"key":"Zm9v"}},
                       {"request_txn":{"failure":[]}}]}"#,
    ),
    ("/v3/kv/txn", r#"{"success":[{}]}"#),
    (
        "/v3/kv/txn",
        r#"{"success":[{"request_put":{"key":"YQ=="}},{"request_put":{"key":"YQ=="}}]}"#,
    ),
    ("/v3/kv/deleterange", r#"{"key":"YQ==","prev_kv":true}"#),
    ("/v3/kv/deleterange", r#"{"key":"YQ=="}"#),
    ("/v3/kv/compaction", r#"{"revision":"3"}"#),
    ("/v3/kv/compaction", r#"{"revision":"3","physical":true}"#),
    ("/v3/kv/range", r#"{"key":"Zm9v","revision":"2"}"#),
    ("/v3/cluster/member/remove", r#"{"ID":"1"}"#),
];

/// What no gateway can read. The words differ; that it is refused does not.
///
/// The name of an enum's value that there is not is refused by 3.4, and passed over by its
/// successors, like a field that there is not.
const MALFORMED: &[(&str, &str)] = &[
    ("/v3/kv/range", r#"{"key":"a"}"#),
    ("/v3/kv/range", r#"{"key":"Zm9v","limit":"x"}"#),
    ("/v3/kv/range", r#"{"key""#),
    ("/v3/kv/range", "[]"),
];

#[tokio::test]
async fn etcd_answers_the_same() {
    let Some(mut etcd) = Etcd::start() else { return };
    let _serves = etcd.channel().await;
    let server = Server::start(&Local::new()).await;
    for (path, body) in ASKS {
        let expected = post(&etcd.address(), path, body).await;
        let got = post(&server.address.to_string(), path, body).await;
        assert_eq!(got.code, expected.code, "{path} {body}: {got:?} {expected:?}");
        assert_eq!(comparable(&got), comparable(&expected), "{path} {body}");
    }
    for (path, body) in MALFORMED {
        let expected = post(&etcd.address(), path, body).await;
        let got = post(&server.address.to_string(), path, body).await;
        assert_eq!((got.code, expected.code), (400, 400), "{path} {body}: {got:?} {expected:?}");
        assert_eq!(got.json()["code"], expected.json()["code"], "{path} {body}");
    }
    server.stop().await;
}

/// An answer, but for who gives it, and without what only one generation of clients reads.
fn comparable(answer: &Answer) -> Value {
    let mut json = answer.json();
    if let Some(header) = json.get_mut("header").and_then(Value::as_object_mut) {
        for own in ["cluster_id", "member_id", "raft_term"] {
            assert!(header.remove(own).is_some_and(|id| id.is_string()), "{answer:?}");
        }
    }
    if let Some(failure) = json.as_object_mut() {
        failure.remove("details");
    }
    json
}

#[tokio::test]
async fn failures_satisfy_both_generations_of_clients() {
    let server = Server::start(&Local::new()).await;
    let address = server.address.to_string();
    let answer = post(&address, "/v3/kv/range", "{}").await;
    let text = "etcdserver: key is not provided";
    assert_eq!(answer.code, 400);
    assert_eq!(answer.json(), json!({"error": text, "message": text, "code": 3, "details": []}));
    assert!(answer.head.contains("content-type: application/json"), "{answer:?}");

    let answer = post(&address, "/v3/cluster/member/remove", r#"{"ID":1}"#).await;
    assert_eq!((answer.code, answer.json()["code"].clone()), (404, json!(5)));
    server.stop().await;
}

#[tokio::test]
async fn what_is_too_long_is_refused() {
    let server = Server::start(&Local::new()).await;
    let body = format!(r#"{{"key":"{}"}}"#, "A".repeat(5 << 20));
    let answer = post(&server.address.to_string(), "/v3/kv/range", &body).await;
    assert_eq!((answer.code, answer.json()["code"].clone()), (429, json!(8)));
    server.stop().await;
}

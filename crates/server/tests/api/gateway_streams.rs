//! Streams of the JSON gateway, first of all `/v3/watch`: a line for each message, as it comes.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::auth::with_users;
use crate::etcd::Etcd;
use crate::local::{Local, Server};
use crate::plain::post;

/// An answer that goes on. Version 1.0 of HTTP, so that it comes as it is.
struct Answer {
    code: u16,
    lines: Lines<BufReader<TcpStream>>,
}

impl Answer {
    async fn of(address: &str, path: &str, headers: &str, body: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("POST {path} HTTP/1.0\r\nhost: x\r\n{headers}");
        let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next_line().await.unwrap().unwrap();
        let code = first.split(' ').nth(1).unwrap().parse().unwrap();
        while lines.next_line().await.unwrap().is_some_and(|line| !line.is_empty()) {}
        Self { code, lines }
    }

    /// The next message. `None` when there are no more.
    async fn next(&mut self) -> Option<Value> {
        let line = timeout(Duration::from_mins(1), self.lines.next_line());
        let line = line.await.expect("something comes, or the end").unwrap()?;
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    /// The next one, but for who says it and when.
    async fn said(&mut self) -> Value {
        let mut said = self.next().await.expect("it goes on");
        said["result"].as_object_mut().unwrap().remove("header").unwrap();
        said
    }
}

const CREATE: &str = r#"{"create_request":{"key":"YQ==","range_end":"Yg==","prev_kv":true}}"#;

async fn put(address: &str, key: &str) {
    let body = json!({"key": key, "value": "MQ=="}).to_string();
    assert_eq!(post(address, "/v3/kv/put", &body).await.code, 200);
}

#[tokio::test]
async fn events_come_as_lines_as_from_etcd() {
    let server = Server::start(&Local::new()).await;
    let ours = server.address.to_string();
    let mut etcd = Etcd::start();
    let mut addresses = vec![ours];
    if let Some(etcd) = &mut etcd {
        let _serves = etcd.channel().await;
        addresses.push(etcd.address());
    }
    for address in &addresses {
        let mut watch = Answer::of(address, "/v3/watch", "", CREATE).await;
        assert_eq!(watch.code, 200, "{address}");
        assert_eq!(watch.said().await, json!({"result": {"created": true}}), "{address}");
        put(address, "YQ==").await;
        put(address, "eg==").await;
        put(address, "YQ==").await;
        let kv = json!({"key": "YQ==", "create_revision": "2", "mod_revision": "2",
                        "version": "1", "value": "MQ=="});
        let first = json!({"result": {"events": [{"kv": kv}]}});
        assert_eq!(watch.said().await, first, "{address}");
        let after = json!({"key": "YQ==", "create_revision": "2", "mod_revision": "4",
                           "version": "2", "value": "MQ=="});
        let second = json!({"result": {"events": [{"kv": after, "prev_kv": kv}]}});
        assert_eq!(watch.said().await, second, "{address}");
        post(address, "/v3/kv/deleterange", r#"{"key":"YQ=="}"#).await;
        let gone = json!({"type": "DELETE", "kv": {"key": "YQ==", "mod_revision": "5"},
                          "prev_kv": after});
        let third = json!({"result": {"events": [gone]}});
        assert_eq!(watch.said().await, third, "{address}");

        // Several requests in one body; what was compacted is told in the stream, not as a code.
        post(address, "/v3/kv/compaction", r#"{"revision":"4"}"#).await;
        let requests = r#"{"create_request":{"key":"YQ==","start_revision":"2","watch_id":"7"}}
                          {"create_request":{"key":"YQ==","watch_id":"8"}}
                          {"cancel_request":{"watch_id":"8"}}"#;
        let mut watch = Answer::of(address, "/v3/watch", "", requests).await;
        let mut told = Vec::new();
        for _ in 0..4 {
            told.push(watch.said().await);
        }
        for expected in [
            json!({"result": {"watch_id": "7", "created": true}}),
            json!({"result": {"watch_id": "7", "canceled": true, "compact_revision": "4"}}),
            json!({"result": {"watch_id": "8", "created": true}}),
            json!({"result": {"watch_id": "8", "canceled": true}}),
        ] {
            assert!(told.contains(&expected), "{address}: {expected} is not in {told:?}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_stream_that_fails_says_why_to_both_generations_of_clients() {
    let error = |grpc: i32, http: u16, status: &str, message: &str| {
        json!({"error": {"grpc_code": grpc, "http_code": http, "http_status": status,
                         "code": grpc, "message": message, "details": []}})
    };
    let local = Local::new();
    let server = Server::start(&local).await;
    let address = server.address.to_string();
    // Before it began, with the code of HTTP.
    let mut refused = Answer::of(&address, "/v3/watch", "", r#"{"create_request":7}"#).await;
    assert_eq!(refused.code, 400);
    assert_eq!(refused.next().await.unwrap()["error"]["code"], 3);
    local.change(|status| status.is_learner = true);
    let mut refused = Answer::of(&address, "/v3/watch", "", CREATE).await;
    let text = "etcdserver: rpc not supported for learner";
    assert_eq!(
        (refused.code, refused.next().await),
        (400, Some(error(9, 400, "Bad Request", text)))
    );
    local.change(|status| (status.is_learner, status.leader) = (false, None));
    let insists = "grpc-metadata-hasleader: true\r\n";
    let mut refused = Answer::of(&address, "/v3/watch", insists, CREATE).await;
    let no_leader = error(14, 503, "Service Unavailable", "etcdserver: no leader");
    assert_eq!((refused.code, refused.next().await), (503, Some(no_leader.clone())));

    // When it has begun, as its last line.
    local.change(|status| status.leader = Some(8));
    let mut watch = Answer::of(&address, "/v3/watch", insists, CREATE).await;
    watch.said().await;
    local.change(|status| status.leader = None);
    assert_eq!((watch.next().await, watch.next().await), (Some(no_leader), None));
    local.change(|status| status.leader = Some(8));
    let mut watch = Answer::of(&address, "/v3/watch", "", CREATE).await;
    watch.said().await;
    let mut renewal = Answer::of(&address, "/v3/lease/keepalive", "", r#"{"ID":"9"}"#).await;
    assert_eq!(renewal.said().await, json!({"result": {"ID": "9"}}));
    server.stop().await;
    let stopped = error(14, 503, "Service Unavailable", "etcdserver: server stopped");
    assert_eq!((watch.next().await, watch.next().await), (Some(stopped), None));
    assert_eq!(renewal.next().await, None, "one request has one answer");
}

#[tokio::test]
async fn who_may_not_watch_is_told_so_in_the_stream() {
    let server = Server::start(&Local::new()).await;
    let address = server.address.to_string();
    let tokens = with_users(&server.channel().await).await;
    let watch = r#"{"create_request":{"key":"eA=="}}"#;
    for (headers, reason) in [
        (String::new(), "rpc error: code = InvalidArgument desc = etcdserver: user name is empty"),
        (
            format!("authorization: {}\r\n", tokens["ann"]),
            "rpc error: code = PermissionDenied desc = etcdserver: permission denied",
        ),
        (
            "authorization: nonsense\r\n".to_owned(),
            "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token",
        ),
    ] {
        let mut answer = Answer::of(&address, "/v3/watch", &headers, watch).await;
        assert_eq!(answer.code, 200);
        let said = answer.said().await;
        let expected = json!({"result": {"watch_id": "-1", "created": true, "canceled": true,
                                         "cancel_reason": reason}});
        assert_eq!(said, expected);
    }
    let root = format!("authorization: {}\r\n", tokens["root"]);
    let mut answer = Answer::of(&address, "/v3/watch", &root, watch).await;
    assert_eq!(answer.said().await, json!({"result": {"created": true}}));
    server.stop().await;
}

//! A cluster in which users matter: who has not logged in sees nothing, at any member.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::net::SocketAddr;

use hyper::Request;
use serde_json::Value;
use support::client;
use support::cluster::Cluster;
use support::tools::{etcdctl, quorate, run, tools_are_there};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What makes users matter: `root`, and `ann`, who may do nothing.
const USERS: &[(&str, &str)] = &[
    ("/v3/auth/user/add", r#"{"name":"root","password":"secret"}"#),
    ("/v3/auth/user/add", r#"{"name":"ann","password":"secret"}"#),
    ("/v3/auth/user/grant", r#"{"user":"root","role":"root"}"#),
    ("/v3/auth/enable", "{}"),
];

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_see_the_trace() {
    let cluster = Cluster::start(3).await;
    let addresses = cluster.members.iter().map(|member| member.client).collect::<Vec<_>>();
    // Whoever listens now may do so until users matter.
    let mut early = trace(addresses[0], "").await;
    assert_eq!(status(&mut early).await, 200);
    for (path, body) in USERS {
        let answer = post(addresses[0], path, body).await;
        assert!(answer.get("error").is_none(), "{path}: {answer}");
    }
    let login = |body| post(addresses[1], "/v3/auth/authenticate", body);
    let root = login(r#"{"name":"root","password":"secret"}"#).await;
    let ann = login(r#"{"name":"ann","password":"secret"}"#).await;
    let [root, ann] = [&root, &ann].map(|answer| answer["token"].as_str().unwrap().to_owned());

    for address in addresses {
        // Afterwards this member, too, has heard that users matter: the answer is linearizable.
        assert_eq!(post(address, "/v3/auth/status", "{}").await["enabled"], true);
        for (token, expected) in [(&root, 200), (&ann, 403)] {
            let header = format!("authorization: {token}\r\n");
            assert_eq!(status(&mut trace(address, &header).await).await, expected, "{address}");
        }
        let mut refused = trace(address, "").await;
        assert_eq!(status(&mut refused).await, 401, "{address}");
        let mut why = String::new();
        refused.read_to_string(&mut why).await.unwrap();
        assert!(why.contains("only administrators see the trace"), "{why}");
    }
    // It ends: or else this test would not.
    early.read_to_end(&mut Vec::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_say_who_asks() {
    let cluster = Cluster::start(3).await;
    let ask = |words: &[&str]| {
        let endpoints = cluster.endpoints();
        let output = run(quorate().args(["--endpoints", &endpoints]).args(words), "");
        let text = if output.status.success() { output.stdout } else { output.stderr };
        String::from_utf8(text).unwrap()
    };
    assert_eq!(ask(&["user", "add", "root:secret"]), "User root created\n");
    assert_eq!(ask(&["user", "add", "ann:secret"]), "User ann created\n");
    assert_eq!(ask(&["role", "add", "reader"]), "Role reader created\n");
    ask(&["role", "grant-permission", "reader", "read", "a", "--prefix"]);
    ask(&["user", "grant-role", "ann", "reader"]);
    assert_eq!(ask(&["auth", "status"]), "Authentication Status: false\nAuthRevision: 6\n");
    assert_eq!(ask(&["auth", "enable"]), "Authentication Enabled\n");

    let (root, ann) = (["--user", "root:secret"], ["--user", "ann", "--password", "secret"]);
    assert_eq!(ask(&["get", "a1"]), "Error: etcdserver: user name is empty\n");
    assert_eq!(ask(&[&root[..], &["put", "a1", "x"]].concat()), "OK\n");
    assert_eq!(ask(&[&ann[..], &["get", "a1"]].concat()), "a1\nx\n");
    let denied = "Error: etcdserver: permission denied\n";
    assert_eq!(ask(&[&ann[..], &["put", "a1", "y"]].concat()), denied);
    let status = ask(&[&ann[..], &["auth", "status", "-o", "json"]].concat());
    assert!(status.contains(r#""enabled":true,"authRevision":8}"#), "{status}");
    assert_eq!(ask(&[&root[..], &["lock", "a2", "true"]].concat()), "");
    let save = ["trace", "save", "--for", "1s", "-"];
    let told = ask(&[&ann[..], &save].concat());
    assert!(told.contains("403 Forbidden: while authentication is on"), "{told}");
    let told = ask(&[&root[..], &save].concat());
    assert!(told.starts_with("{\"i\":0,"), "{}", &told[..told.len().min(200)]);

    if tools_are_there() {
        let words = ["--user", "ann:secret", "get", "a", "--prefix"];
        let output = run(etcdctl(&cluster.endpoints()).args(words), "");
        assert_eq!(output.stdout, b"a1\nx\n", "{output:?}");
    }
    assert_eq!(ask(&[&root[..], &["auth", "disable"]].concat()), "Authentication Disabled\n");
    assert_eq!(ask(&["get", "a1"]), "a1\nx\n");
}

async fn post(address: SocketAddr, path: &str, body: &'static str) -> Value {
    let request = Request::post(path).header("host", address.to_string()).body(body).unwrap();
    let answer = client::http(address, request).await.unwrap();
    serde_json::from_slice(answer.body()).unwrap()
}

/// Asks for a member's trace.
async fn trace(address: SocketAddr, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request =
        format!("GET /api/trace HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// The code with which an answer begins, read up to the end of its head.
async fn status(stream: &mut TcpStream) -> u16 {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line")
}

//! Tokens with keys of one's own: a real etcd takes ours, and we take its.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};
use server::{Jwt, Options, Origins};

use crate::etcd::Etcd;
use crate::local::{Local, Server};
use crate::plain::send;

/// The same users at both, after the same number of changes.
const USERS: &[(&str, &str)] = &[
    ("user/add", r#"{"name":"root","password":"secret"}"#),
    ("role/add", r#"{"name":"root"}"#),
    ("user/grant", r#"{"user":"root","role":"root"}"#),
    ("enable", "{}"),
];

#[tokio::test]
async fn they_are_good_at_an_etcd_with_the_same_keys() {
    let directory = tempfile::tempdir().unwrap();
    let flag = with_keys(directory.path());
    let server = serve(&flag).await;
    let ours = server.address.to_string();
    let token = login(&ours).await;
    assert_eq!(range(&ours, &token).await, json!(null));

    if let Some(mut etcd) = Etcd::start_with(&["--auth-token", &flag]) {
        let _serves = etcd.channel().await;
        let theirs = login(&etcd.address()).await;
        assert_eq!(range(&ours, &theirs).await, json!(null), "etcd's token, here");
        assert_eq!(range(&etcd.address(), &token).await, json!(null), "our token, there");
    }

    // It says how users were, and they are changed.
    let change = r#"{"name":"more"}"#;
    ask(&ours, "/v3/auth/role/add", &token, change).await;
    let old = "etcdserver: revision of auth store is old";
    assert_eq!(range(&ours, &token).await, json!(old));
    assert_eq!(range(&ours, "nonsense").await, json!("etcdserver: invalid auth token"));
    server.stop().await;
}

#[tokio::test]
async fn who_only_reads_them_lets_nobody_log_in() {
    let directory = tempfile::tempdir().unwrap();
    let flag = with_keys(directory.path());
    let (verifies, _) = flag.rsplit_once(",priv-key").unwrap();
    let server = serve(verifies).await;
    let address = server.address.to_string();
    prepare(&address).await;
    let body = r#"{"name":"root","password":"secret"}"#;
    let answer = ask(&address, "/v3/auth/authenticate", "", body).await;
    assert_eq!(answer["message"], "auth: token signing attempted with verify-only key");
    server.stop().await;
}

/// Makes keys, and returns the flag that names them.
fn with_keys(directory: &Path) -> String {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let [private, public] = ["private.pem", "public.pem"].map(|name| directory.join(name));
    std::fs::write(&private, pair.serialize_pem()).unwrap();
    std::fs::write(&public, pair.public_key_pem()).unwrap();
    let [private, public] = [private.display(), public.display()];
    format!("jwt,sign-method=ES256,ttl=5m,pub-key={public},priv-key={private}")
}

async fn serve(flag: &str) -> Server {
    let jwt = Jwt::parse(flag, |_| Ok(Duration::from_mins(5))).unwrap().map(Arc::new);
    let options = Options { bcrypt_cost: 4, ..Options::default() };
    Server::serve(Local::new().frontend(options).with_jwt(jwt), Origins::new([])).await
}

async fn prepare(address: &str) {
    for (path, body) in USERS {
        let answer = ask(address, &format!("/v3/auth/{path}"), "", body).await;
        assert!(answer.get("error").is_none(), "{path}: {answer}");
    }
}

/// Prepares users, and logs in.
async fn login(address: &str) -> String {
    prepare(address).await;
    let body = r#"{"name":"root","password":"secret"}"#;
    let answer = ask(address, "/v3/auth/authenticate", "", body).await;
    answer["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Why a range is refused; null, if it is not.
async fn range(address: &str, token: &str) -> Value {
    ask(address, "/v3/kv/range", token, r#"{"key":"YQ=="}"#).await["error"].clone()
}

async fn ask(address: &str, path: &str, token: &str, body: &str) -> Value {
    let header = format!("authorization: {token}\r\n");
    let header = if token.is_empty() { "" } else { &header };
    send(address, "POST", path, header, body).await.json()
}

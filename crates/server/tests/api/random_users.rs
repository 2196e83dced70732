//! Random requests of users and about users, with leases and with what makes no sense, to a real
//! etcd and to us, as JSON: the answers must be the same, but for who gives them.
//!
//! `QUORATE_DIFFERENTIAL_REQUESTS` and `QUORATE_DIFFERENTIAL_SEED` mean what they mean in
//! [`random`](crate::random).
//!
//! Not asked, because etcd 3.4 is kinder than its successors: a permission for no keys, what the
//! role `root` permits, a compaction by who is no administrator. Nor ranges of no keys, whose
//! permission there depends on what else a user may. Nor to grant no permission at all, which ends
//! that etcd.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::etcd::Etcd;
use crate::local::{Local, Server};
use crate::plain::send;
use crate::random::{Random, STORY, number};

/// The users, of whom some may not be there, and who else asks.
const WHO: &[&str] = &["root", "root", "root", "ann", "ann", "bob", "", "impostor"];
const USERS: &[&str] = &["ann", "bob", "root", "none", ""];
const ROLES: &[&str] = &["reader", "writer", "root", "none", ""];
const PASSWORDS: &[&str] = &["1", "2"];

/// In base64: "a", "aa", "b", "c", "z", and no key.
const KEYS: &[&str] = &["YQ==", "YWE=", "Yg==", "Yw==", "eg==", ""];
/// Likewise: none, all that follow, "b", "c", "d".
const ENDS: &[&str] = &["", "", "", "AA==", "Yg==", "Yw==", "ZA=="];
/// What roles permit. No two begin with the same key: of those, etcd 3.4 may keep one twice.
const INTERVALS: &[(&str, &str)] =
    &[("YQ==", "Yg=="), ("YWE=", ""), ("Yg==", "ZA=="), ("Yw==", "AA==")];
const LEASES: &[&str] = &["7", "8", "9"];

/// What makes no sense as it is written.
const NONSENSE: &[&str] =
    &["", "{", "[]", "7", r#"{"key":7}"#, r#"{"key":"%"}"#, r#"{"key":"YQ==","limit":"x"}"#];

/// The code of gRPC.
const PERMISSION_DENIED: i32 = 7;

/// A request: who asks, the path, the body.
type Asked = (&'static str, &'static str, String);

#[tokio::test]
async fn etcd_answers_random_users_the_same() {
    let Some(mut etcd) = Etcd::start_with(&["--bcrypt-cost", "4"]) else { return };
    let _serves = etcd.channel().await;
    let server = Server::start(&Local::new()).await;
    let mut theirs = Side::at(etcd.address());
    let mut ours = Side::at(server.address.to_string());
    let count = number("QUORATE_DIFFERENTIAL_REQUESTS", 2000);
    let first = number("QUORATE_DIFFERENTIAL_SEED", 1);
    let mut texts = BTreeMap::<String, usize>::new();
    for seed in first..first + count.div_ceil(STORY) {
        let mut random = Random(seed);
        for step in 0..STORY {
            let asked = random.users_ask();
            let got = ours.answer(&asked).await;
            if is_at_the_door(&got) && asked.1.starts_with("lease/") {
                // etcd 3.4 lets anybody in there, where its successors do not.
                continue;
            }
            if got["code"] == PERMISSION_DENIED && asked.1 == "lease/timetolive" {
                // etcd 3.4 tells of keys there that one may not read (CVE-2023-32082).
                continue;
            }
            let expected = theirs.answer(&asked).await;
            let place = format!("request {step} of seed {seed} (begun with {first}): {asked:?}");
            if !(is_at_the_door(&got) && expected["code"].is_number()) {
                assert_eq!(got, expected, "ours, and etcd's, to {place}");
            }
            let text = got["message"].as_str().unwrap_or_default().to_owned();
            *texts.entry(text).or_default() += 1;
        }
    }
    // A generator that only provokes refusals, or none, compares little.
    let served = texts.get("").copied().unwrap_or_default();
    assert!(served > texts.values().sum::<usize>() / 10, "{texts:#?}");
    assert!(texts.len() > 10, "{texts:#?}");
    server.stop().await;
}

/// A server, and the tokens that it gave to users when they logged in.
struct Side {
    address: String,
    tokens: BTreeMap<String, String>,
    /// Whether users matter. While they do not, etcd 3.4 refuses any token; its successors, none.
    is_enabled: bool,
}

impl Side {
    fn at(address: String) -> Self {
        Self { address, tokens: BTreeMap::new(), is_enabled: false }
    }

    async fn answer(&mut self, (who, path, body): &Asked) -> Value {
        let token = self.tokens.get(*who).map_or(*who, String::as_str);
        let header = format!("authorization: {token}\r\n");
        // Whoever logs in shows no token: etcd would look at that first.
        let shows = !token.is_empty() && self.is_enabled && *path != "auth/authenticate";
        let header = if shows { &header } else { "" };
        let answer = send(&self.address, "POST", &format!("/v3/{path}"), header, body).await;
        let mut answer = answer.json();
        if let Some(message) = answer.get("message") {
            // What is no JSON is not told in the same words.
            let is_ours = message.as_str().is_some_and(|text| text.starts_with("etcdserver: "));
            let message = if is_ours { message.clone() } else { json!("something") };
            return json!({ "code": answer["code"], "message": message });
        }
        match *path {
            "auth/enable" => self.is_enabled = true,
            "auth/disable" => self.is_enabled = false,
            _ => {}
        }
        if let Some(token) = answer["token"].as_str() {
            let request: Value = serde_json::from_str(body).unwrap();
            let name = request["name"].as_str().unwrap_or_default().to_owned();
            self.tokens.insert(name, token.to_owned());
        }
        comparable(&mut answer);
        answer
    }
}

/// Whether somebody is not let in. etcd may find first that the request makes no sense.
fn is_at_the_door(answer: &Value) -> bool {
    let text = answer["message"].as_str();
    text.is_some_and(|text| text.ends_with("user name is empty") || text.ends_with("auth token"))
}

/// Leaves out who answers, and when, and puts into an order what has none.
fn comparable(answer: &mut Value) {
    let revision = answer["header"]["revision"].clone();
    let fields = answer.as_object_mut().unwrap();
    fields.insert("header".to_owned(), json!({ "revision": revision }));
    fields.remove("token");
    if fields.get("TTL").is_some_and(|ttl| *ttl != "-1") {
        fields.remove("TTL");
    }
    for list in ["leases", "keys", "perm"] {
        if let Some(Value::Array(list)) = fields.get_mut(list) {
            list.sort_by_key(Value::to_string);
        }
    }
}

impl Random {
    fn users_ask(&mut self) -> Asked {
        let who = self.of(WHO);
        let (path, body) = match self.below(24) {
            0..4 => {
                let (name, password) = (self.of(USERS), self.of(PASSWORDS));
                ("auth/authenticate", json!({ "name": name, "password": password }))
            }
            4 => ("auth/enable", json!({})),
            5 if self.one_in(6) => ("auth/disable", json!({})),
            5..9 => self.about_users(),
            9..13 => self.about_roles(),
            13..16 => self.about_leases(),
            16 if self.one_in(3) => return (who, "kv/range", self.of(NONSENSE).to_owned()),
            16 if who == "root" => {
                let revision = self.below(60).to_string();
                ("kv/compaction", json!({ "revision": revision }))
            }
            _ => self.about_keys(),
        };
        (who, path, body.to_string())
    }

    fn about_users(&mut self) -> (&'static str, Value) {
        let (name, role, password) = (self.of(USERS), self.of(ROLES), self.of(PASSWORDS));
        match self.below(10) {
            0..3 => ("auth/user/add", json!({ "name": name, "password": password })),
            3..6 => ("auth/user/grant", json!({ "user": name, "role": role })),
            6 => ("auth/user/get", json!({ "name": name })),
            7 => ("auth/user/list", json!({})),
            8 if self.one_in(2) => ("auth/user/revoke", json!({ "name": name, "role": role })),
            8 => ("auth/user/changepw", json!({ "name": name, "password": password })),
            _ if self.one_in(3) => ("auth/user/delete", json!({ "name": name })),
            _ => ("auth/user/grant", json!({ "user": "root", "role": "root" })),
        }
    }

    fn about_roles(&mut self) -> (&'static str, Value) {
        let role = self.of(ROLES);
        let (key, range_end) = self.of(INTERVALS);
        match self.below(10) {
            0..3 => ("auth/role/add", json!({ "name": role })),
            3..7 => {
                let kind = self.of(&["READ", "WRITE", "READWRITE"]);
                let perm = json!({ "permType": kind, "key": key, "range_end": range_end });
                ("auth/role/grant", json!({ "name": role, "perm": perm }))
            }
            7 if role != "root" => ("auth/role/get", json!({ "role": role })),
            8 => ("auth/role/revoke", json!({ "role": role, "key": key, "range_end": range_end })),
            9 if self.one_in(3) => ("auth/role/delete", json!({ "role": role })),
            _ => ("auth/role/list", json!({})),
        }
    }

    fn about_leases(&mut self) -> (&'static str, Value) {
        let id = self.of(LEASES);
        match self.below(6) {
            0..2 => {
                let ttl = self.of(&["1000", "1000", "1000", "9000000001"]);
                ("lease/grant", json!({ "ID": id, "TTL": ttl }))
            }
            2 => ("lease/revoke", json!({ "ID": id })),
            3 => ("lease/timetolive", json!({ "ID": id, "keys": true })),
            4 => ("lease/timetolive", json!({ "ID": id })),
            _ => ("lease/leases", json!({})),
        }
    }

    fn about_keys(&mut self) -> (&'static str, Value) {
        match self.below(10) {
            0..4 => ("kv/put", self.json_put()),
            4..7 => ("kv/range", self.json_range()),
            7 => ("kv/deleterange", self.json_delete()),
            _ => {
                let success = (0..self.below(3)).map(|_| self.json_op(1)).collect::<Vec<_>>();
                let failure = (0..self.below(3)).map(|_| self.json_op(1)).collect::<Vec<_>>();
                let compare = json!([{ "target": "VERSION", "key": self.of(KEYS) }]);
                ("kv/txn", json!({ "compare": compare, "success": success, "failure": failure }))
            }
        }
    }

    fn json_put(&mut self) -> Value {
        let lease = if self.one_in(3) { self.of(LEASES) } else { "0" };
        json!({
            "key": self.of(KEYS), "value": "MQ==", "lease": lease, "prev_kv": self.one_in(4),
        })
    }

    fn json_delete(&mut self) -> Value {
        let (key, range_end) = self.interval();
        json!({ "key": key, "range_end": range_end, "prev_kv": self.one_in(3) })
    }

    fn json_range(&mut self) -> Value {
        let (key, range_end) = self.interval();
        json!({ "key": key, "range_end": range_end })
    }

    /// Some keys. (In base64, these have the order that they have otherwise.)
    fn interval(&mut self) -> (&'static str, &'static str) {
        let (key, range_end) = (self.of(KEYS), self.of(ENDS));
        let is_empty = range_end <= key && range_end != "AA==";
        (key, if is_empty { "" } else { range_end })
    }

    fn json_op(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 3 } else { 4 }) {
            0 => json!({ "request_put": self.json_put() }),
            1 => json!({ "request_delete_range": self.json_delete() }),
            2 => json!({ "request_range": self.json_range() }),
            _ => {
                let success = [self.json_op(depth - 1)];
                json!({ "request_txn": { "success": success } })
            }
        }
    }
}

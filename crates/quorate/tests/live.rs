//! The page at a member: it tells of all members, and of elections that nobody watched.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod support;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use trace::{Event, Kind, Record, Role};

use support::client;
use support::cluster::Cluster;
use support::eventually;

/// A stream of records.
struct Stream {
    body: Incoming,
    text: String,
    /// The lines that are read.
    read: usize,
}

impl Stream {
    async fn open(address: SocketAddr, path: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::get(path).header("host", address.to_string());
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self { body: response.into_body(), text: String::new(), read: 0 }
    }

    /// Reads on until there is a record of which this is true.
    async fn wait_for(&mut self, what: &str, is_it: impl Fn(&Record) -> bool) -> Record {
        let found = async {
            loop {
                let whole = self.text.rfind('\n').unwrap_or(0);
                for line in self.text[..whole].lines().skip(self.read) {
                    self.read += 1;
                    let Some(json) = line.strip_prefix("data: ") else { continue };
                    let record = serde_json::from_str::<Record>(json).unwrap();
                    if is_it(&record) {
                        return record;
                    }
                }
                let data = self.body.frame().await.expect("the stream goes on").unwrap();
                self.text.push_str(str::from_utf8(&data.into_data().unwrap()).unwrap());
            }
        };
        timeout(support::PATIENCE, found).await.unwrap_or_else(|_| panic!("never told: {what}"))
    }
}

fn name(record: &Record) -> &str {
    record.n.as_deref().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_member_tells_of_all() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let follower = (leader + 1) % 3;
    let address = cluster.members[follower].client;
    // Two readers of one member, and one of another: none takes anything from the others.
    let mut readers = Vec::new();
    for address in [address, address, cluster.members[(leader + 2) % 3].client] {
        readers.push(Stream::open(address, "/api/live").await);
    }
    for stream in &mut readers {
        let hello = stream.wait_for("hello", |_| true).await;
        let Event::Hello { nodes, can, .. } = hello.event else { panic!("{hello:?}") };
        assert_eq!((nodes.len(), can.len()), (3, 0), "nothing can be done to members from here");
        let mut known = BTreeSet::new();
        while known.len() < 3 {
            let is_key = |record: &Record| matches!(record.event, Event::Key(_));
            known.insert(name(&stream.wait_for("three keys", is_key).await).to_owned());
        }
    }

    // The figures: the leader knows how far the others are.
    let url = cluster.members[follower].url();
    client::kv(&url).put(client::put("a", "1")).await.unwrap();
    let leads = cluster.members[leader].name.clone();
    let figures = readers[0].wait_for("the leader's figures", |record| match &record.event {
        Event::Aggregate(figures) => name(record) == leads && figures.disk.n > 0,
        _ => false,
    });
    let Event::Aggregate(figures) = figures.await.event else { unreachable!() };
    assert_eq!(figures.peers.len(), 2, "{figures:?}");
    for peer in figures.peers.values() {
        assert!(peer.up && peer.heard.is_some() && peer.lag.is_some(), "{figures:?}");
    }

    // One reader goes; the leader dies; the others hear of the election.
    drop(readers.remove(1));
    cluster.members[leader].kill();
    for stream in &mut readers {
        let is_elected = |record: &Record| {
            matches!(record.event, Event::Standing { role: Role::Leader, .. })
                && name(record) != leads
        };
        stream.wait_for("an election", is_elected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_election_that_nobody_watched_can_be_looked_at() {
    let mut cluster = Cluster::start(3).await;
    let first = cluster.leader().await;
    cluster.members[first].kill();
    let second = eventually("there is no other leader", async || {
        let now = cluster.leader().await;
        if now == first { Err("the same leads".to_owned()) } else { Ok(now) }
    })
    .await;

    let text = client::http_get(cluster.members[second].client, "/api/elections").await;
    let records = text.lines().map(|line| serde_json::from_str::<Record>(line).unwrap());
    let records = records.collect::<Vec<_>>();
    assert!(matches!(records[0].event, Event::Hello { .. }), "{:?}", records[0]);
    assert!(records.is_sorted_by_key(|record| record.t));
    assert!(records.iter().map(|record| record.i).eq(0..records.len() as u64));
    // The dead leader's own memory is gone, and the new one's begins with a key.
    let (first, second) = (&cluster.members[first].name, &cluster.members[second].name);
    let told = |name: &str, is_it: fn(&Event) -> bool| {
        let own = records.iter().filter(|record| record.n.as_deref() == Some(name));
        own.filter(|record| is_it(&record.event)).count()
    };
    assert_eq!(told(first, |_| true), 0);
    assert!(told(second, |event| matches!(event, Event::Key(_))) > 0);
    let is_vote = |event: &Event| matches!(event, Event::Sent { m: Kind::RV, .. });
    assert!(told(second, is_vote) > 0);
    let leads = |event: &Event| matches!(event, Event::Standing { role: Role::Leader, .. });
    assert!(told(second, leads) > 0);
}

//! The service `Lease`, asked over a socket, and side by side with a real etcd.

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::lease_client::LeaseClient;
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

use crate::etcd::{Etcd, text};
use crate::local::{Local, Server};

/// Clients of both services of one server.
struct Clients {
    lease: LeaseClient<Channel>,
    kv: KvClient<Channel>,
}

impl Clients {
    fn new(channel: Channel) -> Self {
        Self { lease: LeaseClient::new(channel.clone()), kv: KvClient::new(channel) }
    }

    async fn grant(&mut self, id: i64, ttl: i64) -> Result<pb::LeaseGrantResponse, Status> {
        let answer = self.lease.lease_grant(pb::LeaseGrantRequest { ttl, id }).await;
        answer.map(Response::into_inner)
    }

    async fn revoke(&mut self, id: i64) -> Result<pb::LeaseRevokeResponse, Status> {
        let answer = self.lease.lease_revoke(pb::LeaseRevokeRequest { id }).await;
        answer.map(Response::into_inner)
    }

    async fn time_to_live(&mut self, id: i64) -> pb::LeaseTimeToLiveResponse {
        let request = pb::LeaseTimeToLiveRequest { id, keys: true };
        self.lease.lease_time_to_live(request).await.expect("it is answered").into_inner()
    }

    /// Asks for all in one stream, and ends it.
    async fn keep_alive(&mut self, ids: &[i64]) -> Vec<pb::LeaseKeepAliveResponse> {
        let requests = ids.iter().map(|id| pb::LeaseKeepAliveRequest { id: *id });
        let requests = tokio_stream::iter(requests.collect::<Vec<_>>());
        let mut stream =
            self.lease.lease_keep_alive(requests).await.expect("it is answered").into_inner();
        let mut answers = Vec::new();
        while let Some(answer) = stream.message().await.expect("it is answered") {
            answers.push(answer);
        }
        answers
    }

    async fn list(&mut self) -> Vec<i64> {
        let answer =
            self.lease.lease_leases(pb::LeaseLeasesRequest {}).await.expect("it is answered");
        answer.into_inner().leases.iter().map(|lease| lease.id).collect()
    }

    async fn put(&mut self, key: &'static str, lease: i64) -> Result<(), Status> {
        let request = pb::PutRequest { key: key.into(), lease, ..Default::default() };
        self.kv.put(request).await.map(drop)
    }

    async fn lease_of(&mut self, key: &'static str) -> Option<i64> {
        let request = pb::RangeRequest { key: key.into(), ..Default::default() };
        let answer = self.kv.range(request).await.expect("it is answered").into_inner();
        answer.kvs.first().map(|kv| kv.lease)
    }
}

#[tokio::test]
async fn the_server_chooses_a_number_and_lets_no_lease_be_too_short() {
    let server = Server::start(&Local::new()).await;
    let mut clients = Clients::new(server.channel().await);
    let first = clients.grant(0, 0).await.unwrap();
    let second = clients.grant(0, 3).await.unwrap();
    assert!(first.id > 0 && second.id > 0 && first.id != second.id);
    assert_eq!((first.ttl, second.ttl), (2, 3));
    assert_eq!(first.header.map(|header| (header.member_id, header.revision)), Some((8, 1)));
    server.stop().await;
}

/// Its keys go with it, and a client that keeps it alive learns that it is gone.
#[tokio::test]
async fn a_lease_that_nobody_keeps_alive_ends() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let mut clients = Clients::new(server.channel().await);
    for id in [1, 2] {
        clients.grant(id, 10).await.unwrap();
    }
    clients.put("a", 1).await.unwrap();
    clients.put("b", 2).await.unwrap();
    local.advance(0);
    local.advance(9_400);
    let answers = clients.keep_alive(&[2]).await;
    assert_eq!(answers.iter().map(|answer| answer.ttl).collect::<Vec<_>>(), [10]);
    local.advance(9_900);
    assert_eq!(clients.list().await, [1, 2]);
    assert_eq!((clients.time_to_live(1).await.ttl, clients.time_to_live(2).await.ttl), (0, 10));
    local.advance(10_000);
    let gone = clients.time_to_live(1).await;
    assert_eq!((gone.id, gone.ttl, gone.granted_ttl, gone.keys), (1, -1, 0, vec![]));
    assert_eq!(gone.header.map(|header| header.revision), Some(4));
    assert_eq!((clients.lease_of("a").await, clients.lease_of("b").await), (None, Some(2)));
    assert_eq!(clients.keep_alive(&[1]).await[0].ttl, 0);
    assert_eq!(clients.list().await, [2]);
    server.stop().await;
}

/// More of them than one command takes, and than may be on their way.
#[tokio::test]
async fn keep_alives_are_answered_in_their_order() {
    let server = Server::start(&Local::new()).await;
    let mut clients = Clients::new(server.channel().await);
    for id in 1..=9 {
        clients.grant(id, 10 * id).await.unwrap();
    }
    let ids = (0..3000).map(|n| n % 12).collect::<Vec<i64>>();
    let answers = clients.keep_alive(&ids).await;
    let answered = answers.iter().map(|answer| (answer.id, answer.ttl));
    let expected = ids.iter().map(|id| (*id, if *id > 9 { 0 } else { 10 * id }));
    assert!(answered.eq(expected), "{answers:?}");
    server.stop().await;
}

#[tokio::test]
async fn without_a_leader_nothing_is_kept_alive() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let mut clients = Clients::new(server.channel().await);
    clients.grant(1, 10).await.unwrap();
    local.change(|status| status.leader = None);
    let requests = tokio_stream::iter([pb::LeaseKeepAliveRequest { id: 1 }]);
    let mut stream = clients.lease.lease_keep_alive(requests).await.unwrap().into_inner();
    let status = stream.message().await.unwrap_err();
    let timed_out = "etcdserver: request timed out";
    assert_eq!((status.code(), status.message()), (Code::Unavailable, timed_out));
    assert_eq!(clients.list().await, [1], "what it knows, it says");
    server.stop().await;
}

#[tokio::test]
async fn etcd_answers_the_same() {
    let Some(mut etcd) = Etcd::start() else { return };
    let server = Server::start(&Local::new()).await;
    let expected = tell_all(&mut Clients::new(etcd.channel().await)).await;
    let got = tell_all(&mut Clients::new(server.channel().await)).await;
    for (expected, got) in expected.iter().zip(&got) {
        assert_eq!(got, expected);
    }
    assert_eq!(got.len(), expected.len());
    server.stop().await;
}

/// One long conversation. What depends on who answers, and when, is left out.
async fn tell_all(clients: &mut Clients) -> Vec<String> {
    let mut told = Vec::new();
    for (id, ttl) in [(1, 60), (1, 90), (7, 0), (8, -5), (9, 9_000_000_001), (-3, 100)] {
        let answer = clients.grant(id, ttl).await;
        told.push(text(answer, |answer| &mut answer.header));
    }
    for (key, lease) in [("b", 1), ("a", 1), ("c", 7), ("d", 5), ("c", 1), ("d", -3)] {
        let answer = clients.put(key, lease).await.map_err(|status| status.message().to_owned());
        told.push(format!("put {key} {lease}: {answer:?}"));
    }
    for id in [1, 2, 7, -3] {
        let mut answer = clients.time_to_live(id).await;
        answer.keys.sort();
        // The seconds begin to pass.
        answer.ttl = answer.ttl.clamp(-1, 1);
        told.push(text(Ok(answer), |answer| &mut answer.header));
    }
    for answer in clients.keep_alive(&[1, 2, 0, 1]).await {
        told.push(text(Ok(answer), |answer| &mut answer.header));
    }
    let mut leases = clients.list().await;
    leases.sort_unstable();
    told.push(format!("{leases:?}"));
    for id in [1, 1, 0, -3] {
        told.push(text(clients.revoke(id).await, |answer| &mut answer.header));
    }
    let compare = |target, union| pb::TxnRequest {
        compare: vec![pb::Compare {
            key: "c".into(),
            target,
            target_union: union,
            ..Default::default()
        }],
        ..Default::default()
    };
    clients.put("c", 7).await.expect("it is answered");
    for lease in [7, 8] {
        let union = Some(pb::compare::TargetUnion::Lease(lease));
        let target = pb::compare::CompareTarget::Lease.into();
        let answer = clients.kv.txn(compare(target, union)).await.map(Response::into_inner);
        told.push(text(answer, |answer| &mut answer.header));
    }
    for key in ["a", "b", "c", "d"] {
        told.push(format!("{key}: {:?}", clients.lease_of(key).await));
    }
    told
}

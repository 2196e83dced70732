//! What holds for every call: what clients say of it in its metadata, and what ends it.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::time::{Duration, Instant};

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::cluster_client::ClusterClient;
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::lease_client::LeaseClient;
use etcdpb::etcdserverpb::watch_client::WatchClient;
use etcdpb::v3electionpb::LeaderRequest;
use etcdpb::v3electionpb::election_client::ElectionClient;
use etcdpb::v3lockpb::LockRequest;
use etcdpb::v3lockpb::lock_client::LockClient;
use server::Failure;
use tokio_stream::{Stream, StreamExt, iter, pending};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Code, Request, Status};

use crate::local::{Local, Server};
use crate::plain::send;
use crate::watch::{WatchStream, watch};

const NO_LEADER: (Code, &str) = (Code::Unavailable, "etcdserver: no leader");
const STOPPED: (Code, &str) = (Code::Unavailable, "etcdserver: server stopped");

fn said(status: &Status) -> (Code, &str) {
    (status.code(), status.message())
}

fn with<T>(message: T, name: &'static str, value: &[u8]) -> Request<T> {
    let mut request = Request::new(message);
    let value = MetadataValue::<Ascii>::try_from(value).unwrap();
    request.metadata_mut().insert(name, value);
    request
}

fn put() -> pb::PutRequest {
    pb::PutRequest { key: "a".into(), ..Default::default() }
}

/// Requests of which there is one, and of which there could be more.
fn one<T: Send + 'static>(request: T) -> impl Stream<Item = T> + Send {
    iter([request]).chain(pending())
}

fn renewal() -> impl Stream<Item = pb::LeaseKeepAliveRequest> + Send {
    one(pb::LeaseKeepAliveRequest { id: 7 })
}

#[tokio::test]
async fn who_insists_on_a_leader_is_sent_away_from_every_method() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let channel = server.channel().await;
    let mut lease = LeaseClient::new(channel.clone());
    lease.lease_grant(pb::LeaseGrantRequest { ttl: 60, id: 7 }).await.unwrap();
    let renewals = with(renewal(), "hasleader", b"true");
    let mut renewed = lease.lease_keep_alive(renewals).await.unwrap().into_inner();
    assert_eq!(renewed.message().await.unwrap().unwrap().ttl, 60);
    let observed = with(LeaderRequest { name: "e".into() }, "hasleader", b"true");
    let mut election = ElectionClient::new(channel.clone());
    let mut observed = election.observe(observed).await.unwrap().into_inner();

    local.change(|status| status.leader = None);
    // Streams that are there end after a while, though nobody asks anything.
    assert_eq!(said(&renewed.message().await.unwrap_err()), NO_LEADER);
    assert_eq!(said(&observed.message().await.unwrap_err()), NO_LEADER);
    // What comes now is refused at once.
    let mut kv = KvClient::new(channel.clone());
    let asked = Instant::now();
    let refused = kv.put(with(put(), "hasleader", b"true")).await.unwrap_err();
    assert_eq!(said(&refused), NO_LEADER);
    let range = pb::RangeRequest { key: "a".into(), serializable: true, ..Default::default() };
    let refused = kv.range(with(range.clone(), "hasleader", b"true")).await.unwrap_err();
    assert_eq!(said(&refused), NO_LEADER);
    let renewals = with(renewal(), "hasleader", b"true");
    assert_eq!(said(&lease.lease_keep_alive(renewals).await.unwrap_err()), NO_LEADER);
    assert!(asked.elapsed() < Duration::from_secs(5), "they were held up");
    // Exactly that word counts.
    kv.range(with(range, "hasleader", b"yes")).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn the_version_of_a_client_has_to_be_text() {
    let server = Server::start(&Local::new()).await;
    let mut kv = KvClient::new(server.channel().await);
    kv.put(with(put(), "client-api-version", b"3.5")).await.unwrap();
    let refused = kv.put(with(put(), "client-api-version", b"\xff")).await.unwrap_err();
    let text = "etcdserver: invalid client api version";
    assert_eq!(said(&refused), (Code::InvalidArgument, text));
    let mut lease = LeaseClient::new(server.channel().await);
    let renewals = with(renewal(), "client-api-version", b"\xff");
    let refused = lease.lease_keep_alive(renewals).await.unwrap_err();
    assert_eq!(said(&refused), (Code::InvalidArgument, text));
    server.stop().await;
}

/// The clients do not hang up by themselves here: they only say how long they would wait.
#[tokio::test]
async fn a_call_ends_when_its_client_waits_no_more() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let text = "context deadline exceeded";
    let mut watches = WatchClient::new(server.channel().await);
    let create = pb::watch_request::RequestUnion::CreateRequest(watch("a", ""));
    let request = one(pb::WatchRequest { request_union: Some(create) });
    let mut stream = watches.watch(with(request, "grpc-timeout", b"50m")).await.unwrap();
    assert!(stream.get_mut().message().await.unwrap().unwrap().created);
    let ended = stream.get_mut().message().await.unwrap_err();
    assert_eq!(said(&ended), (Code::DeadlineExceeded, text));

    local.change(|status| status.leader = None);
    let (address, headers) = (server.address.to_string(), "grpc-timeout: 20m\r\n");
    let refused = send(&address, "POST", "/v3/kv/put", headers, r#"{"key":"YQ=="}"#).await;
    assert_eq!((refused.code, refused.json()["error"].as_str()), (504, Some(text)));
    server.stop().await;
}

#[tokio::test]
async fn a_message_that_is_too_long_is_refused_in_gos_words() {
    const MAX: usize = (1536 + 512) * 1024;
    let server = Server::start(&Local::new()).await;
    let key = vec![b'k'; MAX + 100];
    let long = |status: &Status| {
        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        let text = format!("grpc: received message larger than max ({} vs. {MAX})", MAX + 105);
        assert_eq!(status.message(), text);
    };
    let mut kv = KvClient::new(server.channel().await);
    let put = pb::PutRequest { key: key.clone().into(), ..Default::default() };
    long(&kv.put(put).await.unwrap_err());
    let mut cluster = ClusterClient::new(server.channel().await);
    let urls = vec![String::from_utf8(key.clone()).unwrap()];
    let add = pb::MemberAddRequest { peer_urls: urls, ..Default::default() };
    long(&cluster.member_add(add).await.unwrap_err());

    let mut stream = WatchStream::open(server.channel().await, watch("a", "")).await;
    let request = pb::WatchCreateRequest { key: key.into(), ..Default::default() };
    stream.ask(pb::watch_request::RequestUnion::CreateRequest(request)).await;
    let ended = stream.next().await.unwrap_err();
    assert_eq!(ended.code(), Code::ResourceExhausted, "{ended:?}");
    assert!(ended.message().starts_with("grpc: received message larger than max"), "{ended:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_member_that_stops_ends_streams_and_says_so() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let channel = server.channel().await;
    let mut watched = WatchStream::open(channel.clone(), watch("a", "")).await;
    let mut lease = LeaseClient::new(channel.clone());
    let mut renewed = lease.lease_keep_alive(renewal()).await.unwrap().into_inner();
    renewed.message().await.unwrap().unwrap();
    let mut election = ElectionClient::new(channel.clone());
    let observed = election.observe(LeaderRequest { name: "e".into() }).await;
    let mut observed = observed.unwrap().into_inner();
    // One has the lock, and another waits for it.
    let mut lock = LockClient::new(channel.clone());
    lock.lock(LockRequest { name: "l".into(), lease: 0 }).await.unwrap();
    let waits =
        tokio::spawn(async move { lock.lock(LockRequest { name: "l".into(), lease: 0 }).await });
    let mut kv = KvClient::new(channel);
    let all = pb::RangeRequest { key: "l/".into(), range_end: "l0".into(), ..Default::default() };
    while kv.range(all.clone()).await.unwrap().into_inner().count < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    let stop = tokio::spawn(server.stop());
    assert_eq!(said(&watched.next().await.unwrap_err()), STOPPED);
    assert_eq!(said(&renewed.message().await.unwrap_err()), STOPPED);
    assert_eq!(said(&observed.message().await.unwrap_err()), STOPPED);
    assert_eq!(said(&waits.await.unwrap().unwrap_err()), STOPPED);
    stop.await.unwrap();
}

/// What a whole cluster says only by chance.
#[tokio::test]
async fn what_fails_elsewhere_is_told_in_etcds_words() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let mut kv = KvClient::new(server.channel().await);
    for (failure, code, text) in [
        (Failure::LeaderChanged, Code::Unavailable, "leader changed"),
        (Failure::Overloaded, Code::ResourceExhausted, "too many requests"),
        (Failure::TimedOut, Code::Unavailable, "request timed out"),
        (Failure::Stopped, Code::Unavailable, "server stopped"),
    ] {
        local.fail(Some(failure));
        let refused = kv.put(put()).await.unwrap_err();
        assert_eq!(said(&refused), (code, &*format!("etcdserver: {text}")));
    }
    // This member follows 9, and does not reach it.
    local.fail(Some(Failure::TimedOut));
    local.change(|status| status.leader = Some(10));
    let text = "etcdserver: request timed out, possibly due to connection lost";
    assert_eq!(said(&kv.put(put()).await.unwrap_err()), (Code::Unavailable, text));
    // Another one has become leader while it waited.
    local.fail(None);
    local.change(|status| status.leader = None);
    let put = tokio::spawn(async move { kv.put(put()).await });
    local.waited_for().await;
    local.fail(Some(Failure::TimedOut));
    local.change(|status| (status.leader, status.leader_changes) = (Some(9), 1));
    let text = "etcdserver: request timed out, possibly due to previous leader failure";
    assert_eq!(said(&put.await.unwrap().unwrap_err()), (Code::Unavailable, text));
    server.stop().await;
}

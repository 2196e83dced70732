//! Watches over a socket.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::time::Duration;

use bytes::Bytes;
use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::watch_client::WatchClient;
use etcdpb::etcdserverpb::watch_request::RequestUnion;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};

use crate::http::metric;
use crate::local::{Local, Server};

/// One stream of watches.
pub(crate) struct WatchStream {
    requests: mpsc::Sender<pb::WatchRequest>,
    responses: Streaming<pb::WatchResponse>,
}

impl WatchStream {
    /// Opens a stream with its first watcher. (A server need not say anything before it is asked
    /// for one, and etcd does not.)
    pub(crate) async fn open(channel: Channel, first: pb::WatchCreateRequest) -> Self {
        let mut stream = Self::try_open(channel, first, false).await.unwrap();
        assert!(stream.next().await.unwrap().created);
        stream
    }

    /// The same, with the token of a user, or of none; what is said first is still to be heard.
    pub(crate) async fn open_as(
        channel: Channel,
        first: pb::WatchCreateRequest,
        token: Option<&str>,
    ) -> Self {
        let metadata = token.map(|token| ("token", token));
        Self::open_with(channel, first, metadata).await.unwrap()
    }

    async fn try_open(
        channel: Channel,
        first: pb::WatchCreateRequest,
        insists_on_leader: bool,
    ) -> Result<Self, Status> {
        let metadata = insists_on_leader.then_some(("hasleader", "true"));
        Self::open_with(channel, first, metadata).await
    }

    async fn open_with(
        channel: Channel,
        first: pb::WatchCreateRequest,
        metadata: Option<(&'static str, &str)>,
    ) -> Result<Self, Status> {
        let (requests, outgoing) = mpsc::channel(64);
        let first = Some(RequestUnion::CreateRequest(first));
        requests.send(pb::WatchRequest { request_union: first }).await.unwrap();
        let mut request = Request::new(ReceiverStream::new(outgoing));
        if let Some((name, value)) = metadata {
            let value = AsciiMetadataValue::try_from(value).expect("it is ASCII");
            request.metadata_mut().insert(name, value);
        }
        let mut client = WatchClient::new(channel).max_decoding_message_size(usize::MAX);
        let responses = client.watch(request).await?.into_inner();
        Ok(Self { requests, responses })
    }

    pub(crate) async fn ask(&self, request: RequestUnion) {
        let request = pb::WatchRequest { request_union: Some(request) };
        self.requests.send(request).await.unwrap();
    }

    async fn create(&self, request: pb::WatchCreateRequest) {
        self.ask(RequestUnion::CreateRequest(request)).await;
    }

    /// The next response. Waits for it however long it takes, within reason.
    pub(crate) async fn next(&mut self) -> Result<pb::WatchResponse, Status> {
        let message = timeout(Duration::from_mins(1), self.responses.message());
        message.await.expect("something is said").map(|message| message.expect("it goes on"))
    }

    /// The keys and revisions of the next events.
    async fn events(&mut self) -> Vec<(Bytes, i64)> {
        let events = self.next().await.unwrap().events;
        let kvs = events.into_iter().map(|event| event.kv.expect("it has a key"));
        kvs.map(|kv| (kv.key, kv.mod_revision)).collect()
    }
}

pub(crate) fn watch(key: &'static str, range_end: &'static str) -> pb::WatchCreateRequest {
    pb::WatchCreateRequest { key: key.into(), range_end: range_end.into(), ..Default::default() }
}

fn put(key: &str, value: impl Into<Bytes>) -> pb::PutRequest {
    pb::PutRequest { key: key.to_owned().into(), value: value.into(), ..Default::default() }
}

#[tokio::test]
async fn responses_say_who_answers_and_when() {
    let server = Server::start(&Local::new()).await;
    let mut kv = KvClient::new(server.channel().await);
    let first = watch("a", "");
    let mut stream = WatchStream::try_open(server.channel().await, first, false).await.unwrap();
    let created = stream.next().await.unwrap();
    let header = pb::ResponseHeader { cluster_id: 7, member_id: 8, revision: 1, raft_term: 2 };
    let expected = pb::WatchResponse { header: Some(header), created: true, ..Default::default() };
    assert_eq!(created, expected);
    kv.put(put("a", "1")).await.unwrap();
    assert_eq!(stream.events().await, [("a".into(), 2)]);
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn a_client_without_further_requests_hears_on() {
    let server = Server::start(&Local::new()).await;
    let mut kv = KvClient::new(server.channel().await);
    let mut stream = WatchStream::open(server.channel().await, watch("a", "")).await;
    // That ends the requests; the responses go on.
    stream.requests = mpsc::channel(1).0;
    for revision in 2..5 {
        kv.put(put("a", "1")).await.unwrap();
        assert_eq!(stream.events().await, [("a".into(), revision)]);
    }
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn a_slow_client_misses_nothing_and_costs_little() {
    let server = Server::start(&Local::new()).await;
    let mut kv = KvClient::new(server.channel().await);
    let mut stream = WatchStream::open(server.channel().await, watch("a", "")).await;
    // More than the windows of a connection hold, and than a stream does.
    for _ in 0..1000 {
        kv.put(put("a", vec![b'x'; 10_000])).await.unwrap();
    }
    let metrics = metric(&server, "etcd_debugging_mvcc_pending_events_total").await;
    assert!(metrics < 300.0, "{metrics} responses wait");
    let mut heard = Vec::new();
    while heard.last() != Some(&(Bytes::from("a"), 1001)) {
        heard.extend(stream.events().await);
    }
    let expected: Vec<_> = (2..=1001).map(|revision| (Bytes::from("a"), revision)).collect();
    assert_eq!(heard, expected);
    assert!(metric(&server, "etcd_debugging_mvcc_events_total").await >= 1000.0);
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn a_large_revision_is_split_only_if_the_client_says_so() {
    let server = Server::start(&Local::new()).await;
    let mut kv = KvClient::new(server.channel().await);
    let first = pb::WatchCreateRequest { fragment: true, ..watch("a", "b") };
    let mut stream = WatchStream::open(server.channel().await, first).await;
    stream.create(watch("a", "b")).await;
    for n in 0..40 {
        kv.put(put(&format!("a{n:02}"), vec![b'x'; 100_000])).await.unwrap();
    }
    let delete = pb::DeleteRangeRequest { key: "a".into(), range_end: "b".into(), prev_kv: false };
    kv.delete_range(delete).await.unwrap();
    let with_before = |fragment| pb::WatchCreateRequest {
        fragment,
        prev_kv: true,
        start_revision: 42,
        ..watch("a", "b")
    };
    stream.create(with_before(true)).await;
    stream.create(with_before(false)).await;
    let (mut parts, mut whole) = (Vec::new(), Vec::new());
    while parts.iter().sum::<usize>() < 40 || whole.iter().sum::<usize>() < 40 {
        let response = stream.next().await.unwrap();
        match response.watch_id {
            _ if response.created => {}
            2 => {
                parts.push(response.events.len());
                assert_eq!(response.fragment, parts.iter().sum::<usize>() < 40);
            }
            3 => {
                whole.push(response.events.len());
                assert!(!response.fragment);
            }
            _ => assert!(!response.fragment),
        }
    }
    assert_eq!((parts.len(), whole), (2, vec![40]), "{parts:?}");
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn who_wants_to_know_is_told_how_far_it_is() {
    let server = Server::start(&Local::new()).await;
    let mut kv = KvClient::new(server.channel().await);
    let mut stream = WatchStream::open(
        server.channel().await,
        pb::WatchCreateRequest { progress_notify: true, ..watch("a", "") },
    )
    .await;
    kv.put(put("other", "1")).await.unwrap();
    let mut progress = stream.next().await.unwrap();
    while progress.header.as_ref().unwrap().revision < 2 {
        progress = stream.next().await.unwrap();
    }
    assert_eq!(progress, pb::WatchResponse { header: progress.header, ..Default::default() });
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_insists_on_a_leader_is_sent_away_without_one() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let insist = async || WatchStream::try_open(server.channel().await, watch("a", ""), true).await;
    let mut insists = insist().await.unwrap();
    assert!(insists.next().await.unwrap().created);
    let mut bears = WatchStream::open(server.channel().await, watch("a", "")).await;
    local.change(|status| status.leader = None);
    let status = insists.next().await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "etcdserver: no leader"));
    let status = insist().await.err().expect("it is refused at once");
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "etcdserver: no leader"));

    local.change(|status| status.leader = Some(8));
    KvClient::new(server.channel().await).put(put("a", "1")).await.unwrap();
    assert_eq!(bears.events().await, [("a".into(), 2)]);
    drop((insists, bears));
    server.stop().await;
}

#[tokio::test]
async fn a_learner_has_no_watches() {
    let local = Local::new();
    let server = Server::start(&local).await;
    local.change(|status| status.is_learner = true);
    let refused = WatchStream::try_open(server.channel().await, watch("a", ""), false).await;
    let status = refused.err().expect("it is refused");
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.message(), "etcdserver: rpc not supported for learner");
    server.stop().await;
}

/// When the last stream is closed, what is applied is not looked at any more, and the next stream
/// begins anew.
#[tokio::test]
async fn streams_come_and_go() {
    let server = Server::start(&Local::new()).await;
    let mut kv = KvClient::new(server.channel().await);
    for round in 0..3 {
        let first = pb::WatchCreateRequest { start_revision: 2, ..watch("a", "") };
        let mut stream = WatchStream::open(server.channel().await, first).await;
        kv.put(put("a", "1")).await.unwrap();
        let mut heard = Vec::new();
        while heard.len() <= round {
            heard.extend(stream.events().await);
        }
        assert_eq!(heard.len(), round + 1);
        drop(stream);
        while metric(&server, "etcd_debugging_mvcc_watch_stream_total").await > 0.0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    server.stop().await;
}

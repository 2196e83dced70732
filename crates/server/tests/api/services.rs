//! The gRPC services, asked over a socket.

use crate::local::{Local, Server};
use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::cluster_client::ClusterClient;
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;
use etcdpb::health::HealthCheckRequest;
use etcdpb::health::health_check_response::ServingStatus;
use etcdpb::health::health_client::HealthClient;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;

fn put(key: &str, value: impl Into<bytes::Bytes>) -> pb::PutRequest {
    pb::PutRequest { key: key.to_owned().into(), value: value.into(), ..Default::default() }
}

fn get(key: &str) -> pb::RangeRequest {
    pb::RangeRequest { key: key.to_owned().into(), ..Default::default() }
}

#[track_caller]
fn refused<T>(answer: Result<Response<T>, Status>, code: Code, text: &str) {
    let status = answer.err().expect("it is refused");
    assert_eq!((status.code(), status.message()), (code, text));
}

#[tokio::test]
async fn headers_say_who_answers_and_when() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let mut kv = KvClient::new(server.channel().await);

    let header = kv.put(put("a", "1")).await.unwrap().into_inner().header;
    let expected = pb::ResponseHeader { cluster_id: 7, member_id: 8, revision: 2, raft_term: 2 };
    assert_eq!(header, Some(expected));

    local.change(|status| status.term = 3);
    let range = kv.range(get("a")).await.unwrap().into_inner();
    assert_eq!(range.header, Some(pb::ResponseHeader { raft_term: 3, ..expected }));
    assert_eq!((range.count, &range.kvs[0].value[..]), (1, &b"1"[..]));
    server.stop().await;
}

#[tokio::test]
async fn a_large_range_is_read_in_steps() {
    let server = Server::start(&Local::new()).await;
    let mut kv = KvClient::new(server.channel().await).max_decoding_message_size(usize::MAX);
    // More keys than one step, and more bytes than gRPC takes by default.
    for first in 0..20 {
        let op = |n| pb::RequestOp {
            request: Some(pb::request_op::Request::RequestPut(put(
                &format!("{first:02}-{n:03}"),
                vec![b'x'; 2500],
            ))),
        };
        let success = (0..110).map(op).collect();
        kv.txn(pb::TxnRequest { success, ..Default::default() }).await.unwrap();
    }
    let everything = pb::RangeRequest { range_end: "\0".into(), ..get("\0") };
    let range = kv.range(everything).await.unwrap().into_inner();
    assert_eq!((range.count, range.kvs.len(), range.more), (2200, 2200, false));
    assert!(range.kvs.is_sorted_by_key(|kv| kv.key.clone()));
    server.stop().await;
}

#[tokio::test]
async fn requests_have_a_size_limit() {
    let server = Server::start(&Local::new()).await;
    let mut kv = KvClient::new(server.channel().await);
    kv.put(put("a", vec![0; 1536 * 1024 - 100])).await.unwrap();
    let answer = kv.put(put("a", vec![0; 1536 * 1024])).await;
    refused(answer, Code::InvalidArgument, "etcdserver: request is too large");
    // Beyond this, the message is not even read.
    let status = kv.put(put("a", vec![0; 2048 * 1024])).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    server.stop().await;
}

#[tokio::test]
async fn without_a_leader_only_serializable_reads_are_answered() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let mut kv = KvClient::new(server.channel().await);
    kv.put(put("a", "1")).await.unwrap();
    local.change(|status| status.leader = None);

    let timed_out = "etcdserver: request timed out";
    refused(kv.put(put("a", "2")).await, Code::Unavailable, timed_out);
    refused(kv.range(get("a")).await, Code::Unavailable, timed_out);
    let serializable = pb::RangeRequest { serializable: true, ..get("a") };
    assert_eq!(kv.range(serializable.clone()).await.unwrap().into_inner().kvs[0].value, "1");

    let read = |range| pb::TxnRequest {
        success: vec![pb::RequestOp {
            request: Some(pb::request_op::Request::RequestRange(range)),
        }],
        ..Default::default()
    };
    refused(kv.txn(read(get("a"))).await, Code::Unavailable, timed_out);
    assert!(kv.txn(read(serializable.clone())).await.unwrap().into_inner().succeeded);

    let mut insistent = Request::new(serializable);
    insistent.metadata_mut().insert("hasleader", MetadataValue::from_static("true"));
    refused(kv.range(insistent).await, Code::Unavailable, "etcdserver: no leader");

    let mut maintenance = MaintenanceClient::new(server.channel().await);
    let status = maintenance.status(pb::StatusRequest {}).await.unwrap().into_inner();
    assert_eq!((status.leader, &status.errors[..]), (0, &["etcdserver: no leader".into()][..]));
    server.stop().await;
}

#[tokio::test]
async fn a_learner_sends_clients_elsewhere() {
    let local = Local::new();
    let server = Server::start(&local).await;
    local.change(|status| status.is_learner = true);
    let mut kv = KvClient::new(server.channel().await);
    let text = "etcdserver: rpc not supported for learner";
    refused(kv.put(put("a", "1")).await, Code::FailedPrecondition, text);
    refused(kv.range(get("a")).await, Code::FailedPrecondition, text);
    refused(kv.txn(pb::TxnRequest::default()).await, Code::FailedPrecondition, text);
    let serializable = pb::RangeRequest { serializable: true, ..get("a") };
    kv.range(serializable).await.unwrap();
    let mut cluster = ClusterClient::new(server.channel().await);
    let list = pb::MemberListRequest { linearizable: false };
    refused(cluster.member_list(list).await, Code::FailedPrecondition, text);
    let mut maintenance = MaintenanceClient::new(server.channel().await);
    assert!(maintenance.status(pb::StatusRequest {}).await.unwrap().into_inner().is_learner);
    server.stop().await;
}

#[tokio::test]
async fn members_come_by_id_with_what_they_published() {
    let server = Server::start(&Local::new()).await;
    let mut cluster = ClusterClient::new(server.channel().await);
    let list = pb::MemberListRequest { linearizable: true };
    let list = cluster.member_list(list).await.unwrap().into_inner();
    assert_eq!(list.header.map(|header| (header.member_id, header.revision)), Some((8, 0)));
    let started = pb::Member {
        id: 8,
        name: "n8".to_owned(),
        peer_urls: vec!["http://8".to_owned()],
        client_urls: vec!["http://client".to_owned()],
        is_learner: false,
    };
    let unstarted = pb::Member {
        id: 9,
        peer_urls: vec!["http://9".to_owned()],
        is_learner: true,
        ..Default::default()
    };
    assert_eq!(list.members, [started, unstarted]);
    server.stop().await;
}

/// The answers have the members as they are then, and a header without a revision.
#[tokio::test]
async fn members_are_changed() {
    let server = Server::start(&Local::new()).await;
    let mut cluster = ClusterClient::new(server.channel().await);
    let urls = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>();
    let peer_urls = urls(&["http://h:2", "http://h:1"]);
    let add = pb::MemberAddRequest { peer_urls, is_learner: false };
    let added = cluster.member_add(add.clone()).await.unwrap().into_inner();
    assert_eq!(added.header.map(|header| (header.member_id, header.revision)), Some((8, 0)));
    let member = added.member.unwrap();
    assert_eq!((&*member.name, &member.peer_urls), ("", &urls(&["http://h:1", "http://h:2"])));
    assert_eq!(added.members.len(), 3);
    let text = "etcdserver: re-configuration failed due to not enough started members";
    refused(cluster.member_add(add).await, Code::FailedPrecondition, text);
    let learner = pb::MemberAddRequest { peer_urls: urls(&["http://h:1"]), is_learner: true };
    let text = "etcdserver: Peer URLs already exists";
    refused(cluster.member_add(learner).await, Code::FailedPrecondition, text);

    let update = pb::MemberUpdateRequest { id: member.id, peer_urls: urls(&["http://h:3"]) };
    let updated = cluster.member_update(update).await.unwrap().into_inner();
    assert!(updated.members.iter().any(|member| member.peer_urls == urls(&["http://h:3"])));
    let remove = pb::MemberRemoveRequest { id: member.id };
    let removed = cluster.member_remove(remove).await.unwrap().into_inner();
    assert_eq!(removed.members.len(), 2);
    refused(cluster.member_remove(remove).await, Code::NotFound, "etcdserver: member not found");
    let promote = pb::MemberPromoteRequest { id: 9 };
    let text = "etcdserver: can only promote a learner member which is in sync with leader";
    refused(cluster.member_promote(promote).await, Code::FailedPrecondition, text);
    server.stop().await;
}

/// Only the leader hands over, and only to a voter. The answer has no header.
#[tokio::test]
async fn leadership_is_moved_by_the_leader_to_a_voter() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let mut maintenance = MaintenanceClient::new(server.channel().await);
    let mut to =
        async |target_id| maintenance.move_leader(pb::MoveLeaderRequest { target_id }).await;
    assert_eq!(to(8).await.unwrap().into_inner().header, None);
    for target in [7, 9] {
        let text = "etcdserver: bad leader transferee";
        refused(to(target).await, Code::FailedPrecondition, text);
    }
    local.change(|status| status.leader = Some(9));
    refused(to(8).await, Code::FailedPrecondition, "etcdserver: not leader");
    server.stop().await;
}

#[tokio::test]
async fn status_tells_where_the_log_stands() {
    let server = Server::start(&Local::new()).await;
    let mut maintenance = MaintenanceClient::new(server.channel().await);
    let status = maintenance.status(pb::StatusRequest {}).await.unwrap().into_inner();
    assert_eq!(status.header.map(|header| header.revision), Some(1));
    assert_eq!((status.raft_term, status.raft_index, status.raft_applied_index), (2, 1, 1));
    assert_eq!((status.leader, &status.version[..]), (8, "3.6.0"));
    assert!(status.db_size > 0, "etcdctl divides by it");
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_unimplemented() {
    let server = Server::start(&Local::new()).await;
    for method in ["/etcdserverpb.KV/Explode", "/etcdserverpb.Oracle/Ask"] {
        let mut client = Grpc::new(server.channel().await);
        client.ready().await.unwrap();
        let codec = ProstCodec::<(), ()>::default();
        let path = PathAndQuery::from_static(method);
        let status = client.unary(Request::new(()), path, codec).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{method}");
    }
    server.stop().await;
}

#[tokio::test]
async fn health_is_told_and_watched() {
    let server = Server::start(&Local::new()).await;
    let mut health = HealthClient::new(server.channel().await);
    let ask = |service: &str| HealthCheckRequest { service: service.to_owned() };
    let status = health.check(ask("")).await.unwrap().into_inner().status();
    assert_eq!(status, ServingStatus::Serving);
    refused(health.check(ask("other")).await, Code::NotFound, "unknown service");

    let mut watch = health.watch(ask("")).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let mut watch = health.watch(ask("other")).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::ServiceUnknown);
    // The watches are still open. A shutdown does not wait for them.
    server.stop().await;
}

/// What the pieces say together. Each but the last has keys, and nothing else.
async fn streamed(kv: &mut KvClient<Channel>, request: pb::RangeRequest) -> pb::RangeResponse {
    let mut stream = kv.range_stream(request).await.expect("it is streamed").into_inner();
    let mut kvs = Vec::new();
    loop {
        let piece = stream.message().await.expect("no piece fails").expect("no last piece");
        let piece = piece.range_response.expect("a piece has a response");
        kvs.extend(piece.kvs.clone());
        if piece.header.is_some() {
            let after = stream.message().await.expect("no piece fails");
            assert_eq!(after, None, "something follows the last piece");
            return pb::RangeResponse { kvs, ..piece };
        }
        assert!(!piece.kvs.is_empty() && !piece.more && piece.count == 0, "{piece:?}");
    }
}

#[tokio::test]
async fn a_streamed_range_says_the_same() {
    let server = Server::start(&Local::new()).await;
    let mut kv = KvClient::new(server.channel().await).max_decoding_message_size(usize::MAX);
    for number in 0..100 {
        // Some pieces are too large, and the next ones have fewer keys.
        let value = vec![b'x'; if number > 50 { 100_000 } else { 10 }];
        kv.put(put(&format!("{number:02}"), value)).await.unwrap();
    }
    let all = pb::RangeRequest { key: "\0".into(), range_end: "\0".into(), ..Default::default() };
    for request in [
        all.clone(),
        pb::RangeRequest { limit: 1, ..all.clone() },
        pb::RangeRequest { limit: 10, ..all.clone() },
        pb::RangeRequest { limit: 99, keys_only: true, ..all.clone() },
        pb::RangeRequest { limit: 100, ..all.clone() },
        pb::RangeRequest { count_only: true, ..all.clone() },
        pb::RangeRequest { revision: 60, ..all.clone() },
        get("07"),
        get("none"),
    ] {
        let expected = kv.range(request.clone()).await.unwrap().into_inner();
        assert_eq!(streamed(&mut kv, request).await, expected);
    }
    let sorted = pb::RangeRequest { sort_order: 2, ..all.clone() };
    let text = "RangeStream does not support custom sort orders";
    refused(kv.range_stream(sorted).await, Code::Unimplemented, text);
    let filtered = pb::RangeRequest { min_mod_revision: 2, ..all.clone() };
    let text = "RangeStream does not support revision filters";
    refused(kv.range_stream(filtered).await, Code::Unimplemented, text);
    let future = pb::RangeRequest { revision: 1000, ..all };
    let text = "etcdserver: mvcc: required revision is a future revision";
    refused(kv.range_stream(future).await, Code::OutOfRange, text);
    server.stop().await;
}

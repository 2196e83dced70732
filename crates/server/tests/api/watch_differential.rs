//! The same watches at a real etcd and at us: what the streams say must be the same.
//!
//! A script says how many responses follow each of its steps, so nothing depends on time; a watcher
//! that hears each step last shows that there were no more.
//!
//! Not asked, because etcd 3.4.23 is wrong where its successors are not: for progress while a
//! watcher is behind, and for a watch from a negative revision.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::watch_request::RequestUnion;
use tonic::transport::Channel;

use crate::etcd::Etcd;
use crate::local::{Local, Server};
use crate::watch::{WatchStream, watch};

/// A step of the script.
#[derive(Clone, Debug)]
enum Step {
    Put(&'static str, &'static str),
    /// Puts several keys in one revision.
    PutAll(&'static [&'static str]),
    Delete(&'static str, &'static str),
    Compact(i64),
    Watch(pb::WatchCreateRequest),
    Cancel(i64),
    Progress,
}

/// The id of the watcher that hears each step last.
const LAST: i64 = 99;

#[tokio::test]
async fn etcd_says_the_same_to_watchers() {
    let Some(mut etcd) = Etcd::start() else { return };
    let server = Server::start(&Local::new()).await;
    let theirs = run(etcd.channel().await).await;
    let ours = run(server.channel().await).await;
    let differences: Vec<_> = theirs.iter().zip(&ours).filter(|(a, b)| a != b).collect();
    assert!(differences.is_empty(), "etcd, and ours:\n{differences:#?}");
    assert_eq!(theirs.len(), ours.len());
    server.stop().await;
}

/// What the stream says to each step.
async fn run(channel: Channel) -> Vec<String> {
    let mut kv = KvClient::new(channel.clone());
    let last = pb::WatchCreateRequest { watch_id: LAST, ..watch("A", "") };
    let mut stream = WatchStream::open(channel, last).await;
    let mut said = Vec::new();
    for (n, (step, count)) in script().into_iter().enumerate() {
        act(&mut kv, &stream, step.clone()).await;
        let mut responses = Vec::new();
        for _ in 0..count {
            responses.push(text(stream.next().await.unwrap()));
        }
        // Those of different watchers come in any order.
        responses.sort();
        act(&mut kv, &stream, Step::Put("A", "")).await;
        let next = stream.next().await.unwrap();
        assert_eq!(next.watch_id, LAST, "{n}: {step:?}: {responses:?} and then {next:?}");
        said.push(format!("{n}: {step:?}: {responses:#?}"));
    }
    said
}

async fn act(kv: &mut KvClient<Channel>, stream: &WatchStream, step: Step) {
    let put = |key: &'static str, value: &'static str| pb::PutRequest {
        key: key.into(),
        value: value.into(),
        ..Default::default()
    };
    match step {
        Step::Put(key, value) => drop(kv.put(put(key, value)).await.unwrap()),
        Step::PutAll(keys) => {
            let op = |key: &&'static str| pb::RequestOp {
                request: Some(pb::request_op::Request::RequestPut(put(key, "x"))),
            };
            let success = keys.iter().map(op).collect();
            kv.txn(pb::TxnRequest { success, ..Default::default() }).await.unwrap();
        }
        Step::Delete(key, end) => {
            let [key, range_end] = [key.into(), end.into()];
            let delete = pb::DeleteRangeRequest { key, range_end, prev_kv: false };
            kv.delete_range(delete).await.unwrap();
        }
        Step::Compact(revision) => {
            let compact = pb::CompactionRequest { revision, physical: true };
            kv.compact(compact).await.unwrap();
        }
        Step::Watch(request) => stream.ask(RequestUnion::CreateRequest(request)).await,
        Step::Cancel(watch_id) => {
            stream.ask(RequestUnion::CancelRequest(pb::WatchCancelRequest { watch_id })).await;
        }
        Step::Progress => {
            stream.ask(RequestUnion::ProgressRequest(pb::WatchProgressRequest {})).await;
        }
    }
}

fn text(mut response: pb::WatchResponse) -> String {
    let header = response.header.as_mut().expect("every response has a header");
    assert!(header.cluster_id != 0 && header.member_id != 0 && header.raft_term != 0);
    *header = pb::ResponseHeader { revision: header.revision, ..Default::default() };
    format!("{response:?}")
}

/// Each step, and how many responses follow it. Each is followed by a put, so the revision grows by
/// one more than one would think.
fn script() -> Vec<(Step, usize)> {
    let from =
        |start_revision, key, end| pb::WatchCreateRequest { start_revision, ..watch(key, end) };
    let named = |watch_id| pb::WatchCreateRequest { watch_id, ..watch("a", "") };
    let mut script = vec![
        // Where a watch starts, and what it watches.
        (Step::Watch(watch("a", "")), 1),
        (Step::Watch(watch("a", "c")), 1),
        (Step::Watch(watch("b", "\0")), 1),
        (Step::Watch(watch("", "A")), 1),
        (Step::Cancel(3), 1),
        (Step::Cancel(3), 0),
        (Step::Cancel(1000), 0),
        (Step::Watch(watch("b", "a")), 1),
        (Step::Watch(watch("b", "b")), 1),
        (Step::Watch(watch("", "")), 1),
        (Step::Put("\0", "1"), 1),
        (Step::Put("a", "1"), 2),
        (Step::Put("a", "2"), 2),
        (Step::Put("b", "1"), 2),
        (Step::PutAll(&["b", "a", "c", "bb"]), 3),
        (Step::Delete("a", "c"), 3),
        (Step::Delete("a", "c"), 0),
        (Step::Progress, 1),
        // Names.
        (Step::Watch(named(7)), 1),
        (Step::Watch(named(7)), 1),
        (Step::Watch(named(5)), 1),
        (Step::Watch(named(0)), 1),
        (Step::Watch(named(0)), 1),
        (Step::Put("a", "3"), 6),
    ];
    for id in [0, 1, 2, 4, 5, 6, 7, 8] {
        script.push((Step::Cancel(id), 1));
    }
    script.extend([
        // What is left out and what is said more.
        (Step::Watch(pb::WatchCreateRequest { filters: vec![0], ..watch("a", "") }), 1),
        (
            Step::Watch(pb::WatchCreateRequest {
                filters: vec![1],
                prev_kv: true,
                ..watch("a", "")
            }),
            1,
        ),
        (Step::Watch(pb::WatchCreateRequest { prev_kv: true, ..watch("a", "") }), 1),
        (Step::Put("a", "4"), 2),
        (Step::Delete("a", ""), 2),
        (Step::Put("a", "5"), 2),
        (Step::Put("a", "5"), 2),
        // History.
        (Step::Watch(from(1, "a", "c")), 2),
        (Step::Watch(pb::WatchCreateRequest { prev_kv: true, ..from(10, "a", "c") }), 2),
        (Step::Watch(from(10_000, "a", "c")), 1),
        (Step::Put("a", "6"), 4),
        // Compaction: who has heard all does not care.
        (Step::Compact(40), 0),
        (Step::Put("a", "7"), 4),
        (Step::Watch(from(39, "a", "c")), 2),
        (Step::Watch(pb::WatchCreateRequest { prev_kv: true, ..from(40, "a", "c") }), 2),
        (Step::Put("a", "8"), 5),
    ]);
    script
}

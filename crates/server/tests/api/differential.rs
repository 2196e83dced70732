//! The same requests to a real etcd and to us: the answers must be the same, errors included.
//!
//! Not asked, because etcd 3.4 is kinder than its successors: a range with an unknown order, which
//! is refused since 3.6.

use bytes::Bytes;
use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::compare::TargetUnion;
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::request_op::Request;
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

use crate::etcd::Etcd;
use crate::local::{Local, Server};

/// A request to `KV`.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Range(pb::RangeRequest),
    Put(pb::PutRequest),
    Delete(pb::DeleteRangeRequest),
    Txn(pb::TxnRequest),
    Compact(pb::CompactionRequest),
}

#[tokio::test]
async fn etcd_answers_the_same() {
    let Some(mut etcd) = Etcd::start() else { return };
    let server = Server::start(&Local::new()).await;
    let mut theirs = KvClient::new(etcd.channel().await);
    let mut ours = KvClient::new(server.channel().await);
    let mut differences = Vec::new();
    for (n, ask) in asks().into_iter().enumerate() {
        let expected = answer(&mut theirs, ask.clone()).await;
        let got = answer(&mut ours, ask.clone()).await;
        if got != expected {
            differences.push(format!("{n}: {ask:?}\n  etcd: {expected:?}\n  ours: {got:?}"));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
    server.stop().await;
}

/// What a server says, but for who says it.
pub(crate) async fn answer(kv: &mut KvClient<Channel>, ask: Ask) -> Result<String, (Code, String)> {
    match ask {
        Ask::Range(ask) => text(kv.range(ask).await, |answer| &mut answer.header),
        Ask::Put(ask) => text(kv.put(ask).await, |answer| &mut answer.header),
        Ask::Delete(ask) => text(kv.delete_range(ask).await, |answer| &mut answer.header),
        Ask::Txn(ask) => text(kv.txn(ask).await, |answer| &mut answer.header),
        Ask::Compact(ask) => text(kv.compact(ask).await, |answer| &mut answer.header),
    }
}

fn text<T: std::fmt::Debug>(
    answer: Result<Response<T>, Status>,
    header: impl Fn(&mut T) -> &mut Option<pb::ResponseHeader>,
) -> Result<String, (Code, String)> {
    let mut answer = match answer {
        Ok(answer) => answer.into_inner(),
        Err(status) => return Err((status.code(), status.message().to_owned())),
    };
    let header = header(&mut answer).as_mut().expect("every answer has a header");
    assert!(header.cluster_id != 0 && header.member_id != 0 && header.raft_term != 0);
    *header = pb::ResponseHeader { revision: header.revision, ..Default::default() };
    Ok(format!("{answer:?}"))
}

fn asks() -> Vec<Ask> {
    let mut asks = ranges_of_nothing();
    asks.extend(writes());
    asks.extend(ranges());
    asks.extend(compares());
    asks.extend(txns());
    asks.extend(compactions());
    asks
}

fn get(key: &'static str, range_end: &'static str) -> pb::RangeRequest {
    pb::RangeRequest { key: key.into(), range_end: range_end.into(), ..Default::default() }
}

fn set(key: &'static str, value: &'static str) -> pb::PutRequest {
    pb::PutRequest { key: key.into(), value: value.into(), ..Default::default() }
}

fn del(key: &'static str, range_end: &'static str) -> pb::DeleteRangeRequest {
    pb::DeleteRangeRequest { key: key.into(), range_end: range_end.into(), prev_kv: true }
}

fn all() -> pb::RangeRequest {
    get("\0", "\0")
}

fn ranges_of_nothing() -> Vec<Ask> {
    vec![
        Ask::Range(get("a", "")),
        Ask::Range(all()),
        Ask::Range(get("", "")),
        Ask::Range(pb::RangeRequest { sort_order: 7, ..get("", "") }),
        Ask::Range(pb::RangeRequest { revision: 1, ..all() }),
        Ask::Range(pb::RangeRequest { revision: 2, ..all() }),
    ]
}

/// Leaves four keys, whose order by key, version, creation, change and value all differ.
fn writes() -> Vec<Ask> {
    vec![
        Ask::Put(set("", "x")),
        Ask::Put(set("c", "c1")),
        Ask::Put(set("a", "z")),
        Ask::Put(pb::PutRequest { prev_kv: true, ..set("c", "b") }),
        Ask::Put(pb::PutRequest { prev_kv: true, ..set("b", "") }),
        Ask::Put(pb::PutRequest { ignore_value: true, prev_kv: true, ..set("c", "") }),
        Ask::Put(pb::PutRequest { ignore_value: true, ..set("c", "x") }),
        Ask::Put(pb::PutRequest { ignore_value: true, ..set("absent", "") }),
        Ask::Put(pb::PutRequest { ignore_lease: true, ..set("absent", "") }),
        Ask::Put(pb::PutRequest { ignore_lease: true, prev_kv: true, ..set("a", "y") }),
        Ask::Put(pb::PutRequest { ignore_lease: true, lease: 5, ..set("a", "y") }),
        Ask::Put(pb::PutRequest { lease: 5, ..set("a", "y") }),
        Ask::Put(pb::PutRequest { lease: 5, ignore_value: true, ..set("absent", "") }),
        Ask::Delete(del("", "")),
        Ask::Delete(del("absent", "")),
        Ask::Delete(del("c", "a")),
        Ask::Delete(del("b", "")),
        Ask::Put(set("b", "w")),
        Ask::Put(set("b", "w")),
        Ask::Put(set("b", "w")),
        Ask::Put(set("b", "w")),
        Ask::Put(set("d", "x")),
        Ask::Put(set("d", "xx")),
    ]
}

fn ranges() -> Vec<Ask> {
    let mut ranges = vec![
        get("b", ""),
        get("b", "d"),
        get("b", "\0"),
        get("d", "b"),
        get("b", "b"),
        pb::RangeRequest { keys_only: true, ..all() },
        pb::RangeRequest { count_only: true, ..all() },
        pb::RangeRequest { count_only: true, limit: 1, min_mod_revision: 100, ..all() },
        pb::RangeRequest { serializable: true, ..all() },
        pb::RangeRequest { limit: -1, ..all() },
        pb::RangeRequest { revision: -1, ..all() },
        pb::RangeRequest { revision: 1000, ..all() },
        pb::RangeRequest { min_mod_revision: 7, limit: 1, ..all() },
        pb::RangeRequest { max_mod_revision: 7, ..all() },
        pb::RangeRequest { min_create_revision: 3, max_create_revision: 8, ..all() },
    ];
    for revision in 1..=8 {
        ranges.push(pb::RangeRequest { revision, ..all() });
    }
    for (sort_order, sort_target) in (0..3).flat_map(|order| (0..5).map(move |by| (order, by))) {
        for limit in [0, 2, 4] {
            ranges.push(pb::RangeRequest { sort_order, sort_target, limit, ..all() });
        }
    }
    ranges.into_iter().map(Ask::Range).collect()
}

/// Each target with each result, on keys that are there, on some that are not, and on ranges.
fn compares() -> Vec<Ask> {
    let unions = [
        None,
        Some(TargetUnion::Version(1)),
        Some(TargetUnion::CreateRevision(3)),
        Some(TargetUnion::ModRevision(6)),
        Some(TargetUnion::Value("y".into())),
        Some(TargetUnion::Lease(0)),
    ];
    let mut asks = Vec::new();
    for (key, range_end) in [("a", ""), ("absent", ""), ("a", "c"), ("x", "z"), ("a", "\0")] {
        for (target, result) in (0..6).flat_map(|target| (0..5).map(move |by| (target, by))) {
            for target_union in unions.clone() {
                let [key, range_end] = [key, range_end].map(Bytes::from);
                let compare = pb::Compare { result, target, key, target_union, range_end };
                asks.push(Ask::Txn(pb::TxnRequest {
                    compare: vec![compare],
                    ..Default::default()
                }));
            }
        }
    }
    asks
}

fn txns() -> Vec<Ask> {
    use Request::{
        RequestDeleteRange as Delete, RequestPut as Put, RequestRange as Range, RequestTxn as Txn,
    };

    let ops = |requests: Vec<Request>| -> Vec<pb::RequestOp> {
        requests.into_iter().map(|request| pb::RequestOp { request: Some(request) }).collect()
    };
    let txn = |requests| pb::TxnRequest { success: ops(requests), ..Default::default() };
    let compare = |key: &'static str| pb::Compare { key: key.into(), ..Default::default() };
    let puts = |count: u8| {
        (0..count).map(|n| pb::PutRequest { key: vec![b'p', n].into(), ..Default::default() })
    };
    let nested = |depth: usize| {
        let innermost = txn(vec![Request::RequestRange(get("a", ""))]);
        (0..depth).fold(innermost, |inner, _| txn(vec![Request::RequestTxn(inner)]))
    };
    [
        txn(vec![]),
        txn(vec![Range(get("a", "")), Range(all())]),
        txn(vec![Range(get("", ""))]),
        txn(vec![Range(pb::RangeRequest { revision: 1000, ..all() })]),
        pb::TxnRequest { success: vec![pb::RequestOp::default()], ..Default::default() },
        pb::TxnRequest { compare: vec![compare("")], ..Default::default() },
        pb::TxnRequest {
            compare: vec![compare("absent"), compare("a")],
            failure: ops(vec![Range(get("b", ""))]),
            ..Default::default()
        },
        txn(vec![
            Put(set("t", "1")),
            Range(get("t", "")),
            Delete(del("t", "")),
            Range(get("t", "")),
        ]),
        txn(vec![Range(get("t", "")), Put(set("u", "1")), Range(all())]),
        txn(vec![Put(set("t", "1")), Put(set("t", "2"))]),
        txn(vec![Delete(del("t", "v")), Put(set("u", "2"))]),
        txn(vec![Delete(del("t", "v")), Delete(del("u", ""))]),
        txn(vec![Delete(del("nothing", ""))]),
        txn(vec![Delete(del("nothing", "")), Put(set("v", "1")), Delete(del("nothing", ""))]),
        txn(vec![Put(set("v", "2")), Txn(txn(vec![Put(set("v", "3"))]))]),
        txn(vec![Put(set("v", "2")), Txn(txn(vec![Put(set("w", "3")), Range(get("v", ""))]))]),
        txn(vec![Put(set("v", "9")), Put(pb::PutRequest { lease: 5, ..set("w", "9") })]),
        txn(vec![Put(set("v", "9")), Put(pb::PutRequest { ignore_value: true, ..set("new", "") })]),
        txn(vec![Put(set("v", "9")), Range(pb::RangeRequest { revision: 1000, ..all() })]),
        txn(vec![Put(set("", "9"))]),
        txn(vec![Put(pb::PutRequest { prev_kv: true, ..set("v", "4") })]),
        txn(puts(128).map(Put).collect()),
        txn(puts(129).map(Put).collect()),
        txn((0..129).map(|_| Range(get("a", ""))).collect()),
        nested(1),
        nested(5),
        pb::TxnRequest {
            compare: vec![compare("a")],
            failure: ops(vec![Txn(pb::TxnRequest {
                compare: vec![compare("absent")],
                success: ops(vec![Put(set("y", "1"))]),
                ..Default::default()
            })]),
            ..Default::default()
        },
        txn(vec![Range(all())]),
    ]
    .map(Ask::Txn)
    .into()
}

fn compactions() -> Vec<Ask> {
    let compact = |revision, physical| Ask::Compact(pb::CompactionRequest { revision, physical });
    let at = |revision| Ask::Range(pb::RangeRequest { revision, ..all() });
    vec![
        compact(1000, false),
        compact(8, true),
        compact(8, false),
        compact(3, false),
        at(7),
        at(8),
        at(9),
        at(1000),
        Ask::Txn(pb::TxnRequest {
            success: vec![pb::RequestOp {
                request: Some(Request::RequestRange(pb::RangeRequest { revision: 3, ..all() })),
            }],
            ..Default::default()
        }),
        Ask::Range(all()),
        compact(0, false),
        compact(-1, false),
    ]
}

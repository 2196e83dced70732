//! Answers of the store as responses of the API.
//!
//! Their headers hold the revision and nothing else. That is how etcd leaves them inside a
//! transaction; the outer one is completed by [`Frontend::header`](crate::Frontend).

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::response_op::Response;
use etcdpb::mvccpb;
use etcdpb::mvccpb::event::EventType;

use crate::status::code_of_auth;

/// To a range.
pub(crate) fn range(response: mvcc::RangeResponse) -> pb::RangeResponse {
    pb::RangeResponse {
        header: header(response.revision),
        kvs: response.kvs.into_iter().map(key_value).collect(),
        more: response.more,
        count: response.count,
    }
}

/// To a put.
pub(crate) fn put(response: mvcc::PutResponse) -> pb::PutResponse {
    pb::PutResponse { header: header(response.revision), prev_kv: response.prev_kv.map(key_value) }
}

/// To a delete.
pub(crate) fn delete_range(response: mvcc::DeleteRangeResponse) -> pb::DeleteRangeResponse {
    pb::DeleteRangeResponse {
        header: header(response.revision),
        deleted: response.deleted,
        prev_kvs: response.prev_kvs.into_iter().map(key_value).collect(),
    }
}

/// To a transaction.
pub(crate) fn txn(response: mvcc::TxnResponse) -> pb::TxnResponse {
    pb::TxnResponse {
        header: header(response.revision),
        succeeded: response.succeeded,
        responses: response.responses.into_iter().map(op).collect(),
    }
}

/// To a compaction.
pub(crate) fn compact(response: mvcc::CompactResponse) -> pb::CompactionResponse {
    pb::CompactionResponse { header: header(response.revision) }
}

/// On a stream of watches.
pub(crate) fn watch(response: mvcc::WatchResponse) -> pb::WatchResponse {
    use mvcc::WatchResponse as Told;
    let of = |watch_id, revision| pb::WatchResponse {
        header: header(revision),
        watch_id,
        ..pb::WatchResponse::default()
    };
    match response {
        Told::Created { watch_id, revision } => {
            pb::WatchResponse { created: true, ..of(watch_id, revision) }
        }
        Told::Refused { revision, reason } => pb::WatchResponse {
            created: true,
            canceled: true,
            cancel_reason: refusal(reason),
            ..of(NO_WATCHER, revision)
        },
        Told::Events { watch_id, revision, changes, .. } => pb::WatchResponse {
            events: changes.into_iter().map(event).collect(),
            ..of(watch_id, revision)
        },
        Told::Progress { watch_id, revision } => of(watch_id.unwrap_or(NO_WATCHER), revision),
        Told::Canceled { watch_id, revision } => {
            pb::WatchResponse { canceled: true, ..of(watch_id, revision) }
        }
        Told::Compacted { watch_id, compacted } => {
            pb::WatchResponse { canceled: true, compact_revision: compacted, ..of(watch_id, 0) }
        }
    }
}

/// Why there is no watcher. That of a user is told as etcd's language tells errors of gRPC.
fn refusal(reason: mvcc::WatchRefusal) -> String {
    match reason {
        mvcc::WatchRefusal::Auth(refusal) => {
            format!("rpc error: code = {:?} desc = {refusal}", code_of_auth(refusal))
        }
        other => other.to_string(),
    }
}

/// The id of no watcher, or of all of a stream.
const NO_WATCHER: i64 = -1;

fn event(change: mvcc::Change) -> mvccpb::Event {
    let (kind, kv, prev_kv) = match change {
        mvcc::Change::Put { kv, prev_kv } => (EventType::Put, key_value(kv), prev_kv),
        mvcc::Change::Delete { key, mod_revision, prev_kv } => {
            let kv = mvccpb::KeyValue { key, mod_revision, ..mvccpb::KeyValue::default() };
            (EventType::Delete, kv, prev_kv)
        }
    };
    mvccpb::Event { r#type: kind.into(), kv: Some(kv), prev_kv: prev_kv.map(key_value) }
}

fn op(response: mvcc::OpResponse) -> pb::ResponseOp {
    let response = match response {
        mvcc::OpResponse::Range(response) => Response::ResponseRange(range(response)),
        mvcc::OpResponse::Put(response) => Response::ResponsePut(put(response)),
        mvcc::OpResponse::DeleteRange(response) => {
            Response::ResponseDeleteRange(delete_range(response))
        }
        mvcc::OpResponse::Txn(response) => Response::ResponseTxn(txn(response)),
    };
    pb::ResponseOp { response: Some(response) }
}

/// A key and what it holds.
pub(crate) fn key_value(kv: mvcc::KeyValue) -> mvccpb::KeyValue {
    mvccpb::KeyValue {
        key: kv.key,
        create_revision: kv.create_revision,
        mod_revision: kv.mod_revision,
        version: kv.version,
        value: kv.value,
        lease: kv.lease,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the field of every response is an option")]
fn header(revision: i64) -> Option<pb::ResponseHeader> {
    Some(pb::ResponseHeader { revision, ..pb::ResponseHeader::default() })
}

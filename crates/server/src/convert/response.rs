//! Answers of the store as responses of the API.
//!
//! Their headers hold the revision and nothing else. That is how etcd leaves them inside a
//! transaction; the outer one is completed by [`Frontend::header`](crate::Frontend).

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::response_op::Response;
use etcdpb::mvccpb;

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

fn key_value(kv: mvcc::KeyValue) -> mvccpb::KeyValue {
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

//! Requests of the API as commands and reads of the store.

use bytes::Bytes;
use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use etcdpb::etcdserverpb::range_request::{SortOrder, SortTarget};
use etcdpb::etcdserverpb::request_op::Request;
use etcdpb::etcdserverpb::watch_create_request::FilterType;
use mvcc::Refusal;

use crate::status::Error;

/// A read. Whether it is serializable is not the store's business, so it gets lost here.
///
/// # Errors
/// If the order is one that does not exist. The key is looked at first, as in etcd.
pub(crate) fn range(request: pb::RangeRequest) -> Result<mvcc::Range, Error> {
    if request.key.is_empty() {
        return Err(Refusal::EmptyKey.into());
    }
    let order = SortOrder::try_from(request.sort_order).map_err(|_| Error::InvalidSortOption)?;
    let target = SortTarget::try_from(request.sort_target).map_err(|_| Error::InvalidSortOption)?;
    Ok(mvcc::Range {
        key: request.key,
        range_end: request.range_end,
        limit: request.limit,
        revision: request.revision,
        sort_order: match order {
            SortOrder::None => mvcc::SortOrder::None,
            SortOrder::Ascend => mvcc::SortOrder::Ascend,
            SortOrder::Descend => mvcc::SortOrder::Descend,
        },
        sort_target: match target {
            SortTarget::Key => mvcc::SortTarget::Key,
            SortTarget::Version => mvcc::SortTarget::Version,
            SortTarget::Create => mvcc::SortTarget::Create,
            SortTarget::Mod => mvcc::SortTarget::Mod,
            SortTarget::Value => mvcc::SortTarget::Value,
        },
        keys_only: request.keys_only,
        count_only: request.count_only,
        min_mod_revision: request.min_mod_revision,
        max_mod_revision: request.max_mod_revision,
        min_create_revision: request.min_create_revision,
        max_create_revision: request.max_create_revision,
    })
}

/// A watcher. Kinds of events that are not known cannot be left out.
pub(crate) fn watch(request: pb::WatchCreateRequest) -> mvcc::WatchRequest {
    let leaves_out = |kind: FilterType| request.filters.contains(&kind.into());
    mvcc::WatchRequest {
        no_puts: leaves_out(FilterType::Noput),
        no_deletes: leaves_out(FilterType::Nodelete),
        key: request.key,
        range_end: request.range_end,
        start_revision: request.start_revision,
        watch_id: request.watch_id,
        progress_notify: request.progress_notify,
        prev_kv: request.prev_kv,
        fragment: request.fragment,
    }
}

/// A put.
pub(crate) fn put(request: pb::PutRequest) -> mvcc::Put {
    mvcc::Put {
        key: request.key,
        value: request.value,
        lease: request.lease,
        prev_kv: request.prev_kv,
        ignore_value: request.ignore_value,
        ignore_lease: request.ignore_lease,
    }
}

/// A delete.
pub(crate) fn delete_range(request: pb::DeleteRangeRequest) -> mvcc::DeleteRange {
    mvcc::DeleteRange { key: request.key, range_end: request.range_end, prev_kv: request.prev_kv }
}

/// A transaction, of at most so many operations.
///
/// An empty operation, and an order that does not exist, have no place in the store's types, so
/// they are refused here, and whatever etcd would have found before them too: of several faults,
/// the client hears of the same one.
///
/// # Errors
/// If an operation is empty or makes no sense, or there are too many.
pub(crate) fn txn(request: pb::TxnRequest, ops_max: usize) -> Result<mvcc::Txn, Error> {
    let pb::TxnRequest { compare: compares, success, failure } = request;
    let ops = compares.len().max(success.len()).max(failure.len());
    let nested_ops_max = ops_max.checked_sub(ops).ok_or(Refusal::TooManyOps)?;
    if compares.iter().any(|compare| compare.key.is_empty()) {
        return Err(Refusal::EmptyKey.into());
    }
    let ops = |ops: Vec<pb::RequestOp>| {
        ops.into_iter().map(|request| op(request, nested_ops_max)).collect::<Result<_, _>>()
    };
    Ok(mvcc::Txn {
        compare: compares.into_iter().map(compare).collect(),
        success: ops(success)?,
        failure: ops(failure)?,
    })
}

/// Whether a member may answer from what it knows: all that the transaction could do is to read,
/// and none of its ranges asks for more.
pub(crate) fn txn_is_serializable(request: &pb::TxnRequest) -> bool {
    request
        .success
        .iter()
        .chain(&request.failure)
        .all(|op| matches!(&op.request, Some(Request::RequestRange(range)) if range.serializable))
}

fn op(op: pb::RequestOp, nested_ops_max: usize) -> Result<mvcc::Op, Error> {
    Ok(match op.request.ok_or(Refusal::KeyNotFound)? {
        Request::RequestRange(request) => {
            let range = range(request)?;
            range.validate()?;
            mvcc::Op::Range(range)
        }
        Request::RequestPut(request) => {
            let put = put(request);
            put.validate()?;
            mvcc::Op::Put(put)
        }
        Request::RequestDeleteRange(request) => {
            let delete = delete_range(request);
            delete.validate()?;
            mvcc::Op::DeleteRange(delete)
        }
        Request::RequestTxn(request) => mvcc::Op::Txn(txn(request, nested_ops_max)?),
    })
}

fn compare(compare: pb::Compare) -> mvcc::Compare {
    let relation = match CompareResult::try_from(compare.result) {
        Ok(CompareResult::Equal) => mvcc::Relation::Equal,
        Ok(CompareResult::Greater) => mvcc::Relation::Greater,
        Ok(CompareResult::Less) => mvcc::Relation::Less,
        Ok(CompareResult::NotEqual) => mvcc::Relation::NotEqual,
        Err(_) => mvcc::Relation::Unknown,
    };
    let (relation, target) = match CompareTarget::try_from(compare.target) {
        Ok(target) => (relation, compare_target(target, compare.target_union)),
        Err(_) => unknown_target(relation),
    };
    mvcc::Compare { key: compare.key, range_end: compare.range_end, relation, target }
}

/// What to compare with. If the union holds another field than the target says, or none, that is
/// zero or empty, as in etcd.
fn compare_target(target: CompareTarget, union: Option<TargetUnion>) -> mvcc::CompareTarget {
    match (target, union) {
        (CompareTarget::Version, Some(TargetUnion::Version(version))) => {
            mvcc::CompareTarget::Version(version)
        }
        (CompareTarget::Version, _) => mvcc::CompareTarget::Version(0),
        (CompareTarget::Create, Some(TargetUnion::CreateRevision(revision))) => {
            mvcc::CompareTarget::Create(revision)
        }
        (CompareTarget::Create, _) => mvcc::CompareTarget::Create(0),
        (CompareTarget::Mod, Some(TargetUnion::ModRevision(revision))) => {
            mvcc::CompareTarget::Mod(revision)
        }
        (CompareTarget::Mod, _) => mvcc::CompareTarget::Mod(0),
        (CompareTarget::Value, Some(TargetUnion::Value(value))) => {
            mvcc::CompareTarget::Value(value)
        }
        (CompareTarget::Value, _) => mvcc::CompareTarget::Value(Bytes::new()),
        (CompareTarget::Lease, Some(TargetUnion::Lease(lease))) => {
            mvcc::CompareTarget::Lease(lease)
        }
        (CompareTarget::Lease, _) => mvcc::CompareTarget::Lease(0),
    }
}

/// To etcd a target that it does not know is always equal to what it is compared with. The store
/// has no such target, so this gives a comparison that always, or never, holds.
fn unknown_target(relation: mvcc::Relation) -> (mvcc::Relation, mvcc::CompareTarget) {
    let relation = match relation {
        mvcc::Relation::Equal | mvcc::Relation::Unknown => mvcc::Relation::Unknown,
        mvcc::Relation::Greater | mvcc::Relation::Less | mvcc::Relation::NotEqual => {
            mvcc::Relation::Less
        }
    };
    (relation, mvcc::CompareTarget::Version(i64::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(target: i32, target_union: Option<TargetUnion>) -> mvcc::CompareTarget {
        compare(pb::Compare { target, target_union, ..pb::Compare::default() }).target
    }

    #[test]
    fn the_wrong_field_of_the_union_counts_as_zero() {
        let version = Some(TargetUnion::Version(7));
        assert_eq!(compared(0, version.clone()), mvcc::CompareTarget::Version(7));
        assert_eq!(compared(2, version.clone()), mvcc::CompareTarget::Mod(0));
        assert_eq!(compared(3, version), mvcc::CompareTarget::Value(Bytes::new()));
        assert_eq!(compared(4, None), mvcc::CompareTarget::Lease(0));
    }

    #[test]
    fn an_unknown_target_is_equal_to_anything() {
        let store = mvcc::Store::new();
        let holds = |result: i32| {
            let compare =
                compare(pb::Compare { result, target: 9, key: "a".into(), ..Default::default() });
            let txn = mvcc::Txn { compare: vec![compare], ..mvcc::Txn::default() };
            store.read_txn(&txn).unwrap().succeeded
        };
        assert_eq!([0, 1, 2, 3, 9].map(holds), [true, false, false, false, true]);
    }

    #[test]
    fn an_empty_operation_is_refused() {
        let request =
            pb::TxnRequest { success: vec![pb::RequestOp::default()], ..Default::default() };
        assert_eq!(txn(request, 128), Err(Refusal::KeyNotFound.into()));
    }

    /// An empty operation is not seen when the transaction is taken apart, but in its turn.
    #[test]
    fn of_several_faults_the_first_is_named() {
        let put = pb::PutRequest { key: "a".into(), value: "1".into(), ..Default::default() };
        let faulty = pb::PutRequest { ignore_value: true, ..put };
        let faulty = pb::RequestOp { request: Some(Request::RequestPut(faulty)) };
        let refusal = |success: Vec<pb::RequestOp>| {
            txn(pb::TxnRequest { success, ..Default::default() }, 2).unwrap_err()
        };
        let empty = pb::RequestOp::default;
        assert_eq!(refusal(vec![faulty.clone(), empty()]), Refusal::ValueProvided.into());
        assert_eq!(refusal(vec![empty(), faulty]), Refusal::KeyNotFound.into());
        assert_eq!(refusal(vec![empty(), empty(), empty()]), Refusal::TooManyOps.into());
    }

    #[test]
    fn an_order_must_exist_but_a_key_even_more() {
        let request = pb::RangeRequest { sort_order: 3, ..Default::default() };
        assert_eq!(range(request.clone()), Err(Refusal::EmptyKey.into()));
        let request = pb::RangeRequest { key: "a".into(), ..request };
        assert_eq!(range(request), Err(Error::InvalidSortOption));
    }
}

//! What is refused before it is proposed. What etcd does not see was tried on etcd 3.4.23.

use std::collections::BTreeSet;

use bytes::Bytes;
use mvcc::{
    Command, Compare, CompareTarget, DeleteRange, Op, Put, Range, Refusal, Relation, TXN_OPS_MAX,
    Txn,
};
use proptest::prelude::*;

use crate::generate;

#[test]
fn single_requests() {
    let ignore_value = Put { ignore_value: true, ..set("a", "v") };
    let ignore_lease = Put { ignore_lease: true, lease: 5, ..set("a", "v") };
    let ignore_both = Put { ignore_lease: true, ignore_value: true, ..set("a", "") };
    let no_key = Put { ignore_value: true, ..set("", "v") };
    assert_eq!(set("a", "").validate(), Ok(()));
    assert_eq!(set("", "v").validate(), Err(Refusal::EmptyKey));
    assert_eq!(no_key.validate(), Err(Refusal::EmptyKey));
    assert_eq!(ignore_value.validate(), Err(Refusal::ValueProvided));
    assert_eq!(ignore_lease.validate(), Err(Refusal::LeaseProvided));
    assert_eq!(ignore_both.validate(), Ok(()));
    assert_eq!(DeleteRange::default().validate(), Err(Refusal::EmptyKey));
    assert_eq!(Range::default().validate(), Err(Refusal::EmptyKey));
    assert_eq!(Command::Put(set("", "")).validate(128), Err(Refusal::EmptyKey));
    assert_eq!(Command::DeleteRange(del("", "a")).validate(128), Err(Refusal::EmptyKey));
}

#[test]
fn operations_of_a_transaction_are_checked_like_requests() {
    let compare = Compare {
        key: Bytes::new(),
        range_end: Bytes::new(),
        relation: Relation::Equal,
        target: CompareTarget::Version(0),
    };
    let txn = Txn { compare: vec![compare], ..Txn::default() };
    assert_eq!(txn.validate(TXN_OPS_MAX), Err(Refusal::EmptyKey));
    for op in [
        Op::Range(Range::default()),
        Op::Put(Put::default()),
        Op::DeleteRange(DeleteRange::default()),
        then(vec![Op::Range(Range::default())]),
    ] {
        assert_eq!(check(vec![op.clone()]), Err(Refusal::EmptyKey));
        let txn = Txn { failure: vec![op], ..Txn::default() };
        assert_eq!(Command::Txn(txn).validate(TXN_OPS_MAX), Err(Refusal::EmptyKey));
    }
}

#[test]
fn a_nested_transaction_may_have_what_its_parent_leaves() {
    let gets = |count| vec![Op::Range(Range { key: "a".into(), ..Range::default() }); count];
    let with = |own: usize, nested| {
        let mut ops = gets(own - 1);
        ops.push(then(gets(nested)));
        check(ops)
    };
    assert_eq!(check(gets(128)), Ok(()));
    assert_eq!(check(gets(129)), Err(Refusal::TooManyOps));
    assert_eq!(with(1, 127), Ok(()));
    assert_eq!(with(1, 128), Err(Refusal::TooManyOps));
    assert_eq!(with(64, 64), Ok(()));
    assert_eq!(with(64, 65), Err(Refusal::TooManyOps));
    let compare = Compare {
        key: "a".into(),
        range_end: Bytes::new(),
        relation: Relation::Equal,
        target: CompareTarget::Version(0),
    };
    let txn = Txn { compare: vec![compare; 129], ..Txn::default() };
    assert_eq!(txn.validate(TXN_OPS_MAX), Err(Refusal::TooManyOps));
    let txn = Txn { failure: gets(129), ..Txn::default() };
    assert_eq!(txn.validate(TXN_OPS_MAX), Err(Refusal::TooManyOps));
}

#[test]
fn no_key_is_put_twice_or_both_put_and_deleted() {
    let put = |key| Op::Put(set(key, "1"));
    let delete = |key, end| Op::DeleteRange(del(key, end));
    let either = |success, failure| Op::Txn(Txn { compare: vec![], success, failure });
    let duplicate = Err(Refusal::DuplicateKey);
    let cases = [
        (vec![put("a"), put("b")], Ok(())),
        (vec![put("a"), put("a")], duplicate),
        (vec![put("n"), delete("m", "z")], duplicate),
        (vec![delete("m", "z"), put("n")], duplicate),
        (vec![delete("m", "z"), put("m")], duplicate),
        (vec![delete("m", "z"), put("z")], Ok(())),
        (vec![delete("n", ""), put("n")], duplicate),
        (vec![delete("n", ""), put("n0")], Ok(())),
        (vec![delete("a", "m"), delete("b", "z"), delete("b", "")], Ok(())),
        (vec![delete("a", "m"), delete("m", "z"), put("m")], duplicate),
        (vec![delete("a", "m"), delete("b", "z"), put("a")], duplicate),
        (vec![delete("b", "z"), delete("a", "c"), put("m")], duplicate),
        (vec![delete("b", "c"), delete("a", "z"), put("m")], duplicate),
        (vec![delete("a", "c"), delete("e", "g"), delete("b", "f"), put("d")], duplicate),
        (vec![delete("a", "c"), delete("e", "g"), put("d")], Ok(())),
        (vec![delete("z", "a"), put("m")], Ok(())),
        (vec![then(vec![put("x")]), put("x")], duplicate),
        (vec![then(vec![put("x")]), then(vec![put("x")])], duplicate),
        (vec![then(vec![delete("x", "")]), put("x")], duplicate),
        (vec![put("x"), then(vec![delete("x", "")])], duplicate),
        (vec![delete("x", ""), then(vec![put("x")])], duplicate),
        (vec![either(vec![put("x")], vec![put("x")])], Ok(())),
        (vec![either(vec![put("x")], vec![delete("x", "")])], Ok(())),
        (vec![either(vec![put("x")], vec![put("x")]), put("x")], duplicate),
        (vec![then(vec![then(vec![put("x")])]), put("x")], duplicate),
        // etcd does not see these.
        (vec![delete("m", "\0"), put("n")], Ok(())),
        (vec![delete("\0", "\0"), put("n")], Ok(())),
        (vec![then(vec![put("x")]), then(vec![delete("x", "")])], Ok(())),
        (vec![then(vec![delete("x", "")]), then(vec![put("x")])], duplicate),
    ];
    for (ops, expected) in cases {
        assert_eq!(check(ops.clone()), expected, "{ops:?}");
        let txn = Txn { failure: ops.clone(), ..Txn::default() };
        assert_eq!(txn.validate(TXN_OPS_MAX), expected, "{ops:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn duplicates_are_those_that_a_slow_search_finds(txn in generate::txn()) {
        let slow = [&txn.success, &txn.failure]
            .into_iter()
            .try_for_each(|branch| slow_footprint(branch).map(|_| ()));
        prop_assume!(txn.validate(TXN_OPS_MAX) != Err(Refusal::ValueProvided));
        prop_assume!(txn.validate(TXN_OPS_MAX) != Err(Refusal::LeaseProvided));
        prop_assert_eq!(txn.validate(TXN_OPS_MAX), slow);
    }
}

proptest! {
    #[test]
    fn a_key_is_deleted_if_any_of_many_deletes_covers_it(
        deletes in prop::collection::vec((b'a'..=b'z', b'a'..=b'z'), 1..8),
        key in b'a'..=b'z',
    ) {
        let is_covered = deletes.iter().any(|&(start, end)| start <= key && key < end);
        let name = |byte: u8| Bytes::copy_from_slice(&[byte]);
        let deletes = deletes.iter().map(|&(start, end)| DeleteRange {
            key: name(start),
            range_end: name(end),
            prev_kv: false,
        });
        let mut ops: Vec<Op> = deletes.map(Op::DeleteRange).collect();
        ops.push(Op::Put(Put { key: name(key), ..Put::default() }));
        let expected = if is_covered { Err(Refusal::DuplicateKey) } else { Ok(()) };
        prop_assert_eq!(check(ops), expected);
    }
}

type Footprint = (BTreeSet<Bytes>, Vec<DeleteRange>);

/// The rule with plain lists: the same order, none of the merging.
fn slow_footprint(ops: &[Op]) -> Result<Footprint, Refusal> {
    let mut puts = BTreeSet::new();
    let mut deletes: Vec<DeleteRange> = Vec::new();
    let add = |key: &Bytes, puts: &mut BTreeSet<Bytes>, deletes: &[DeleteRange]| {
        let is_deleted = deletes.iter().any(|delete| match &delete.range_end[..] {
            [] => key == &delete.key,
            end => key >= &delete.key && key < end,
        });
        if is_deleted || !puts.insert(key.clone()) { Err(Refusal::DuplicateKey) } else { Ok(()) }
    };
    deletes.extend(ops.iter().filter_map(|op| match op {
        Op::DeleteRange(delete) => Some(delete.clone()),
        Op::Range(_) | Op::Put(_) | Op::Txn(_) => None,
    }));
    for op in ops {
        if let Op::Txn(txn) = op {
            let (mut nested, then_deletes) = slow_footprint(&txn.success)?;
            let (else_puts, else_deletes) = slow_footprint(&txn.failure)?;
            nested.extend(else_puts);
            for key in &nested {
                add(key, &mut puts, &deletes)?;
            }
            deletes.extend(then_deletes);
            deletes.extend(else_deletes);
        }
    }
    for op in ops {
        if let Op::Put(put) = op {
            add(&put.key, &mut puts, &deletes)?;
        }
    }
    Ok((puts, deletes))
}

fn check(success: Vec<Op>) -> Result<(), Refusal> {
    Txn { success, ..Txn::default() }.validate(TXN_OPS_MAX)
}

fn then(success: Vec<Op>) -> Op {
    Op::Txn(Txn { success, ..Txn::default() })
}

fn set(key: &'static str, value: &'static str) -> Put {
    Put { key: key.into(), value: value.into(), ..Put::default() }
}

fn del(key: &'static str, range_end: &'static str) -> DeleteRange {
    DeleteRange { key: key.into(), range_end: range_end.into(), prev_kv: false }
}

//! etcd's rules, one by one. Those marked "seen" were tried on etcd 3.4.23.

use mvcc::{
    Change, Command, Compact, Compare, CompareTarget, DeleteRange, KeyValue, Member, Op,
    OpResponse, Publish, Put, Range, RangeResponse, Refusal, Relation, Reply, Response, SortOrder,
    SortTarget, Store, Txn, TxnResponse,
};

// Revisions.

#[test]
fn the_empty_store_is_at_revision_1_and_the_first_write_makes_2() {
    let mut store = Store::new();
    assert_eq!(get(&store, "a").revision, 1);
    assert_eq!(put(&mut store, "a", "1"), 2);
    assert_eq!(store.revision(), 2);
}

#[test]
fn a_key_counts_its_puts_until_it_is_deleted() {
    let mut store = Store::new();
    put(&mut store, "a", "1");
    put(&mut store, "a", "1");
    assert_eq!(get(&store, "a").kvs, [kv("a", "1", 2, 3, 2)]);
    delete(&mut store, "a", "");
    put(&mut store, "a", "2");
    assert_eq!(get(&store, "a").kvs, [kv("a", "2", 5, 5, 1)]);
}

#[test]
fn deleting_nothing_makes_no_revision() {
    let mut store = Store::new();
    put(&mut store, "a", "1");
    let reply = store.apply(&Command::DeleteRange(del("b", "")));
    let Ok(Response::DeleteRange(response)) = reply.result else { panic!("{reply:?}") };
    assert_eq!((response.revision, response.deleted), (2, 0));
    assert_eq!((store.revision(), reply.changes.len()), (2, 0));
}

#[test]
fn a_delete_lists_its_keys_in_order_under_one_revision() {
    let mut store = Store::new();
    for key in ["c", "a", "b"] {
        put(&mut store, key, "1");
    }
    let request = DeleteRange { prev_kv: true, ..del("a", "c") };
    let reply = store.apply(&Command::DeleteRange(request));
    let Ok(Response::DeleteRange(response)) = reply.result else { panic!("{reply:?}") };
    assert_eq!((response.revision, response.deleted), (5, 2));
    assert_eq!(response.prev_kvs, [kv("a", "1", 3, 3, 1), kv("b", "1", 4, 4, 1)]);
    assert_eq!(reply.changes.iter().map(Change::key).collect::<Vec<_>>(), ["a", "b"]);
    assert!(reply.changes.iter().all(|change| change.mod_revision() == 5));
}

/// Seen: the header of a nested transaction is empty, and each other one is as of its operation.
#[test]
fn operations_of_a_transaction_answer_with_the_revision_that_they_see() {
    let mut store = Store::new();
    put(&mut store, "b", "1");
    let nested = Txn { success: vec![Op::Range(one("a"))], ..Txn::default() };
    let response = txn(
        &mut store,
        vec![
            Op::Range(one("a")),
            Op::DeleteRange(del("zz", "")),
            Op::Txn(nested.clone()),
            Op::Put(set("a", "1")),
            Op::DeleteRange(del("zz", "")),
            Op::DeleteRange(del("b", "")),
            Op::Range(one("a")),
            Op::Txn(nested),
        ],
    )
    .unwrap();
    assert_eq!(response.revision, 3);
    let revisions: Vec<i64> = response.responses.iter().map(revision_of).collect();
    assert_eq!(revisions, [2, 2, 0, 3, 3, 3, 3, 0]);
    let counts: Vec<i64> = response.responses.iter().filter_map(count_of).collect();
    assert_eq!(counts, [0, 1], "a range sees what was put before it");
}

#[test]
fn a_transaction_that_changes_nothing_makes_no_revision() {
    let mut store = Store::new();
    let nested = Txn { success: vec![Op::DeleteRange(del("z", ""))], ..Txn::default() };
    assert_eq!(txn(&mut store, vec![Op::Txn(nested)]).unwrap().revision, 1);
    assert_eq!(store.revision(), 1);
}

// Put.

#[test]
fn a_put_can_keep_the_value_or_the_lease() {
    let mut store = Store::new();
    put(&mut store, "a", "1");
    let kept = Put { ignore_value: true, prev_kv: true, ..set("a", "") };
    let reply = store.apply(&Command::Put(kept));
    let Ok(Response::Put(response)) = &reply.result else { panic!("{reply:?}") };
    assert_eq!(response.prev_kv, Some(kv("a", "1", 2, 2, 1)));
    assert_eq!(get(&store, "a").kvs, [kv("a", "1", 2, 3, 2)]);
    let kept = Put { ignore_lease: true, ..set("a", "2") };
    store.apply(&Command::Put(kept)).result.unwrap();
    assert_eq!(get(&store, "a").kvs, [kv("a", "2", 2, 4, 3)]);
}

/// Seen: alone, the lease is looked up before the key; in a transaction it is the other way round.
#[test]
fn puts_that_cannot_be_done_are_refused() {
    let bad_lease = Put { lease: 7, ..set("a", "") };
    let negative_lease = Put { lease: -7, ..set("a", "") };
    let nothing_to_keep = Put { ignore_lease: true, ..set("a", "") };
    let both = Put { lease: 7, ignore_value: true, ..set("a", "") };
    let cases = [
        (bad_lease, Refusal::LeaseNotFound, Refusal::LeaseNotFound),
        (negative_lease, Refusal::LeaseNotFound, Refusal::LeaseNotFound),
        (nothing_to_keep, Refusal::KeyNotFound, Refusal::KeyNotFound),
        (both, Refusal::LeaseNotFound, Refusal::KeyNotFound),
    ];
    for (put, alone, within) in cases {
        let mut store = Store::new();
        let expected = Reply { result: Err(alone), changes: vec![] };
        assert_eq!(store.apply(&Command::Put(put.clone())), expected);
        assert_eq!(txn(&mut store, vec![Op::Put(put)]), Err(within));
        assert_eq!(store.revision(), 1);
    }
}

// Range.

#[test]
fn range_end_says_which_keys_are_meant() {
    let mut store = Store::new();
    for key in ["\0", "a", "a\0", "ab", "b", "\u{7f}"] {
        put(&mut store, key, "");
    }
    let cases: [(&str, &str, &[&str]); 9] = [
        ("a", "", &["a"]),
        ("aa", "", &[]),
        ("a", "b", &["a", "a\0", "ab"]),
        ("a", "ab", &["a", "a\0"]),
        ("a", "a", &[]),
        ("b", "a", &[]),
        ("ab", "\0", &["ab", "b", "\u{7f}"]),
        ("\0", "\0", &["\0", "a", "a\0", "ab", "b", "\u{7f}"]),
        ("\0", "a", &["\0"]),
    ];
    for (key, end, expected) in cases {
        let response = store.range(&from_to(key, end)).unwrap();
        assert_eq!(keys(&response), expected, "{key:?} {end:?}");
        assert_eq!(usize::try_from(response.count), Ok(expected.len()));
    }
}

#[test]
fn a_range_at_an_old_revision_has_the_current_one_in_its_header() {
    let mut store = Store::new();
    put(&mut store, "a", "1");
    put(&mut store, "a", "2");
    let response = store.range(&Range { revision: 2, ..one("a") }).unwrap();
    assert_eq!((response.revision, &response.kvs[..]), (3, &[kv("a", "1", 2, 2, 1)][..]));
    let latest = store.range(&Range { revision: -1, ..one("a") }).unwrap();
    assert_eq!(latest, get(&store, "a"));
}

/// Three keys: `r1` at version 3, changed last; `r2` at version 2; `r3` at version 1, with the
/// oldest change and the largest value. Seen.
#[test]
fn limit_sort_and_filter_work_together_as_in_etcd() {
    let mut store = Store::new();
    for (key, value) in
        [("r1", "b"), ("r2", "a"), ("r3", "c"), ("r1", "b2"), ("r2", "a"), ("r1", "b3")]
    {
        put(&mut store, key, value);
    }
    let r = || from_to("r", "s");
    let by = |sort_order, sort_target, limit| Range { sort_order, sort_target, limit, ..r() };
    let cases: [(Range, &[&str], bool); 20] = [
        (r(), &["r1", "r2", "r3"], false),
        (Range { limit: 2, ..r() }, &["r1", "r2"], true),
        (Range { limit: 3, ..r() }, &["r1", "r2", "r3"], false),
        (Range { limit: -1, ..r() }, &["r1", "r2", "r3"], false),
        (by(SortOrder::Descend, SortTarget::Key, 0), &["r3", "r2", "r1"], false),
        (by(SortOrder::Descend, SortTarget::Version, 0), &["r1", "r2", "r3"], false),
        (by(SortOrder::Ascend, SortTarget::Create, 0), &["r1", "r2", "r3"], false),
        (by(SortOrder::Ascend, SortTarget::Mod, 2), &["r3", "r2"], true),
        (by(SortOrder::Descend, SortTarget::Value, 1), &["r3"], true),
        (by(SortOrder::Ascend, SortTarget::Value, 1), &["r2"], true),
        // Without an order, the limit and one more are taken in key order and then sorted.
        (by(SortOrder::None, SortTarget::Mod, 0), &["r3", "r2", "r1"], false),
        (by(SortOrder::None, SortTarget::Mod, 2), &["r3", "r2"], true),
        (by(SortOrder::None, SortTarget::Mod, 1), &["r2"], true),
        (by(SortOrder::Ascend, SortTarget::Mod, 1), &["r3"], true),
        (Range { min_mod_revision: 6, ..r() }, &["r1", "r2"], false),
        (Range { max_mod_revision: 6, ..r() }, &["r2", "r3"], false),
        (Range { min_create_revision: 3, max_create_revision: 3, ..r() }, &["r2"], false),
        (Range { min_create_revision: 3, limit: 1, ..r() }, &["r2"], true),
        (Range { max_mod_revision: -1, ..r() }, &[], false),
        (Range { count_only: true, limit: 1, ..r() }, &[], false),
    ];
    for (range, expected, more) in cases {
        let response = store.range(&range).unwrap();
        assert_eq!((keys(&response), response.more), (expected.to_vec(), more), "{range:?}");
        assert_eq!(response.count, 3, "neither limit nor filter changes the count");
    }
}

#[test]
fn keys_only_sorts_by_the_values_that_it_leaves_out() {
    let mut store = Store::new();
    put(&mut store, "a", "2");
    put(&mut store, "b", "1");
    let range = Range { keys_only: true, sort_target: SortTarget::Value, ..from_to("\0", "\0") };
    let response = store.range(&range).unwrap();
    assert_eq!(response.kvs, [kv("b", "", 3, 3, 1), kv("a", "", 2, 2, 1)]);
}

// Compare. Seen.

#[test]
fn comparisons_judge_each_key_of_the_range_or_else_a_key_that_never_was() {
    use CompareTarget::{Create, Lease, Mod, Value, Version};
    use Relation::{Equal, Greater, Less, NotEqual, Unknown};
    let mut store = Store::new();
    put(&mut store, "a", "x");
    put(&mut store, "a", "y");
    put(&mut store, "b", "z");
    let cases = [
        (("a", ""), Equal, Version(2), true),
        (("a", ""), NotEqual, Version(2), false),
        (("a", ""), Greater, Version(1), true),
        (("a", ""), Less, Version(2), false),
        (("a", ""), Equal, Create(2), true),
        (("a", ""), Equal, Mod(3), true),
        (("a", ""), Equal, Lease(0), true),
        (("a", ""), Equal, Value("y".into()), true),
        (("a", ""), Greater, Value("x".into()), true),
        (("a", ""), Unknown, Version(77), true),
        (("a", "c"), Greater, Version(0), true),
        (("a", "c"), Equal, Version(2), false),
        (("a", "\0"), Greater, Create(1), true),
        (("none", ""), Equal, Version(0), true),
        (("none", ""), Equal, Create(0), true),
        (("none", ""), Less, Mod(1), true),
        (("none", ""), Equal, Lease(0), true),
        (("none", ""), Equal, Value("".into()), false),
        (("none", ""), NotEqual, Value("x".into()), false),
        (("none", ""), Unknown, Value("".into()), false),
        (("x", "z"), Equal, Create(0), true),
        (("x", "z"), NotEqual, Value("".into()), false),
        (("z", "x"), Equal, Version(0), true),
    ];
    for ((key, range_end), relation, target, expected) in cases {
        let (key, range_end) = (key.into(), range_end.into());
        let compare = vec![Compare { key, range_end, relation, target }];
        let txn = Txn { compare, ..Txn::default() };
        assert_eq!(store.read_txn(&txn).unwrap().succeeded, expected, "{txn:?}");
    }
}

/// Seen.
#[test]
fn all_comparisons_are_judged_before_anything_is_done() {
    let mut store = Store::new();
    let unset = Compare {
        key: "u".into(),
        range_end: "".into(),
        relation: Relation::Equal,
        target: CompareTarget::Version(0),
    };
    let nested = Txn {
        compare: vec![unset],
        success: vec![Op::Put(set("seen", "unset"))],
        failure: vec![Op::Put(set("seen", "set"))],
    };
    txn(&mut store, vec![Op::Put(set("u", "1")), Op::Txn(nested)]).unwrap();
    assert_eq!(get(&store, "seen").kvs[0].value, "unset");
}

// Transactions that are refused.

/// Seen: puts are checked before ranges.
#[test]
fn a_refused_transaction_leaves_nothing_behind() {
    let mut store = Store::new();
    put(&mut store, "a", "1");
    put(&mut store, "a", "2");
    store.apply(&Command::Compact(Compact { revision: 3 })).result.unwrap();
    let range = |revision| Op::Range(Range { revision, ..one("a") });
    let keep = Op::Put(Put { ignore_value: true, ..set("none", "") });
    let nested = |op| Op::Txn(Txn { success: vec![op], ..Txn::default() });
    let cases = [
        (vec![range(4)], Refusal::FutureRevision { current: 3 }),
        (vec![range(2)], Refusal::Compacted { at: 3 }),
        (vec![range(-1)], Refusal::Compacted { at: 3 }),
        (vec![range(2), range(4)], Refusal::Compacted { at: 3 }),
        (vec![range(4), keep.clone()], Refusal::KeyNotFound),
        (vec![nested(range(4)), nested(keep)], Refusal::KeyNotFound),
    ];
    for (ops, refusal) in cases {
        let mut ops = ops;
        ops.insert(0, Op::Put(set("b", "1")));
        let expected = Reply { result: Err(refusal), changes: vec![] };
        let hash = store.hash();
        let command = Command::Txn(Txn { success: ops, ..Txn::default() });
        assert_eq!(store.apply(&command), expected);
        assert_eq!((store.revision(), store.hash()), (3, hash));
    }
}

#[test]
fn the_branch_that_is_not_chosen_cannot_be_the_reason_to_refuse() {
    let mut store = Store::new();
    let failure = vec![Op::Range(Range { revision: 99, ..one("a") })];
    let txn = Txn { failure, ..Txn::default() };
    assert!(store.apply(&Command::Txn(txn)).result.is_ok());
}

#[test]
#[should_panic(expected = "a transaction that may write has to be a command")]
fn a_transaction_that_writes_is_no_read() {
    let txn = Txn { success: vec![Op::Put(set("a", "1"))], ..Txn::default() };
    let _ = Store::new().read_txn(&txn);
}

// Keys that change twice in a revision, which etcd's checks let through in two cases. Seen.

#[test]
fn a_key_that_is_deleted_and_put_at_once_begins_anew() {
    let mut store = Store::new();
    put(&mut store, "m", "0");
    let ops = vec![Op::DeleteRange(del("m", "\0")), Op::Put(set("m", "1"))];
    let command = Command::Txn(Txn { success: ops, ..Txn::default() });
    assert_eq!(command.validate(mvcc::TXN_OPS_MAX), Ok(()));
    let reply = store.apply(&command);
    let old = kv("m", "0", 2, 2, 1);
    let deleted = Change::Delete { key: "m".into(), mod_revision: 3, prev_kv: Some(old) };
    let created = Change::Put { kv: kv("m", "1", 3, 3, 1), prev_kv: None };
    assert_eq!(reply.changes, [deleted, created]);
    assert_eq!(get(&store, "m").kvs, [kv("m", "1", 3, 3, 1)]);
}

#[test]
fn a_key_that_is_put_and_deleted_at_once_has_its_old_self_as_previous() {
    let mut store = Store::new();
    put(&mut store, "m", "0");
    let nested = |op| Op::Txn(Txn { success: vec![op], ..Txn::default() });
    for (key, before) in [("m", Some(kv("m", "0", 2, 2, 1))), ("n", None)] {
        let ops = vec![nested(Op::Put(set(key, "1"))), nested(Op::DeleteRange(del(key, "")))];
        let command = Command::Txn(Txn { success: ops, ..Txn::default() });
        assert_eq!(command.validate(mvcc::TXN_OPS_MAX), Ok(()));
        let reply = store.apply(&command);
        assert_eq!(reply.changes[0].prev_kv(), before.as_ref());
        assert_eq!(reply.changes[1].prev_kv(), before.as_ref());
        assert_eq!(get(&store, key).count, 0);
    }
}

/// etcd 3.4.23 ends with a panic here, and does so again whenever it reads its log.
#[test]
fn a_put_that_keeps_what_the_same_transaction_deleted_keeps_it() {
    let mut store = Store::new();
    put(&mut store, "m", "0");
    let keep = Op::Put(Put { ignore_value: true, ..set("m", "") });
    txn(&mut store, vec![Op::DeleteRange(del("m", "\0")), keep]).unwrap();
    assert_eq!(get(&store, "m").kvs, [kv("m", "0", 3, 3, 1)]);
}

// Compaction.

#[test]
fn a_compacted_store_can_be_read_from_the_compacted_revision_on() {
    let mut store = Store::new();
    for value in ["1", "2", "3"] {
        put(&mut store, "a", value);
    }
    assert_eq!(store.compacted_revision(), None);
    assert_eq!(compact(&mut store, 3), Ok(4));
    assert_eq!(store.compacted_revision(), Some(3));
    let at = |revision| store.range(&Range { revision, ..one("a") });
    assert_eq!(at(2), Err(Refusal::Compacted { at: 3 }));
    assert_eq!(at(3).unwrap().kvs, [kv("a", "2", 2, 3, 2)]);
    assert_eq!(at(4).unwrap().kvs, [kv("a", "3", 2, 4, 3)]);
    assert_eq!(at(5), Err(Refusal::FutureRevision { current: 4 }));
}

/// Seen, the compaction of 0 too.
#[test]
fn compactions_go_forward_only() {
    let mut store = Store::new();
    assert_eq!(compact(&mut store, -1), Err(Refusal::Compacted { at: -1 }));
    assert_eq!(compact(&mut store, 2), Err(Refusal::FutureRevision { current: 1 }));
    assert_eq!(compact(&mut store, 0), Ok(1));
    assert_eq!(compact(&mut store, 0), Err(Refusal::Compacted { at: 0 }));
    assert_eq!(compact(&mut store, 1), Ok(1));
    assert_eq!(compact(&mut store, 1), Err(Refusal::Compacted { at: 1 }));
}

#[test]
fn a_deleted_key_is_forgotten_by_the_compaction_after_its_delete() {
    let mut store = Store::new();
    put(&mut store, "a", "1");
    delete(&mut store, "a", "");
    let before = store.size_bytes();
    compact(&mut store, 3).unwrap();
    let at_the_delete = store.size_bytes();
    assert!(0 < at_the_delete && at_the_delete < before);
    put(&mut store, "b", "1");
    let with_b = store.size_bytes();
    compact(&mut store, 4).unwrap();
    assert_eq!(store.size_bytes(), with_b - at_the_delete);
    assert_eq!(store.key_count(), 1);
}

// Members.

#[test]
fn members_publish_themselves_and_make_no_revision() {
    let mut store = Store::new();
    for name in ["first", "second"] {
        let publish = Publish { member_id: 7, name: name.into(), client_urls: vec!["u".into()] };
        let reply = store.apply(&Command::Publish(publish));
        assert_eq!(reply, Reply { result: Ok(Response::Published), changes: vec![] });
    }
    let expected = Member { name: "second".into(), client_urls: vec!["u".into()] };
    assert_eq!(store.members().get(&7), Some(&expected));
    assert_eq!((store.members().len(), store.revision()), (1, 1));
}

// The hash.

#[test]
fn each_thing_that_differs_gives_another_hash() {
    let publish = |name: &str, urls: &[&str]| {
        let client_urls = urls.iter().map(ToString::to_string).collect();
        Command::Publish(Publish { member_id: 1, name: name.into(), client_urls })
    };
    // An address that reads like the id of another member, and one that reads like its name.
    let id = u64::from_le_bytes(*b"abcdefgh");
    let other = Publish { member_id: id, name: String::new(), client_urls: vec![] };
    let runs = [
        vec![],
        vec![publish("m", &["abcdefgh", ""])],
        vec![publish("m", &[]), Command::Publish(other)],
        vec![Command::Put(set("a", "1"))],
        vec![Command::Put(set("a", "2"))],
        vec![Command::Put(set("a1", ""))],
        vec![Command::Put(set("b", "1"))],
        vec![Command::Put(set("a", "1")), Command::Put(set("a", "1"))],
        vec![Command::Put(set("a", "1")), Command::DeleteRange(del("a", ""))],
        vec![Command::Put(set("a", "1")), Command::Compact(Compact { revision: 1 })],
        vec![publish("m", &[])],
        vec![publish("n", &[])],
        vec![publish("m", &["u", "v"])],
        vec![publish("m", &["uv"])],
    ];
    let mut hashes: Vec<u64> = runs
        .iter()
        .map(|commands| {
            let mut store = Store::new();
            for command in commands {
                store.apply(command).result.unwrap();
            }
            store.hash()
        })
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), runs.len());
}

// Texts.

#[test]
fn refusals_print_as_etcd_does() {
    let cases = [
        (Refusal::EmptyKey, "key is not provided"),
        (Refusal::KeyNotFound, "key not found"),
        (Refusal::ValueProvided, "value is provided"),
        (Refusal::LeaseProvided, "lease is provided"),
        (Refusal::TooManyOps, "too many operations in txn request"),
        (Refusal::DuplicateKey, "duplicate key given in txn request"),
        (Refusal::LeaseNotFound, "requested lease not found"),
        (Refusal::Compacted { at: 1 }, "mvcc: required revision has been compacted"),
        (Refusal::FutureRevision { current: 1 }, "mvcc: required revision is a future revision"),
    ];
    for (refusal, text) in cases {
        assert_eq!(refusal.to_string(), format!("etcdserver: {text}"));
    }
}

fn set(key: &str, value: &str) -> Put {
    Put { key: key.to_owned().into(), value: value.to_owned().into(), ..Put::default() }
}

fn del(key: &str, range_end: &str) -> DeleteRange {
    let (key, range_end) = (key.to_owned().into(), range_end.to_owned().into());
    DeleteRange { key, range_end, prev_kv: false }
}

fn one(key: &str) -> Range {
    from_to(key, "")
}

fn from_to(key: &str, range_end: &str) -> Range {
    let (key, range_end) = (key.to_owned().into(), range_end.to_owned().into());
    Range { key, range_end, ..Range::default() }
}

fn kv(key: &str, value: &str, create: i64, modified: i64, version: i64) -> KeyValue {
    KeyValue {
        key: key.to_owned().into(),
        value: value.to_owned().into(),
        create_revision: create,
        mod_revision: modified,
        version,
        lease: 0,
    }
}

fn get(store: &Store, key: &str) -> RangeResponse {
    store.range(&one(key)).unwrap()
}

fn put(store: &mut Store, key: &str, value: &str) -> i64 {
    let reply = store.apply(&Command::Put(set(key, value)));
    let Ok(Response::Put(response)) = reply.result else { panic!("{reply:?}") };
    response.revision
}

fn delete(store: &mut Store, key: &str, range_end: &str) {
    store.apply(&Command::DeleteRange(del(key, range_end))).result.unwrap();
}

fn compact(store: &mut Store, revision: i64) -> Result<i64, Refusal> {
    let response = store.apply(&Command::Compact(Compact { revision })).result?;
    let Response::Compact(response) = response else { panic!("{response:?}") };
    Ok(response.revision)
}

fn txn(store: &mut Store, success: Vec<Op>) -> Result<TxnResponse, Refusal> {
    let txn = Txn { success, ..Txn::default() };
    let response = store.apply(&Command::Txn(txn)).result?;
    let Response::Txn(response) = response else { panic!("{response:?}") };
    Ok(response)
}

fn keys(response: &RangeResponse) -> Vec<&str> {
    response.kvs.iter().map(|kv| str::from_utf8(&kv.key).unwrap()).collect()
}

fn revision_of(response: &OpResponse) -> i64 {
    match response {
        OpResponse::Range(response) => response.revision,
        OpResponse::Put(response) => response.revision,
        OpResponse::DeleteRange(response) => response.revision,
        OpResponse::Txn(response) => response.revision,
    }
}

fn count_of(response: &OpResponse) -> Option<i64> {
    match response {
        OpResponse::Range(response) => Some(response.count),
        OpResponse::Put(_) | OpResponse::DeleteRange(_) | OpResponse::Txn(_) => None,
    }
}

//! etcd's rules about leases, one by one. Those marked "seen" were tried on etcd 3.4.23.

use mvcc::{
    Change, Command, DeleteRange, LEASE_TTL_SECONDS_MAX, LeaseCommand, LeaseOutcome, LeaseResponse,
    Op, Put, Range, Refusal, Reply, Response, Store, Txn,
};

fn lease(store: &mut Store, command: LeaseCommand) -> Reply {
    store.apply(&Command::Lease(command))
}

/// A store with the leases 1 and 2, and `a` and `b` attached to 1, at revision 3.
fn store() -> Store {
    let mut store = Store::new();
    for id in [1, 2] {
        let reply = lease(&mut store, LeaseCommand::Grant { id, ttl_seconds: 10 });
        assert_eq!(reply.result, Ok(answer(1, LeaseOutcome::Granted)));
    }
    for key in ["b", "a"] {
        put(&mut store, key, 1).unwrap();
    }
    store
}

fn answer(revision: i64, outcome: LeaseOutcome) -> Response {
    Response::Lease(LeaseResponse { revision, outcome })
}

fn with(key: &'static str, lease: i64) -> Put {
    Put { key: key.into(), value: "v".into(), lease, ..Put::default() }
}

fn put(store: &mut Store, key: &'static str, lease: i64) -> Result<Response, Refusal> {
    store.apply(&Command::Put(with(key, lease))).result
}

fn keys(store: &Store, lease: i64) -> Vec<&str> {
    store.lease_keys(lease).map(|key| std::str::from_utf8(key).unwrap()).collect()
}

fn lease_of(store: &Store, key: &'static str) -> i64 {
    store.range(&Range { key: key.into(), ..Range::default() }).unwrap().kvs[0].lease
}

#[test]
fn a_lease_is_granted_once() {
    let mut store = store();
    let again = LeaseCommand::Grant { id: 1, ttl_seconds: 99 };
    assert_eq!(lease(&mut store, again).result, Err(Refusal::LeaseExists));
    assert_eq!(store.lease(1).unwrap().ttl_seconds, 10);
    assert_eq!(store.revision(), 3, "leases make no revisions");
    let nothing = LeaseCommand::Grant { id: 0, ttl_seconds: 10 };
    assert_eq!(lease(&mut store, nothing).result, Err(Refusal::LeaseNotFound));
}

#[test]
fn a_lease_lives_for_285_years_at_most() {
    let grant = |ttl_seconds| Command::Lease(LeaseCommand::Grant { id: 1, ttl_seconds });
    assert_eq!(grant(LEASE_TTL_SECONDS_MAX).validate(1), Ok(()));
    assert_eq!(grant(LEASE_TTL_SECONDS_MAX + 1).validate(1), Err(Refusal::LeaseTtlTooLarge));
}

#[test]
fn a_key_is_attached_to_the_lease_of_its_last_put() {
    let mut store = store();
    assert_eq!(keys(&store, 1), ["a", "b"]);
    put(&mut store, "a", 2).unwrap();
    assert_eq!((keys(&store, 1), keys(&store, 2)), (vec!["b"], vec!["a"]));
    put(&mut store, "a", 0).unwrap();
    assert_eq!((lease_of(&store, "a"), keys(&store, 2)), (0, vec![]));
    put(&mut store, "b", 1).unwrap();
    assert_eq!(keys(&store, 1), ["b"]);
    let keeps = Put { ignore_lease: true, ..with("b", 0) };
    store.apply(&Command::Put(keeps)).result.unwrap();
    assert_eq!((lease_of(&store, "b"), keys(&store, 1)), (1, vec!["b"]));
    let delete = DeleteRange { key: "b".into(), ..DeleteRange::default() };
    store.apply(&Command::DeleteRange(delete)).result.unwrap();
    assert_eq!(keys(&store, 1), [""; 0]);
}

/// Seen: the lease is looked at before the key.
#[test]
fn a_put_needs_its_lease() {
    let mut store = store();
    assert_eq!(put(&mut store, "c", 3), Err(Refusal::LeaseNotFound));
    let keeps = Put { ignore_value: true, ..with("c", 3) };
    assert_eq!(store.apply(&Command::Put(keeps.clone())).result, Err(Refusal::LeaseNotFound));
    let txn = |put| Command::Txn(Txn { success: vec![Op::Put(put)], ..Txn::default() });
    assert_eq!(store.apply(&txn(with("c", 3))).result, Err(Refusal::LeaseNotFound));
    assert_eq!(store.apply(&txn(keeps)).result, Err(Refusal::KeyNotFound), "not so in here");
    store.apply(&txn(with("c", 2))).result.unwrap();
    assert_eq!(keys(&store, 2), ["c"]);
}

#[test]
fn a_lease_takes_its_keys_with_it_in_one_revision() {
    let mut store = store();
    put(&mut store, "c", 2).unwrap();
    let reply = lease(&mut store, LeaseCommand::Revoke { id: 1 });
    assert_eq!(reply.result, Ok(answer(5, LeaseOutcome::Revoked)));
    let gone = reply.changes.iter().map(|change| (change.key().clone(), change.mod_revision()));
    assert_eq!(gone.collect::<Vec<_>>(), [("a".into(), 5), ("b".into(), 5)]);
    assert!(reply.changes.iter().all(|change| matches!(change, Change::Delete { .. })));
    assert_eq!(store.lease(1), None);
    assert_eq!((store.key_count(), keys(&store, 2)), (1, vec!["c"]));
    let again = lease(&mut store, LeaseCommand::Revoke { id: 1 });
    assert_eq!(again.result, Err(Refusal::LeaseNotFound));
}

#[test]
fn a_lease_without_keys_makes_no_revision() {
    let mut store = store();
    let reply = lease(&mut store, LeaseCommand::Revoke { id: 2 });
    assert_eq!(reply.result, Ok(answer(3, LeaseOutcome::Revoked)));
    assert_eq!((store.revision(), reply.changes.len()), (3, 0));
}

#[test]
fn what_was_renewed_does_not_expire() {
    let mut store = store();
    let before = store.lease(1).unwrap().renewal;
    let reply = lease(&mut store, LeaseCommand::Renew { ids: vec![1, 3] });
    assert_eq!(reply.result, Ok(answer(3, LeaseOutcome::Renewed(vec![Some(10), None]))));
    let late = lease(&mut store, LeaseCommand::Expire { id: 1, renewal: before });
    assert_eq!(late.result, Ok(answer(3, LeaseOutcome::Expired(false))));
    let renewal = store.lease(1).unwrap().renewal;
    let due = lease(&mut store, LeaseCommand::Expire { id: 1, renewal });
    assert_eq!(due.result, Ok(answer(4, LeaseOutcome::Expired(true))));
    assert_eq!(due.changes.len(), 2);
    let again = lease(&mut store, LeaseCommand::Expire { id: 1, renewal });
    assert_eq!(again.result, Ok(answer(4, LeaseOutcome::Expired(false))));
    let reply = lease(&mut store, LeaseCommand::Renew { ids: vec![1] });
    assert_eq!(reply.result, Ok(answer(4, LeaseOutcome::Renewed(vec![None]))));
}

/// The number of a lease can come back, but no renewal's.
#[test]
fn the_end_of_a_lease_is_not_that_of_its_namesake() {
    let mut store = store();
    let renewal = store.lease(1).unwrap().renewal;
    lease(&mut store, LeaseCommand::Revoke { id: 1 }).result.unwrap();
    lease(&mut store, LeaseCommand::Grant { id: 1, ttl_seconds: 10 }).result.unwrap();
    let late = lease(&mut store, LeaseCommand::Expire { id: 1, renewal });
    assert_eq!(late.result, Ok(answer(4, LeaseOutcome::Expired(false))));
}

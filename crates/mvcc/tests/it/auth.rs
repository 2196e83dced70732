//! The rules of users and roles, and that they are part of what is replicated.

use bytes::{Bytes, BytesMut};
use mvcc::{
    AuthCommand, AuthRefusal, Command, LeaseCommand, Permission, PermissionKind, Put, Refusal,
    Restorer, Stamp, Stamped, Store,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::generate;

/// A store with `root`, `ann` who reads "a" to "c", and `bob` who writes "a".
fn store() -> Store {
    let mut store = Store::new();
    let text = str::to_owned;
    for name in ["root", "ann", "bob"] {
        change(&mut store, AuthCommand::UserAdd { name: text(name), password: None }).unwrap();
    }
    for (role, kind, end) in
        [("reader", PermissionKind::Read, "c"), ("writer", PermissionKind::Write, "")]
    {
        change(&mut store, AuthCommand::RoleAdd { name: text(role) }).unwrap();
        let permission = Permission::new(kind, "a".into(), end.into());
        change(&mut store, AuthCommand::RoleGrant { role: text(role), permission }).unwrap();
    }
    for (user, role) in [("root", "root"), ("ann", "reader"), ("bob", "writer")] {
        let grant = AuthCommand::UserGrantRole { user: text(user), role: text(role) };
        change(&mut store, grant).unwrap();
    }
    let secret = Bytes::from_static(b"secret");
    change(&mut store, AuthCommand::Enable { secret }).unwrap();
    store
}

fn change(store: &mut Store, command: AuthCommand) -> Result<(), Refusal> {
    store.apply(&Command::Auth(command)).result.map(drop)
}

fn put(key: &str, lease: i64, prev_kv: bool) -> Command {
    let key = Bytes::copy_from_slice(key.as_bytes());
    Command::Put(Put { key, lease, prev_kv, ..Put::default() })
}

#[test]
fn a_command_whose_user_was_looked_at_before_a_change_is_refused() {
    let mut store = store();
    let command = put("a", 0, false);
    let stamped = Stamped { stamp: Some(store.stamp(Some("bob"), &command).unwrap()), command };
    assert!(store.apply_stamped(&stamped).result.is_ok());
    change(&mut store, AuthCommand::RoleDelete { name: "writer".into() }).unwrap();
    let refused = store.apply_stamped(&stamped);
    assert_eq!(refused.result, Err(AuthRefusal::AuthOldRevision.into()));
    assert!(refused.changes.is_empty());
    // When users do not matter, nor does who was looked at when.
    change(&mut store, AuthCommand::Disable).unwrap();
    assert!(store.apply_stamped(&stamped).result.is_ok());
}

#[test]
fn a_command_that_came_before_users_mattered_is_refused() {
    let mut store = store();
    change(&mut store, AuthCommand::Disable).unwrap();
    let command = put("a", 0, false);
    let stamped = Stamped { stamp: Some(store.stamp(None, &command).unwrap()), command };
    assert!(store.apply_stamped(&stamped).result.is_ok());
    change(&mut store, AuthCommand::Enable { secret: Bytes::new() }).unwrap();
    let refused = store.apply_stamped(&stamped);
    assert_eq!(refused.result, Err(AuthRefusal::AuthOldRevision.into()));
    assert_eq!(store.stamp(None, &stamped.command), Err(AuthRefusal::UserEmpty));
    // What a member does for itself needs no user.
    let own = Stamped { stamp: None, ..stamped };
    assert!(store.apply_stamped(&own).result.is_ok());
}

/// Keys come to a lease, and go, without a change of users.
#[test]
fn a_lease_that_has_other_keys_by_now_is_not_ended() {
    let mut store = store();
    for id in [7, 8] {
        let grant = LeaseCommand::Grant { id, ttl_seconds: 100 };
        store.apply(&Command::Lease(grant)).result.unwrap();
    }
    for (command, other_key) in [
        (Command::Lease(LeaseCommand::Revoke { id: 7 }), put("z", 7, false)),
        (Command::Lease(LeaseCommand::Renew { ids: vec![8] }), put("z", 8, false)),
        (put("a", 8, false), put("z", 8, false)),
    ] {
        store.apply(&put("z", 0, false)).result.unwrap();
        let stamp = store.stamp(Some("bob"), &command).unwrap();
        let bytes = Stamped::encode(Some(&stamp), &command);
        store.apply(&other_key).result.unwrap();
        let refused = store.apply_stamped(&Stamped::decode(bytes).unwrap());
        assert_eq!(refused.result, Err(AuthRefusal::PermissionDenied.into()), "{command:?}");
    }
}

#[test]
fn each_change_makes_a_revision_and_what_changes_nothing_makes_none() {
    let mut store = store();
    let before = store.auth().revision();
    for nothing in [
        AuthCommand::Enable { secret: Bytes::from_static(b"other") },
        AuthCommand::UserGrantRole { user: "ann".into(), role: "reader".into() },
        AuthCommand::UserDelete { name: "nobody".into() },
        AuthCommand::UserDelete { name: "root".into() },
        AuthCommand::RoleDelete { name: "root".into() },
        AuthCommand::UserRevokeRole { user: "root".into(), role: "root".into() },
    ] {
        let _ = change(&mut store, nothing);
    }
    assert_eq!(store.auth().revision(), before);
    assert_eq!(store.auth().secret(), "secret");
    change(&mut store, AuthCommand::RoleDelete { name: "reader".into() }).unwrap();
    change(&mut store, AuthCommand::Disable).unwrap();
    change(&mut store, AuthCommand::Disable).unwrap();
    assert_eq!(store.auth().revision(), before + 2);
    assert!(store.auth().users()["ann"].roles.is_empty());
    assert_eq!(store.revision(), 1, "keys know nothing of it");
}

#[test]
fn commands_need_what_etcd_asks_for() {
    let mut store = store();
    let grant = LeaseCommand::Grant { id: 7, ttl_seconds: 100 };
    store.apply(&Command::Lease(grant)).result.unwrap();
    store.apply(&put("z", 7, false)).result.unwrap();
    let denied = Err(AuthRefusal::PermissionDenied);
    assert_eq!(store.permits("bob", &put("a", 0, false)), Ok(()));
    assert_eq!(store.permits("ann", &put("a", 0, false)), denied);
    assert_eq!(store.permits("bob", &put("a", 0, true)), denied, "it also reads");
    assert_eq!(store.permits("bob", &put("a", 7, false)), denied, "the lease has other keys");
    assert_eq!(store.permits("root", &put("a", 7, true)), Ok(()));
    assert_eq!(store.permits("nobody", &put("a", 0, false)), denied);
    let renew = Command::Lease(LeaseCommand::Renew { ids: vec![7] });
    assert_eq!(store.permits("bob", &renew), denied);
    let add = Command::Auth(AuthCommand::RoleAdd { name: "x".into() });
    assert_eq!(store.permits("bob", &add), denied);
    assert_eq!(store.permits("root", &add), Ok(()));
    assert_eq!(store.auth().may_read("ann", b"a", b"c"), Ok(()));
    assert_eq!(store.auth().may_read("ann", b"a", b"\0"), denied);
}

/// Some have one, some do not.
fn commands_user(command: &Command) -> Option<String> {
    command.encode().len().is_multiple_of(2).then(|| "ann".to_owned())
}

proptest! {
    /// Whatever changes come, they are the same after they were bytes, in a log or a snapshot.
    #[test]
    fn users_survive_the_log_and_a_snapshot(commands in vec(generate::auth(), 0..40)) {
        let mut store = Store::new();
        for command in commands {
            let command = Command::Auth(command);
            let user = commands_user(&command);
            let stamp = Some(Stamp { auth_revision: store.auth().revision(), user });
            let bytes = Stamped::encode(stamp.as_ref(), &command);
            let stamped = Stamped::decode(bytes).unwrap();
            prop_assert_eq!(&stamped.command, &command);
            prop_assert_eq!(&stamped.stamp, &stamp);
            prop_assert_eq!(Command::decode(command.encode()).unwrap(), command);
            let _ = store.apply_stamped(&stamped);
        }
        let mut image = store.image();
        let mut bytes = BytesMut::new();
        while store.read_image(&mut image, 10, &mut bytes) {}
        store.release(image);
        let mut restorer = Restorer::default();
        restorer.feed(&bytes).unwrap();
        let restored = restorer.finish().unwrap();
        prop_assert_eq!(restored.auth(), store.auth());
        prop_assert_eq!(restored.hash(), store.hash());
    }
}

//! Random requests over few keys, so that they meet each other.

use bytes::Bytes;
use mvcc::{
    Alarm, AlarmCommand, AuthCommand, Checkpoint, Command, Compact, Compare, CompareTarget,
    DeleteRange, LeaseCommand, MemberAlarm, Op, Permission, PermissionKind, Publish, Put, Range,
    Relation, SortOrder, SortTarget, Txn,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) fn commands(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Command>> {
    vec(command(), count)
}

pub(crate) fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        24 => put().prop_map(Command::Put),
        12 => delete().prop_map(Command::DeleteRange),
        24 => txn().prop_map(Command::Txn),
        4 => (-2..20_i64).prop_map(|revision| Command::Compact(Compact { revision })),
        4 => publish().prop_map(Command::Publish),
        16 => lease().prop_map(Command::Lease),
        3 => alarm().prop_map(Command::Alarm),
    ]
}

/// Few are raised, because then little else is done.
fn alarm() -> impl Strategy<Value = AlarmCommand> {
    let alarm = (select(vec![Alarm::NoSpace, Alarm::NoSpace, Alarm::Corrupt]), 0..2_u64)
        .prop_map(|(alarm, member_id)| MemberAlarm { alarm, member_id });
    (alarm, prop::bool::weighted(0.3)).prop_map(|(alarm, is_raised)| {
        if is_raised { AlarmCommand::Raise(alarm) } else { AlarmCommand::Disarm(alarm) }
    })
}

pub(crate) fn txn() -> impl Strategy<Value = Txn> {
    let leaf = (vec(compare(), 0..3), vec(simple_op(), 0..4), vec(simple_op(), 0..4));
    let leaf = leaf.prop_map(|(compare, success, failure)| Txn { compare, success, failure });
    leaf.prop_recursive(3, 24, 3, |inner| {
        let op = prop_oneof![2 => simple_op(), 1 => inner.prop_map(Op::Txn)].boxed();
        (vec(compare(), 0..3), vec(op.clone(), 0..4), vec(op, 0..4))
            .prop_map(|(compare, success, failure)| Txn { compare, success, failure })
    })
}

pub(crate) fn read_only_txn() -> impl Strategy<Value = Txn> {
    let ranges = || vec(range().prop_map(Op::Range), 0..4);
    (vec(compare(), 0..3), ranges(), ranges()).prop_map(|(compare, success, failure)| Txn {
        compare,
        success,
        failure,
    })
}

pub(crate) fn range() -> impl Strategy<Value = Range> {
    let revision = prop_oneof![3 => Just(0), 2 => 1..20_i64, 1 => -2..0_i64];
    let shape = (
        select(vec![SortOrder::None, SortOrder::Ascend, SortOrder::Descend]),
        select(vec![
            SortTarget::Key,
            SortTarget::Version,
            SortTarget::Create,
            SortTarget::Mod,
            SortTarget::Value,
        ]),
        -1..5_i64,
        any::<bool>(),
        prop::bool::weighted(0.2),
    );
    (key(), range_end(), revision, shape, [bound(), bound(), bound(), bound()]).prop_map(
        |(key, range_end, revision, shape, bounds)| {
            let (sort_order, sort_target, limit, keys_only, count_only) = shape;
            let [min_mod_revision, max_mod_revision, min_create_revision, max_create_revision] =
                bounds;
            Range {
                key,
                range_end,
                limit,
                revision,
                sort_order,
                sort_target,
                keys_only,
                count_only,
                min_mod_revision,
                max_mod_revision,
                min_create_revision,
                max_create_revision,
            }
        },
    )
}

fn simple_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        range().prop_map(Op::Range),
        put().prop_map(Op::Put),
        delete().prop_map(Op::DeleteRange),
    ]
}

fn put() -> impl Strategy<Value = Put> {
    let rarely = || prop::bool::weighted(0.1);
    let lease = prop_oneof![4 => Just(0), 3 => lease_id()];
    (key(), value(), lease, any::<bool>(), rarely(), rarely()).prop_map(
        |(key, value, lease, prev_kv, ignore_value, ignore_lease)| Put {
            key,
            value,
            lease,
            prev_kv,
            ignore_value,
            ignore_lease,
        },
    )
}

fn delete() -> impl Strategy<Value = DeleteRange> {
    (key(), range_end(), any::<bool>()).prop_map(|(key, range_end, prev_kv)| DeleteRange {
        key,
        range_end,
        prev_kv,
    })
}

fn compare() -> impl Strategy<Value = Compare> {
    let target = prop_oneof![
        (0..4_i64).prop_map(CompareTarget::Version),
        (0..12_i64).prop_map(CompareTarget::Create),
        (0..12_i64).prop_map(CompareTarget::Mod),
        lease_id().prop_map(CompareTarget::Lease),
        value().prop_map(CompareTarget::Value),
    ];
    let relation = select(vec![
        Relation::Equal,
        Relation::Greater,
        Relation::Less,
        Relation::NotEqual,
        Relation::Unknown,
    ]);
    (key(), range_end(), relation, target).prop_map(|(key, range_end, relation, target)| Compare {
        key,
        range_end,
        relation,
        target,
    })
}

fn lease() -> impl Strategy<Value = LeaseCommand> {
    let renewal = || 0..8_u64;
    let checkpoint = (lease_id(), renewal(), 0..9_i64)
        .prop_map(|(id, renewal, left_seconds)| Checkpoint { id, renewal, left_seconds });
    prop_oneof![
        4 => (lease_id(), -1..9_i64)
            .prop_map(|(id, ttl_seconds)| LeaseCommand::Grant { id, ttl_seconds }),
        1 => lease_id().prop_map(|id| LeaseCommand::Revoke { id }),
        2 => vec(lease_id(), 0..3).prop_map(|ids| LeaseCommand::Renew { ids }),
        3 => (lease_id(), renewal()).prop_map(|(id, renewal)| LeaseCommand::Expire { id, renewal }),
        2 => vec(checkpoint, 0..3).prop_map(LeaseCommand::Checkpoint),
    ]
}

/// 0 is none, and there are few others.
fn lease_id() -> impl Strategy<Value = i64> {
    0..3_i64
}

fn publish() -> impl Strategy<Value = Publish> {
    (0..3_u64, "[a-z]{0,3}", vec("[a-z]{0,3}", 0..3))
        .prop_map(|(member_id, name, client_urls)| Publish { member_id, name, client_urls })
}

fn key() -> impl Strategy<Value = Bytes> {
    select(vec!["\0", "a", "ab", "b", "c", "d", "e"]).prop_map(Bytes::from)
}

fn range_end() -> impl Strategy<Value = Bytes> {
    select(vec!["", "", "", "\0", "ab", "b", "c", "f"]).prop_map(Bytes::from)
}

fn value() -> impl Strategy<Value = Bytes> {
    select(vec!["", "x", "y", "z"]).prop_map(Bytes::from)
}

fn bound() -> impl Strategy<Value = i64> {
    prop_oneof![6 => Just(0), 1 => 1..12_i64]
}

pub(crate) fn auth() -> impl Strategy<Value = AuthCommand> {
    let name = || select(vec!["", "root", "ann", "bob"]).prop_map(str::to_owned);
    let password = || prop::option::of(Just("hash".to_owned()));
    let permission = (
        select(vec![PermissionKind::Read, PermissionKind::Write, PermissionKind::ReadWrite]),
        key(),
        range_end(),
    );
    let permission = permission.prop_map(|(kind, key, end)| Permission::new(kind, key, end));
    prop_oneof![
        1 => value().prop_map(|secret| AuthCommand::Enable { secret }),
        1 => Just(AuthCommand::Disable),
        2 => (name(), password())
            .prop_map(|(name, password)| AuthCommand::UserAdd { name, password }),
        1 => name().prop_map(|name| AuthCommand::UserDelete { name }),
        1 => (name(), password())
            .prop_map(|(name, password)| AuthCommand::UserChangePassword { name, password }),
        3 => (name(), name()).prop_map(|(user, role)| AuthCommand::UserGrantRole { user, role }),
        1 => (name(), name()).prop_map(|(user, role)| AuthCommand::UserRevokeRole { user, role }),
        2 => name().prop_map(|name| AuthCommand::RoleAdd { name }),
        1 => name().prop_map(|name| AuthCommand::RoleDelete { name }),
        3 => (name(), permission)
            .prop_map(|(role, permission)| AuthCommand::RoleGrant { role, permission }),
        1 => (name(), key(), range_end())
            .prop_map(|(role, key, range_end)| AuthCommand::RoleRevoke { role, key, range_end }),
    ]
}

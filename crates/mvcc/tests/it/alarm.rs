//! What alarms forbid, and what they do not.

use mvcc::{
    Alarm, AlarmCommand, Command, Compact, DeleteRange, MemberAlarm, Op, Publish, Put, Range,
    Refusal, Response, Store, Txn,
};

fn put(key: &'static str) -> Command {
    Command::Put(Put { key: key.into(), value: "value".into(), ..Put::default() })
}

fn delete() -> Command {
    Command::DeleteRange(DeleteRange { key: "a".into(), ..DeleteRange::default() })
}

fn txn(success: Vec<Op>, failure: Vec<Op>) -> Command {
    Command::Txn(Txn { success, failure, ..Txn::default() })
}

fn op_put() -> Op {
    Op::Put(Put { key: "a".into(), ..Put::default() })
}

fn raise(alarm: Alarm, member_id: u64) -> Command {
    Command::Alarm(AlarmCommand::Raise(MemberAlarm { alarm, member_id }))
}

fn disarm(alarm: Alarm, member_id: u64) -> Command {
    Command::Alarm(AlarmCommand::Disarm(MemberAlarm { alarm, member_id }))
}

fn refusal(store: &mut Store, command: &Command) -> Option<Refusal> {
    store.apply(command).result.err()
}

fn alarms(store: &mut Store, command: &Command) -> Vec<MemberAlarm> {
    match store.apply(command).result {
        Ok(Response::Alarm(answer)) => answer.alarms,
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_space_nothing_may_grow() {
    let mut store = Store::new();
    store.apply(&put("a"));
    store.apply(&raise(Alarm::NoSpace, 1));
    let revision = store.revision();
    for command in [
        put("a"),
        txn(vec![op_put()], vec![]),
        // Which branch will be done does not count.
        txn(vec![], vec![op_put()]),
        txn(vec![Op::Txn(Txn { failure: vec![op_put()], ..Txn::default() })], vec![]),
    ] {
        assert_eq!(refusal(&mut store, &command), Some(Refusal::NoSpace), "{command:?}");
    }
    assert_eq!(store.revision(), revision);
    for command in [
        delete(),
        txn(vec![Op::Range(Range { key: "a".into(), ..Range::default() })], vec![]),
        Command::Compact(Compact { revision: 2 }),
        Command::Publish(Publish::default()),
    ] {
        assert_eq!(refusal(&mut store, &command), None, "{command:?}");
    }
    store.apply(&disarm(Alarm::NoSpace, 1));
    assert_eq!(refusal(&mut store, &put("a")), None);
}

#[test]
fn a_corrupt_store_is_only_read() {
    let mut store = Store::new();
    store.apply(&put("a"));
    store.apply(&raise(Alarm::Corrupt, 1));
    let compact = Command::Compact(Compact { revision: 2 });
    for command in [put("a"), delete(), txn(vec![], vec![]), compact] {
        assert_eq!(refusal(&mut store, &command), Some(Refusal::Corrupt), "{command:?}");
    }
    assert_eq!(refusal(&mut store, &Command::Publish(Publish::default())), None);
    assert_eq!(store.range(&Range { key: "a".into(), ..Range::default() }).unwrap().count, 1);
}

#[test]
fn each_member_has_its_own() {
    let mut store = Store::new();
    let of = |member_id| MemberAlarm { alarm: Alarm::NoSpace, member_id };
    assert_eq!(alarms(&mut store, &disarm(Alarm::NoSpace, 1)), []);
    for _ in 0..2 {
        assert_eq!(alarms(&mut store, &raise(Alarm::NoSpace, 1)), [of(1)]);
    }
    assert_eq!(alarms(&mut store, &raise(Alarm::NoSpace, 2)), [of(2)]);
    assert_eq!(alarms(&mut store, &disarm(Alarm::Corrupt, 1)), []);
    assert_eq!(alarms(&mut store, &disarm(Alarm::NoSpace, 1)), [of(1)]);
    // One is enough.
    assert_eq!(refusal(&mut store, &put("a")), Some(Refusal::NoSpace));
    assert_eq!(store.alarms().iter().copied().collect::<Vec<_>>(), [of(2)]);
    assert_eq!(store.revision(), 1);
}

#[test]
fn the_cost_is_that_of_etcd() {
    let sized = |key: usize, value: usize| Put {
        key: vec![0; key].into(),
        value: vec![0; value].into(),
        ..Put::default()
    };
    assert_eq!(Command::Put(sized(3, 5)).cost_bytes(), 256 + 8);
    let few = vec![Op::Put(sized(1, 1))];
    let many = vec![Op::Put(sized(1, 1)), Op::Put(sized(2, 2))];
    assert_eq!(txn(few, many).cost_bytes(), 2 * 256 + 6);
    assert_eq!(delete().cost_bytes(), 0);
    assert_eq!(raise(Alarm::NoSpace, 1).cost_bytes(), 0);
}

//! Commands in a few words.

use mvcc::{
    Alarm, AlarmCommand, Checkpoint, Command, Compact, DeleteRange, LeaseCommand, MemberAlarm,
    Publish, Put, Txn, describe,
};

#[test]
fn a_command_is_one_short_line() {
    let put = |key: &'static [u8], value: &'static [u8]| {
        Command::Put(Put { key: key.into(), value: value.into(), ..Put::default() })
    };
    let delete = |key: &'static str, range_end: &'static str| {
        let (key, range_end) = (key.into(), range_end.into());
        Command::DeleteRange(DeleteRange { key, range_end, ..DeleteRange::default() })
    };
    let lease = Command::Lease;
    let publish = Publish { member_id: 1, name: "m1".into(), client_urls: vec![] };
    let checkpoint = Checkpoint { id: 31, renewal: 2, left_seconds: 60 };
    let alarm = MemberAlarm { alarm: Alarm::NoSpace, member_id: 0x1f };
    let cases = [
        (put(b"a", b"1"), "put a 1"),
        (put(b"a", b""), "put a"),
        (put(b"a\xff", b"two\nlines"), "put a\u{fffd} two\\nlines"),
        (delete("a", ""), "del a"),
        (delete("a", "b"), "del a..b"),
        (delete("a", "\0"), "del a.."),
        (delete("\0", "\0"), "del \\u{0}.."),
        (Command::Txn(Txn::default()), "txn"),
        (Command::Compact(Compact { revision: 7 }), "compact 7"),
        (Command::Publish(publish), "publish m1"),
        (lease(LeaseCommand::Grant { id: 31, ttl_seconds: 60 }), "lease 1f: grant 60 s"),
        (lease(LeaseCommand::Revoke { id: 31 }), "lease 1f: revoke"),
        (lease(LeaseCommand::Renew { ids: vec![31] }), "lease 1f: renew"),
        (lease(LeaseCommand::Renew { ids: vec![31, 1] }), "2 leases: renew"),
        (lease(LeaseCommand::Expire { id: 31, renewal: 2 }), "lease 1f: expire #2"),
        (lease(LeaseCommand::Checkpoint(vec![checkpoint])), "lease 1f: 60 s left"),
        (lease(LeaseCommand::Checkpoint(vec![checkpoint; 3])), "3 leases: checkpoint"),
        (Command::Alarm(AlarmCommand::Raise(alarm)), "raise NOSPACE of 1f"),
        (Command::Alarm(AlarmCommand::Disarm(alarm)), "disarm NOSPACE of 1f"),
    ];
    for (command, expected) in cases {
        assert_eq!(describe(&command), expected);
    }
}

#[test]
fn long_ones_are_cut_after_64_characters() {
    for char in ["x", "é", "😀", "\u{ffff}"] {
        let whole = char.repeat(64);
        let line = |value: String| {
            describe(&Command::Put(Put { key: "k".into(), value: value.into(), ..Put::default() }))
        };
        assert_eq!(line(whole.clone()), format!("put k {whole}"));
        assert_eq!(line(char.repeat(65)), format!("put k {whole}…"));
        assert_eq!(line(char.repeat(9999)), format!("put k {whole}…"));
    }
}

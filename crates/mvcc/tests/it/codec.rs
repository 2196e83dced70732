//! Commands as bytes.

use bytes::{BufMut, Bytes, BytesMut};
use mvcc::{
    Checkpoint, Command, Compact, DecodeError, LeaseCommand, Op, Publish, Put, Refusal,
    TXN_DEPTH_MAX, Txn,
};
use proptest::prelude::*;

use crate::generate;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_is_encoded_is_decoded(command in generate::command()) {
        prop_assert_eq!(Command::decode(command.encode()), Ok(command));
    }

    #[test]
    fn numbers_of_any_size_survive(member_id: u64, revision: i64, lease: i64) {
        let publish = Publish { member_id, ..Publish::default() };
        for command in [
            Command::Publish(publish),
            Command::Compact(Compact { revision }),
            Command::Put(Put { lease, ..Put::default() }),
        ] {
            prop_assert_eq!(Command::decode(command.encode()), Ok(command));
        }
    }

    #[test]
    fn any_bytes_are_refused_or_are_the_one_form_of_a_command(
        kind in 0..8_u8,
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut bytes = vec![1, kind];
        bytes.extend(body);
        let bytes = Bytes::from(bytes);
        if let Ok(command) = Command::decode(bytes.clone()) {
            prop_assert_eq!(command.encode(), bytes);
        }
    }

    #[test]
    fn a_changed_byte_is_refused_or_gives_another_command(
        command in generate::command(),
        position: prop::sample::Index,
        change in 1..=255_u8,
    ) {
        let mut bytes = command.encode().to_vec();
        let position = position.index(bytes.len());
        bytes[position] ^= change;
        prop_assert_ne!(Command::decode(bytes.into()), Ok(command));
    }

    #[test]
    fn a_command_that_is_cut_off_is_refused(
        command in generate::command(),
        position: prop::sample::Index,
    ) {
        let bytes = command.encode();
        let cut = bytes.slice(..position.index(bytes.len()));
        prop_assert_eq!(Command::decode(cut), Err(DecodeError::Truncated));
    }
}

/// The log of an older version must stay readable: if this test fails, the format changed.
#[test]
fn the_layout_is_fixed() {
    let put =
        Put { key: "k".into(), value: "val".into(), lease: 300, prev_kv: true, ..Put::default() };
    assert_eq!(&Command::Put(put).encode()[..], b"\x01\x01\x01\x01k\x03val\xac\x02");
    let range = mvcc::Range {
        key: "a".into(),
        range_end: "b".into(),
        limit: 5,
        revision: -1,
        sort_order: mvcc::SortOrder::Descend,
        sort_target: mvcc::SortTarget::Value,
        keys_only: true,
        count_only: true,
        min_mod_revision: 1,
        max_mod_revision: 2,
        min_create_revision: 3,
        max_create_revision: 4,
    };
    let compare = mvcc::Compare {
        key: "c".into(),
        range_end: "\0".into(),
        relation: mvcc::Relation::NotEqual,
        target: mvcc::CompareTarget::Value("v".into()),
    };
    let delete = mvcc::DeleteRange { key: "d".into(), range_end: "e".into(), prev_kv: true };
    let txn = Txn {
        compare: vec![compare],
        success: vec![Op::Range(range), Op::DeleteRange(delete)],
        failure: vec![Op::Txn(Txn::default())],
    };
    let expected = [
        &b"\x01\x03"[..],
        b"\x01\x03\x03\x01c\x01\x00\x01v",
        b"\x02\x06\x18\x02\x04\x01a\x01b\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\
          \x01\x02\x03\x04",
        b"\x02\x01\x01d\x01e",
        b"\x01\x03\x00\x00\x00",
    ];
    assert_eq!(Command::Txn(txn).encode(), expected.concat());
    let publish = Publish { member_id: 1, name: "m1".into(), client_urls: vec!["u".into()] };
    assert_eq!(&Command::Publish(publish).encode()[..], b"\x01\x05\x01\x02m1\x01\x01u");
    assert_eq!(&Command::Compact(Compact { revision: 9 }).encode()[..], b"\x01\x04\x09");
    let checkpoint = |id| Checkpoint { id, renewal: 300, left_seconds: 60 };
    let leases: [(LeaseCommand, &[u8]); 5] = [
        (LeaseCommand::Grant { id: 5, ttl_seconds: 60 }, b"\x01\x07\x01\x05\x3c"),
        (LeaseCommand::Revoke { id: 5 }, b"\x01\x07\x02\x05"),
        (LeaseCommand::Renew { ids: vec![5, 6] }, b"\x01\x07\x03\x02\x05\x06"),
        (LeaseCommand::Expire { id: 5, renewal: 300 }, b"\x01\x07\x04\x05\xac\x02"),
        (LeaseCommand::Checkpoint(vec![checkpoint(5)]), b"\x01\x07\x05\x01\x05\xac\x02\x3c"),
    ];
    for (command, bytes) in leases {
        assert_eq!(&Command::Lease(command).encode()[..], bytes);
    }
}

#[test]
fn values_are_not_copied() {
    let value = Bytes::from(vec![7; 1000]);
    let bytes = Command::Put(Put { key: "k".into(), value, ..Put::default() }).encode();
    let Ok(Command::Put(put)) = Command::decode(bytes.clone()) else { panic!("it is a put") };
    assert!(bytes.as_ptr_range().contains(&put.value.as_ptr()));
}

#[test]
fn malformed_bytes_are_named() {
    let cases: [(&[u8], DecodeError); 12] = [
        (b"", DecodeError::Truncated),
        (b"\x02\x04\x09", DecodeError::UnknownFormat(2)),
        (b"\x01\x0a", DecodeError::UnknownValue { what: "command", value: 10 }),
        (b"\x01\x09\x0c", DecodeError::UnknownValue { what: "auth command", value: 12 }),
        (b"\x01\x07\x06", DecodeError::UnknownValue { what: "lease command", value: 6 }),
        (b"\x01\x04\x09\x00", DecodeError::Trailing(1)),
        (b"\x01\x01\x08", DecodeError::UnknownValue { what: "set of flags", value: 8 }),
        (b"\x01\x03\x00\x01\x09", DecodeError::UnknownValue { what: "operation", value: 9 }),
        // The number 9 in two bytes.
        (b"\x01\x04\x89\x00", DecodeError::MalformedNumber),
        // A 65th bit.
        (b"\x01\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", DecodeError::MalformedNumber),
        (b"\x01\x05\x01\x01\xff\x00", DecodeError::MalformedText),
        // A key of 2^63 bytes.
        (b"\x01\x01\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", DecodeError::Truncated),
    ];
    for (bytes, expected) in cases {
        assert_eq!(Command::decode(Bytes::from_static(bytes)), Err(expected), "{bytes:?}");
    }
}

#[test]
fn a_list_that_promises_too_much_takes_no_memory() {
    let mut bytes = BytesMut::from(&b"\x01\x03"[..]);
    bytes.put_slice(b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
    assert_eq!(Command::decode(bytes.freeze()), Err(DecodeError::Truncated));
}

#[test]
fn what_may_be_proposed_is_not_too_deep_to_be_decoded() {
    let deepest = Command::Txn(nested(TXN_DEPTH_MAX));
    assert_eq!(deepest.validate(usize::MAX), Ok(()));
    assert_eq!(Command::decode(deepest.encode()), Ok(deepest));

    let deeper = Command::Txn(nested(TXN_DEPTH_MAX + 1));
    assert_eq!(deeper.validate(usize::MAX), Err(Refusal::TooManyOps));
    assert_eq!(Command::decode(deeper.encode()), Err(DecodeError::TooDeep));
}

fn nested(levels: usize) -> Txn {
    (1..levels)
        .fold(Txn::default(), |inner, _| Txn { success: vec![Op::Txn(inner)], ..Txn::default() })
}

//! The encoding: what goes in comes out, and nothing that comes in can do harm.

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use raft::codec::{
    DecodeError, decode_entry, decode_envelope, decode_hard_state, decode_write, encode_entry,
    encode_envelope, encode_hard_state, encode_write,
};
use raft::{
    Ballot, Change, ChangeError, Configuration, Entry, Envelope, HardState, Index, Message, NodeId,
    Payload, Position, Snapshot, Term, Ticket, Write, WriteId,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn an_envelope_comes_back_as_it_was(envelope in envelope()) {
        let mut input = encoded(&envelope, encode_envelope);
        prop_assert_eq!(decode_envelope(&mut input), Ok(envelope));
        prop_assert!(input.is_empty());
    }

    #[test]
    fn a_write_comes_back_as_it_was(write in write()) {
        let mut input = encoded(&write, encode_write);
        prop_assert_eq!(decode_write(&mut input), Ok(write));
        prop_assert!(input.is_empty());
    }

    #[test]
    fn a_hard_state_comes_back_as_it_was(hard_state in hard_state()) {
        let mut input = encoded(&hard_state, encode_hard_state);
        prop_assert_eq!(decode_hard_state(&mut input), Ok(hard_state));
        prop_assert!(input.is_empty());
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = Bytes::from(bytes);
        canonical(&bytes, decode_envelope, encode_envelope);
        canonical(&bytes, decode_write, encode_write);
        canonical(&bytes, decode_hard_state, encode_hard_state);
        canonical(&bytes, decode_entry, encode_entry);
    }

    #[test]
    fn mutated_envelopes_do_no_harm(
        envelope in envelope(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        keep in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = encoded(&envelope, encode_envelope).to_vec();
        for (at, value) in edits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(keep.index(bytes.len()));
        }
        canonical(&Bytes::from(bytes), decode_envelope, encode_envelope);
    }

    #[test]
    fn no_proper_prefix_decodes(envelope in envelope(), keep in any::<prop::sample::Index>()) {
        let bytes = encoded(&envelope, encode_envelope);
        let mut prefix = bytes.slice(..keep.index(bytes.len()));
        prop_assert!(decode_envelope(&mut prefix).is_err());
    }
}

/// What decodes must encode to the very bytes that were consumed.
fn canonical<T>(
    bytes: &Bytes,
    decode: fn(&mut Bytes) -> Result<T, DecodeError>,
    encode: fn(&T, &mut BytesMut),
) {
    let mut input = bytes.clone();
    if let Ok(value) = decode(&mut input) {
        let consumed = bytes.slice(..bytes.len() - input.len());
        assert_eq!(encoded(&value, encode), consumed);
    }
}

#[test]
fn the_bytes_are_those_of_the_table() {
    let envelope = Envelope {
        from: NodeId(1),
        to: NodeId(300),
        term: Term(4),
        message: Message::Append {
            previous: Position::new(6, 3),
            entries: vec![
                Entry { position: Position::new(7, 4), payload: Payload::Noop },
                Entry { position: Position::new(8, 4), payload: Payload::Command("ab".into()) },
            ],
            commit: Index(6),
        },
    };
    let bytes: &[u8] = b"\x01\xac\x02\x04\x05\x03\x06\x02\x04\x07\x00\x04\x08\x01\x02ab\x06";
    assert_eq!(encoded(&envelope, encode_envelope), bytes);
}

#[test]
fn each_message_has_the_tag_of_the_table() {
    let position = Position::new(1, 1);
    let ticket = Ticket(1);
    let index = Index(1);
    let configuration = Configuration::new([NodeId(1)]).into();
    let snapshot = Snapshot { position, configuration, bytes: 1, checksum: 1 };
    let messages = [
        Message::RequestPreVote { last: position },
        Message::PreVote { asked_in: Term(1), ballot: Ballot::Granted },
        Message::RequestVote { last: position, forced: false },
        Message::Vote { ballot: Ballot::Granted },
        Message::Append { previous: position, entries: vec![], commit: index },
        Message::Appended { matched: index },
        Message::Rejected { refused: index, hint: position },
        Message::Heartbeat { commit: index, round: 1 },
        Message::Heard { round: 1 },
        Message::Forward { number: 1, commands: vec![] },
        Message::RequestReadIndex { ticket },
        Message::ReadIndex { ticket, index },
        Message::TimeoutNow,
        Message::Chunk { snapshot, offset: 1, data: Bytes::new() },
        Message::ChunkReceived { position, next: 1 },
        Message::RequestChange { ticket, change: vec![] },
        Message::ChangeAnswer { ticket, result: Ok(position) },
    ];
    for (message, tag) in messages.into_iter().zip(1..) {
        let envelope = Envelope { from: NodeId(0), to: NodeId(0), term: Term(0), message };
        assert_eq!(encoded(&envelope, encode_envelope)[3], tag, "{envelope:?}");
    }
}

#[test]
fn an_unknown_tag_is_named() {
    let cases: [(&[u8], DecodeError); 4] = [
        (b"\x01\x02\x03\x00", DecodeError::UnknownTag { of: "message", tag: 0 }),
        (b"\x01\x02\x03\x63", DecodeError::UnknownTag { of: "message", tag: 99 }),
        (b"\x01\x02\x03\x04\x03", DecodeError::UnknownTag { of: "ballot", tag: 3 }),
        (
            b"\x01\x02\x03\x05\x01\x01\x01\x01\x02\x07\x00",
            DecodeError::UnknownTag { of: "payload", tag: 7 },
        ),
    ];
    for (bytes, error) in cases {
        assert_eq!(decode_envelope(&mut Bytes::from_static(bytes)), Err(error));
    }
    let error = decode_envelope(&mut Bytes::from_static(b"\x01\x02\x03\x63")).unwrap_err();
    assert_eq!(error.to_string(), "unknown message tag 99");
}

#[test]
fn a_varint_has_one_encoding() {
    let decode = |bytes: &'static [u8]| decode_hard_state(&mut Bytes::from_static(bytes));
    let of_term = |term| Ok(HardState { term: Term(term), vote: None });
    assert_eq!(decode(b"\x7f\x00"), of_term(127));
    assert_eq!(decode(b"\x80\x01\x00"), of_term(128));
    assert_eq!(decode(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00"), of_term(u64::MAX));
    let bad = Err(DecodeError::BadVarint { reading: "term" });
    // Zero in two bytes; 2^64; a number that does not end.
    assert_eq!(decode(b"\x80\x00\x00"), bad);
    assert_eq!(decode(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x00"), bad);
    assert_eq!(decode(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"), bad);
}

#[test]
fn a_count_beyond_the_input_is_refused_before_it_is_allocated_for() {
    // Were the count believed, the allocation would abort the test.
    let mut append = Bytes::from_static(
        b"\x01\x02\x03\x05\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x01\x00",
    );
    let claimed = u64::MAX >> 1;
    assert_eq!(
        decode_envelope(&mut append),
        Err(DecodeError::TooMany { of: "entries", claimed, left: 3 })
    );
    // Seven bytes hold two entries at most.
    let mut append =
        Bytes::from_static(b"\x01\x02\x03\x05\x01\x01\x03\x01\x01\x00\x01\x02\x00\x00");
    assert_eq!(
        decode_envelope(&mut append),
        Err(DecodeError::TooMany { of: "entries", claimed: 3, left: 7 })
    );
    let mut forward = Bytes::from_static(b"\x01\x02\x03\x0a\x01\x02\x00");
    assert_eq!(
        decode_envelope(&mut forward),
        Err(DecodeError::TooMany { of: "commands", claimed: 2, left: 1 })
    );
}

#[test]
fn commands_are_slices_of_the_input() {
    let entry =
        Entry { position: Position::new(1, 1), payload: Payload::Command(vec![7; 1000].into()) };
    let input = encoded(&entry, encode_entry);
    let Payload::Command(command) = decode_entry(&mut input.clone()).unwrap().payload else {
        panic!("a command went in");
    };
    assert!(input.as_ptr_range().contains(&command.as_ptr()));
}

fn encoded<T>(value: &T, encode: fn(&T, &mut BytesMut)) -> Bytes {
    let mut out = BytesMut::new();
    encode(value, &mut out);
    out.freeze()
}

fn envelope() -> impl Strategy<Value = Envelope> {
    (number(), number(), number(), message()).prop_map(|(from, to, term, message)| Envelope {
        from: NodeId(from),
        to: NodeId(to),
        term: Term(term),
        message,
    })
}

fn ballot() -> impl Strategy<Value = Ballot> {
    prop::sample::select(vec![Ballot::Granted, Ballot::Weak, Ballot::Refused])
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        position().prop_map(|last| Message::RequestPreVote { last }),
        (number(), ballot())
            .prop_map(|(term, ballot)| Message::PreVote { asked_in: Term(term), ballot }),
        (position(), any::<bool>())
            .prop_map(|(last, forced)| Message::RequestVote { last, forced }),
        ballot().prop_map(|ballot| Message::Vote { ballot }),
        (position(), entries(), number()).prop_map(|(previous, entries, commit)| {
            Message::Append { previous, entries, commit: Index(commit) }
        }),
        number().prop_map(|index| Message::Appended { matched: Index(index) }),
        (number(), position())
            .prop_map(|(refused, hint)| Message::Rejected { refused: Index(refused), hint }),
        (number(), number())
            .prop_map(|(commit, round)| Message::Heartbeat { commit: Index(commit), round }),
        number().prop_map(|round| Message::Heard { round }),
        (number(), prop::collection::vec(command(), 0..5))
            .prop_map(|(number, commands)| Message::Forward { number, commands }),
        number().prop_map(|ticket| Message::RequestReadIndex { ticket: Ticket(ticket) }),
        (number(), number()).prop_map(|(ticket, index)| Message::ReadIndex {
            ticket: Ticket(ticket),
            index: Index(index)
        }),
        Just(Message::TimeoutNow),
        (snapshot(), number(), command()).prop_map(|(snapshot, offset, data)| Message::Chunk {
            snapshot,
            offset,
            data
        }),
        (position(), number())
            .prop_map(|(position, next)| Message::ChunkReceived { position, next }),
        (number(), prop::collection::vec(change(), 0..4))
            .prop_map(|(ticket, change)| Message::RequestChange { ticket: Ticket(ticket), change }),
        (number(), result())
            .prop_map(|(ticket, result)| Message::ChangeAnswer { ticket: Ticket(ticket), result }),
    ]
}

fn id() -> impl Strategy<Value = NodeId> {
    number().prop_map(NodeId)
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (id(), command()).prop_map(|(id, address)| Change::AddVoter { id, address }),
        (id(), command()).prop_map(|(id, address)| Change::AddLearner { id, address }),
        id().prop_map(Change::Promote),
        id().prop_map(Change::Demote),
        id().prop_map(Change::Remove),
        (id(), command()).prop_map(|(id, address)| Change::Move { id, address }),
    ]
}

fn result() -> impl Strategy<Value = Result<Position, ChangeError>> {
    prop_oneof![
        position().prop_map(Ok),
        Just(Err(ChangeError::Pending)),
        Just(Err(ChangeError::NotReady)),
        id().prop_map(|id| Err(ChangeError::AlreadyMember(id))),
        id().prop_map(|id| Err(ChangeError::NotMember(id))),
        id().prop_map(|id| Err(ChangeError::NotLearner(id))),
        id().prop_map(|id| Err(ChangeError::NotVoter(id))),
        id().prop_map(|id| Err(ChangeError::NotCaughtUp(id))),
        Just(Err(ChangeError::NoVoter)),
        Just(Err(ChangeError::Empty)),
    ]
}

/// A configuration of any voters, and what a few changes make of it: joint ones are among them.
fn configuration() -> impl Strategy<Value = Configuration> {
    let voters = prop::collection::vec(id(), 1..5).prop_map(Configuration::new);
    (voters, prop::collection::vec(change(), 0..4))
        .prop_map(|(configuration, change)| configuration.changed(&change).unwrap_or(configuration))
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    (position(), configuration(), number(), any::<u32>()).prop_map(
        |(position, configuration, bytes, checksum)| Snapshot {
            position,
            configuration: configuration.into(),
            bytes,
            checksum,
        },
    )
}

fn write() -> impl Strategy<Value = Write> {
    let ids = (number(), number());
    let state = (prop::option::of(position()), prop::option::of(hard_state()), any::<bool>());
    (ids, state, entries()).prop_map(|((id, commit), (base, hard_state, is_recovered), entries)| {
        Write { id: WriteId(id), base, is_recovered, hard_state, entries, commit: Index(commit) }
    })
}

fn hard_state() -> impl Strategy<Value = HardState> {
    (number(), prop::option::of(number()))
        .prop_map(|(term, vote)| HardState { term: Term(term), vote: vote.map(NodeId) })
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let payload = prop_oneof![
        Just(Payload::Noop),
        command().prop_map(Payload::Command),
        configuration().prop_map(|it| Payload::Configuration(it.into())),
    ]
    .boxed();
    prop::collection::vec(
        (position(), payload).prop_map(|(position, payload)| Entry { position, payload }),
        0..5,
    )
}

fn position() -> impl Strategy<Value = Position> {
    (number(), number()).prop_map(|(index, term)| Position::new(index, term))
}

fn command() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from)
}

/// Small numbers, numbers at the edge of a byte more, and any numbers.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..300_u64,
        (0..64_u32, 0..2_u64).prop_map(|(bit, less)| (1 << bit) - less),
        any::<u64>(),
        Just(u64::MAX),
    ]
}

//! Whatever comes in, a member does not panic, and keeps what it holds alone. Messages are made up
//! without any sense.

#[path = "support/disk.rs"]
mod disk;
#[path = "support/lone.rs"]
mod lone;

use std::ops::Range;

use bytes::Bytes;
use proptest::prelude::*;
use raft::{
    Ballot, Change, ChangeError, Configuration, Entry, Envelope, Index, Input, Message, NodeId,
    Payload, Position, Snapshot, Term, Ticket,
};

use lone::{Event, Lone};

/// Small numbers, which meet each other, and now and then huge ones.
fn number(small: Range<u64>) -> impl Strategy<Value = u64> {
    prop_oneof![
        30 => small,
        1 => any::<u64>(),
        1 => (u64::MAX - 2)..=u64::MAX,
    ]
}

fn index() -> impl Strategy<Value = Index> {
    number(0..8).prop_map(Index)
}

fn term() -> impl Strategy<Value = Term> {
    number(0..6).prop_map(Term)
}

fn position() -> impl Strategy<Value = Position> {
    (term(), index()).prop_map(|(term, index)| Position { term, index })
}

fn payload() -> impl Strategy<Value = Payload> {
    prop_oneof![
        3 => Just(Payload::Noop),
        6 => bytes().prop_map(Payload::Command),
        1 => configuration().prop_map(|it| Payload::Configuration(it.into())),
    ]
}

fn bytes() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..4).prop_map(Bytes::from)
}

/// Entries without any order, or such as a leader might send after `previous`.
fn entries(previous: Position) -> impl Strategy<Value = Vec<Entry>> {
    let any_entry = (position(), payload());
    let any_entry = any_entry.prop_map(|(position, payload)| Entry { position, payload });
    let steps = prop::collection::vec((0..2u64, payload()), 0..4);
    let adjacent = steps.prop_map(move |steps| {
        let mut last = previous;
        let follow = |(later, payload)| {
            last.index = Index(last.index.0.wrapping_add(1));
            last.term = Term(last.term.0.wrapping_add(later));
            Entry { position: last, payload }
        };
        steps.into_iter().map(follow).collect()
    });
    prop_oneof![1 => prop::collection::vec(any_entry, 0..4), 4 => adjacent]
}

fn append() -> impl Strategy<Value = Message> {
    let previous = prop_oneof![Just(Position::default()), position()];
    previous.prop_flat_map(|previous| {
        (entries(previous), index()).prop_map(move |(entries, commit)| Message::Append {
            previous,
            entries,
            commit,
        })
    })
}

fn id() -> impl Strategy<Value = NodeId> {
    number(0..6).prop_map(NodeId)
}

fn change() -> impl Strategy<Value = Vec<Change>> {
    let step = prop_oneof![
        (id(), bytes()).prop_map(|(id, address)| Change::AddVoter { id, address }),
        (id(), bytes()).prop_map(|(id, address)| Change::AddLearner { id, address }),
        id().prop_map(Change::Promote),
        id().prop_map(Change::Demote),
        id().prop_map(Change::Remove),
        (id(), bytes()).prop_map(|(id, address)| Change::Move { id, address }),
    ];
    prop::collection::vec(step, 0..4)
}

/// A configuration of any voters, and what a few changes make of it: joint ones are among them.
fn configuration() -> impl Strategy<Value = Configuration> {
    let voters = prop::collection::vec(id(), 1..5).prop_map(Configuration::new);
    let changed = (voters, change()).prop_map(|(configuration, change)| {
        configuration.changed(&change).unwrap_or(configuration)
    });
    prop_oneof![1 => Just(Configuration::unknown()), 9 => changed]
}

/// The position of a snapshot says which it is, so that its pieces fit now and then.
fn snapshot() -> impl Strategy<Value = Snapshot> {
    let same =
        position().prop_map(|position| (position, Configuration::new([1, 2, 3].map(NodeId))));
    let other = (position(), configuration());
    let bytes = prop_oneof![6 => Just(2), 1 => number(0..4)];
    (prop_oneof![4 => same, 1 => other], bytes).prop_map(|((position, configuration), bytes)| {
        Snapshot { position, configuration: configuration.into(), bytes, checksum: 0 }
    })
}

fn answer() -> impl Strategy<Value = Result<Position, ChangeError>> {
    prop_oneof![
        position().prop_map(Ok),
        Just(Err(ChangeError::NotReady)),
        id().prop_map(|id| Err(ChangeError::NotVoter(id))),
    ]
}

fn ballot() -> impl Strategy<Value = Ballot> {
    prop::sample::select(vec![Ballot::Granted, Ballot::Weak, Ballot::Refused])
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        5 => vote_message().boxed(),
        10 => log_message().boxed(),
        3 => client_message().boxed(),
        5 => snapshot_message().boxed(),
    ]
}

fn vote_message() -> impl Strategy<Value = Message> {
    prop_oneof![
        position().prop_map(|last| Message::RequestPreVote { last }),
        (term(), ballot()).prop_map(|(asked_in, ballot)| Message::PreVote { asked_in, ballot }),
        (position(), any::<bool>())
            .prop_map(|(last, forced)| Message::RequestVote { last, forced }),
        ballot().prop_map(|ballot| Message::Vote { ballot }),
        Just(Message::TimeoutNow),
    ]
}

fn log_message() -> impl Strategy<Value = Message> {
    prop_oneof![
        5 => append(),
        2 => index().prop_map(|matched| Message::Appended { matched }),
        1 => (index(), position())
            .prop_map(|(refused, hint)| Message::Rejected { refused, hint }),
        1 => (index(), number(0..4))
            .prop_map(|(commit, round)| Message::Heartbeat { commit, round }),
        1 => number(0..4).prop_map(|round| Message::Heard { round }),
    ]
}

fn client_message() -> impl Strategy<Value = Message> {
    let ticket = || any::<u64>().prop_map(Ticket);
    prop_oneof![
        (number(0..4), prop::collection::vec(bytes(), 0..3))
            .prop_map(|(number, commands)| Message::Forward { number, commands }),
        ticket().prop_map(|ticket| Message::RequestReadIndex { ticket }),
        (ticket(), index()).prop_map(|(ticket, index)| Message::ReadIndex { ticket, index }),
        (ticket(), change()).prop_map(|(ticket, change)| Message::RequestChange { ticket, change }),
        (ticket(), answer()).prop_map(|(ticket, result)| Message::ChangeAnswer { ticket, result }),
    ]
}

fn snapshot_message() -> impl Strategy<Value = Message> {
    let whole = snapshot().prop_map(|snapshot| {
        let data = Bytes::from_static(b"..");
        Message::Chunk { snapshot, offset: 0, data }
    });
    prop_oneof![
        3 => whole,
        1 => (snapshot(), number(0..4), bytes())
            .prop_map(|(snapshot, offset, data)| Message::Chunk { snapshot, offset, data }),
        1 => (position(), number(0..4))
            .prop_map(|(position, next)| Message::ChunkReceived { position, next }),
    ]
}

fn envelope() -> impl Strategy<Value = Envelope> {
    let from = prop_oneof![10 => 2..4u64, 1 => Just(1), 1 => any::<u64>()].prop_map(NodeId);
    let to = prop_oneof![20 => Just(1), 1 => any::<u64>()].prop_map(NodeId);
    (from, to, term(), message()).prop_map(|(from, to, term, message)| Envelope {
        from,
        to,
        term,
        message,
    })
}

fn event() -> impl Strategy<Value = Event> {
    let ticket = || any::<u64>().prop_map(Ticket);
    let input = prop_oneof![
        8 => Just(Input::Tick),
        10 => envelope().prop_map(Input::Receive).boxed(),
        2 => (ticket(), bytes())
            .prop_map(|(ticket, command)| Input::Propose { ticket, command }),
        1 => ticket().prop_map(|ticket| Input::Read { ticket }),
        1 => (ticket(), change())
            .prop_map(|(ticket, change)| Input::ChangeMembers { ticket, change }),
        1 => (ticket(), id()).prop_map(|(ticket, to)| Input::TransferLeadership { ticket, to }),
        1 => any::<u32>().prop_map(Input::Skipped),
    ];
    prop_oneof![
        20 => input.prop_map(Event::Input).boxed(),
        6 => Just(Event::Elect),
        8 => Just(Event::Drain),
        6 => (1..4usize).prop_map(Event::Write),
        2 => Just(Event::Snapshot),
        3 => any::<bool>().prop_map(|is_right| Event::Store { is_right }),
        1 => Just(Event::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_input_brings_it_down(
        lease_ticks in prop::option::of(1..3u32),
        events in prop::collection::vec(event(), 1..80),
    ) {
        let mut lone = Lone::new(lease_ticks);
        for event in events {
            lone.meet(event);
        }
        lone.drain();
    }
}

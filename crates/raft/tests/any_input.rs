//! Whatever comes in, a member does not panic, and keeps what it holds alone: its term, its vote,
//! its commit index, and its promises. Messages are made up without any sense; that what they claim
//! is true cannot be checked by one member.

use std::ops::Range;

use bytes::Bytes;
use proptest::prelude::*;
use raft::{
    Config, Configuration, Effect, Entry, Envelope, Index, Input, Message, Node, NodeId, Payload,
    Position, Restored, Term, Ticket, Write, WriteId,
};

/// What happens to the member.
#[derive(Clone, Debug)]
enum Event {
    Input(Input),
    /// Another member votes for it, in the term that it is in, whatever it asked for.
    Elect,
    /// Its effects are carried out, but for the disk.
    Drain,
    /// The oldest writes become durable, so many of them.
    Write(usize),
    /// It crashes, and starts with what is durable.
    Restart,
}

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
    prop_oneof![Just(Payload::Noop), bytes().prop_map(Payload::Command)]
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

fn message() -> impl Strategy<Value = Message> {
    let ticket = || any::<u64>().prop_map(Ticket);
    prop_oneof![
            1 => position().prop_map(|last| Message::RequestPreVote { last }),
            1 => (term(), any::<bool>())
                .prop_map(|(asked_in, granted)| Message::PreVote { asked_in, granted }),
            1 => (position(), any::<bool>())
                .prop_map(|(last, forced)| Message::RequestVote { last, forced }),
            1 => any::<bool>().prop_map(|granted| Message::Vote { granted }),
            4 => append(),
            1 => index().prop_map(|matched| Message::Appended { matched }),
            1 => (index(), position())
                .prop_map(|(refused, hint)| Message::Rejected { refused, hint }),
            1 => (index(), number(0..4))
                .prop_map(|(commit, round)| Message::Heartbeat { commit, round }),
            1 => number(0..4).prop_map(|round| Message::Heard { round }),
            1 => (number(0..4), prop::collection::vec(bytes(), 0..3))
    .prop_map(|(number, commands)| Message::Forward { number, commands }),
            1 => ticket().prop_map(|ticket| Message::RequestReadIndex { ticket }),
            1 => (ticket(), index())
                .prop_map(|(ticket, index)| Message::ReadIndex { ticket, index }),
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
    let input = prop_oneof![
        8 => Just(Input::Tick),
        10 => envelope().prop_map(Input::Receive),
        2 => (any::<u64>(), bytes())
            .prop_map(|(ticket, command)| Input::Propose { ticket: Ticket(ticket), command }),
        1 => any::<u64>().prop_map(|ticket| Input::Read { ticket: Ticket(ticket) }),
    ];
    prop_oneof![
        10 => input.prop_map(Event::Input),
        3 => Just(Event::Elect),
        4 => Just(Event::Drain),
        3 => (1..4usize).prop_map(Event::Write),
        1 => Just(Event::Restart),
    ]
}

/// One member, its disk, and what it said so far.
struct Host {
    node: Node,
    durable: Restored,
    pending: Vec<Write>,
    applied: Index,
}

impl Host {
    fn new() -> Self {
        let durable = Restored::default();
        let node = Self::start(&durable);
        Self { node, durable, pending: Vec::new(), applied: Index(0) }
    }

    fn start(durable: &Restored) -> Node {
        let configuration = Configuration::new([1, 2, 3].map(NodeId));
        let config = Config {
            election_ticks: 2..=4,
            heartbeat_ticks: 1,
            append_bytes_max: 2,
            inflight_appends_max: 2,
            ..Config::new(NodeId(1), configuration)
        };
        Node::new(config, durable.clone())
    }

    fn meet(&mut self, event: Event) {
        let before = self.node.status();
        match event {
            Event::Input(input) => self.node.step(input),
            Event::Elect => self.elect(),
            Event::Drain => self.drain(),
            Event::Write(count) => self.write(count),
            Event::Restart => {
                self.pending.clear();
                self.applied = Index(0);
                self.node = Self::start(&self.durable);
                return;
            }
        }
        let after = self.node.status();
        let (old, new) = (before.standing, after.standing);
        assert!(new.term >= old.term, "back from {old} to {new}");
        assert!(new.term > old.term || old.vote.is_none_or(|vote| new.vote == Some(vote)));
        assert!(after.commit >= before.commit, "took back {}", before.commit);
        assert!(after.commit <= after.last.index && after.durable <= after.last.index);
    }

    fn elect(&mut self) {
        let (from, to, term) = (NodeId(2), NodeId(1), self.node.standing().term);
        let pre_vote = Message::PreVote { asked_in: term, granted: true };
        for message in [pre_vote, Message::Vote { granted: true }] {
            self.node.step(Input::Receive(Envelope { from, to, term, message }));
        }
    }

    fn drain(&mut self) {
        for effect in self.node.drain_effects() {
            match effect {
                Effect::Persist(write) => self.pending.push(write),
                Effect::Send(envelope) => {
                    assert!(envelope.from == NodeId(1) && envelope.to != NodeId(1), "{envelope}");
                    let hard_state = self.durable.hard_state;
                    let is_kept = hard_state.term >= envelope.term;
                    assert!(!envelope.message.is_promise() || is_kept, "{envelope} too early");
                }
                Effect::Apply(entries) => {
                    for Entry { position, .. } in entries {
                        assert_eq!(position.index, self.applied.next(), "skipped to {position}");
                        self.applied = position.index;
                        let durable = self.durable.entries.iter().any(|it| it.position == position);
                        assert!(durable, "applied {position} too early");
                    }
                }
                Effect::ReadReady { .. }
                | Effect::Refuse { .. }
                | Effect::Changed { .. }
                | Effect::SendChunk { .. }
                | Effect::StoreChunk { .. }
                | Effect::Restore(_)
                | Effect::Became(_) => {}
            }
        }
    }

    fn write(&mut self, count: usize) {
        let count = count.min(self.pending.len());
        let mut last = WriteId(0);
        for write in self.pending.drain(..count) {
            if let Some(hard_state) = write.hard_state {
                self.durable.hard_state = hard_state;
            }
            if let Some(first) = write.entries.first() {
                let from = first.position.index;
                self.durable.entries.retain(|entry| entry.position.index < from);
                self.durable.entries.extend(write.entries);
            }
            self.durable.commit = self.durable.commit.max(write.commit);
            last = write.id;
        }
        self.node.step(Input::Persisted(last));
    }
}

proptest! {
    #[test]
    fn no_input_brings_it_down(events in prop::collection::vec(event(), 1..80)) {
        let mut host = Host::new();
        for event in events {
            host.meet(event);
        }
        host.drain();
    }
}

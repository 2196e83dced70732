//! A log that takes as much memory as it may: nothing is added before a snapshot has made room.

use std::sync::Arc;

use bytes::Bytes;
use raft::{
    Config, Configuration, Effect, Entry, Envelope, Index, Input, Message, Node, NodeId, Payload,
    Position, Reason, Restored, Snapshot, Term, Ticket,
};

const OWN: NodeId = NodeId(2);
const LEADER: NodeId = NodeId(1);

fn config(id: NodeId, voters: &[u64]) -> Config {
    let configuration = Configuration::new(voters.iter().copied().map(NodeId));
    Config { log_bytes_max: 1000, keep_bytes: 0, ..Config::new(id, configuration) }
}

fn command() -> Bytes {
    vec![b'x'; 300].into()
}

/// Carries out what the node wants. Returns what it refuses, and how many appends it acknowledges.
fn carry_out(node: &mut Node) -> (Vec<Reason>, usize) {
    let (mut refused, mut acknowledged) = (Vec::new(), 0);
    for _ in 0..4 {
        for effect in node.drain_effects().collect::<Vec<_>>() {
            match effect {
                Effect::Persist(write) => node.step(Input::Persisted(write.id)),
                Effect::Refuse { reason, .. } => refused.push(reason),
                Effect::Send(Envelope { message: Message::Appended { .. }, .. }) => {
                    acknowledged += 1;
                }
                _ => {}
            }
        }
    }
    (refused, acknowledged)
}

/// A snapshot of all that is applied.
fn take_snapshot(node: &mut Node) {
    let position = Position { index: node.status().commit, term: node.standing().term };
    let configuration = Arc::clone(&node.status().configuration.1);
    node.step(Input::Snapshotted(Snapshot { position, configuration, bytes: 1, checksum: 0 }));
}

#[test]
fn a_leader_refuses_proposals() {
    let mut leader = Node::new(config(OWN, &[2]), Restored::default());
    for _ in 0..40 {
        leader.step(Input::Tick);
        carry_out(&mut leader);
    }
    let propose = |leader: &mut Node| {
        leader.step(Input::Propose { ticket: Ticket(1), command: command() });
        carry_out(leader).0
    };
    // The entry that began the term takes some of it.
    for _ in 0..3 {
        assert_eq!(propose(&mut leader), []);
    }
    assert!(leader.is_log_full());
    assert_eq!(propose(&mut leader), [Reason::LogFull]);
    take_snapshot(&mut leader);
    assert_eq!(propose(&mut leader), []);
}

/// It does so as if the entries had got lost, and goes on when they come again.
#[test]
fn a_follower_takes_no_entries() {
    let mut follower = Node::new(config(OWN, &[1, 2, 3]), Restored::default());
    let append = |follower: &mut Node, index: u64, commit: u64| {
        let previous = index.checked_sub(1).filter(|previous| *previous > 0);
        let previous = previous.map_or_else(Position::default, |index| Position::new(index, 1));
        let payload = Payload::Command(command());
        let entries = vec![Entry { position: Position::new(index, 1), payload }];
        let message = Message::Append { previous, entries, commit: Index(commit) };
        let envelope = Envelope { from: LEADER, to: OWN, term: Term(1), message };
        follower.step(Input::Receive(envelope));
        carry_out(follower).1
    };
    // What is not committed does not count: it must be possible to commit it.
    for index in 1..=5 {
        assert_eq!(append(&mut follower, index, 0), 1);
    }
    assert!(!follower.is_log_full());
    assert_eq!(append(&mut follower, 6, 5), 1);
    assert!(follower.is_log_full());
    assert_eq!(append(&mut follower, 7, 5), 0);
    assert_eq!(follower.status().last.index, Index(6));
    // What it has, it acknowledges again.
    assert_eq!(append(&mut follower, 6, 5), 1);
    take_snapshot(&mut follower);
    assert_eq!(append(&mut follower, 7, 6), 1);
}

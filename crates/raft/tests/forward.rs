//! What a follower forwards: a doubled message is appended once, and none is too long.

use bytes::Bytes;
use raft::{
    Ballot, Config, Configuration, Effect, Envelope, Index, Input, Message, Node, NodeId, Position,
    Restored, RoleName, Term, Ticket, WriteId,
};

const LEADER: NodeId = NodeId(1);
const FOLLOWER: NodeId = NodeId(2);

#[test]
fn a_doubled_forward_is_appended_once() {
    let mut leader = elected();
    let forward = |number| Message::Forward { number, commands: vec!["x".into(), "y".into()] };
    receive(&mut leader, forward(7));
    receive(&mut leader, forward(7));
    assert_eq!(leader.status().last, Position::new(3, 1));

    // One that was overtaken cannot be told from a doubled one.
    receive(&mut leader, forward(6));
    assert_eq!(leader.status().last, Position::new(3, 1));
    receive(&mut leader, forward(8));
    assert_eq!(leader.status().last, Position::new(5, 1));
}

/// Many commands leave in several messages, none of which is longer than an append may be.
#[test]
fn forwards_are_cut_to_the_size_of_an_append() {
    let configuration = Configuration::new([LEADER, FOLLOWER, NodeId(3)]);
    let config = Config { append_bytes_max: 10, ..Config::new(FOLLOWER, configuration) };
    let mut follower = Node::new(config, Restored::default());
    let message = Message::Heartbeat { commit: Index(0), round: 0 };
    let heartbeat = Envelope { from: LEADER, to: FOLLOWER, term: Term(1), message };
    follower.step(Input::Receive(heartbeat));
    for command in ["four", "more", "twelve bytes", "x"] {
        follower.step(Input::Propose { ticket: Ticket(1), command: command.into() });
    }
    let sent = follower.drain_effects().filter_map(|effect| match effect {
        Effect::Send(Envelope { message: Message::Forward { number, commands }, .. }) => {
            Some((number, commands))
        }
        _ => None,
    });
    let expected = [(1, vec!["four", "more"]), (2, vec!["twelve bytes"]), (3, vec!["x"])];
    let expected = expected.map(|(number, commands)| {
        (number, commands.into_iter().map(Bytes::from).collect::<Vec<_>>())
    });
    assert_eq!(sent.collect::<Vec<_>>(), expected);
}

/// A leader of term 1 among three.
fn elected() -> Node {
    let configuration = Configuration::new([LEADER, FOLLOWER, NodeId(3)]);
    let mut node = Node::new(Config::new(LEADER, configuration), Restored::default());
    (0..30).for_each(|_| node.step(Input::Tick));
    node.step(Input::Receive(Envelope {
        from: FOLLOWER,
        to: LEADER,
        term: Term(0),
        message: Message::PreVote { asked_in: Term(0), ballot: Ballot::Granted },
    }));
    node.drain_effects();
    node.step(Input::Persisted(WriteId(1)));
    receive(&mut node, Message::Vote { ballot: Ballot::Granted });
    assert_eq!(node.standing().role, RoleName::Leader);
    node
}

fn receive(node: &mut Node, message: Message) {
    let envelope = Envelope { from: FOLLOWER, to: LEADER, term: Term(1), message };
    node.step(Input::Receive(envelope));
}

//! A network may double a message, and a command must still be appended once.

use raft::{
    Config, Configuration, Envelope, Input, Message, Node, NodeId, Position, Restored, RoleName,
    Term, WriteId,
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

/// A leader of term 1 among three.
fn elected() -> Node {
    let configuration = Configuration::new([LEADER, FOLLOWER, NodeId(3)]);
    let mut node = Node::new(Config::new(LEADER, configuration), Restored::default());
    (0..30).for_each(|_| node.step(Input::Tick));
    node.step(Input::Receive(Envelope {
        from: FOLLOWER,
        to: LEADER,
        term: Term(0),
        message: Message::PreVote { asked_in: Term(0), granted: true },
    }));
    node.drain_effects();
    node.step(Input::Persisted(WriteId(1)));
    receive(&mut node, Message::Vote { granted: true });
    assert_eq!(node.standing().role, RoleName::Leader);
    node
}

fn receive(node: &mut Node, message: Message) {
    let envelope = Envelope { from: FOLLOWER, to: LEADER, term: Term(1), message };
    node.step(Input::Receive(envelope));
}

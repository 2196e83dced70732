//! Three members in one thread, without a network and without a disk: what is to be persisted goes
//! into a list in memory, and counts as durable at once.

use bytes::Bytes;
use raft::{Config, Configuration, Effect, Entry, Input, Node, NodeId, Payload, Restored, Ticket};

const MEMBERS: usize = 3;

struct Member {
    node: Node,
    log: Vec<Entry>,
    applied: Vec<Bytes>,
}

/// A cluster that elected member 1.
pub(crate) struct Trio {
    members: Vec<Member>,
    tickets: u64,
}

impl Trio {
    pub(crate) fn new() -> Self {
        let configuration = Configuration::new((1..=MEMBERS as u64).map(NodeId));
        let member = |id| {
            let mut config = Config::new(NodeId(id), configuration.clone());
            // Member 1 is the only one that runs out of patience.
            config.campaign_delay_ticks = if id == 1 { 0 } else { 1000 };
            let node = Node::new(config, Restored::default());
            Member { node, log: Vec::new(), applied: Vec::new() }
        };
        let mut trio = Self { members: (1..=MEMBERS as u64).map(member).collect(), tickets: 0 };
        for _ in 0..40 {
            trio.members.iter_mut().for_each(|member| member.node.step(Input::Tick));
            trio.settle();
        }
        assert_eq!(trio.members[0].node.standing().leader, Some(NodeId(1)));
        trio
    }

    /// Hands proposals to the leader. Each command is copied once.
    pub(crate) fn propose(&mut self, commands: &[Bytes]) {
        for command in commands {
            self.tickets += 1;
            let ticket = Ticket(self.tickets);
            let command = Bytes::copy_from_slice(command);
            self.members[0].node.step(Input::Propose { ticket, command });
        }
    }

    /// Carries out what is to be done until nothing is.
    pub(crate) fn settle(&mut self) {
        let mut envelopes = Vec::new();
        loop {
            let mut is_quiet = true;
            for member in &mut self.members {
                let mut durable = None;
                for effect in member.node.drain_effects() {
                    is_quiet = false;
                    match effect {
                        Effect::Persist(write) => {
                            durable = Some(write.id);
                            member.log.extend(write.entries);
                        }
                        Effect::Send(envelope) => envelopes.push(envelope),
                        Effect::Apply(entries) => {
                            member.applied.extend(entries.into_iter().filter_map(command));
                        }
                        Effect::Became(_) => {}
                        other => panic!("nothing asked for this: {other:?}"),
                    }
                }
                if let Some(write) = durable {
                    member.node.step(Input::Persisted(write));
                }
            }
            for envelope in envelopes.drain(..) {
                let to = usize::try_from(envelope.to.0).expect("three members") - 1;
                self.members[to].node.step(Input::Receive(envelope));
            }
            if is_quiet {
                return;
            }
        }
    }

    /// What each member applied.
    pub(crate) fn applied(&self) -> [&[Bytes]; MEMBERS] {
        std::array::from_fn(|member| self.members[member].applied.as_slice())
    }
}

fn command(entry: Entry) -> Option<Bytes> {
    match entry.payload {
        Payload::Command(command) => Some(command),
        Payload::Noop | Payload::Configuration(_) => None,
    }
}

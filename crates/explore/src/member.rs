//! One member with its disk, and what happens to it.

use std::collections::VecDeque;

use bytes::Bytes;
use raft::{
    Change, Effect, Entry, Envelope, Input, Node, NodeId, Restored, Ticket, Write, WriteId,
};

use crate::scenario::Scenario;

/// No request is ever answered by a ticket here.
const TICKET: Ticket = Ticket(0);

/// A member that is up, and its disk.
#[derive(Clone, Debug, Hash)]
pub struct Member {
    /// Its core. Drained.
    pub node: Node,
    /// What a restart would find.
    pub durable: Restored,
    /// What the core asked for and the disk has not done, in order.
    pub pending: VecDeque<Write>,
}

/// What can happen to a member.
#[derive(Clone, Debug)]
pub enum Event {
    /// Its election timer runs out.
    TimeOut,
    /// It is time for a heartbeat.
    Beat,
    /// A message arrives.
    Receive(Envelope),
    /// Its disk makes so many writes durable, and says so.
    Persist(usize),
    /// It loses power and starts again. The disk had done so many more writes, and not said so.
    Crash(usize),
    /// It is given a command.
    Propose(Bytes),
    /// It is asked for a change of the members.
    Change(Vec<Change>),
    /// It is asked to hand over.
    Transfer(NodeId),
}

impl Member {
    /// A member that starts with what is on its disk, and what it asks for at once.
    pub fn start(scenario: &Scenario, id: NodeId, durable: Restored) -> (Self, Vec<Effect>) {
        let node = Node::new(scenario.config(id), durable.clone());
        let mut member = Self { node, durable, pending: VecDeque::new() };
        let effects = member.drain();
        (member, effects)
    }

    /// Lets something happen to it. Returns what it asks for, except writes, which wait from now
    /// on.
    pub fn meet(&mut self, scenario: &Scenario, id: NodeId, event: Event) -> Vec<Effect> {
        match event {
            Event::TimeOut => self.time_out(),
            Event::Beat => self.step(Input::Tick),
            Event::Receive(envelope) => self.step(Input::Receive(envelope)),
            Event::Persist(count) => {
                let last = self.write(count).expect("something waits");
                self.step(Input::Persisted(last))
            }
            Event::Crash(count) => {
                self.write(count);
                let (member, effects) = Self::start(scenario, id, self.durable.clone());
                *self = member;
                effects
            }
            Event::Propose(command) => self.step(Input::Propose { ticket: TICKET, command }),
            Event::Change(change) => self.step(Input::ChangeMembers { ticket: TICKET, change }),
            Event::Transfer(to) => self.step(Input::TransferLeadership { ticket: TICKET, to }),
        }
    }

    /// The log in memory, seen from outside: what is durable, and what is to be.
    pub fn log(&self) -> Vec<Entry> {
        let mut log = self.durable.entries.clone();
        for write in &self.pending {
            replace_tail(&mut log, &write.entries);
        }
        log
    }

    fn time_out(&mut self) -> Vec<Effect> {
        let timer = self.node.status().timer.expect("a leader does not campaign");
        let ticks = timer.elapsed..timer.timeout;
        ticks.flat_map(|_| self.step(Input::Tick)).collect()
    }

    fn step(&mut self, input: Input) -> Vec<Effect> {
        self.node.step(input);
        self.drain()
    }

    fn drain(&mut self) -> Vec<Effect> {
        let mut others = Vec::new();
        for effect in self.node.drain_effects() {
            match effect {
                Effect::Persist(write) => self.pending.push_back(write),
                effect => others.push(effect),
            }
        }
        others
    }

    /// Makes the first so many waiting writes durable. Returns the last of them.
    fn write(&mut self, count: usize) -> Option<WriteId> {
        let done = self.pending.drain(..count).collect::<Vec<_>>();
        for write in &done {
            assert!(write.base.is_none(), "there are no snapshots");
            self.durable.hard_state = write.hard_state.unwrap_or(self.durable.hard_state);
            replace_tail(&mut self.durable.entries, &write.entries);
            self.durable.commit = self.durable.commit.max(write.commit);
        }
        done.last().map(|write| write.id)
    }
}

/// Lets `entries` take the place of everything from the index of the first one on.
fn replace_tail(log: &mut Vec<Entry>, entries: &[Entry]) {
    if let Some(first) = entries.first() {
        log.retain(|entry| entry.position.index < first.position.index);
        log.extend_from_slice(entries);
    }
}

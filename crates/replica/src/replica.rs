//! The replica: requests in, answers out.

use std::fmt;

use bytes::Bytes;
use raft::{
    Effect, Entry, Envelope, Index, Input, Node, Payload, Position, Restored, Standing, Ticket,
    Write, WriteId,
};

use crate::proposals::Proposals;
use crate::reads::Reads;
use crate::tag::Tag;

/// What is replicated. Every member applies the same commands in the same order, so it must be
/// deterministic: no clock, no random numbers, nothing from outside.
pub trait StateMachine {
    /// What a command answers.
    type Reply;

    /// Executes a command. `index` is its place in the log, and grows from call to call.
    fn apply(&mut self, index: Index, command: Bytes) -> Self::Reply;
}

/// What a replica is told once, when it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the core is told.
    pub raft: raft::Config,
    /// The first ticket. No other run of this member may use the tickets from here on: an entry
    /// that an earlier run proposed must not be taken for one of this run.
    pub first_ticket: u64,
    /// A request that is not answered after so many ticks fails.
    pub request_ticks: u64,
    /// A longer command is refused. It has to fit into what a host can send at once.
    pub command_bytes_max: usize,
    /// Requests are refused while so many bytes of proposals are unanswered.
    pub proposal_bytes_max: usize,
    /// Requests are refused while so many are unanswered.
    pub requests_max: usize,
}

impl Config {
    /// With etcd's patience at our timers: 5 s and two election time-outs, in ticks of 10 ms.
    pub fn new(raft: raft::Config, first_ticket: u64) -> Self {
        let request_ticks = 500 + 2 * u64::from(*raft.election_ticks.end());
        Self {
            raft,
            first_ticket,
            request_ticks,
            command_bytes_max: 16 << 20,
            proposal_bytes_max: 256 << 20,
            requests_max: 100_000,
        }
    }
}

/// What the host must do.
#[derive(Debug)]
pub enum Output<R> {
    /// Make this durable, in order, and then call [`Replica::persisted`].
    Persist(Write),
    /// Send this to the member it is addressed to.
    Send(Envelope),
    /// A command was applied. If it was proposed here, by the ticket's holder, this is the answer.
    Applied {
        /// The proposal that it answers.
        ticket: Option<Ticket>,
        /// What the state machine said.
        reply: R,
    },
    /// The read may be served from the state machine as it is now, or later.
    ReadReady(Ticket),
    /// The request failed.
    Failed {
        /// Which request.
        ticket: Ticket,
        /// Why.
        failure: Failure,
    },
    /// The role, the term, the vote or the leader changed.
    Became(Standing),
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No answer in time. A proposal may still take effect.
    TimedOut,
    /// Too much is waiting already. The request has no effect.
    TooManyRequests,
    /// The command is longer than the replica takes. The request has no effect.
    TooLarge,
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "request timed out",
            Self::TooManyRequests => "too many requests",
            Self::TooLarge => "the command is too large",
        })
    }
}

/// How a replica is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// How its core is doing.
    pub raft: raft::Status,
    /// Up to where the log is applied.
    pub applied: Index,
    /// How many proposals wait for an answer.
    pub proposals: usize,
    /// How many reads wait for an answer.
    pub reads: usize,
}

/// One member's part of a replicated state machine.
///
/// - What happens is told by [`tick`](Self::tick), [`receive`](Self::receive),
///   [`persisted`](Self::persisted).
/// - What clients want, by [`propose`](Self::propose) and [`read`](Self::read).
/// - What there is to do comes from [`drain`](Self::drain), after one call or after many.
#[derive(Debug)]
pub struct Replica<S: StateMachine> {
    config: Config,
    node: Node,
    machine: S,
    applied: Position,
    proposals: Proposals,
    reads: Reads,
    next_ticket: u64,
    now: u64,
    outputs: Vec<Output<S::Reply>>,
}

impl<S: StateMachine> Replica<S> {
    /// A replica that starts, with what was found on its disk and an empty state machine.
    pub fn new(config: Config, restored: Restored, machine: S) -> Self {
        Self {
            node: Node::new(config.raft.clone(), restored),
            machine,
            applied: Position::default(),
            proposals: Proposals::default(),
            reads: Reads::default(),
            next_ticket: config.first_ticket,
            now: 0,
            outputs: Vec::new(),
            config,
        }
    }

    /// Time passed.
    pub fn tick(&mut self) {
        self.now += 1;
        self.node.step(Input::Tick);
        let patience = u64::from(*self.config.raft.election_ticks.start());
        self.reads.lost(self.now.saturating_sub(patience));
        while let Some(ticket) = self.proposals.pop_expired(self.now) {
            self.outputs.push(Output::Failed { ticket, failure: Failure::TimedOut });
        }
        while let Some(ticket) = self.reads.pop_expired(self.now) {
            self.outputs.push(Output::Failed { ticket, failure: Failure::TimedOut });
        }
    }

    /// A message came from another member.
    pub fn receive(&mut self, envelope: Envelope) {
        self.node.step(Input::Receive(envelope));
    }

    /// This write, and each before it, is durable.
    pub fn persisted(&mut self, write: WriteId) {
        self.node.step(Input::Persisted(write));
    }

    /// A client wants `command` executed. Answered by [`Output::Applied`] or [`Output::Failed`].
    pub fn propose(&mut self, command: &[u8]) -> Ticket {
        let ticket = self.new_ticket();
        let bytes = self.proposals.bytes() + command.len();
        if command.len() > self.config.command_bytes_max {
            self.refuse(ticket, Failure::TooLarge);
        } else if self.is_full() || bytes > self.config.proposal_bytes_max {
            self.refuse(ticket, Failure::TooManyRequests);
        } else {
            let tag = Tag { origin: self.config.raft.id, ticket };
            self.proposals.insert(ticket, tag.attach(command), self.deadline());
        }
        ticket
    }

    /// A client wants to read what is acknowledged by now. Answered by [`Output::ReadReady`] or
    /// [`Output::Failed`].
    pub fn read(&mut self) -> Ticket {
        let ticket = self.new_ticket();
        if self.is_full() {
            self.refuse(ticket, Failure::TooManyRequests);
        } else {
            self.reads.insert(ticket, self.deadline());
        }
        ticket
    }

    /// What there is to do now, in order. What is dropped undone is lost.
    pub fn drain(&mut self) -> Vec<Output<S::Reply>> {
        self.send_requests();
        while self.carry_out() {
            self.send_requests();
        }
        let ready = self.reads.take_ready(self.applied.index);
        self.outputs.extend(ready.into_iter().map(Output::ReadReady));
        std::mem::take(&mut self.outputs)
    }

    /// How it is doing.
    pub fn status(&self) -> Status {
        Status {
            raft: self.node.status(),
            applied: self.applied.index,
            proposals: self.proposals.len(),
            reads: self.reads.len(),
        }
    }

    /// The state machine.
    pub fn machine(&self) -> &S {
        &self.machine
    }

    /// Gives the core what waits for a leader, if there is one.
    fn send_requests(&mut self) {
        let Standing { term, leader: Some(_), .. } = self.node.standing() else { return };
        for (ticket, command) in self.proposals.send_in(term) {
            self.node.step(Input::Propose { ticket, command });
        }
        if self.reads.is_waiting() {
            let round = self.new_ticket();
            self.reads.ask(round, self.now);
            self.node.step(Input::Read { ticket: round });
        }
    }

    /// Carries out the core's effects. Whether there were any.
    fn carry_out(&mut self) -> bool {
        let effects = self.node.drain_effects().collect::<Vec<_>>();
        let any = !effects.is_empty();
        for effect in effects {
            match effect {
                Effect::Persist(write) => self.outputs.push(Output::Persist(write)),
                Effect::Send(envelope) => self.outputs.push(Output::Send(envelope)),
                Effect::Apply(entries) => entries.into_iter().for_each(|entry| self.apply(entry)),
                Effect::ReadReady { ticket, index } => self.reads.indexed(ticket, index),
                Effect::Refuse { ticket } => {
                    self.proposals.refused(ticket);
                    self.reads.refused(ticket);
                }
                Effect::Became(standing) => {
                    self.reads.lost(self.now);
                    self.outputs.push(Output::Became(standing));
                }
            }
        }
        any
    }

    fn apply(&mut self, entry: Entry) {
        let Entry { position, payload } = entry;
        assert_eq!(position.index, self.applied.index.next(), "applied up to {}", self.applied);
        if position.term > self.applied.term {
            self.proposals.applied_entry_of(position.term);
        }
        self.applied = position;
        let Payload::Command(tagged) = payload else { return };
        let Some((tag, command)) = Tag::detach(tagged) else { return };
        let reply = self.machine.apply(position.index, command);
        let is_own = tag.origin == self.config.raft.id && self.proposals.remove(tag.ticket);
        self.outputs.push(Output::Applied { ticket: is_own.then_some(tag.ticket), reply });
    }

    fn new_ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket - 1)
    }

    fn deadline(&self) -> u64 {
        self.now + self.config.request_ticks
    }

    fn is_full(&self) -> bool {
        self.proposals.len() + self.reads.len() >= self.config.requests_max
    }

    fn refuse(&mut self, ticket: Ticket, failure: Failure) {
        self.outputs.push(Output::Failed { ticket, failure });
    }
}

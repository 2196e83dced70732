//! A member: its role, the rules of terms, and the one place where a role changes.

use std::collections::vec_deque;

use bytes::Bytes;

use crate::candidate::Candidate;
use crate::common::Common;
use crate::config::Config;
use crate::effect::{Effect, Input, RoleName, Standing};
use crate::follower::Follower;
use crate::leader::Leader;
use crate::message::{Envelope, Message};
use crate::timer::ElectionTimer;
use crate::transition::{Stage, Transition};
use crate::types::{Index, NodeId, Payload, Position, Restored, Term, Ticket, WriteId};

/// Messages of terms further ahead are refused. Elections cannot have led so far: at one every
/// 100 ms it takes 13 years. A member that entered any term it hears of could be led to the last
/// one there is, and could never be elected again.
const TERMS_AHEAD_MAX: u64 = 1 << 32;

/// A member of a Raft cluster.
///
/// - Make one with [`Node::new`], from what was found on its disk.
/// - Tell it what happened: [`Node::step`]. That does nothing by itself.
/// - Do what it asks for: [`Node::drain_effects`]. Drain after one step or after many; what was
///   saved between two drains becomes one write.
/// - Look at it: [`Node::status`].
#[derive(Debug)]
pub struct Node {
    common: Common,
    role: Role,
    shown: Option<Standing>,
}

/// What only a member of that role knows.
#[derive(Debug)]
enum Role {
    Follower(Follower),
    Candidate(Candidate),
    Leader(Leader),
}

/// How a member is doing. For people; nothing is decided by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Role, term, vote, leader.
    pub standing: Standing,
    /// Where the log ends.
    pub last: Position,
    /// Up to where it is committed.
    pub commit: Index,
    /// Up to where it is durable here.
    pub durable: Index,
    /// The election timer. A leader has none.
    pub timer: Option<ElectionTimer>,
}

impl Node {
    /// A member that starts, as a follower, with what was found on its disk.
    ///
    /// # Panics
    ///
    /// If `config` does not pass [`Config::check`], or what was restored is not a log.
    pub fn new(config: Config, restored: Restored) -> Self {
        config.check().expect("the host checks its configuration");
        let mut common = Common::new(config, restored);
        let role = Role::Follower(Follower::new(&mut common, None));
        Self { common, role, shown: None }
    }

    /// Takes in one thing that happened.
    pub fn step(&mut self, input: Input) {
        match input {
            Input::Tick => self.tick(),
            Input::Receive(envelope) => self.receive_from_peer(envelope),
            Input::Propose { ticket, command } => self.propose(ticket, command),
            Input::Read { ticket } => self.read(ticket),
            Input::Persisted(write) => self.persisted(write),
        }
        self.show();
    }

    /// What there is to do now, in order. What is dropped undone is lost.
    pub fn drain_effects(&mut self) -> vec_deque::Drain<'_, Effect> {
        match &mut self.role {
            Role::Follower(Follower { leader: Some(leader), .. }) => {
                self.common.send_forwards(*leader);
            }
            Role::Follower(_) | Role::Candidate(_) => {}
            Role::Leader(leader) => leader.flush(&mut self.common),
        }
        self.common.outbox.seal(self.common.log.commit());
        let committed = self.common.log.hand_out();
        if !committed.is_empty() {
            self.common.outbox.emit(Effect::Apply(committed.to_vec()));
        }
        self.common.outbox.drain()
    }

    /// How it is doing.
    pub fn status(&self) -> Status {
        let log = &self.common.log;
        let timer = match &self.role {
            Role::Follower(follower) => Some(follower.timer),
            Role::Candidate(candidate) => Some(candidate.timer),
            Role::Leader(_) => None,
        };
        Status {
            standing: self.standing(),
            last: log.last(),
            commit: log.commit(),
            durable: log.durable(),
            timer,
        }
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing {
        let (role, leader) = match &self.role {
            Role::Follower(follower) => (RoleName::Follower, follower.leader),
            Role::Candidate(candidate) => match candidate.stage {
                Stage::PreVote => (RoleName::PreCandidate, None),
                Stage::Vote => (RoleName::Candidate, None),
            },
            Role::Leader(_) => (RoleName::Leader, Some(self.common.id())),
        };
        Standing { role, term: self.common.term, vote: self.common.vote, leader }
    }

    fn tick(&mut self) {
        let transition = match &mut self.role {
            Role::Follower(follower) => follower.tick(),
            Role::Candidate(candidate) => candidate.tick(),
            Role::Leader(leader) => leader.tick(&mut self.common),
        };
        self.transition(transition);
    }

    fn receive_from_peer(&mut self, envelope: Envelope) {
        let is_from_peer = envelope.from != self.common.id()
            && self.common.configuration().is_voter(envelope.from);
        let terms_ahead = envelope.term.0.saturating_sub(self.common.term.0);
        let is_sane = terms_ahead <= TERMS_AHEAD_MAX;
        if is_from_peer && is_sane && envelope.to == self.common.id() {
            self.receive(envelope);
        }
    }

    /// The rules of terms (§5.1), which are the same in every role.
    fn receive(&mut self, envelope: Envelope) {
        let Envelope { from, term, message, .. } = envelope;
        if term < self.common.term && !matches!(message, Message::PreVote { .. }) {
            self.answer_from_the_past(from, term, &message);
            return;
        }
        if term > self.common.term {
            match message {
                // A pre-vote moves no term: that is its point.
                Message::RequestPreVote { .. } => {}
                // A member that hears its leader takes no part in elections (§4.2.3 of the
                // dissertation): a member that lost contact must not depose a working leader.
                Message::RequestVote { .. } if self.hears_leader(from) => return,
                _ => {
                    self.common.enter_term(term);
                    self.transition(Transition::Follow(None));
                }
            }
        }
        self.dispatch(from, term, message);
    }

    fn dispatch(&mut self, from: NodeId, term: Term, message: Message) {
        if let Message::RequestPreVote { last } = message {
            self.answer_pre_vote(from, term, last);
            return;
        }
        if matches!(message, Message::Append { .. } | Message::Heartbeat { .. })
            && matches!(self.role, Role::Candidate(_))
        {
            self.transition(Transition::Follow(Some(from)));
        }
        let transition = match &mut self.role {
            Role::Follower(follower) => follower.receive(&mut self.common, from, message),
            Role::Candidate(candidate) => candidate.receive(&mut self.common, from, &message),
            Role::Leader(leader) => leader.receive(&mut self.common, from, message),
        };
        self.transition(transition);
    }

    /// Answers a message of an earlier term so that its sender learns of this one.
    fn answer_from_the_past(&mut self, from: NodeId, term: Term, message: &Message) {
        let answer = match message {
            Message::RequestPreVote { .. } => Message::PreVote { asked_in: term, granted: false },
            Message::RequestVote { .. } => Message::Vote { granted: false },
            Message::Append { .. } | Message::Heartbeat { .. } => Message::Heard { round: 0 },
            Message::PreVote { .. }
            | Message::Vote { .. }
            | Message::Appended { .. }
            | Message::Rejected { .. }
            | Message::Heard { .. }
            | Message::Forward { .. }
            | Message::RequestReadIndex { .. }
            | Message::ReadIndex { .. } => return,
        };
        self.common.send(from, answer);
    }

    /// Says whether it would vote for the asker in the term after the asker's. Promises nothing.
    fn answer_pre_vote(&mut self, asker: NodeId, asked_in: Term, last: Position) {
        let granted = !self.hears_leader(asker) && last >= self.common.log.last();
        self.common.send(asker, Message::PreVote { asked_in, granted });
    }

    /// Whether a leader works, as far as this member knows, which is not `asker`: a leader that
    /// asks for votes does not lead any more.
    fn hears_leader(&self, asker: NodeId) -> bool {
        match &self.role {
            Role::Follower(follower) => {
                follower.leader.is_some_and(|leader| leader != asker)
                    && follower.timer.elapsed < *self.common.election_ticks().start()
            }
            Role::Candidate(_) => false,
            Role::Leader(_) => true,
        }
    }

    fn propose(&mut self, ticket: Ticket, command: Bytes) {
        match &mut self.role {
            Role::Follower(Follower { leader: Some(_), .. }) => self.common.forwards.push(command),
            Role::Leader(_) => self.common.append(Payload::Command(command)),
            Role::Follower(_) | Role::Candidate(_) => self.refuse(ticket),
        }
    }

    fn read(&mut self, ticket: Ticket) {
        match &mut self.role {
            Role::Follower(Follower { leader: Some(leader), .. }) => {
                self.common.send(*leader, Message::RequestReadIndex { ticket });
            }
            Role::Leader(leader) => leader.read(self.common.id(), ticket),
            Role::Follower(_) | Role::Candidate(_) => self.refuse(ticket),
        }
    }

    fn refuse(&mut self, ticket: Ticket) {
        self.common.outbox.emit(Effect::Refuse { ticket });
    }

    fn persisted(&mut self, write: WriteId) {
        let (durable, to_self) = self.common.outbox.persisted(write, self.common.id());
        if let Some(durable) = durable {
            self.common.log.durable_to(durable);
        }
        for envelope in to_self {
            self.receive(envelope);
        }
    }

    /// The only place where a role changes.
    fn transition(&mut self, transition: Transition) {
        let common = &mut self.common;
        match transition {
            Transition::Stay => {}
            Transition::Follow(leader) => {
                self.role = Role::Follower(Follower::new(common, leader));
            }
            Transition::Campaign(stage) => {
                let (candidate, next) = Candidate::campaign(common, stage);
                self.role = Role::Candidate(candidate);
                self.transition(next);
            }
            Transition::Lead => {
                common.append(Payload::Noop);
                self.role = Role::Leader(Leader::new(common));
            }
        }
    }

    /// Tells of a changed standing, once.
    fn show(&mut self) {
        let standing = self.standing();
        if self.shown != Some(standing) {
            self.shown = Some(standing);
            self.common.outbox.emit(Effect::Became(standing));
        }
    }
}

//! A member: its role, the rules of terms, and the one place where a role changes.

use std::collections::vec_deque;
use std::sync::Arc;

use bytes::Bytes;

use crate::candidate::Candidate;
use crate::common::Common;
use crate::config::Config;
use crate::configuration::{Change, Configuration};
use crate::effect::{Effect, Input, Reason, RoleName, Standing};
use crate::follower::Follower;
use crate::leader::Leader;
use crate::message::{Ballot, Envelope, Message};
use crate::timer::ElectionTimer;
use crate::transition::{Stage, Transition};
use crate::types::{
    Index, Loss, NodeId, Payload, Position, Restored, Snapshot, Term, Ticket, WriteId,
};

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
#[derive(Clone, Debug, Hash)]
pub struct Node {
    common: Common,
    role: Role,
    shown: Option<Standing>,
}

/// What only a member of that role knows.
#[derive(Clone, Debug, Hash)]
#[allow(clippy::large_enum_variant, reason = "a member has one role, and no member has many")]
enum Role {
    Follower(Follower),
    Candidate(Candidate),
    Leader(Box<Leader>),
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
    /// The position after which the log begins.
    pub base: Position,
    /// Where the newest snapshot stands, if there is one.
    pub snapshot: Option<Position>,
    /// What it may have lost of what it promised: while it may have, it is *recovering*.
    pub loss: Option<Loss>,
    /// Who belongs to the cluster: the configuration in force, and the index of its entry.
    pub configuration: (Index, Arc<Configuration>),
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
            Input::ChangeMembers { ticket, change } => self.change_members(ticket, change),
            Input::TransferLeadership { ticket, to } => self.transfer(ticket, to),
            Input::Persisted(write) => self.persisted(write),
            Input::Snapshotted(snapshot) => self.snapshotted(&snapshot),
            Input::DropCovered => self.common.drop_covered(0),
            Input::SnapshotReceived(snapshot) => self.snapshot_received(snapshot),
            Input::SnapshotSpoiled(snapshot) => self.common.on_snapshot_spoiled(&snapshot),
            Input::Skipped(ticks) => {
                if let Role::Leader(leader) = &mut self.role {
                    leader.skip(ticks);
                }
            }
        }
        self.common.end_recovery();
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
            base: log.base(),
            snapshot: log.snapshot().map(|snapshot| snapshot.position),
            loss: self.common.loss(),
            configuration: {
                let (index, configuration) = log.configuration();
                (index, configuration.clone())
            },
            timer,
        }
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing {
        let (role, leader) = match &self.role {
            Role::Follower(follower) => (RoleName::Follower, follower.leader),
            Role::Candidate(candidate) => match candidate.stage {
                Stage::PreVote => (RoleName::PreCandidate, None),
                Stage::Vote | Stage::Forced => (RoleName::Candidate, None),
            },
            Role::Leader(_) => (RoleName::Leader, Some(self.common.id())),
        };
        Standing { role, term: self.common.term, vote: self.common.vote, leader }
    }

    /// Who belonged to the cluster when everything up to `index` was applied, which is not before
    /// the newest snapshot. `None` at a member that joined, if it is before all that the log says
    /// of it: no snapshot can be taken there.
    pub fn configuration_at(&self, index: Index) -> Option<&Arc<Configuration>> {
        let configuration = self.common.log.configuration_at(index);
        configuration.is_known().then_some(configuration)
    }

    /// Whether the log holds that position. `None` if it does not reach back so far.
    pub fn holds(&self, position: Position) -> Option<bool> {
        let log = &self.common.log;
        (position.index >= log.base().index).then(|| log.holds(position))
    }

    /// Up to where each member's log is known to be equal to this one, and durable there. Nobody
    /// knows but a leader. For those who check it from outside.
    pub fn matched(&self) -> Vec<(NodeId, Index)> {
        match &self.role {
            Role::Leader(leader) => leader.all_matched().collect(),
            Role::Follower(_) | Role::Candidate(_) => Vec::new(),
        }
    }

    /// Whether some follower is being sent a snapshot.
    pub fn sends_snapshot(&self) -> bool {
        match &self.role {
            Role::Leader(leader) => leader.sends_snapshot(),
            Role::Follower(_) | Role::Candidate(_) => false,
        }
    }

    fn tick(&mut self) {
        self.common.grow_older();
        let transition = match &mut self.role {
            Role::Follower(follower) => follower.tick(&self.common),
            Role::Candidate(candidate) => candidate.tick(),
            Role::Leader(leader) => leader.tick(&mut self.common),
        };
        self.transition(transition);
    }

    fn receive_from_peer(&mut self, envelope: Envelope) {
        // The sender need not be a member here: it may be one by an entry that is still to come.
        let is_from_peer = envelope.from != self.common.id();
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
                Message::RequestVote { forced: false, .. } if self.hears_leader(from) => return,
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
        let is_leaders = matches!(
            message,
            Message::Append { .. } | Message::Heartbeat { .. } | Message::Chunk { .. }
        );
        if is_leaders && matches!(self.role, Role::Candidate(_)) {
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
            Message::RequestPreVote { .. } => {
                Message::PreVote { asked_in: term, ballot: Ballot::Refused }
            }
            Message::RequestVote { .. } => Message::Vote { ballot: Ballot::Refused },
            Message::Append { .. } | Message::Heartbeat { .. } | Message::Chunk { .. } => {
                Message::Heard { round: 0 }
            }
            Message::PreVote { .. }
            | Message::Vote { .. }
            | Message::Appended { .. }
            | Message::Rejected { .. }
            | Message::Heard { .. }
            | Message::Forward { .. }
            | Message::RequestReadIndex { .. }
            | Message::ReadIndex { .. }
            | Message::TimeoutNow
            | Message::ChunkReceived { .. }
            | Message::RequestChange { .. }
            | Message::ChangeAnswer { .. } => return,
        };
        self.common.send(from, answer);
    }

    /// Says whether it would vote for the asker in the term after the asker's. Promises nothing.
    fn answer_pre_vote(&mut self, asker: NodeId, asked_in: Term, last: Position) {
        let would_vote = !self.hears_leader(asker) && last >= self.common.log.last();
        let ballot = self.common.ballot(would_vote);
        self.common.send(asker, Message::PreVote { asked_in, ballot });
    }

    /// Whether a leader works, as far as this member knows, which is not `asker`: a leader that
    /// asks for votes does not lead any more.
    fn hears_leader(&self, asker: NodeId) -> bool {
        match &self.role {
            Role::Follower(follower) => {
                let is_fresh = follower.timer.elapsed < *self.common.election_ticks().start();
                let hears = follower.leader.is_some_and(|leader| leader != asker) && is_fresh;
                hears || self.common.may_have_heard_leader()
            }
            Role::Candidate(_) => false,
            Role::Leader(_) => true,
        }
    }

    fn propose(&mut self, ticket: Ticket, command: Bytes) {
        match &mut self.role {
            Role::Follower(Follower { leader: Some(_), .. }) => self.common.forwards.push(command),
            Role::Leader(leader) => leader.propose(&mut self.common, ticket, command),
            Role::Follower(_) | Role::Candidate(_) => self.refuse(ticket, Reason::NoLeader),
        }
    }

    fn read(&mut self, ticket: Ticket) {
        match &mut self.role {
            Role::Follower(Follower { leader: Some(leader), .. }) => {
                self.common.send(*leader, Message::RequestReadIndex { ticket });
            }
            Role::Leader(leader) => {
                let own = self.common.id();
                leader.read(&mut self.common, own, ticket);
            }
            Role::Follower(_) | Role::Candidate(_) => self.refuse(ticket, Reason::NoLeader),
        }
    }

    fn change_members(&mut self, ticket: Ticket, change: Vec<Change>) {
        match &mut self.role {
            Role::Follower(Follower { leader: Some(leader), .. }) => {
                self.common.send(*leader, Message::RequestChange { ticket, change });
            }
            Role::Leader(leader) => match leader.change_members(&mut self.common, &change) {
                Ok(position) => self.common.outbox.emit(Effect::Changed { ticket, position }),
                Err(error) => self.refuse(ticket, Reason::Change(error)),
            },
            Role::Follower(_) | Role::Candidate(_) => self.refuse(ticket, Reason::NoLeader),
        }
    }

    fn transfer(&mut self, ticket: Ticket, to: NodeId) {
        match &mut self.role {
            Role::Leader(leader) => leader.transfer(&mut self.common, ticket, to),
            Role::Follower(_) | Role::Candidate(_) => self.refuse(ticket, Reason::NotLeader),
        }
    }

    fn refuse(&mut self, ticket: Ticket, reason: Reason) {
        self.common.refuse(ticket, reason);
    }

    fn persisted(&mut self, write: WriteId) {
        let (durable, to_self) = self.common.outbox.persisted(write, self.common.id());
        if let Some(durable) = durable {
            self.common.log.durable_to(durable);
        }
        if let Role::Leader(leader) = &mut self.role {
            leader.on_persisted();
        }
        for envelope in to_self {
            self.receive(envelope);
        }
    }

    /// Whether the log takes no more before a snapshot has made room
    /// ([`Config::log_bytes_max`]).
    pub fn is_log_full(&self) -> bool {
        self.common.is_log_full()
    }

    /// A snapshot of its own is durable.
    fn snapshotted(&mut self, snapshot: &Snapshot) {
        self.common.on_snapshotted(snapshot.clone());
        if let Role::Leader(leader) = &mut self.role {
            leader.on_snapshotted(snapshot);
        }
    }

    /// A leader's snapshot is here. The leader is told as by an append. A candidate that learns by
    /// it that it votes no more stands no more.
    fn snapshot_received(&mut self, snapshot: Snapshot) {
        let matched = snapshot.position.index;
        self.common.on_snapshot_received(snapshot);
        if matches!(self.role, Role::Candidate(_)) && !self.common.may_campaign() {
            self.transition(Transition::Follow(None));
        }
        if let Role::Follower(Follower { leader: Some(leader), .. }) = &self.role
            && matched <= self.common.log.commit()
        {
            self.common.send(*leader, Message::Appended { matched });
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
                self.role = Role::Leader(Box::new(Leader::new(common)));
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

//! The replica: requests in, answers out.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use raft::{
    Change, ChangeError, Configuration, Effect, Entry, Envelope, Index, Input, Node, NodeId,
    Payload, Position, Reason, Restored, RoleName, Snapshot, Standing, Term, Ticket, Write,
    WriteId,
};

use crate::changes::Changes;
use crate::policy::Policy;
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

    /// The time now, in milliseconds, on a clock of this member that never runs backwards; and
    /// whether it believes to lead. Returns commands that the machine wants executed because of
    /// it. All that a machine may do with the time is to choose them: what it holds changes by
    /// commands only. Nobody waits for the answers.
    fn advance(&mut self, now_ms: u64, leads: bool) -> Vec<Bytes> {
        let _ = (now_ms, leads);
        Vec::new()
    }

    /// What a snapshot is made of: the state as it is at this moment. It is taken between two
    /// commands, so it must be cheap; turning it into bytes is the host's work, and may take long.
    type Image;

    /// The state as it is now.
    fn image(&self) -> Self::Image;

    /// A whole state, made of the bytes of a snapshot.
    type State;

    /// Takes that state in the place of its own.
    fn replace(&mut self, state: Self::State);
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
    /// A snapshot is taken when the log has grown by so many bytes since the last one.
    pub snapshot_bytes: u64,
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
            snapshot_bytes: 64 << 20,
        }
    }
}

/// What the host must do.
#[derive(Debug)]
pub enum Output<R, I> {
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
    /// Make a snapshot of this image, store it durably, and then call [`Replica::snapshotted`], or
    /// [`Replica::snapshot_failed`].
    TakeSnapshot {
        /// The last entry that the image covers.
        position: Position,
        /// Who belonged to the cluster then.
        configuration: Arc<Configuration>,
        /// The state.
        image: I,
    },
    /// Read a piece of that snapshot, and send it, as [`Effect::SendChunk`] says.
    SendChunk {
        /// To whom.
        to: NodeId,
        /// The term of the message.
        term: Term,
        /// Which snapshot.
        snapshot: Snapshot,
        /// Where the piece begins.
        offset: u64,
    },
    /// Keep this piece of a snapshot, as [`Effect::StoreChunk`] says, and after the last one call
    /// [`Replica::snapshot_received`] or [`Replica::snapshot_spoiled`].
    StoreChunk {
        /// Which snapshot.
        snapshot: Snapshot,
        /// Where the piece begins.
        offset: u64,
        /// The piece.
        data: Bytes,
    },
    /// Make a state of that snapshot, which was received before, and call [`Replica::restored`].
    Restore(Snapshot),
    /// The members were changed, or leadership was transferred, as it was asked for.
    Done(Ticket),
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
    /// The member fell so far behind that it was sent a snapshot. The proposal may have taken
    /// effect, or still take it.
    Unknown,
    /// No leader is known who could do it. The request has no effect.
    NoLeader,
    /// Only the leader can do it. The request has no effect.
    NotLeader,
    /// The members cannot be changed so. The request has no effect.
    Change(ChangeError),
    /// Another leader put another entry in the place of the change. It has no effect.
    Superseded,
    /// Leadership cannot be transferred to a member that does not vote, or leads already.
    BadTarget,
    /// The target did not win in time. The old leader leads on.
    TransferTimedOut,
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimedOut => "request timed out",
            Self::TooManyRequests => "too many requests",
            Self::TooLarge => "the command is too large",
            Self::Unknown => "the member fell behind, and does not know what became of the request",
            Self::NoLeader => "no leader",
            Self::NotLeader => "not the leader",
            Self::Change(error) => return error.fmt(f),
            Self::Superseded => "another leader took the place of the change",
            Self::BadTarget => "leadership can only be transferred to another voter",
            Self::TransferTimedOut => "the transfer of leadership timed out",
        })
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::NoLeader => Self::NoLeader,
            Reason::NotLeader => Self::NotLeader,
            Reason::TooMuchUncommitted | Reason::LogFull => Self::TooManyRequests,
            Reason::Change(error) => Self::Change(error),
            Reason::BadTarget => Self::BadTarget,
            Reason::TransferTimedOut => Self::TransferTimedOut,
        }
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
/// - What happens is told by [`tick`](Self::tick), [`advance`](Self::advance),
///   [`skipped`](Self::skipped), [`receive`](Self::receive), [`persisted`](Self::persisted).
/// - What clients want, by [`propose`](Self::propose) and [`read`](Self::read); what operators
///   want, by [`change_members`](Self::change_members) and [`transfer`](Self::transfer).
/// - What became of snapshots, by [`snapshotted`](Self::snapshotted),
///   [`snapshot_failed`](Self::snapshot_failed), [`snapshot_received`](Self::snapshot_received),
///   [`snapshot_spoiled`](Self::snapshot_spoiled), [`restored`](Self::restored). Of damaged files,
///   by [`renew_files`](Self::renew_files).
/// - What there is to do comes from [`drain`](Self::drain), after one call or after many.
#[derive(Debug)]
pub struct Replica<S: StateMachine> {
    config: Config,
    node: Node,
    machine: S,
    applied: Position,
    /// The snapshot that a state is being made of, and what is to be applied after it.
    restoring: Option<(Snapshot, Vec<Entry>)>,
    policy: Policy,
    /// When the next snapshot is there, all of the log before it goes.
    renews_files: bool,
    proposals: Proposals,
    reads: Reads,
    changes: Changes,
    next_ticket: u64,
    now: u64,
    outputs: Vec<Output<S::Reply, S::Image>>,
}

impl<S: StateMachine> Replica<S> {
    /// A replica that starts, with what was found on its disk. The state machine is in the state
    /// of the restored snapshot, or empty if there is none.
    pub fn new(config: Config, restored: Restored, machine: S) -> Self {
        let covered = restored.snapshot.as_ref().map(|snapshot| snapshot.position);
        Self {
            node: Node::new(config.raft.clone(), restored),
            machine,
            applied: covered.unwrap_or_default(),
            restoring: None,
            policy: Policy::new(config.snapshot_bytes),
            renews_files: false,
            proposals: Proposals::default(),
            reads: Reads::default(),
            changes: Changes::default(),
            next_ticket: config.first_ticket,
            now: 0,
            outputs: Vec::new(),
            config,
        }
    }

    /// Time passed.
    pub fn tick(&mut self) {
        self.now += 1;
        self.policy.tick();
        self.node.step(Input::Tick);
        let patience = u64::from(*self.config.raft.election_ticks.start());
        self.reads.lost(self.now.saturating_sub(patience));
        while let Some(ticket) = self.proposals.pop_expired(self.now) {
            self.outputs.push(Output::Failed { ticket, failure: Failure::TimedOut });
        }
        while let Some(ticket) = self.reads.pop_expired(self.now) {
            self.outputs.push(Output::Failed { ticket, failure: Failure::TimedOut });
        }
        while let Some(ticket) = self.changes.pop_expired(self.now) {
            self.outputs.push(Output::Failed { ticket, failure: Failure::TimedOut });
        }
    }

    /// The time now, in milliseconds since some moment. The core counts ticks; this is for the
    /// state machine, so that what is measured in seconds is right even if ticks were missed.
    pub fn advance(&mut self, now_ms: u64) {
        let leads = self.node.standing().role == RoleName::Leader;
        for command in self.machine.advance(now_ms, leads) {
            self.propose(&command);
        }
    }

    /// So many ticks could not be told when they passed. A host that serves reads under a lease
    /// says so before it passes on anything that came meanwhile.
    pub fn skipped(&mut self, ticks: u32) {
        self.node.step(Input::Skipped(ticks));
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

    /// An operator wants the members changed. Answered by [`Output::Done`] or [`Output::Failed`].
    pub fn change_members(&mut self, change: Vec<Change>) -> Ticket {
        let ticket = self.new_ticket();
        self.changes.insert_change(ticket, self.deadline());
        self.node.step(Input::ChangeMembers { ticket, change });
        ticket
    }

    /// An operator wants another member to lead. Answered by [`Output::Done`] or
    /// [`Output::Failed`].
    pub fn transfer(&mut self, to: NodeId) -> Ticket {
        let ticket = self.new_ticket();
        self.changes.insert_transfer(ticket, to, self.deadline());
        self.node.step(Input::TransferLeadership { ticket, to });
        ticket
    }

    /// An operator wants a snapshot taken, however little the log has grown. One that is being
    /// taken comes first.
    pub fn ask_for_snapshot(&mut self) {
        self.policy.ask();
    }

    /// Something that is at rest on the disk is damaged, and all of it is still in memory. A
    /// snapshot is taken, whatever has changed since the last one, and nothing of the log before it
    /// is kept: so what is damaged is not needed any more.
    pub fn renew_files(&mut self) {
        self.policy.renew();
        self.renews_files = true;
    }

    /// The snapshot that was to be taken is durable.
    pub fn snapshotted(&mut self, snapshot: Snapshot) {
        self.policy.on_taken();
        self.node.step(Input::Snapshotted(snapshot));
        // One that was begun before it was asked for may not reach over what is damaged.
        if self.renews_files && !self.policy.wants_renewal() {
            self.renews_files = false;
            self.node.step(Input::DropCovered);
        }
    }

    /// The snapshot that was to be taken could not be stored. The log stays as long as it is.
    pub fn snapshot_failed(&mut self) {
        self.policy.on_failed();
    }

    /// All of the snapshot is here, checked, and durable.
    pub fn snapshot_received(&mut self, snapshot: Snapshot) {
        self.node.step(Input::SnapshotReceived(snapshot));
    }

    /// All of the snapshot is here, and it is not what it should be. It was thrown away.
    pub fn snapshot_spoiled(&mut self, snapshot: Snapshot) {
        self.node.step(Input::SnapshotSpoiled(snapshot));
    }

    /// The state of a snapshot, as [`Output::Restore`] asked for it. Whether it was put in the
    /// place of the machine's own: a newer one may have been asked for meanwhile.
    pub fn restored(&mut self, snapshot: &Snapshot, state: S::State) -> bool {
        let Some((_, later)) = self.restoring.take_if(|(wanted, _)| wanted == snapshot) else {
            return false;
        };
        self.machine.replace(state);
        self.applied = snapshot.position;
        for entry in later {
            self.apply(entry);
        }
        true
    }

    /// What there is to do now, in order. What is dropped undone is lost.
    pub fn drain(&mut self) -> Vec<Output<S::Reply, S::Image>> {
        self.send_requests();
        while self.carry_out() {
            self.send_requests();
        }
        let ready = self.reads.take_ready(self.applied.index);
        self.outputs.extend(ready.into_iter().map(Output::ReadReady));
        self.finish_changes();
        self.take_snapshot();
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

    /// What its core knows of other logs: see [`Node::matched`].
    pub fn matched(&self) -> Vec<(NodeId, Index)> {
        self.node.matched()
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
                Effect::Changed { ticket, position } => self.changes.appended(ticket, position),
                Effect::Refuse { ticket, reason } => self.on_refused(ticket, reason),
                Effect::SendChunk { to, term, snapshot, offset } => {
                    self.outputs.push(Output::SendChunk { to, term, snapshot, offset });
                }
                Effect::StoreChunk { snapshot, offset, data } => {
                    self.outputs.push(Output::StoreChunk { snapshot, offset, data });
                }
                Effect::Restore(snapshot) => self.restore(snapshot),
                Effect::Became(standing) => {
                    self.reads.lost(self.now);
                    let done = standing.leader.map(|id| self.changes.take_transferred(id));
                    self.outputs.extend(done.into_iter().flatten().map(Output::Done));
                    self.outputs.push(Output::Became(standing));
                }
            }
        }
        any
    }

    fn on_refused(&mut self, ticket: Ticket, reason: Reason) {
        if self.changes.remove(ticket) {
            self.refuse(ticket, reason.into());
        } else if matches!(reason, Reason::TooMuchUncommitted | Reason::LogFull) {
            if self.proposals.remove(ticket) {
                self.refuse(ticket, reason.into());
            }
        } else {
            self.proposals.refused(ticket);
            self.reads.refused(ticket);
        }
    }

    /// A snapshot takes the place of the log, and with it of the answers to what was sent.
    fn restore(&mut self, snapshot: Snapshot) {
        for ticket in self.proposals.take_sent() {
            self.refuse(ticket, Failure::Unknown);
        }
        self.restoring = Some((snapshot.clone(), Vec::new()));
        self.outputs.push(Output::Restore(snapshot));
    }

    /// Answers the changes whose place in the log is applied.
    fn finish_changes(&mut self) {
        for (ticket, position) in self.changes.take_applied(self.applied.index) {
            match self.node.holds(position) {
                Some(true) => self.outputs.push(Output::Done(ticket)),
                Some(false) => self.refuse(ticket, Failure::Superseded),
                None => self.refuse(ticket, Failure::Unknown),
            }
        }
    }

    fn take_snapshot(&mut self) {
        let Some(configuration) = self.node.configuration_at(self.applied.index) else { return };
        let (is_sending, is_full) = (self.node.sends_snapshot(), self.node.is_log_full());
        if self.restoring.is_none() && self.policy.is_due(is_sending, is_full) {
            self.outputs.push(Output::TakeSnapshot {
                position: self.applied,
                configuration: configuration.clone(),
                image: self.machine.image(),
            });
        }
    }

    fn apply(&mut self, entry: Entry) {
        if let Some((_, later)) = &mut self.restoring {
            later.push(entry);
            return;
        }
        self.policy.on_applied(&entry);
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
        self.proposals.len() + self.reads.len() + self.changes.len() >= self.config.requests_max
    }

    fn refuse(&mut self, ticket: Ticket, failure: Failure) {
        self.outputs.push(Output::Failed { ticket, failure });
    }
}

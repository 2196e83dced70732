//! A leader: replicates its log, and decides what is committed.

mod lease;
mod membership;
mod replication;
mod transfer;

use std::collections::BTreeMap;

use bytes::Bytes;

use self::lease::Lease;
use self::transfer::Transfer;
use crate::common::Common;
use crate::effect::{Effect, Reason};
use crate::message::{Ballot, Message};
use crate::progress::Progress;
use crate::quorum::Tally;
use crate::reads::{Read, Reads};
use crate::transition::Transition;
use crate::types::{Index, NodeId, Payload, Snapshot, Ticket};

#[derive(Clone, Debug, Hash)]
pub(crate) struct Leader {
    /// One for each member, and its own.
    progress: BTreeMap<NodeId, Progress>,
    /// The number of the last message by which each member forwarded commands. Kept over its
    /// removal: it may come back in the same term, and so may its old messages.
    forwarded: BTreeMap<NodeId, u64>,
    reads: Reads,
    lease: Lease,
    transfer: Option<Transfer>,
    /// Ticks since the last heartbeat.
    since_heartbeat: u32,
    /// Ticks since its disk answered, while it has something to write.
    disk_silence: u32,
    /// The last index that it promised itself to hold.
    promised: Index,
}

impl Leader {
    /// A leader of the current term, whose first entry was appended already.
    pub(crate) fn new(common: &Common) -> Self {
        let next = common.log.last().index;
        let mut members = common.configuration().members();
        members.insert(common.id());
        Self {
            progress: members.into_iter().map(|id| (id, Progress::new(next))).collect(),
            forwarded: BTreeMap::new(),
            reads: Reads::default(),
            lease: Lease::default(),
            transfer: None,
            since_heartbeat: 0,
            disk_silence: 0,
            promised: Index(0),
        }
    }

    pub(crate) fn tick(&mut self, common: &mut Common) -> Transition {
        let patience = *common.election_ticks().end();
        for progress in self.progress.values_mut() {
            progress.on_silence(patience);
        }
        self.lease.pass(1);
        if !self.hears_quorum(common) {
            return Transition::Follow(None);
        }
        if !self.hears_disk(common) {
            self.hand_over(common);
            return Transition::Follow(None);
        }
        self.tick_transfer(common);
        self.since_heartbeat += 1;
        if self.since_heartbeat >= common.config.heartbeat_ticks {
            if common.config.lease_ticks.is_some() {
                self.reads.start_empty_round();
                self.send_round(common);
            } else {
                self.send_heartbeats(common);
            }
        }
        Transition::Stay
    }

    pub(crate) fn receive(
        &mut self,
        common: &mut Common,
        from: NodeId,
        message: Message,
    ) -> Transition {
        let Some(progress) = self.progress.get_mut(&from) else { return Transition::Stay };
        progress.silence = 0;
        match message {
            Message::Appended { matched } if matched <= common.log.last().index => {
                progress.on_appended(matched);
                return self.advance_commit(common);
            }
            Message::Rejected { refused, hint } => {
                progress.on_rejected(refused, common.log.could_agree(hint).index);
            }
            Message::ChunkReceived { position, next } => {
                progress.on_chunk_received(position, next);
            }
            Message::Heard { round } => {
                progress.on_heard();
                progress.round = progress.round.max(round.min(self.reads.round()));
                self.answer_reads(common);
            }
            Message::Forward { number, commands } => {
                self.append_forwarded(common, from, number, commands);
            }
            Message::RequestReadIndex { ticket } => self.read(common, from, ticket),
            Message::RequestChange { ticket, change } => {
                let result = self.change_members(common, &change);
                common.send(from, Message::ChangeAnswer { ticket, result });
                return self.advance_commit(common);
            }
            Message::RequestVote { .. } => {
                common.send(from, Message::Vote { ballot: Ballot::Refused });
            }
            Message::Appended { .. }
            | Message::RequestPreVote { .. }
            | Message::PreVote { .. }
            | Message::Vote { .. }
            | Message::Append { .. }
            | Message::Heartbeat { .. }
            | Message::ReadIndex { .. }
            | Message::TimeoutNow
            | Message::Chunk { .. }
            | Message::ChangeAnswer { .. } => {}
        }
        Transition::Stay
    }

    /// Appends a client's command, or refuses it.
    pub(crate) fn propose(&mut self, common: &mut Common, ticket: Ticket, command: Bytes) {
        if let Err(reason) = self.append_command(common, command) {
            common.refuse(ticket, reason);
        }
    }

    /// Appends what a follower forwards, once.
    fn append_forwarded(
        &mut self,
        common: &mut Common,
        from: NodeId,
        number: u64,
        commands: Vec<Bytes>,
    ) {
        let last = self.forwarded.entry(from).or_default();
        if number <= *last {
            return;
        }
        *last = number;
        for command in commands {
            // The origin learns of what is not taken by its own time-out.
            let _ = self.append_command(common, command);
        }
    }

    /// Appends a command, or holds it until a transfer of leadership has come to its end.
    fn append_command(&mut self, common: &mut Common, command: Bytes) -> Result<(), Reason> {
        let held = self.transfer.as_ref().map_or(0, Transfer::held_bytes);
        if common.log.uncommitted_bytes() + held >= common.config.uncommitted_bytes_max {
            return Err(Reason::TooMuchUncommitted);
        }
        if common.is_log_full() {
            return Err(Reason::LogFull);
        }
        match &mut self.transfer {
            Some(transfer) => transfer.hold(command),
            None => common.append(Payload::Command(command)),
        }
        Ok(())
    }

    /// Notes a read, its own or a follower's. While the lease holds, it is answered at once.
    pub(crate) fn read(&mut self, common: &mut Common, from: NodeId, ticket: Ticket) {
        let has_lease = common.config.lease_ticks.is_some_and(|ticks| self.lease.holds(ticks));
        if has_lease && self.transfer.is_none() && common.knows_commit() {
            answer_read(common, from, ticket, common.log.commit());
        } else {
            self.reads.push(from, ticket);
        }
    }

    /// The host missed so many ticks.
    pub(crate) fn skip(&mut self, ticks: u32) {
        self.lease.pass(ticks);
    }

    /// Its disk answered.
    pub(crate) fn on_persisted(&mut self) {
        self.disk_silence = 0;
    }

    /// Followers that are sent a snapshot are sent this newer one.
    pub(crate) fn on_snapshotted(&mut self, snapshot: &Snapshot) {
        for progress in self.progress.values_mut().filter(|it| it.is_sent_snapshot()) {
            progress.send_snapshot(snapshot.clone());
        }
    }

    /// Whether some follower is sent a snapshot.
    pub(crate) fn sends_snapshot(&self) -> bool {
        self.progress.values().any(Progress::is_sent_snapshot)
    }

    /// Sends what the inputs since the last drain call for.
    pub(crate) fn flush(&mut self, common: &mut Common) {
        self.start_reads(common);
        self.promise_to_itself(common);
        self.replicate(common);
        self.push_transfer(common);
    }

    /// Starts a round of reads. A leader first commits an entry of its own term: before that it
    /// may not know of all that is committed (§8).
    fn start_reads(&mut self, common: &mut Common) {
        if common.knows_commit() && self.reads.start_round(common.log.commit()) {
            self.send_round(common);
        }
    }

    /// Sends the newest round to all, itself included.
    fn send_round(&mut self, common: &mut Common) {
        let round = self.reads.round();
        if let Some(own) = self.progress.get_mut(&common.id()) {
            own.round = round;
        }
        if common.config.lease_ticks.is_some() {
            self.lease.on_round_sent(round);
        }
        self.send_heartbeats(common);
        self.answer_reads(common);
    }

    /// Commits what a quorum holds durably; but counts only for an entry of its own term, which
    /// commits all before it too (§5.4.2, figure 8).
    fn advance_commit(&mut self, common: &mut Common) -> Transition {
        let matched = common.configuration().reached(|id| self.matched(id));
        let position = common.log.position_at(matched);
        if matched > common.log.commit()
            && position.is_some_and(|position| position.term == common.term)
        {
            common.log.commit_to(matched);
            // In a smaller configuration fewer members have to confirm a read.
            self.answer_reads(common);
            return self.on_configuration_committed(common);
        }
        Transition::Stay
    }

    pub(crate) fn all_matched(&self) -> impl Iterator<Item = (NodeId, Index)> {
        self.progress.iter().map(|(id, progress)| (*id, progress.matched))
    }

    fn matched(&self, id: NodeId) -> Index {
        self.progress.get(&id).map_or(Index(0), |progress| progress.matched)
    }

    /// Answers the reads whose rounds a quorum has confirmed.
    fn answer_reads(&mut self, common: &mut Common) {
        let round_of = |id| self.progress.get(&id).map_or(0, |progress| progress.round);
        let confirmed = common.configuration().reached(round_of);
        self.lease.on_round_confirmed(confirmed);
        while let Some(Read { from, ticket, index, .. }) = self.reads.pop_confirmed(confirmed) {
            answer_read(common, from, ticket, index);
        }
    }

    /// Whether a quorum was heard within the longest election time-out. A leader that hears fewer
    /// steps down: the others may have another one by now (dissertation §6.2).
    fn hears_quorum(&self, common: &Common) -> bool {
        let patience = *common.election_ticks().end();
        let is_heard = |id| {
            id == common.id()
                || self.progress.get(&id).is_some_and(|progress| progress.silence < patience)
        };
        common.configuration().tally(|id| Some(is_heard(id))) == Tally::Won
    }

    /// Whether its disk still answers. A leader without one holds everybody up; but if no other
    /// member votes, nobody would do better.
    fn hears_disk(&mut self, common: &Common) -> bool {
        self.disk_silence = if common.outbox.is_writing() { self.disk_silence + 1 } else { 0 };
        self.disk_silence < common.config.disk_ticks || common.configuration().voters().len() == 1
    }
}

fn answer_read(common: &mut Common, to: NodeId, ticket: Ticket, index: Index) {
    if to == common.id() {
        common.outbox.emit(Effect::ReadReady { ticket, index });
    } else {
        common.send(to, Message::ReadIndex { ticket, index });
    }
}

//! A leader: replicates its log, and decides what is committed.

use std::collections::BTreeMap;

use crate::common::Common;
use crate::effect::Effect;
use crate::message::Message;
use crate::progress::{Due, Progress};
use crate::quorum::Tally;
use crate::reads::{Read, Reads};
use crate::transition::Transition;
use crate::types::{Index, NodeId, Payload, Position, Ticket};

#[derive(Debug)]
pub(crate) struct Leader {
    /// One for each voter, its own among them.
    progress: BTreeMap<NodeId, Progress>,
    reads: Reads,
    /// Ticks since the last heartbeat.
    since_heartbeat: u32,
    /// The last index that it promised itself to hold.
    promised: Index,
}

impl Leader {
    /// A leader of the current term, whose first entry was appended already.
    pub(crate) fn new(common: &Common) -> Self {
        let next = common.log.last().index;
        let voters = common.configuration().voters();
        Self {
            progress: voters.map(|id| (id, Progress::new(next))).collect(),
            reads: Reads::default(),
            since_heartbeat: 0,
            promised: Index(0),
        }
    }

    pub(crate) fn tick(&mut self, common: &mut Common) -> Transition {
        for progress in self.progress.values_mut() {
            progress.silence += 1;
        }
        if !self.hears_quorum(common) {
            return Transition::Follow(None);
        }
        self.since_heartbeat += 1;
        if self.since_heartbeat >= common.config.heartbeat_ticks {
            self.send_heartbeats(common);
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
                self.advance_commit(common);
            }
            Message::Rejected { refused, hint } => {
                progress.on_rejected(refused, common.log.could_agree(hint).index);
            }
            Message::Heard { round } => {
                progress.on_heard();
                progress.round = progress.round.max(round.min(self.reads.round()));
                self.answer_reads(common);
            }
            Message::Forward { number, commands } if number > progress.forwarded => {
                progress.forwarded = number;
                for command in commands {
                    common.append(Payload::Command(command));
                }
            }
            Message::RequestReadIndex { ticket } => self.read(from, ticket),
            Message::RequestVote { .. } => common.send(from, Message::Vote { granted: false }),
            Message::Appended { .. }
            | Message::Forward { .. }
            | Message::RequestPreVote { .. }
            | Message::PreVote { .. }
            | Message::Vote { .. }
            | Message::Append { .. }
            | Message::Heartbeat { .. }
            | Message::ReadIndex { .. } => {}
        }
        Transition::Stay
    }

    /// Notes a read, its own or a follower's.
    pub(crate) fn read(&mut self, from: NodeId, ticket: Ticket) {
        self.reads.push(from, ticket);
    }

    /// Sends what the inputs since the last drain call for.
    pub(crate) fn flush(&mut self, common: &mut Common) {
        self.start_reads(common);
        self.promise_to_itself(common);
        self.replicate(common);
    }

    /// Starts a round of reads. A leader first commits an entry of its own term: before that it
    /// may not know of all that is committed (§8).
    fn start_reads(&mut self, common: &mut Common) {
        let commit = common.log.commit();
        let knows_commit = common.log.position_at(commit).map(|p| p.term) == Some(common.term);
        if knows_commit && self.reads.start_round(commit) {
            let own = self.progress.get_mut(&common.id()).expect("a leader is a voter");
            own.round = self.reads.round();
            self.send_heartbeats(common);
            self.answer_reads(common);
        }
    }

    /// Says to itself what a follower says to its leader, through the same gate: its own copy
    /// counts when it is durable, and the disk works while the others receive.
    fn promise_to_itself(&mut self, common: &mut Common) {
        let matched = common.log.last().index;
        if matched > self.promised {
            self.promised = matched;
            common.send(common.id(), Message::Appended { matched });
        }
    }

    /// Sends each follower the appends that it may get now.
    fn replicate(&mut self, common: &mut Common) {
        let (own, last, commit) = (common.id(), common.log.last().index, common.log.commit());
        for (&to, progress) in self.progress.iter_mut().filter(|(id, _)| **id != own) {
            while let Some(due) = progress.due(last, commit, &common.config) {
                let previous = common.log.position_at(progress.next.previous());
                let previous = previous.expect("next is at most one beyond the log");
                let entries = match due {
                    Due::Entries => common.log.slice(progress.next, common.config.append_bytes_max),
                    Due::Empty => &[],
                }
                .to_vec();
                let bytes = entries.iter().map(|entry| entry.payload.len()).sum();
                let sent = entries.last().map_or(previous, |entry| entry.position);
                progress.on_sent(sent.index, bytes, commit);
                common.send(to, Message::Append { previous, entries, commit });
            }
        }
    }

    fn send_heartbeats(&mut self, common: &mut Common) {
        self.since_heartbeat = 0;
        let (own, round) = (common.id(), self.reads.round());
        for (&to, progress) in self.progress.iter().filter(|(id, _)| **id != own) {
            let commit = common.log.commit().min(progress.matched);
            common.send(to, Message::Heartbeat { commit, round });
        }
    }

    /// Commits what a quorum holds durably; but counts only for an entry of its own term, which
    /// commits all before it too (§5.4.2, figure 8).
    fn advance_commit(&mut self, common: &mut Common) {
        let matched = common.configuration().reached(|id| self.matched(id));
        let position = common.log.position_at(matched);
        if position.is_some_and(|Position { term, .. }| term == common.term) {
            common.log.commit_to(matched);
        }
    }

    fn matched(&self, id: NodeId) -> Index {
        self.progress.get(&id).map_or(Index(0), |progress| progress.matched)
    }

    /// Answers the reads whose rounds a quorum has confirmed.
    fn answer_reads(&mut self, common: &mut Common) {
        let round_of = |id| self.progress.get(&id).map_or(0, |progress| progress.round);
        let confirmed = common.configuration().reached(round_of);
        while let Some(Read { from, ticket, index, .. }) = self.reads.pop_confirmed(confirmed) {
            if from == common.id() {
                common.outbox.emit(Effect::ReadReady { ticket, index });
            } else {
                common.send(from, Message::ReadIndex { ticket, index });
            }
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
}

//! What a member knows whatever its role, and the rules that hold in every role.

use std::ops::RangeInclusive;
use std::sync::Arc;

use bytes::Bytes;

use crate::config::Config;
use crate::configuration::Configuration;
use crate::effect::{Effect, Reason};
use crate::log::{Log, fitting, follows};
use crate::message::{Ballot, Envelope, Message};
use crate::outbox::Outbox;
use crate::random::Random;
use crate::receiving::Receiving;
use crate::timer::ElectionTimer;
use crate::types::{
    Entry, HardState, Index, Loss, NodeId, Payload, Position, Restored, Snapshot, Term, Ticket,
};

#[derive(Clone, Debug, Hash)]
pub(crate) struct Common {
    pub(crate) config: Config,
    pub(crate) term: Term,
    pub(crate) vote: Option<NodeId>,
    pub(crate) log: Log,
    pub(crate) outbox: Outbox,
    /// Commands for the leader of this term, which leave with the next drain.
    pub(crate) forwards: Vec<Bytes>,
    next_forward: u64,
    /// What it may have lost. While it may have, it is recovering.
    loss: Option<Loss>,
    /// The snapshot that a leader is sending.
    receiving: Option<Receiving>,
    /// Ticks since the start, as long as they matter.
    age: u32,
    random: Random,
}

impl Common {
    pub(crate) fn new(config: Config, restored: Restored) -> Self {
        let hard_state = restored.hard_state;
        let (base, loss) = (restored.base, restored.loss);
        let log = Log::restore(Arc::new(config.configuration.clone()), restored);
        let HardState { term, vote } = hard_state;
        // A snapshot may be of a later term than the log that it was stored beside.
        let covered = log.snapshot().map_or(Term(0), |snapshot| snapshot.position.term);
        assert!(
            log.last().term <= term.max(covered),
            "the log ends at {}, in term {term}",
            log.last()
        );
        let mut common = Self {
            term,
            vote,
            outbox: Outbox::default(),
            forwards: Vec::new(),
            next_forward: config.first_forward,
            loss,
            receiving: None,
            age: 0,
            random: Random::new(config.seed),
            log,
            config,
        };
        if common.log.base() != base {
            common.outbox.save_base(common.log.base());
        }
        if common.log.last().term > term {
            common.enter_term(common.log.last().term);
        }
        if common.is_recovering() {
            // Nothing that it promised counts in this term, and no earlier leader hears it again.
            common.enter_term(common.term.next());
        }
        common
    }

    pub(crate) fn id(&self) -> NodeId {
        self.config.id
    }

    pub(crate) fn configuration(&self) -> &Configuration {
        self.log.configuration().1
    }

    /// Whether it may stand for election: only who votes may. Who is to vote no more may as long as
    /// that is not committed, for it may be the only one that has the entry which says so, and
    /// nobody with a shorter log could be elected (dissertation §4.2.2).
    pub(crate) fn may_campaign(&self) -> bool {
        let may_vote = self.ballot(true).is_given();
        may_vote && self.log.open_configurations().any(|it| it.is_voter(self.id()))
    }

    pub(crate) fn election_ticks(&self) -> &RangeInclusive<u32> {
        &self.config.election_ticks
    }

    /// A timer that runs out at a random moment.
    pub(crate) fn new_timer(&mut self) -> ElectionTimer {
        let patience = self.random.within(&self.config.election_ticks);
        ElectionTimer::new(patience + self.config.campaign_delay_ticks)
    }

    /// Lets one tick pass.
    pub(crate) fn grow_older(&mut self) {
        self.age = self.age.saturating_add(1).min(*self.config.election_ticks.start());
    }

    /// Whether the member may have told a leader, before it was restarted, that it follows it, and
    /// that leader may still count on it for its lease.
    pub(crate) fn may_have_heard_leader(&self) -> bool {
        self.config.lease_ticks.is_some() && self.age < *self.config.election_ticks.start()
    }

    // Term and vote.

    /// Enters a later term, in which it has not voted yet, and nobody was asked for anything.
    pub(crate) fn enter_term(&mut self, term: Term) {
        assert!(term > self.term, "from term {} to term {term}", self.term);
        self.term = term;
        self.vote = None;
        self.forwards.clear();
        self.save_hard_state();
    }

    /// Whether it may vote for a candidate whose log ends at `last`: one vote a term (§5.2), and
    /// none for a log that is less up to date than its own (§5.4.1).
    pub(crate) fn may_vote_for(&self, candidate: NodeId, last: Position) -> bool {
        self.vote.is_none_or(|vote| vote == candidate) && last >= self.log.last()
    }

    /// The worth of a vote that this member would give by the rules of an intact one.
    pub(crate) fn ballot(&self, would_vote: bool) -> Ballot {
        match self.loss {
            _ if !would_vote => Ballot::Refused,
            None => Ballot::Granted,
            Some(Loss::Tail) => Ballot::Weak,
            Some(Loss::Damage) => Ballot::Refused,
        }
    }

    pub(crate) fn vote_for(&mut self, candidate: NodeId) {
        assert!(
            self.vote.is_none_or(|vote| vote == candidate),
            "voted for {:?}, now for {candidate} in term {}",
            self.vote,
            self.term
        );
        self.vote = Some(candidate);
        self.save_hard_state();
    }

    fn save_hard_state(&mut self) {
        self.outbox.save_hard_state(HardState { term: self.term, vote: self.vote });
    }

    // Recovery.

    /// What it may have lost of what it promised.
    pub(crate) fn loss(&self) -> Option<Loss> {
        self.loss
    }

    fn is_recovering(&self) -> bool {
        self.loss.is_some()
    }

    /// A recovering member is whole again when it holds an entry that is committed in its term.
    /// The leader of that term was elected without counting on what this member has lost, so it
    /// has all that was committed before; and all of it stands before that entry.
    pub(crate) fn end_recovery(&mut self) {
        if self.is_recovering() && self.knows_commit() {
            self.loss = None;
            self.outbox.save_recovered();
        }
    }

    /// Whether an entry of its term is committed, as far as it knows. A leader knows of all that is
    /// committed then, and not before.
    pub(crate) fn knows_commit(&self) -> bool {
        let commit = self.log.position_at(self.log.commit());
        commit.is_some_and(|position| position.term == self.term)
    }

    // Messages.

    pub(crate) fn send(&mut self, to: NodeId, message: Message) {
        self.outbox.send(Envelope { from: self.id(), to, term: self.term, message });
    }

    /// Sends the leader what clients want from it, in messages that are no longer than appends.
    pub(crate) fn send_forwards(&mut self, leader: NodeId) {
        while !self.forwards.is_empty() {
            let sizes = self.forwards.iter().map(Bytes::len);
            let rest = self.forwards.split_off(fitting(sizes, self.config.append_bytes_max));
            let commands = std::mem::replace(&mut self.forwards, rest);
            let number = self.next_forward;
            self.next_forward += 1;
            self.send(leader, Message::Forward { number, commands });
        }
    }

    /// Sends a message to every other voter, of both halves of a joint configuration.
    pub(crate) fn broadcast(&mut self, message: &Message) {
        let (from, term) = (self.id(), self.term);
        let configuration = self.log.configuration().1;
        let voters = configuration.members().into_iter().filter(|id| configuration.is_voter(*id));
        for to in voters.filter(|to| *to != from) {
            self.outbox.send(Envelope { from, to, term, message: message.clone() });
        }
    }

    pub(crate) fn refuse(&mut self, ticket: Ticket, reason: Reason) {
        self.outbox.emit(Effect::Refuse { ticket, reason });
    }

    // The log.

    /// Adds an entry of the current term at the end.
    pub(crate) fn append(&mut self, payload: Payload) {
        let position = Position { term: self.term, index: self.log.last().index.next() };
        self.push(Entry { position, payload });
    }

    /// Answers a leader's append: takes over its entries if the logs agree up to them (§5.3).
    pub(crate) fn on_append(
        &mut self,
        leader: NodeId,
        previous: Position,
        entries: Vec<Entry>,
        commit: Index,
    ) {
        if !are_adjacent(previous, &entries, self.term) {
            return;
        }
        let matched = Index(previous.index.0 + entries.len() as u64);
        let Some((previous, entries)) = self.without_covered(previous, entries) else { return };
        if !self.log.holds(previous) {
            let hint = self.log.could_agree(previous);
            self.send(leader, Message::Rejected { refused: previous.index, hint });
            return;
        }
        if self.is_log_full() && matched > self.log.last().index {
            // As if it had been lost: the leader asks again.
            return;
        }
        if self.merge(entries) {
            self.log.commit_to(commit.min(matched).max(self.log.commit()));
            self.send(leader, Message::Appended { matched });
        }
    }

    /// Whether the log takes no more before a snapshot has made room.
    pub(crate) fn is_log_full(&self) -> bool {
        self.log.committed_bytes() >= self.config.log_bytes_max
    }

    /// Leaves out what is before the base: it is committed, so every leader has the same there.
    /// `None` if this one has not.
    fn without_covered(
        &self,
        previous: Position,
        mut entries: Vec<Entry>,
    ) -> Option<(Position, Vec<Entry>)> {
        let base = self.log.base();
        if previous.index >= base.index {
            return Some((previous, entries));
        }
        let kept = entries.partition_point(|entry| entry.position.index <= base.index);
        let is_other = kept.checked_sub(1).is_some_and(|last| {
            let last = entries[last].position;
            last.index == base.index && last != base
        });
        entries.drain(..kept);
        (!is_other).then_some((base, entries))
    }

    /// Adds the entries that the log does not hold yet. Only an entry that differs truncates it:
    /// a late, shorter append must not undo a promise (§5.3). False, and nothing changed, if it
    /// differs from what is committed: no leader asks for that.
    fn merge(&mut self, entries: Vec<Entry>) -> bool {
        let mut new = entries.into_iter().skip_while(|entry| self.log.holds(entry.position));
        let Some(first) = new.next() else { return true };
        let from = first.position.index;
        if from <= self.log.commit() {
            return false;
        }
        let new = std::iter::once(first).chain(new).collect::<Vec<_>>();
        if from <= self.log.last().index {
            self.log.truncate(from);
            self.outbox.truncate(from);
        }
        for entry in new {
            self.push(entry);
        }
        true
    }

    fn push(&mut self, entry: Entry) {
        self.outbox.save_entry(entry.clone());
        self.log.push(entry);
    }

    // Snapshots.

    /// Answers a piece of a leader's snapshot. A log that holds the snapshot's position needs none
    /// of it: what the snapshot covers is committed, so it is the same here.
    pub(crate) fn on_chunk(
        &mut self,
        leader: NodeId,
        snapshot: Snapshot,
        offset: u64,
        data: Bytes,
    ) {
        let position = snapshot.position;
        if !could_be_taken(&snapshot, self.term) || self.log.contradicts(position) {
            return;
        }
        if position.index <= self.log.commit() || self.log.holds(position) {
            self.log.commit_to(position.index);
            self.send(leader, Message::Appended { matched: position.index });
            return;
        }
        let receiving = match self.receiving.take() {
            Some(receiving) if receiving.is_of(&snapshot) => self.receiving.insert(receiving),
            // A host keeps only the newest snapshots. With none begun before this one is restored,
            // it cannot have removed it by then. The leader asks on with its heartbeats.
            Some(receiving) if receiving.is_complete() => {
                self.receiving = Some(receiving);
                return;
            }
            _ => self.receiving.insert(Receiving::new(snapshot)),
        };
        if let Some(effect) = receiving.take(offset, data) {
            self.outbox.emit(effect);
        }
        let next = receiving.next();
        self.send(leader, Message::ChunkReceived { position, next });
    }

    /// A snapshot that a leader sent is here, whole and durable. It takes the place of the log.
    pub(crate) fn on_snapshot_received(&mut self, snapshot: Snapshot) {
        self.receiving.take_if(|receiving| receiving.is_of(&snapshot));
        let position = snapshot.position;
        if position.index <= self.log.commit() || self.log.holds(position) {
            self.on_snapshotted(snapshot);
            return;
        }
        self.outbox.truncate(Index(0));
        self.outbox.save_base(position);
        self.log.reset(snapshot.clone());
        self.outbox.emit(Effect::Restore(snapshot));
    }

    /// The snapshot that a leader sent was spoiled on the way: it has to be sent again.
    pub(crate) fn on_snapshot_spoiled(&mut self, snapshot: &Snapshot) {
        self.receiving.take_if(|receiving| receiving.is_of(snapshot));
    }

    /// A snapshot is durable here, so the log before it may go.
    pub(crate) fn on_snapshotted(&mut self, snapshot: Snapshot) {
        self.log.keep_snapshot(snapshot);
        self.drop_covered(self.config.keep_bytes);
    }

    /// Drops the log before the newest snapshot, but for the last `keep_bytes` of it.
    pub(crate) fn drop_covered(&mut self, keep_bytes: usize) {
        if let Some(base) = self.log.compact(keep_bytes) {
            self.outbox.save_base(base);
        }
    }
}

/// Whether a leader of `term` could have such a snapshot. No log grows to half of all indexes.
fn could_be_taken(snapshot: &Snapshot, term: Term) -> bool {
    let Snapshot { position, configuration, .. } = snapshot;
    (1..u64::MAX / 2).contains(&position.index.0)
        && position.term <= term
        && configuration.is_known()
}

/// Whether a leader of `term` could have sent these entries after `previous`.
fn are_adjacent(previous: Position, entries: &[Entry], term: Term) -> bool {
    let mut last = previous;
    entries.iter().all(|entry| {
        let adjacent = follows(last, entry);
        last = entry.position;
        adjacent
    }) && last.term <= term
}

//! What a member knows whatever its role, and the rules that hold in every role.

use std::ops::RangeInclusive;

use bytes::Bytes;

use crate::config::Config;
use crate::log::{Log, fitting, follows};
use crate::message::{Envelope, Message};
use crate::outbox::Outbox;
use crate::quorum::Configuration;
use crate::random::Random;
use crate::timer::ElectionTimer;
use crate::types::{Entry, HardState, Index, NodeId, Payload, Position, Restored, Term};

#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) config: Config,
    pub(crate) term: Term,
    pub(crate) vote: Option<NodeId>,
    pub(crate) log: Log,
    pub(crate) outbox: Outbox,
    /// Commands for the leader of this term, which leave with the next drain.
    pub(crate) forwards: Vec<Bytes>,
    next_forward: u64,
    random: Random,
}

impl Common {
    pub(crate) fn new(config: Config, restored: Restored) -> Self {
        let Restored { hard_state, entries, commit } = restored;
        let log = Log::restore(entries, commit);
        let HardState { term, vote } = hard_state;
        assert!(log.last().term <= term, "the log ends at {}, in term {term}", log.last());
        let (random, next_forward) = (Random::new(config.seed), config.first_forward);
        let (outbox, forwards) = (Outbox::default(), Vec::new());
        Self { config, term, vote, log, outbox, forwards, next_forward, random }
    }

    pub(crate) fn id(&self) -> NodeId {
        self.config.id
    }

    pub(crate) fn configuration(&self) -> &Configuration {
        &self.config.configuration
    }

    pub(crate) fn election_ticks(&self) -> &RangeInclusive<u32> {
        &self.config.election_ticks
    }

    /// A timer that runs out at a random moment.
    pub(crate) fn new_timer(&mut self) -> ElectionTimer {
        ElectionTimer::new(self.random.within(&self.config.election_ticks))
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

    /// Sends a message to every other voter.
    pub(crate) fn broadcast(&mut self, message: &Message) {
        for to in self.config.configuration.voters().filter(|to| *to != self.config.id) {
            let (from, term) = (self.config.id, self.term);
            self.outbox.send(Envelope { from, to, term, message: message.clone() });
        }
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
        if !self.log.holds(previous) {
            let hint = self.log.could_agree(previous);
            self.send(leader, Message::Rejected { refused: previous.index, hint });
            return;
        }
        let matched = Index(previous.index.0 + entries.len() as u64);
        if self.merge(entries) {
            self.log.commit_to(commit.min(matched));
            self.send(leader, Message::Appended { matched });
        }
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

//! What is known of all members from outside, and what is committed for ever.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use raft::{
    Configuration, Entry, Index, NodeId, Payload, Position, Restored, RoleName, Standing, Status,
    Term, Write,
};

use super::Fact;
use super::history::History;
use super::recovery::Recovery;
use crate::event::Moment;
use crate::rolling::Rolling;

#[derive(Debug, Default)]
pub(crate) struct Ghost {
    /// When the last fact was.
    pub(crate) now: Moment,
    pub(crate) members: BTreeMap<NodeId, Mirror>,
    /// What is committed, from index 1.
    pub(crate) committed: Vec<Committed>,
    /// What that makes of the store.
    pub(super) history: History,
    /// What each entry said that ever was in a log.
    payloads: BTreeMap<Position, Payload>,
    /// The place of the last entry that a member of each term was the first to commit.
    last_by_term: BTreeMap<Term, usize>,
    /// What became committed by the last fact.
    grown: Range<usize>,
    truncated: bool,
    explained: bool,
    unreported: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Committed {
    pub(crate) position: Position,
    /// The hash of the log up to here.
    pub(crate) prefix: u64,
    pub(crate) payload: Payload,
}

/// What is known of one member.
#[derive(Debug, Default)]
pub(crate) struct Mirror {
    /// Its log in memory, from what it asked to write.
    pub(crate) log: Chain,
    /// Its log on the disk.
    pub(crate) durable: Chain,
    pub(crate) durable_term: Term,
    /// Each vote that ever was on the disk.
    pub(crate) votes: BTreeMap<Term, NodeId>,
    /// Each position that ever was on the disk.
    pub(crate) ever_durable: BTreeSet<Position>,
    /// Writes that were on their way to the disk when it crashed.
    pub(crate) unsure: Vec<Write>,
    /// It lost some of what ever was on the disk.
    pub(crate) has_lost: bool,
    /// How it stands, and how it stood before that; nothing while it is down.
    pub(crate) status: Option<Status>,
    pub(crate) before: Option<Status>,
}

/// A log, as the hashes of its prefixes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    base: Position,
    links: VecDeque<(Position, u64)>,
    base_prefix: u64,
}

impl Ghost {
    pub(crate) fn mirror(&self, id: NodeId) -> &Mirror {
        &self.members[&id]
    }

    pub(crate) fn committed_index(&self) -> Index {
        Index(self.committed.len() as u64)
    }

    /// What is committed at that index.
    pub(crate) fn committed_at(&self, index: Index) -> Option<&Committed> {
        self.committed.get(usize::try_from(index.0).ok()?.checked_sub(1)?)
    }

    /// The last entry that was committed in a term before that one.
    pub(crate) fn last_before(&self, term: Term) -> Option<&Committed> {
        let place = self.last_by_term.range(..term).map(|(_, place)| *place).max()?;
        self.committed.get(place)
    }

    /// What the last fact committed.
    pub(crate) fn grown(&self) -> Option<&[Committed]> {
        (!self.grown.is_empty()).then(|| &self.committed[self.grown.clone()])
    }

    pub(crate) fn has_truncated(&self) -> bool {
        self.truncated
    }

    /// Whether what a member just found on its disk is what it can have written.
    pub(crate) fn was_explained(&self) -> bool {
        self.explained
    }

    /// Whether it found a write that was never reported to be durable.
    pub(crate) fn found_unreported(&self) -> bool {
        self.unreported
    }

    /// The configuration that the last fact committed.
    pub(crate) fn configuration_committed_now(&self) -> Option<&Arc<Configuration>> {
        self.grown()?.iter().rev().find_map(|entry| match &entry.payload {
            Payload::Configuration(configuration) => Some(configuration),
            Payload::Noop | Payload::Command(_) => None,
        })
    }

    /// Who thinks that it leads.
    pub(crate) fn leaders(&self) -> impl Iterator<Item = (NodeId, Standing)> {
        self.members.iter().filter_map(|(id, mirror)| {
            let standing = mirror.status.as_ref()?.standing;
            (standing.role == RoleName::Leader).then_some((*id, standing))
        })
    }

    /// Takes in what happened.
    pub(crate) fn see(&mut self, now: Moment, fact: &Fact<'_>) {
        self.now = now;
        self.grown = 0..0;
        self.truncated = false;
        match fact {
            Fact::Started { id, restored, .. } => self.start(*id, restored),
            Fact::Wrote { id, write } => {
                for entry in &write.entries {
                    self.payloads.entry(entry.position).or_insert_with(|| entry.payload.clone());
                }
                let prefix = self.base_prefix(write);
                let mirror = self.members.entry(*id).or_default();
                self.truncated = mirror.log.take(write, prefix);
            }
            Fact::Durable { id, write } => {
                let prefix = self.base_prefix(write);
                let mirror = self.members.entry(*id).or_default();
                mirror.make_durable(write, prefix);
            }
            Fact::Stands { id, status } => {
                let mirror = self.members.entry(*id).or_default();
                mirror.before = mirror.status.replace((*status).clone());
                self.grow(*id, status);
            }
            Fact::Crashed { id, batch } => {
                let mirror = self.members.entry(*id).or_default();
                (mirror.status, mirror.before) = (None, None);
                mirror.unsure = batch.to_vec();
            }
            Fact::Leads { .. }
            | Fact::Sent { .. }
            | Fact::Drained { .. }
            | Fact::Applied { .. }
            | Fact::Taken { .. }
            | Fact::Restored { .. }
            | Fact::Invoked { .. }
            | Fact::Answered { .. }
            | Fact::Denied { .. }
            | Fact::ReadReady { .. }
            | Fact::Connected { .. }
            | Fact::Watched { .. }
            | Fact::Told { .. }
            | Fact::HeardAll { .. }
            | Fact::Audited { .. } => {}
        }
    }

    fn base_prefix(&self, write: &Write) -> u64 {
        let base = write.base.and_then(|base| self.committed_at(base.index));
        base.map_or(0, |entry| entry.prefix)
    }

    /// What is found is what was durable; and what was on its way may be, too.
    fn start(&mut self, id: NodeId, restored: &Restored) {
        let prefix = self.committed_at(restored.base.index).map_or(0, |entry| entry.prefix);
        let mirror = self.members.entry(id).or_default();
        let batch = std::mem::take(&mut mirror.unsure);
        let explains = |batch| Recovery::explains(mirror, batch, restored);
        let is_as_reported = explains(&[]);
        self.explained = is_as_reported || explains(&batch);
        self.unreported = !is_as_reported;
        let mut found = Chain { base: restored.base, base_prefix: prefix, links: VecDeque::new() };
        restored.entries.iter().for_each(|entry| found.push(entry));
        mirror.has_lost |= restored.loss.is_some();
        mirror.log = found.clone();
        mirror.durable = found;
        mirror.ever_durable.extend(restored.entries.iter().map(|entry| entry.position));
        mirror.durable_term = restored.hard_state.term;
        if let Some(vote) = restored.hard_state.vote {
            mirror.votes.entry(restored.hard_state.term).or_insert(vote);
        }
    }

    fn grow(&mut self, id: NodeId, status: &Status) {
        let start = self.committed.len();
        let mirror = &self.members[&id];
        for index in start as u64 + 1..=status.commit.0 {
            let Some((position, prefix)) = mirror.log.at(Index(index)) else { break };
            let Some(payload) = self.payloads.get(&position).cloned() else { break };
            let term = status.standing.term;
            self.last_by_term.insert(term, self.committed.len());
            self.committed.push(Committed { position, prefix, payload });
        }
        self.grown = start..self.committed.len();
        self.history.follow(&self.committed);
    }
}

impl Mirror {
    fn make_durable(&mut self, write: &Write, prefix: u64) {
        self.durable.take(write, prefix);
        self.ever_durable.extend(write.entries.iter().map(|entry| entry.position));
        self.ever_durable.extend(write.base);
        if let Some(state) = write.hard_state {
            self.durable_term = state.term;
            if let Some(vote) = state.vote {
                self.votes.entry(state.term).or_insert(vote);
            }
        }
    }

    pub(crate) fn ever_held(&self, position: Position) -> bool {
        position == Position::default() || self.ever_durable.contains(&position)
    }
}

impl Chain {
    /// The entry at that index, and the hash up to it. The base counts as an entry.
    pub(crate) fn at(&self, index: Index) -> Option<(Position, u64)> {
        match index.0.checked_sub(self.base.index.0)? {
            0 => Some((self.base, self.base_prefix)),
            place => self.links.get(usize::try_from(place).ok()? - 1).copied(),
        }
    }

    pub(crate) fn base(&self) -> Position {
        self.base
    }

    pub(crate) fn last(&self) -> Position {
        self.links.back().map_or(self.base, |(position, _)| *position)
    }

    /// Whether it is known to hold that entry: or what it begins after covers it.
    pub(crate) fn covers(&self, entry: &Committed) -> bool {
        entry.position.index <= self.base.index
            || self.at(entry.position.index) == Some((entry.position, entry.prefix))
    }

    /// Carries a write out. Whether that dropped entries which others take the place of.
    pub(crate) fn take(&mut self, write: &Write, prefix: u64) -> bool {
        if let Some(base) = write.base {
            if self.at(base.index).is_some_and(|(position, _)| position == base) {
                self.links.retain(|(position, _)| position.index > base.index);
            } else {
                self.links.clear();
            }
            (self.base, self.base_prefix) = (base, prefix);
        }
        let Some(first) = write.entries.first() else { return false };
        let truncates = first.position.index <= self.last().index;
        self.links.retain_back(first.position.index);
        write.entries.iter().for_each(|entry| self.push(entry));
        truncates
    }

    fn push(&mut self, entry: &Entry) {
        let before = self.links.back().map_or(self.base_prefix, |(_, prefix)| *prefix);
        self.links.push_back((entry.position, Rolling::chain(before, entry)));
    }
}

trait RetainBack {
    /// Drops what stands at that index or after it.
    fn retain_back(&mut self, from: Index);
}

impl RetainBack for VecDeque<(Position, u64)> {
    fn retain_back(&mut self, from: Index) {
        while self.back().is_some_and(|(position, _)| position.index >= from) {
            self.pop_back();
        }
    }
}

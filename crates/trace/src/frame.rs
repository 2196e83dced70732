//! The fold: from records to what a picture shows.

use std::collections::BTreeMap;

use crate::message::EntryText;
use crate::record::{Event, Fault, Member, Record, Role};

/// A moment of a cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// The members, by name.
    pub members: BTreeMap<String, Member>,
}

impl Frame {
    /// Takes in one record. Records that are about no member change nothing.
    pub fn fold(&mut self, record: &Record) {
        if let Some(name) = &record.n {
            self.fold_event(name, &record.event);
        }
    }

    /// Takes in one event of the member of that name.
    pub fn fold_event(&mut self, name: &str, event: &Event) {
        match self.members.get_mut(name) {
            Some(member) => member.fold(event),
            None => self.members.entry(name.to_owned()).or_default().fold(event),
        }
    }
}

impl Member {
    /// How many entries of the log are kept.
    pub const TAIL: usize = 12;
    /// How many keys are kept.
    pub const KEYS: usize = 8;

    /// Takes in one event of this member.
    pub fn fold(&mut self, event: &Event) {
        match event {
            Event::Key(member) => self.clone_from(member),
            Event::Standing { role, term, vote, lead } => {
                (self.role, self.term) = (*role, *term);
                self.vote.clone_from(vote);
                self.lead.clone_from(lead);
                if matches!(role, Role::Leader | Role::Stopped) {
                    self.tm = None;
                }
            }
            Event::Timer { dur, dl } => self.tm = Some((*dur, *dl)),
            Event::Appended { e } => self.append(e),
            Event::Truncated { from, .. } => {
                self.log.retain(|entry| entry.0 < *from);
                self.first = self.first.min(*from);
            }
            Event::Committed { ci } => self.ci = *ci,
            Event::Applied { ai, set } => {
                self.ai = *ai;
                for (key, value) in set {
                    self.kv.retain(|(known, _)| known != key);
                    self.kv.push((key.clone(), value.clone()));
                }
                let extra = self.kv.len().saturating_sub(Self::KEYS);
                self.kv.drain(..extra);
            }
            Event::Durable(durable) => self.du.clone_from(durable),
            Event::Snapshot(snapshot) => self.sn.clone_from(snapshot),
            Event::Configuration(configuration) => self.cf.clone_from(configuration),
            Event::Fault { f } => self.suffer(*f),
            Event::Hello { .. }
            | Event::Sent { .. }
            | Event::Received { .. }
            | Event::Dropped { .. }
            | Event::Operation { .. }
            | Event::Network { .. }
            | Event::Action { .. }
            | Event::Invariant { .. }
            | Event::Aggregate(_)
            | Event::End { .. }
            | Event::Gap { .. }
            | Event::Unknown => {}
        }
    }

    /// Adds entries to the tail. Where records are missing, until the next key, they may leave a
    /// hole, and then the tail begins anew; or overlap, and then they replace what was there.
    fn append(&mut self, entries: &[EntryText]) {
        let Some(&(from, ..)) = entries.first() else { return };
        if self.log.last().is_some_and(|last| last.0 + 1 < from) {
            self.log.clear();
        }
        self.log.retain(|entry| entry.0 < from);
        self.log.extend_from_slice(entries);
        let extra = self.log.len().saturating_sub(Self::TAIL);
        self.log.drain(..extra);
        self.first = self.log[0].0;
    }

    /// A stopped member keeps what it holds on its disk, and starts as a follower.
    fn suffer(&mut self, fault: Fault) {
        match fault {
            Fault::Stop => (self.role, self.lead, self.tm) = (Role::Stopped, None, None),
            Fault::Start if self.role == Role::Stopped => self.role = Role::Follower,
            Fault::Start | Fault::Pause | Fault::Resume => {}
        }
    }
}

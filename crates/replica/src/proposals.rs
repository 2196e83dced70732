//! The proposals that this member took and has not answered.

use std::collections::BTreeMap;

use bytes::Bytes;
use raft::{Term, Ticket};

/// The proposals that wait for their entries to be applied here.
#[derive(Debug, Default)]
pub(crate) struct Proposals {
    waiting: BTreeMap<Ticket, Proposal>,
    bytes: usize,
    /// How many of them are not on their way to a leader.
    unsent: usize,
}

#[derive(Debug)]
struct Proposal {
    command: Bytes,
    /// The term whose leader was asked to append it.
    sent_in: Option<Term>,
    deadline: u64,
}

impl Proposals {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn insert(&mut self, ticket: Ticket, command: Bytes, deadline: u64) {
        self.bytes += command.len();
        self.unsent += 1;
        self.waiting.insert(ticket, Proposal { command, sent_in: None, deadline });
    }

    /// Marks what was not sent yet as sent in `term`, and gives it out for sending.
    pub(crate) fn send_in(&mut self, term: Term) -> Vec<(Ticket, Bytes)> {
        if self.unsent == 0 {
            return Vec::new();
        }
        self.unsent = 0;
        let unsent = self.waiting.iter_mut().filter(|(_, proposal)| proposal.sent_in.is_none());
        unsent
            .map(|(ticket, proposal)| {
                proposal.sent_in = Some(term);
                (*ticket, proposal.command.clone())
            })
            .collect()
    }

    /// It was refused: it is on its way to no leader.
    pub(crate) fn refused(&mut self, ticket: Ticket) {
        if let Some(proposal) = self.waiting.get_mut(&ticket) {
            self.unsent += usize::from(proposal.sent_in.take().is_some());
        }
    }

    /// An entry of `term` was applied: what was sent before that term, and was not applied by now,
    /// never will be. It may be sent again.
    pub(crate) fn applied_entry_of(&mut self, term: Term) {
        for proposal in self.waiting.values_mut() {
            if proposal.sent_in.take_if(|sent_in| *sent_in < term).is_some() {
                self.unsent += 1;
            }
        }
    }

    /// A snapshot took the place of entries that this member never saw. What was sent may have been
    /// among them, or may still come: nobody can say any more.
    pub(crate) fn take_sent(&mut self) -> Vec<Ticket> {
        let sent = self.waiting.iter().filter(|(_, proposal)| proposal.sent_in.is_some());
        let sent = sent.map(|(ticket, _)| *ticket).collect::<Vec<_>>();
        for ticket in &sent {
            self.remove(*ticket);
        }
        sent
    }

    /// Its entry was applied. False if this member does not wait for it.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> bool {
        let removed = self.waiting.remove(&ticket);
        if let Some(proposal) = &removed {
            self.bytes -= proposal.command.len();
            self.unsent -= usize::from(proposal.sent_in.is_none());
        }
        removed.is_some()
    }

    /// Takes out the next proposal whose deadline has passed.
    pub(crate) fn pop_expired(&mut self, now: u64) -> Option<Ticket> {
        // Tickets and deadlines grow together.
        let (&ticket, first) = self.waiting.first_key_value()?;
        (first.deadline <= now && self.remove(ticket)).then_some(ticket)
    }
}

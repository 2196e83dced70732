//! The linearizable reads that this member took and has not answered.
//!
//! ```text
//!   read ──▶ waiting ──▶ asked ──▶ indexed ──▶ answered
//!               ▲          │       (waits until the index is applied)
//!               └──────────┘
//!         no answer, or another leader
//! ```
//!
//! All reads that wait go into one question: a *round*, under a ticket of its own.

use std::collections::BTreeMap;

use raft::{Index, Ticket};

#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// The deadline of each read that is not answered.
    deadlines: BTreeMap<Ticket, u64>,
    waiting: Vec<Ticket>,
    asked: BTreeMap<Ticket, Round>,
    indexed: Vec<(Index, Vec<Ticket>)>,
}

#[derive(Debug)]
struct Round {
    reads: Vec<Ticket>,
    asked_at: u64,
}

impl Reads {
    pub(crate) fn len(&self) -> usize {
        self.deadlines.len()
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(crate) fn insert(&mut self, ticket: Ticket, deadline: u64) {
        self.deadlines.insert(ticket, deadline);
        self.waiting.push(ticket);
    }

    /// What waits is asked for, under the ticket `round`.
    pub(crate) fn ask(&mut self, round: Ticket, now: u64) {
        let reads = std::mem::take(&mut self.waiting);
        self.asked.insert(round, Round { reads, asked_at: now });
    }

    /// The round was refused.
    pub(crate) fn refused(&mut self, round: Ticket) {
        if let Some(round) = self.asked.remove(&round) {
            self.waiting.extend(round.reads);
        }
    }

    /// Rounds that were asked at `until` or before got lost, it seems.
    pub(crate) fn lost(&mut self, until: u64) {
        for (_, round) in self.asked.extract_if(.., |_, round| round.asked_at <= until) {
            self.waiting.extend(round.reads);
        }
    }

    /// The round may be served when `index` is applied. An answer to a round that was given up
    /// means nothing.
    pub(crate) fn indexed(&mut self, round: Ticket, index: Index) {
        if let Some(round) = self.asked.remove(&round) {
            self.indexed.push((index, round.reads));
        }
    }

    /// Takes out the reads that may be served now.
    pub(crate) fn take_ready(&mut self, applied: Index) -> Vec<Ticket> {
        let ready = self.indexed.extract_if(.., |(index, _)| *index <= applied);
        let tickets = ready.flat_map(|(_, tickets)| tickets);
        tickets.filter(|ticket| self.deadlines.remove(ticket).is_some()).collect()
    }

    /// Takes out the next read whose deadline has passed.
    pub(crate) fn pop_expired(&mut self, now: u64) -> Option<Ticket> {
        // Tickets and deadlines grow together.
        let (&ticket, &deadline) = self.deadlines.first_key_value()?;
        (deadline <= now && self.deadlines.remove(&ticket).is_some()).then_some(ticket)
    }
}

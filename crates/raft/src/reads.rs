//! Linearizable reads by read index (§8; dissertation §6.4).
//!
//! A read may be served once two things are true: the leader still led after the read came, and the
//! state machine has applied what was committed when it came. Reads are gathered into *rounds*,
//! numbered by one counter of this leader. A heartbeat carries the number of the newest round, a
//! follower echoes it, and when a quorum has echoed a number, that round and each before it are
//! confirmed. Nothing is ever looked up by a name that a client chose.

use std::collections::VecDeque;

use crate::types::{Index, NodeId, Ticket};

/// The reads that a leader has not answered.
#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Reads {
    round: u64,
    waiting: Vec<(NodeId, Ticket)>,
    asked: VecDeque<Read>,
}

/// A read whose round waits for a quorum.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Read {
    /// Who asked.
    pub(crate) from: NodeId,
    /// The asker's handle on it.
    pub(crate) ticket: Ticket,
    /// What the asker must apply before it serves the read.
    pub(crate) index: Index,
    round: u64,
}

impl Reads {
    /// The newest round.
    pub(crate) fn round(&self) -> u64 {
        self.round
    }

    /// A read came. It joins the next round.
    pub(crate) fn push(&mut self, from: NodeId, ticket: Ticket) {
        self.waiting.push((from, ticket));
    }

    /// Starts a round of no reads, for what its confirmation says of the leader.
    pub(crate) fn start_empty_round(&mut self) {
        self.round += 1;
    }

    /// Starts a round with what came since the last one. False if nothing did.
    pub(crate) fn start_round(&mut self, commit: Index) -> bool {
        if self.waiting.is_empty() {
            return false;
        }
        self.round += 1;
        let round = self.round;
        let reads = self.waiting.drain(..);
        self.asked.extend(reads.map(|(from, ticket)| Read { from, ticket, index: commit, round }));
        true
    }

    /// Takes out the next read of a confirmed round.
    pub(crate) fn pop_confirmed(&mut self, confirmed: u64) -> Option<Read> {
        self.asked.pop_front_if(|read| read.round <= confirmed)
    }
}

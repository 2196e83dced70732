//! What goes in, and what comes out.

use bytes::Bytes;

use crate::message::Envelope;
use crate::types::{Entry, Index, NodeId, Term, Ticket, Write, WriteId};

/// Something that happened. The core learns of the world through these and nothing else, so the
/// list of a run's inputs is the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A fixed span of time passed. The host skips ticks that it missed: a process that was held
    /// up must not start an election for it.
    Tick,
    /// A message came in.
    Receive(Envelope),
    /// A client wants `command` in the log.
    Propose {
        /// Comes back in [`Effect::Refuse`] if this member cannot do it.
        ticket: Ticket,
        /// The bytes for the state machine.
        command: Bytes,
    },
    /// A client wants to read what is committed now.
    Read {
        /// Comes back in [`Effect::ReadReady`] or [`Effect::Refuse`]; or never, if messages get
        /// lost. Then ask again, with another ticket.
        ticket: Ticket,
    },
    /// This write, and each before it, is durable.
    Persisted(WriteId),
}

/// Something that the host must do. It matches on all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Make this durable, after the writes before it, and then say [`Input::Persisted`].
    Persist(Write),
    /// Send this, soon. It may get lost, doubled, or overtake others.
    Send(Envelope),
    /// These entries are committed, and durable here. Each index comes once, in order.
    Apply(Vec<Entry>),
    /// The read of that ticket may be served once everything up to `index` is applied.
    ReadReady {
        /// The ticket of the read.
        ticket: Ticket,
        /// What to apply first.
        index: Index,
    },
    /// This member cannot do it: it knows of no leader.
    Refuse {
        /// The ticket of the proposal or read.
        ticket: Ticket,
    },
    /// The role, the term, the vote or the leader changed. For people and for
    /// requests that wait for a leader.
    Became(Standing),
}

/// Where a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its role.
    pub role: RoleName,
    /// Its term.
    pub term: Term,
    /// Whom it voted for in that term.
    pub vote: Option<NodeId>,
    /// Who leads that term, as far as it knows.
    pub leader: Option<NodeId>,
}

/// The name of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleName {
    /// Listens to a leader, or waits for one.
    Follower,
    /// Asks whether a campaign could be won.
    PreCandidate,
    /// Asks for votes.
    Candidate,
    /// Leads.
    Leader,
}

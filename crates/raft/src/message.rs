//! What members say to each other.
//!
//! Each message has a row in ARCHITECTURE.md. To add one, add the variant: the compiler then asks
//! whether it is a promise, how it prints, how it is encoded, and what each role does with it.

use bytes::Bytes;

use crate::configuration::{Change, ChangeError};
use crate::types::{Entry, Index, NodeId, Position, Snapshot, Term, Ticket};

/// A message with its addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Envelope {
    /// Who says it.
    pub from: NodeId,
    /// To whom.
    pub to: NodeId,
    /// The sender's term when it spoke.
    pub term: Term,
    /// What is said.
    pub message: Message,
}

/// What members say to each other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// "Would you vote for me in the next term? My log ends at `last`." Asked before a campaign,
    /// so that a member that cannot win does not disturb the others (dissertation §9.6).
    RequestPreVote {
        /// Where the sender's log ends.
        last: Position,
    },
    /// The answer to `RequestPreVote`. Binds nobody.
    PreVote {
        /// The asker's term when it asked.
        asked_in: Term,
        /// Whether the sender would vote for it.
        ballot: Ballot,
    },
    /// "Vote for me in this term. My log ends at `last`." (§5.2)
    RequestVote {
        /// Where the sender's log ends.
        last: Position,
        /// Whether the leader itself asked the sender to campaign, so that a member which hears
        /// that leader must not refuse for it (dissertation §4.2.3).
        forced: bool,
    },
    /// The answer to `RequestVote`.
    Vote {
        /// Whether the sender gave its one vote of the term.
        ballot: Ballot,
    },
    /// "After `previous`, these entries follow." (§5.3)
    Append {
        /// The position before the first entry. The receiver must hold it, or refuse.
        previous: Position,
        /// Entries, adjacent, from `previous.index + 1`. May be empty: then it is a probe.
        entries: Vec<Entry>,
        /// The leader's commit index.
        commit: Index,
    },
    /// "My log equals yours up to `matched`, and I hold it durably."
    Appended {
        /// The highest index known to be equal.
        matched: Index,
    },
    /// "I do not hold the position before your entries."
    Rejected {
        /// The index of the `previous` that was refused, to tell a late answer from a new one.
        refused: Index,
        /// The last position at which the logs could still agree: the leader tries again from
        /// there, or lower.
        hint: Position,
    },
    /// "I lead this term." Sent at a fixed interval (§5.2).
    Heartbeat {
        /// The leader's commit index, but no more than the receiver is known to hold.
        commit: Index,
        /// The latest round of reads that waits for a quorum to confirm the leader.
        round: u64,
    },
    /// "I still follow you."
    Heard {
        /// The round of the heartbeat that this answers.
        round: u64,
    },
    /// "Append these commands for me." Sent by a follower to its leader, and accepted only in the
    /// very term in which it was sent.
    Forward {
        /// Grows from one to the next of a member, over its restarts too: a leader takes none
        /// twice.
        number: u64,
        /// The commands, in order.
        commands: Vec<Bytes>,
    },
    /// "Up to which index must I apply before I may serve a linearizable read?" (§8)
    RequestReadIndex {
        /// The asker's handle on it.
        ticket: Ticket,
    },
    /// The answer: leadership was confirmed after the question came.
    ReadIndex {
        /// The handle that was in the question.
        ticket: Ticket,
        /// The index to apply before reading.
        index: Index,
    },
    /// "Campaign now: you are to lead after me." (Dissertation §3.10.)
    TimeoutNow,
    /// "What you need is not in my log any more. Here is a piece of a snapshot." (§7)
    Chunk {
        /// Which snapshot.
        snapshot: Snapshot,
        /// Where in it the piece begins.
        offset: u64,
        /// The piece.
        data: Bytes,
    },
    /// "Of that snapshot, I want what begins here." Also asked again after a piece got lost.
    ChunkReceived {
        /// The position of the snapshot.
        position: Position,
        /// How much of it the sender holds.
        next: u64,
    },
    /// "Change the members for me."
    RequestChange {
        /// The asker's handle on it.
        ticket: Ticket,
        /// What is to change.
        change: Vec<Change>,
    },
    /// The answer to `RequestChange`.
    ChangeAnswer {
        /// The handle that was in the question.
        ticket: Ticket,
        /// Where the change was appended, or why not.
        result: Result<Position, ChangeError>,
    },
}

/// What a candidate gets from a voter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ballot {
    /// The voter's vote.
    Granted,
    /// The vote of a voter that may have lost what it promised. It counts only if no voter refuses
    /// and none is silent: of each committed entry somebody among all of them has a copy, and
    /// would have refused.
    Weak,
    /// Nothing.
    Refused,
}

impl Ballot {
    /// Whether the voter gave its vote, for what it is worth.
    pub fn is_given(self) -> bool {
        match self {
            Self::Granted | Self::Weak => true,
            Self::Refused => false,
        }
    }
}

impl Message {
    /// Whether the message binds its sender across a crash. Such a message leaves only when
    /// everything that was to be written before it is durable.
    ///
    /// `RequestVote` is one: it says "I stand in this term with this log". If it left early, the
    /// candidate could crash, forget both, stand again in the same term with a shorter log, and
    /// be elected by a vote that was given to the longer one.
    pub fn is_promise(&self) -> bool {
        match self {
            Self::RequestVote { .. } | Self::Appended { .. } => true,
            Self::Vote { ballot } => ballot.is_given(),
            Self::RequestPreVote { .. }
            | Self::PreVote { .. }
            | Self::Append { .. }
            | Self::Rejected { .. }
            | Self::Heartbeat { .. }
            | Self::Heard { .. }
            | Self::Forward { .. }
            | Self::RequestReadIndex { .. }
            | Self::ReadIndex { .. }
            | Self::TimeoutNow
            | Self::Chunk { .. }
            | Self::ChunkReceived { .. }
            | Self::RequestChange { .. }
            | Self::ChangeAnswer { .. } => false,
        }
    }
}

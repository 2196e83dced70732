//! What goes in, and what comes out.

use bytes::Bytes;

use crate::configuration::{Change, ChangeError};
use crate::message::Envelope;
use crate::types::{Entry, Index, NodeId, Position, Snapshot, Term, Ticket, Write, WriteId};

/// Something that happened. The core learns of the world through these and nothing else, so the
/// list of a run's inputs is the run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    /// Somebody wants the members changed.
    ChangeMembers {
        /// Comes back in [`Effect::Changed`] or [`Effect::Refuse`]; or never, if messages get
        /// lost.
        ticket: Ticket,
        /// The steps of the change, which take effect at once.
        change: Vec<Change>,
    },
    /// Somebody wants another member to lead. It has worked when that member does.
    TransferLeadership {
        /// Comes back in [`Effect::Refuse`] if it cannot be done, or did not work in time.
        ticket: Ticket,
        /// Who is to lead.
        to: NodeId,
    },
    /// This write, and each before it, is durable.
    Persisted(WriteId),
    /// A snapshot that this member took is durable. The log up to it may go.
    Snapshotted(Snapshot),
    /// What the disk holds of the log before the newest snapshot is damaged. All of it may go, with
    /// what is kept of it for followers that lag.
    DropCovered,
    /// All of the snapshot that a leader sent is here, its checksum is right, and it is durable.
    SnapshotReceived(Snapshot),
    /// All of it is here, and its checksum is wrong. The host has thrown it away.
    SnapshotSpoiled(Snapshot),
    /// The host could not tick for so many ticks, which passed all the same. Only a lease minds.
    Skipped(u32),
}

/// Something that the host must do. It matches on all of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    /// The change of that ticket is in the leader's log. It has worked when an entry of that very
    /// position is applied; when another one is applied at its index, it came to nothing.
    Changed {
        /// The ticket of the change.
        ticket: Ticket,
        /// Where it stands.
        position: Position,
    },
    /// Read a piece of that snapshot, at most as long as one append may be, and send it in a
    /// `Chunk`, from this member and in this term. If the snapshot is gone, do nothing.
    SendChunk {
        /// To whom.
        to: NodeId,
        /// The term of the message.
        term: Term,
        /// Which snapshot.
        snapshot: Snapshot,
        /// Where the piece begins. At the end of the snapshot it is empty.
        offset: u64,
    },
    /// Keep this piece of a snapshot. Pieces come in order; one at offset 0 begins anew. After the
    /// last one, check the whole, make it durable, and say [`Input::SnapshotReceived`].
    StoreChunk {
        /// Which snapshot.
        snapshot: Snapshot,
        /// Where the piece begins.
        offset: u64,
        /// The piece.
        data: Bytes,
    },
    /// Put the state machine into the state of this snapshot, which is durable here. What is to be
    /// applied later comes after it.
    Restore(Snapshot),
    /// This member cannot do it.
    Refuse {
        /// The ticket of the request.
        ticket: Ticket,
        /// Why not.
        reason: Reason,
    },
    /// The role, the term, the vote or the leader changed. For people and for
    /// requests that wait for a leader.
    Became(Standing),
}

/// Why a member cannot do what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It knows of no leader.
    NoLeader,
    /// Only the leader can do it.
    NotLeader,
    /// Too much is uncommitted already.
    TooMuchUncommitted,
    /// The log takes so much memory that it takes no more before a snapshot is there.
    LogFull,
    /// The members cannot be changed so.
    Change(ChangeError),
    /// Leadership cannot be transferred to a member that does not vote, or is the leader.
    BadTarget,
    /// The target did not catch up or did not win in time. The leader leads on.
    TransferTimedOut,
}

/// Where a member stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

//! One notation for logs, golden scripts and the page.
//!
//! `n1@4` is member 1 in term 4, `7@4` is index 7 of term 4:
//!
//! ```text
//! n1@4 → n2 Append after 6@3 [7@4 8@4] commit 6
//! n2 persist #12 term 4 vote n1 [7@4 8@4]
//! n2 persisted #12
//! n2@4 → n1 Appended 8
//! ```

use std::fmt::{Display, Formatter, Result};

use crate::configuration::{Change, Configuration};
use crate::effect::{Effect, Input, Reason, RoleName, Standing};
use crate::message::{Ballot, Envelope, Message};
use crate::types::{
    Entry, Index, NodeId, Payload, Position, Snapshot, Term, Ticket, Write, WriteId,
};

impl Display for NodeId {
    /// `n` and the id in hexadecimal, as etcd's tools print ids.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "n{:x}", self.0)
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.fmt(f)
    }
}

impl Display for Index {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.fmt(f)
    }
}

impl Display for Position {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}@{}", self.index, self.term)
    }
}

impl Display for Ticket {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "t{}", self.0)
    }
}

impl Display for WriteId {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "#{}", self.0)
    }
}

impl Display for RoleName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Follower => "follower",
            Self::PreCandidate => "pre-candidate",
            Self::Candidate => "candidate",
            Self::Leader => "leader",
        })
    }
}

impl Display for Standing {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} term {}", self.role, self.term)?;
        maybe(f, " vote ", self.vote)?;
        maybe(f, " leader ", self.leader)
    }
}

impl Display for Write {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.id.fmt(f)?;
        if let Some(base) = self.base {
            write!(f, " base {base}")?;
        }
        if let Some(hard_state) = self.hard_state {
            write!(f, " term {}", hard_state.term)?;
            maybe(f, " vote ", hard_state.vote)?;
        }
        if self.is_recovered {
            f.write_str(" recovered")?;
        }
        if !self.entries.is_empty() {
            f.write_str(" ")?;
            list(f, &self.entries)?;
        }
        Ok(())
    }
}

impl Display for Envelope {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}@{} → {} {}", self.from, self.term, self.to, self.message)
    }
}

impl Display for Ballot {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Granted => "granted",
            Self::Weak => "weak",
            Self::Refused => "refused",
        })
    }
}

impl Display for Message {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::RequestPreVote { last } => write!(f, "RequestPreVote last {last}"),
            Self::PreVote { ballot, .. } => write!(f, "PreVote {ballot}"),
            Self::RequestVote { last, forced } => {
                write!(f, "RequestVote last {last}{}", if *forced { " forced" } else { "" })
            }
            Self::Vote { ballot } => write!(f, "Vote {ballot}"),
            Self::Append { previous, entries, commit } => {
                write!(f, "Append after {previous} ")?;
                list(f, entries)?;
                write!(f, " commit {commit}")
            }
            Self::Appended { matched } => write!(f, "Appended {matched}"),
            Self::Rejected { refused, hint } => write!(f, "Rejected {refused} hint {hint}"),
            Self::Heartbeat { commit, round } => {
                write!(f, "Heartbeat commit {commit} round {round}")
            }
            Self::Heard { round } => write!(f, "Heard round {round}"),
            Self::Forward { number, commands } => {
                write!(f, "Forward {number} [")?;
                for (number, command) in commands.iter().enumerate() {
                    let gap = if number == 0 { "" } else { ", " };
                    write!(f, "{gap}{}", String::from_utf8_lossy(command))?;
                }
                f.write_str("]")
            }
            Self::RequestReadIndex { ticket } => write!(f, "RequestReadIndex {ticket}"),
            Self::ReadIndex { ticket, index } => write!(f, "ReadIndex {ticket} at {index}"),
            Self::TimeoutNow => f.write_str("TimeoutNow"),
            Self::Chunk { snapshot, offset, data } => {
                write!(f, "Chunk of {snapshot} from {offset} bytes {}", data.len())
            }
            Self::ChunkReceived { position, next } => {
                write!(f, "ChunkReceived of {position} next {next}")
            }
            Self::RequestChange { ticket, change } => {
                write!(f, "RequestChange {ticket} ")?;
                list(f, change)
            }
            Self::ChangeAnswer { ticket, result: Ok(position) } => {
                write!(f, "ChangeAnswer {ticket} at {position}")
            }
            Self::ChangeAnswer { ticket, result: Err(error) } => {
                write!(f, "ChangeAnswer {ticket} refused: {error}")
            }
        }
    }
}

impl Display for Input {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Tick => f.write_str("tick"),
            Self::Receive(envelope) => envelope.fmt(f),
            Self::Propose { ticket, command } => {
                write!(f, "propose {ticket} {}", String::from_utf8_lossy(command))
            }
            Self::Read { ticket } => write!(f, "read {ticket}"),
            Self::ChangeMembers { ticket, change } => {
                write!(f, "change {ticket} ")?;
                list(f, change)
            }
            Self::TransferLeadership { ticket, to } => write!(f, "transfer {ticket} to {to}"),
            Self::Persisted(write) => write!(f, "persisted {write}"),
            Self::Snapshotted(snapshot) => write!(f, "snapshotted {snapshot}"),
            Self::DropCovered => f.write_str("drop what is covered"),
            Self::SnapshotReceived(snapshot) => write!(f, "received {snapshot}"),
            Self::SnapshotSpoiled(snapshot) => write!(f, "spoiled {snapshot}"),
            Self::Skipped(ticks) => write!(f, "skipped {ticks}"),
        }
    }
}

impl Display for Effect {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Persist(write) => write!(f, "persist {write}"),
            Self::Send(envelope) => envelope.fmt(f),
            Self::Apply(entries) => {
                f.write_str("apply ")?;
                list(f, entries)
            }
            Self::ReadReady { ticket, index } => write!(f, "read {ticket} ready at {index}"),
            Self::Changed { ticket, position } => write!(f, "changed {ticket} at {position}"),
            Self::SendChunk { to, term: _, snapshot, offset } => {
                write!(f, "send {to} chunk of {snapshot} from {offset}")
            }
            Self::StoreChunk { snapshot, offset, data } => {
                write!(f, "store chunk of {snapshot} from {offset} bytes {}", data.len())
            }
            Self::Restore(snapshot) => write!(f, "restore {snapshot}"),
            Self::Refuse { ticket, reason: Reason::NoLeader } => write!(f, "refuse {ticket}"),
            Self::Refuse { ticket, reason } => write!(f, "refuse {ticket}: {reason}"),
            Self::Became(standing) => standing.fmt(f),
        }
    }
}

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::NoLeader => f.write_str("no leader"),
            Self::NotLeader => f.write_str("not the leader"),
            Self::LogFull => f.write_str("the log is full"),
            Self::TooMuchUncommitted => f.write_str("too much is uncommitted"),
            Self::Change(error) => error.fmt(f),
            Self::BadTarget => f.write_str("not another voter"),
            Self::TransferTimedOut => f.write_str("the transfer timed out"),
        }
    }
}

impl Display for Snapshot {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "snapshot {}", self.position)
    }
}

impl Display for Configuration {
    /// `n1 n2 n3`, and while joint and with a learner: `n1 n4 (n1 n2 n3) learners n5`.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        words(f, self.voters())?;
        if self.is_joint() {
            f.write_str(" (")?;
            words(f, self.outgoing())?;
            f.write_str(")")?;
        }
        if self.learners().len() > 0 {
            f.write_str(" learners ")?;
            words(f, self.learners())?;
        }
        Ok(())
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::AddVoter { id, .. } => write!(f, "add {id}"),
            Self::AddLearner { id, .. } => write!(f, "learner {id}"),
            Self::Promote(id) => write!(f, "promote {id}"),
            Self::Demote(id) => write!(f, "demote {id}"),
            Self::Remove(id) => write!(f, "remove {id}"),
            Self::Move { id, .. } => write!(f, "move {id}"),
        }
    }
}

impl Display for Entry {
    /// `7@4`, and for a configuration `7@4:{n1 n2}`. What a command says, only others know.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.position.fmt(f)?;
        match &self.payload {
            Payload::Noop | Payload::Command(_) => Ok(()),
            Payload::Configuration(configuration) => write!(f, ":{{{configuration}}}"),
        }
    }
}

fn maybe(f: &mut Formatter<'_>, before: &str, id: Option<NodeId>) -> Result {
    id.map_or(Ok(()), |id| write!(f, "{before}{id}"))
}

fn list(f: &mut Formatter<'_>, things: &[impl Display]) -> Result {
    f.write_str("[")?;
    words(f, things)?;
    f.write_str("]")
}

fn words(f: &mut Formatter<'_>, things: impl IntoIterator<Item = impl Display>) -> Result {
    for (number, thing) in things.into_iter().enumerate() {
        let gap = if number == 0 { "" } else { " " };
        write!(f, "{gap}{thing}")?;
    }
    Ok(())
}

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

use crate::effect::{Effect, Input, RoleName, Standing};
use crate::message::{Envelope, Message};
use crate::types::{Entry, Index, NodeId, Position, Term, Ticket, Write, WriteId};

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
        if let Some(hard_state) = self.hard_state {
            write!(f, " term {}", hard_state.term)?;
            maybe(f, " vote ", hard_state.vote)?;
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

impl Display for Message {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::RequestPreVote { last } => write!(f, "RequestPreVote last {last}"),
            Self::PreVote { granted: true, .. } => f.write_str("PreVote granted"),
            Self::PreVote { granted: false, .. } => f.write_str("PreVote refused"),
            Self::RequestVote { last } => write!(f, "RequestVote last {last}"),
            Self::Vote { granted: true } => f.write_str("Vote granted"),
            Self::Vote { granted: false } => f.write_str("Vote refused"),
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
            Self::Persisted(write) => write!(f, "persisted {write}"),
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
            Self::Refuse { ticket } => write!(f, "refuse {ticket}"),
            Self::Became(standing) => standing.fmt(f),
        }
    }
}

fn maybe(f: &mut Formatter<'_>, before: &str, id: Option<NodeId>) -> Result {
    id.map_or(Ok(()), |id| write!(f, "{before}{id}"))
}

fn list(f: &mut Formatter<'_>, entries: &[Entry]) -> Result {
    f.write_str("[")?;
    for (number, entry) in entries.iter().enumerate() {
        let gap = if number == 0 { "" } else { " " };
        write!(f, "{gap}{}", entry.position)?;
    }
    f.write_str("]")
}

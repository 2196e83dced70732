//! Raft's messages in the trace's words.

use raft::Message;
use serde::{Deserialize, Serialize};

/// An entry: index, term, and what it says in one short line.
pub type EntryText = (u64, u64, String);

/// What kind of message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// `RequestPreVote`.
    PV,
    /// `PreVote`.
    PVR,
    /// `RequestVote`.
    RV,
    /// `Vote`.
    RVR,
    /// `Append`.
    AE,
    /// `Appended` or `Rejected`.
    AER,
    /// `Heartbeat`.
    HB,
    /// `Heard`.
    HBR,
    /// `Forward`.
    FW,
    /// `RequestReadIndex`.
    RI,
    /// `ReadIndex`.
    RIR,
    /// A message that this version does not know.
    #[serde(other)]
    Unknown,
}

/// What a message says.
///
/// It is read by the fields that are there, and those that a later version adds are skipped. So
/// whatever has all the fields of another, and more, stands before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Body {
    /// After which position, which entries, and what is committed.
    Append {
        /// The index before the entries.
        pi: u64,
        /// The term of the entry there.
        pt: u64,
        /// The entries.
        e: Vec<EntryText>,
        /// The sender's commit index.
        ci: u64,
    },
    /// Commands for the leader.
    Forward {
        /// Each in one short line.
        e: Vec<String>,
    },
    /// Where the sender's log ends.
    Last {
        /// The index.
        li: u64,
        /// The term.
        lt: u64,
    },
    /// An append was taken or not.
    Matched {
        /// Whether it was taken.
        ok: bool,
        /// The highest index known to be equal, or the hint.
        mi: u64,
    },
    /// A vote or pre-vote.
    Answer {
        /// Whether it was granted.
        ok: bool,
    },
    /// A heartbeat.
    Commit {
        /// What the sender lets the receiver commit.
        ci: u64,
    },
    /// A read index.
    Index {
        /// The index.
        ri: u64,
    },
    /// Nothing more than the kind says.
    Nothing {},
}

/// Tells a message, with texts for its commands.
pub(crate) fn tell(
    message: &Message,
    entry_text: impl Fn(&raft::Entry) -> EntryText,
    command_text: impl Fn(&bytes::Bytes) -> String,
) -> (Kind, Body) {
    match message {
        Message::RequestPreVote { last } => {
            (Kind::PV, Body::Last { li: last.index.0, lt: last.term.0 })
        }
        Message::PreVote { granted, .. } => (Kind::PVR, Body::Answer { ok: *granted }),
        Message::RequestVote { last } => {
            (Kind::RV, Body::Last { li: last.index.0, lt: last.term.0 })
        }
        Message::Vote { granted } => (Kind::RVR, Body::Answer { ok: *granted }),
        Message::Append { previous, entries, commit } => {
            let e = entries.iter().map(entry_text).collect();
            (Kind::AE, Body::Append { pi: previous.index.0, pt: previous.term.0, e, ci: commit.0 })
        }
        Message::Appended { matched } => (Kind::AER, Body::Matched { ok: true, mi: matched.0 }),
        Message::Rejected { hint, .. } => {
            (Kind::AER, Body::Matched { ok: false, mi: hint.index.0 })
        }
        Message::Heartbeat { commit, .. } => (Kind::HB, Body::Commit { ci: commit.0 }),
        Message::Heard { .. } => (Kind::HBR, Body::Nothing {}),
        Message::Forward { commands, .. } => {
            (Kind::FW, Body::Forward { e: commands.iter().map(command_text).collect() })
        }
        Message::RequestReadIndex { .. } => (Kind::RI, Body::Nothing {}),
        Message::ReadIndex { index, .. } => (Kind::RIR, Body::Index { ri: index.0 }),
    }
}

/// How many entries or commands a message carries.
pub(crate) fn entries_in(message: &Message) -> usize {
    match message {
        Message::Append { entries, .. } => entries.len(),
        Message::Forward { commands, .. } => commands.len(),
        Message::RequestPreVote { .. }
        | Message::PreVote { .. }
        | Message::RequestVote { .. }
        | Message::Vote { .. }
        | Message::Appended { .. }
        | Message::Rejected { .. }
        | Message::Heartbeat { .. }
        | Message::Heard { .. }
        | Message::RequestReadIndex { .. }
        | Message::ReadIndex { .. } => 0,
    }
}

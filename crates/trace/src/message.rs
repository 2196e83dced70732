//! Raft's messages in the trace's words.

use raft::Message;
use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
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
    /// `TimeoutNow`.
    TN,
    /// `Chunk`.
    IS,
    /// `ChunkReceived`.
    ISR,
    /// `RequestChange`.
    RC,
    /// `ChangeAnswer`.
    RCR,
    /// A message that this version does not know.
    #[serde(other)]
    Unknown,
}

impl Kind {
    /// The kind of that message.
    pub fn of(message: &Message) -> Self {
        match message {
            Message::RequestPreVote { .. } => Self::PV,
            Message::PreVote { .. } => Self::PVR,
            Message::RequestVote { .. } => Self::RV,
            Message::Vote { .. } => Self::RVR,
            Message::Append { .. } => Self::AE,
            Message::Appended { .. } | Message::Rejected { .. } => Self::AER,
            Message::Heartbeat { .. } => Self::HB,
            Message::Heard { .. } => Self::HBR,
            Message::Forward { .. } => Self::FW,
            Message::RequestReadIndex { .. } => Self::RI,
            Message::ReadIndex { .. } => Self::RIR,
            Message::TimeoutNow => Self::TN,
            Message::Chunk { .. } => Self::IS,
            Message::ChunkReceived { .. } => Self::ISR,
            Message::RequestChange { .. } => Self::RC,
            Message::ChangeAnswer { .. } => Self::RCR,
        }
    }

    /// The kind that is written so, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        let read: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
        Self::deserialize(read).ok().filter(|kind| *kind != Self::Unknown)
    }
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
    /// A piece of a snapshot, or how much of it is there.
    Chunk {
        /// The index of the snapshot.
        si: u64,
        /// Where the piece begins, or the next one does.
        o: u64,
        /// How long the whole snapshot is, if it is known.
        of: Option<u64>,
    },
    /// A change of the members that is asked for.
    Change {
        /// Each step of it in one short line.
        c: Vec<String>,
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

/// Tells what a message says, with texts for its commands.
pub(crate) fn tell(
    message: &Message,
    entry_text: impl Fn(&raft::Entry) -> EntryText,
    command_text: impl Fn(&bytes::Bytes) -> String,
) -> Body {
    match message {
        Message::RequestPreVote { last } | Message::RequestVote { last, .. } => {
            Body::Last { li: last.index.0, lt: last.term.0 }
        }
        Message::PreVote { ballot, .. } | Message::Vote { ballot } => {
            Body::Answer { ok: ballot.is_given() }
        }
        Message::Append { previous, entries, commit } => {
            let e = entries.iter().map(entry_text).collect();
            Body::Append { pi: previous.index.0, pt: previous.term.0, e, ci: commit.0 }
        }
        Message::Appended { matched } => Body::Matched { ok: true, mi: matched.0 },
        Message::Rejected { hint, .. } => Body::Matched { ok: false, mi: hint.index.0 },
        Message::Heartbeat { commit, .. } => Body::Commit { ci: commit.0 },
        Message::Heard { .. } | Message::RequestReadIndex { .. } | Message::TimeoutNow => {
            Body::Nothing {}
        }
        Message::Forward { commands, .. } => {
            Body::Forward { e: commands.iter().map(command_text).collect() }
        }
        Message::ReadIndex { index, .. } => Body::Index { ri: index.0 },
        Message::Chunk { snapshot, offset, .. } => {
            let (si, of) = (snapshot.position.index.0, Some(snapshot.bytes));
            Body::Chunk { si, o: *offset, of }
        }
        Message::ChunkReceived { position, next } => {
            Body::Chunk { si: position.index.0, o: *next, of: None }
        }
        Message::RequestChange { change, .. } => {
            Body::Change { c: change.iter().map(ToString::to_string).collect() }
        }
        Message::ChangeAnswer { result, .. } => Body::Answer { ok: result.is_ok() },
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
        | Message::ReadIndex { .. }
        | Message::TimeoutNow
        | Message::Chunk { .. }
        | Message::ChunkReceived { .. }
        | Message::RequestChange { .. }
        | Message::ChangeAnswer { .. } => 0,
    }
}

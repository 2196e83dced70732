//! The one binary encoding: of the log on disk, and of what members say to each other.
//!
//! Numbers are varints (LEB128): seven bits a byte, lowest first, the high bit set on each byte
//! but the last. Most of what Raft counts is small, so an entry costs about five bytes beside its
//! command. Whatever begins with a choice begins with one byte that names it.
//!
//! ```text
//! position     term, index
//! entry        position, payload
//! payload      0 no-op
//!              1 command: length, bytes
//!              2 configuration
//! configuration  voters, outgoing voters, learners: each a count and that many members in order;
//!              addresses: a count, and that many of: member, length, bytes
//! change       1 add-voter   member, length, bytes of the address
//!              2 add-learner the same
//!              3 promote     member
//!              4 demote      member
//!              5 remove      member
//!              6 move        member, length, bytes of the address
//! snapshot     position, configuration, bytes, checksum
//! hard state   term, vote                      vote: 0 nobody | 1, member
//! write        id, 0 | 1 base position, 0 | 1 hard state, count, that many entries, commit,
//!              recovered (0 or 1)
//! envelope     from, to, term, message
//! message      1 request-pre-vote   last position
//!              2 pre-vote           asked in term, ballot (0 refused, 1 granted, 2 weak)
//!              3 request-vote       last position, forced (0 or 1)
//!              4 vote               ballot (0 refused, 1 granted, 2 weak)
//!              5 append             previous position, count, that many entries, commit
//!              6 appended           matched
//!              7 rejected           refused, hint position
//!              8 heartbeat          commit, round
//!              9 heard              round
//!             10 forward            number, count, that many of: length, bytes
//!             11 request-read-index ticket
//!             12 read-index         ticket, index
//!             13 timeout-now
//!             14 chunk              snapshot, offset, length, bytes
//!             15 chunk-received     position, next
//!             16 request-change     ticket, count, that many changes
//!             17 change-answer      ticket, 0 position | 1 error [member]
//! ```
//!
//! Each value has exactly one encoding, and nothing else decodes to it: an overlong varint is
//! refused. Equal values are equal bytes, which lets a checksum or a comparison of bytes stand
//! for one of values.
//!
//! Bytes that come in are not trusted. Decoding never panics; counts and lengths are held against
//! the bytes that are left before anything is allocated for them, so a decoded value takes no
//! more than a small multiple (some twenty times, for entries without commands) of the input's
//! size. Commands are slices of the input, not copies: they keep it alive.
//!
//! What is left out: checksums, frames and versions. The log's frames (`docs/formats.md`) and the
//! links between members bring their own. Nor is the meaning looked at: that the entries of an
//! append are adjacent is for the core to check.
//!
//! ```
//! use bytes::BytesMut;
//! use raft::{Entry, Payload, Position, codec};
//!
//! let entry = Entry { position: Position::new(7, 3), payload: Payload::Command("put".into()) };
//! let mut out = BytesMut::new();
//! codec::encode_entry(&entry, &mut out);
//! assert_eq!(&out[..], b"\x03\x07\x01\x03put");
//!
//! let mut input = out.freeze();
//! assert_eq!(codec::decode_entry(&mut input), Ok(entry));
//! assert!(input.is_empty());
//! ```

mod members;

use std::fmt;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use self::members::{decode_changes, decode_result, encode_changes, encode_result};
pub use self::members::{
    decode_configuration, decode_snapshot, encode_configuration, encode_snapshot,
};
use crate::message::{Ballot, Envelope, Message};
use crate::types::WriteId;
use crate::types::{Entry, HardState, Index, NodeId, Payload, Position, Term, Ticket, Write};

/// The bytes are not an encoding of what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// They end too early.
    Short {
        /// What was being read.
        reading: &'static str,
    },
    /// A tag that means nothing here. Perhaps a newer version wrote it.
    UnknownTag {
        /// What the tag was to choose.
        of: &'static str,
        /// The tag.
        tag: u8,
    },
    /// A varint that does not fit 64 bits, or is longer than it needs to be.
    BadVarint {
        /// What was being read.
        reading: &'static str,
    },
    /// A length, or a count of things, that the bytes left cannot hold.
    TooMany {
        /// What is so many.
        of: &'static str,
        /// How many there are said to be.
        claimed: u64,
        /// How many bytes are left.
        left: usize,
    },
    /// Things that are kept in order are not, or one of them comes twice.
    Unordered {
        /// What is in no order.
        of: &'static str,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { reading } => write!(f, "the bytes end inside the {reading}"),
            Self::UnknownTag { of, tag } => write!(f, "unknown {of} tag {tag}"),
            Self::BadVarint { reading } => write!(f, "the {reading} is not a canonical varint"),
            Self::TooMany { of, claimed, left } => {
                write!(f, "{claimed} {of} are announced and only {left} bytes left")
            }
            Self::Unordered { of } => write!(f, "the {of} are not in ascending order"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Appends the encoding of an envelope to `out`.
pub fn encode_envelope(envelope: &Envelope, out: &mut BytesMut) {
    put_varint(envelope.from.0, out);
    put_varint(envelope.to.0, out);
    put_varint(envelope.term.0, out);
    encode_message(&envelope.message, out);
}

/// Takes an envelope off the front of `input`.
pub fn decode_envelope(input: &mut Bytes) -> Result<Envelope, DecodeError> {
    Ok(Envelope {
        from: NodeId(varint(input, "sender")?),
        to: NodeId(varint(input, "receiver")?),
        term: Term(varint(input, "sender's term")?),
        message: decode_message(input)?,
    })
}

/// Appends the encoding of a write to `out`.
pub fn encode_write(write: &Write, out: &mut BytesMut) {
    put_varint(write.id.0, out);
    match write.base {
        None => out.put_u8(ABSENT),
        Some(base) => {
            out.put_u8(PRESENT);
            encode_position(base, out);
        }
    }
    match &write.hard_state {
        None => out.put_u8(ABSENT),
        Some(hard_state) => {
            out.put_u8(PRESENT);
            encode_hard_state(hard_state, out);
        }
    }
    encode_entries(&write.entries, out);
    put_varint(write.commit.0, out);
    out.put_u8(u8::from(write.is_recovered));
}

/// Takes a write off the front of `input`.
pub fn decode_write(input: &mut Bytes) -> Result<Write, DecodeError> {
    Ok(Write {
        id: WriteId(varint(input, "write's id")?),
        base: match tag(input, "base")? {
            ABSENT => None,
            PRESENT => Some(decode_position(input)?),
            tag => return Err(DecodeError::UnknownTag { of: "base", tag }),
        },
        hard_state: match tag(input, "hard state")? {
            ABSENT => None,
            PRESENT => Some(decode_hard_state(input)?),
            tag => return Err(DecodeError::UnknownTag { of: "hard state", tag }),
        },
        entries: decode_entries(input)?,
        commit: Index(varint(input, "commit index")?),
        is_recovered: flag(input, "recovered")?,
    })
}

/// Appends the encoding of a hard state to `out`.
pub fn encode_hard_state(hard_state: &HardState, out: &mut BytesMut) {
    put_varint(hard_state.term.0, out);
    match hard_state.vote {
        None => out.put_u8(ABSENT),
        Some(member) => {
            out.put_u8(PRESENT);
            put_varint(member.0, out);
        }
    }
}

/// Takes a hard state off the front of `input`.
pub fn decode_hard_state(input: &mut Bytes) -> Result<HardState, DecodeError> {
    Ok(HardState {
        term: Term(varint(input, "term")?),
        vote: match tag(input, "vote")? {
            ABSENT => None,
            PRESENT => Some(NodeId(varint(input, "vote")?)),
            tag => return Err(DecodeError::UnknownTag { of: "vote", tag }),
        },
    })
}

/// Appends the encoding of an entry to `out`.
pub fn encode_entry(entry: &Entry, out: &mut BytesMut) {
    encode_position(entry.position, out);
    match &entry.payload {
        Payload::Noop => out.put_u8(payload_tag::NOOP),
        Payload::Command(command) => {
            out.put_u8(payload_tag::COMMAND);
            encode_command(command, out);
        }
        Payload::Configuration(configuration) => {
            out.put_u8(payload_tag::CONFIGURATION);
            encode_configuration(configuration, out);
        }
    }
}

/// Takes an entry off the front of `input`. Its command is a slice of the input.
pub fn decode_entry(input: &mut Bytes) -> Result<Entry, DecodeError> {
    Ok(Entry {
        position: decode_position(input)?,
        payload: match tag(input, "payload")? {
            payload_tag::NOOP => Payload::Noop,
            payload_tag::COMMAND => Payload::Command(decode_command(input)?),
            payload_tag::CONFIGURATION => {
                Payload::Configuration(Arc::new(decode_configuration(input)?))
            }
            tag => return Err(DecodeError::UnknownTag { of: "payload", tag }),
        },
    })
}

const ABSENT: u8 = 0;
const PRESENT: u8 = 1;

/// The tags of payloads. Never give one a new meaning: logs hold them.
mod payload_tag {
    pub(super) const NOOP: u8 = 0;
    pub(super) const COMMAND: u8 = 1;
    pub(super) const CONFIGURATION: u8 = 2;
}

/// The tags of messages. Never give one a new meaning: members of two versions may meet.
mod message_tag {
    pub(super) const REQUEST_PRE_VOTE: u8 = 1;
    pub(super) const PRE_VOTE: u8 = 2;
    pub(super) const REQUEST_VOTE: u8 = 3;
    pub(super) const VOTE: u8 = 4;
    pub(super) const APPEND: u8 = 5;
    pub(super) const APPENDED: u8 = 6;
    pub(super) const REJECTED: u8 = 7;
    pub(super) const HEARTBEAT: u8 = 8;
    pub(super) const HEARD: u8 = 9;
    pub(super) const FORWARD: u8 = 10;
    pub(super) const REQUEST_READ_INDEX: u8 = 11;
    pub(super) const READ_INDEX: u8 = 12;
    pub(super) const TIMEOUT_NOW: u8 = 13;
    pub(super) const CHUNK: u8 = 14;
    pub(super) const CHUNK_RECEIVED: u8 = 15;
    pub(super) const REQUEST_CHANGE: u8 = 16;
    pub(super) const CHANGE_ANSWER: u8 = 17;
}

fn encode_message(message: &Message, out: &mut BytesMut) {
    match message {
        Message::RequestPreVote { last } => {
            out.put_u8(message_tag::REQUEST_PRE_VOTE);
            encode_position(*last, out);
        }
        Message::PreVote { asked_in, ballot } => {
            out.put_u8(message_tag::PRE_VOTE);
            put_varint(asked_in.0, out);
            encode_ballot(*ballot, out);
        }
        Message::RequestVote { last, forced } => {
            out.put_u8(message_tag::REQUEST_VOTE);
            encode_position(*last, out);
            out.put_u8(u8::from(*forced));
        }
        Message::Vote { ballot } => {
            out.put_u8(message_tag::VOTE);
            encode_ballot(*ballot, out);
        }
        Message::Append { previous, entries, commit } => {
            out.put_u8(message_tag::APPEND);
            encode_position(*previous, out);
            encode_entries(entries, out);
            put_varint(commit.0, out);
        }
        Message::Appended { matched } => {
            out.put_u8(message_tag::APPENDED);
            put_varint(matched.0, out);
        }
        Message::Rejected { refused, hint } => {
            out.put_u8(message_tag::REJECTED);
            put_varint(refused.0, out);
            encode_position(*hint, out);
        }
        Message::Heartbeat { commit, round } => {
            out.put_u8(message_tag::HEARTBEAT);
            put_varint(commit.0, out);
            put_varint(*round, out);
        }
        Message::Heard { round } => {
            out.put_u8(message_tag::HEARD);
            put_varint(*round, out);
        }
        Message::Forward { number, commands } => {
            out.put_u8(message_tag::FORWARD);
            put_varint(*number, out);
            put_varint(commands.len() as u64, out);
            for command in commands {
                encode_command(command, out);
            }
        }
        Message::RequestReadIndex { ticket } => {
            out.put_u8(message_tag::REQUEST_READ_INDEX);
            put_varint(ticket.0, out);
        }
        Message::ReadIndex { ticket, index } => {
            out.put_u8(message_tag::READ_INDEX);
            put_varint(ticket.0, out);
            put_varint(index.0, out);
        }
        Message::TimeoutNow => out.put_u8(message_tag::TIMEOUT_NOW),
        Message::Chunk { snapshot, offset, data } => {
            out.put_u8(message_tag::CHUNK);
            encode_snapshot(snapshot, out);
            put_varint(*offset, out);
            encode_command(data, out);
        }
        Message::ChunkReceived { position, next } => {
            out.put_u8(message_tag::CHUNK_RECEIVED);
            encode_position(*position, out);
            put_varint(*next, out);
        }
        Message::RequestChange { ticket, change } => {
            out.put_u8(message_tag::REQUEST_CHANGE);
            put_varint(ticket.0, out);
            encode_changes(change, out);
        }
        Message::ChangeAnswer { ticket, result } => {
            out.put_u8(message_tag::CHANGE_ANSWER);
            put_varint(ticket.0, out);
            encode_result(result, out);
        }
    }
}

fn decode_message(input: &mut Bytes) -> Result<Message, DecodeError> {
    Ok(match tag(input, "message")? {
        message_tag::REQUEST_PRE_VOTE => Message::RequestPreVote { last: decode_position(input)? },
        message_tag::PRE_VOTE => Message::PreVote {
            asked_in: Term(varint(input, "term of the question")?),
            ballot: decode_ballot(input)?,
        },
        message_tag::REQUEST_VOTE => {
            Message::RequestVote { last: decode_position(input)?, forced: flag(input, "forced")? }
        }
        message_tag::VOTE => Message::Vote { ballot: decode_ballot(input)? },
        message_tag::APPEND => Message::Append {
            previous: decode_position(input)?,
            entries: decode_entries(input)?,
            commit: Index(varint(input, "commit index")?),
        },
        message_tag::APPENDED => {
            Message::Appended { matched: Index(varint(input, "matched index")?) }
        }
        message_tag::REJECTED => Message::Rejected {
            refused: Index(varint(input, "refused index")?),
            hint: decode_position(input)?,
        },
        message_tag::HEARTBEAT => Message::Heartbeat {
            commit: Index(varint(input, "commit index")?),
            round: varint(input, "round")?,
        },
        message_tag::HEARD => Message::Heard { round: varint(input, "round")? },
        message_tag::FORWARD => {
            Message::Forward { number: varint(input, "number")?, commands: decode_commands(input)? }
        }
        message_tag::REQUEST_READ_INDEX => {
            Message::RequestReadIndex { ticket: Ticket(varint(input, "ticket")?) }
        }
        message_tag::READ_INDEX => Message::ReadIndex {
            ticket: Ticket(varint(input, "ticket")?),
            index: Index(varint(input, "read index")?),
        },
        message_tag::TIMEOUT_NOW => Message::TimeoutNow,
        message_tag::CHUNK => Message::Chunk {
            snapshot: decode_snapshot(input)?,
            offset: varint(input, "offset")?,
            data: decode_command(input)?,
        },
        message_tag::CHUNK_RECEIVED => Message::ChunkReceived {
            position: decode_position(input)?,
            next: varint(input, "next offset")?,
        },
        message_tag::REQUEST_CHANGE => Message::RequestChange {
            ticket: Ticket(varint(input, "ticket")?),
            change: decode_changes(input)?,
        },
        message_tag::CHANGE_ANSWER => Message::ChangeAnswer {
            ticket: Ticket(varint(input, "ticket")?),
            result: decode_result(input)?,
        },
        tag => return Err(DecodeError::UnknownTag { of: "message", tag }),
    })
}

fn encode_position(position: Position, out: &mut BytesMut) {
    put_varint(position.term.0, out);
    put_varint(position.index.0, out);
}

fn decode_position(input: &mut Bytes) -> Result<Position, DecodeError> {
    Ok(Position { term: Term(varint(input, "term")?), index: Index(varint(input, "index")?) })
}

fn encode_entries(entries: &[Entry], out: &mut BytesMut) {
    put_varint(entries.len() as u64, out);
    for entry in entries {
        encode_entry(entry, out);
    }
}

fn decode_entries(input: &mut Bytes) -> Result<Vec<Entry>, DecodeError> {
    /// A term, an index and a tag.
    const ENTRY_BYTES_MIN: usize = 3;
    let count = count(input, "entries", ENTRY_BYTES_MIN)?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        entries.push(decode_entry(input)?);
    }
    Ok(entries)
}

fn encode_command(command: &Bytes, out: &mut BytesMut) {
    put_varint(command.len() as u64, out);
    out.put_slice(command);
}

fn decode_command(input: &mut Bytes) -> Result<Bytes, DecodeError> {
    let length = count(input, "bytes of a command", 1)?;
    Ok(input.split_to(length))
}

fn decode_commands(input: &mut Bytes) -> Result<Vec<Bytes>, DecodeError> {
    /// A length of 0.
    const COMMAND_BYTES_MIN: usize = 1;
    let count = count(input, "commands", COMMAND_BYTES_MIN)?;
    let mut commands = Vec::with_capacity(count);
    for _ in 0..count {
        commands.push(decode_command(input)?);
    }
    Ok(commands)
}

/// Reads how many things follow, each of at least `bytes_min` bytes, and refuses a number that
/// the bytes left cannot hold: it is about to be allocated for.
fn count(input: &mut Bytes, of: &'static str, bytes_min: usize) -> Result<usize, DecodeError> {
    let claimed = varint(input, of)?;
    let left = input.len();
    match usize::try_from(claimed) {
        Ok(count) if count <= left / bytes_min => Ok(count),
        _ => Err(DecodeError::TooMany { of, claimed, left }),
    }
}

fn tag(input: &mut Bytes, of: &'static str) -> Result<u8, DecodeError> {
    input.try_get_u8().map_err(|_| DecodeError::Short { reading: of })
}

fn encode_ballot(ballot: Ballot, out: &mut BytesMut) {
    out.put_u8(match ballot {
        Ballot::Refused => 0,
        Ballot::Granted => 1,
        Ballot::Weak => 2,
    });
}

fn decode_ballot(input: &mut Bytes) -> Result<Ballot, DecodeError> {
    match tag(input, "ballot")? {
        0 => Ok(Ballot::Refused),
        1 => Ok(Ballot::Granted),
        2 => Ok(Ballot::Weak),
        tag => Err(DecodeError::UnknownTag { of: "ballot", tag }),
    }
}

fn flag(input: &mut Bytes, of: &'static str) -> Result<bool, DecodeError> {
    match tag(input, of)? {
        0 => Ok(false),
        1 => Ok(true),
        tag => Err(DecodeError::UnknownTag { of, tag }),
    }
}

fn put_varint(mut value: u64, out: &mut BytesMut) {
    while value >= 0x80 {
        out.put_u8(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.put_u8(value.to_le_bytes()[0]);
}

fn varint(input: &mut Bytes, reading: &'static str) -> Result<u64, DecodeError> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = input.try_get_u8().map_err(|_| DecodeError::Short { reading })?;
        let bits = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit only; and a last byte of 0 adds nothing, so a
        // shorter encoding of the same number exists.
        if (shift == 63 && bits > 1) || (shift > 0 && byte == 0) {
            return Err(DecodeError::BadVarint { reading });
        }
        value |= bits << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(DecodeError::BadVarint { reading })
}

//! Reads the core's notation back, for messages that a script makes up.

use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use raft::{
    Ballot, Change, Configuration, Entry, Envelope, Index, Message, NodeId, Payload, Position,
    Snapshot, Term, Ticket,
};

use crate::support::disk;

/// Reads `n1@4 → n2 Append after 6@3 [7@4 8@4] commit 6`. The entries say nothing, and a pre-vote
/// answers what was asked in its own term.
pub(crate) fn envelope(line: &str) -> Result<Envelope, String> {
    let words = line.split_whitespace().collect::<Vec<_>>();
    let [sender, "→", to, spoken @ ..] = words.as_slice() else {
        return Err(format!("neither a command nor a message: {line}"));
    };
    let (from, term) = sender.split_once('@').ok_or_else(|| format!("no term in {sender}"))?;
    let term = Term(number(term)?);
    let envelope =
        Envelope { from: node(from)?, to: node(to)?, term, message: message(spoken, term)? };
    // What is printed is what was meant.
    if envelope.to_string() == line {
        Ok(envelope)
    } else {
        Err(format!("{line} reads {envelope}"))
    }
}

/// Reads `1@1 2@1=x 3@4`: what is not a command is an entry that says nothing.
pub(crate) fn entries(list: &str) -> Result<Vec<Entry>, String> {
    list.trim_matches(['[', ']']).split_whitespace().map(entry).collect()
}

/// Reads `n1`.
pub(crate) fn node(text: &str) -> Result<NodeId, String> {
    let id = text.strip_prefix('n').and_then(|id| u64::from_str_radix(id, 16).ok());
    id.map(NodeId).ok_or_else(|| format!("not a member: {text}"))
}

/// Reads `add n4`, `learner n4`, `promote n4`, `demote n1` and `remove n1`, with commas between.
pub(crate) fn changes(text: &str) -> Result<Vec<Change>, String> {
    text.split(',').map(|step| change(step.trim())).collect()
}

fn change(step: &str) -> Result<Change, String> {
    let (verb, id) = step.split_once(' ').ok_or_else(|| format!("not a change: {step}"))?;
    let (id, address) = (node(id)?, Bytes::new());
    Ok(match verb {
        "add" => Change::AddVoter { id, address },
        "learner" => Change::AddLearner { id, address },
        "promote" => Change::Promote(id),
        "demote" => Change::Demote(id),
        "remove" => Change::Remove(id),
        _ => return Err(format!("not a change: {step}")),
    })
}

/// The word that a message begins with.
pub(crate) fn kind(message: &Message) -> String {
    message.to_string().split(' ').next().unwrap_or_default().to_owned()
}

fn message(spoken: &[&str], term: Term) -> Result<Message, String> {
    Ok(match *spoken {
        ["RequestPreVote", "last", last] => Message::RequestPreVote { last: position(last)? },
        ["PreVote", answer] => Message::PreVote { asked_in: term, ballot: ballot(answer)? },
        ["RequestVote", "last", last] => {
            Message::RequestVote { last: position(last)?, forced: false }
        }
        ["RequestVote", "last", last, "forced"] => {
            Message::RequestVote { last: position(last)?, forced: true }
        }
        ["TimeoutNow"] => Message::TimeoutNow,
        ["Vote", answer] => Message::Vote { ballot: ballot(answer)? },
        ["Append", "after", previous, ref list @ .., "commit", commit] => Message::Append {
            previous: position(previous)?,
            entries: entries(&list.join(" "))?,
            commit: index(commit)?,
        },
        ["Appended", matched] => Message::Appended { matched: index(matched)? },
        ["Rejected", refused, "hint", hint] => {
            Message::Rejected { refused: index(refused)?, hint: position(hint)? }
        }
        ["Heartbeat", "commit", commit, "round", round] => {
            Message::Heartbeat { commit: index(commit)?, round: number(round)? }
        }
        ["Heard", "round", round] => Message::Heard { round: number(round)? },
        ["Forward", count, ref list @ ..] => {
            Message::Forward { number: number(count)?, commands: commands(&list.join(" ")) }
        }
        ["Chunk", "of", "snapshot", at, "from", offset, "bytes", bytes] => Message::Chunk {
            snapshot: snapshot(at)?,
            offset: number(offset)?,
            data: vec![b'.'; usize::try_from(number(bytes)?).map_err(|_| "too long")?].into(),
        },
        ["ChunkReceived", "of", at, "next", next] => {
            Message::ChunkReceived { position: position(at)?, next: number(next)? }
        }
        ["RequestReadIndex", at] => Message::RequestReadIndex { ticket: ticket(at)? },
        ["ReadIndex", of, "at", at] => {
            Message::ReadIndex { ticket: ticket(of)?, index: index(at)? }
        }
        _ => return Err(format!("not a message: {}", spoken.join(" "))),
    })
}

fn entry(text: &str) -> Result<Entry, String> {
    let (at, payload) = match text.split_once('=') {
        Some((at, command)) => (at, Payload::Command(command.to_owned().into())),
        None => (text, Payload::Noop),
    };
    Ok(Entry { position: position(at)?, payload })
}

fn position(text: &str) -> Result<Position, String> {
    let (index, term) = text.split_once('@').ok_or_else(|| format!("not a position: {text}"))?;
    Ok(Position::new(number(index)?, number(term)?))
}

/// A snapshot of a cluster whose only member is n1.
fn snapshot(at: &str) -> Result<Snapshot, String> {
    Ok(disk::snapshot(position(at)?, Arc::new(Configuration::new([NodeId(1)]))))
}

fn commands(list: &str) -> Vec<Bytes> {
    let list = list.trim_matches(['[', ']']).split(", ");
    list.map(|command| Bytes::copy_from_slice(command.as_bytes())).collect()
}

fn ballot(text: &str) -> Result<Ballot, String> {
    match text {
        "granted" => Ok(Ballot::Granted),
        "weak" => Ok(Ballot::Weak),
        "refused" => Ok(Ballot::Refused),
        _ => Err(format!("not a ballot: {text}")),
    }
}

fn ticket(text: &str) -> Result<Ticket, String> {
    number(text.trim_start_matches('t')).map(Ticket)
}

fn index(text: &str) -> Result<Index, String> {
    number(text).map(Index)
}

fn number(text: &str) -> Result<u64, String> {
    u64::from_str(text).map_err(|error| format!("{text}: {error}"))
}

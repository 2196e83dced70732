//! The flight recorder: what elections, lost entries and changes of the members were made of, kept
//! also while nobody watches.
//!
//! Such things are rare, so that a bounded number of them reaches far back. Before each change of a
//! member's standing there is a key, from which a replay can begin.

use std::collections::VecDeque;

use raft::Message;

use crate::record::Event;

/// So many events are kept.
const EVENTS_MAX: usize = 2000;
/// A message that is lost is looked for among so many events.
const LOOK_BACK: usize = 200;

#[derive(Debug, Default)]
pub(crate) struct Flight {
    events: VecDeque<(u64, Event)>,
}

impl Flight {
    pub(crate) fn note(&mut self, now: u64, event: Event) {
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back((now, event));
    }

    /// Whether a message of that number was noted when it left.
    pub(crate) fn has_sent(&self, number: u64) -> bool {
        let mut recent = self.events.iter().rev().take(LOOK_BACK);
        recent.any(|(_, event)| matches!(event, Event::Sent { id, .. } if *id == number))
    }

    /// All that is kept, oldest first.
    pub(crate) fn events(&self) -> impl Iterator<Item = &(u64, Event)> {
        self.events.iter()
    }
}

/// Whether an election is made of such messages.
pub(crate) fn is_of_elections(message: &Message) -> bool {
    match message {
        Message::RequestPreVote { .. }
        | Message::PreVote { .. }
        | Message::RequestVote { .. }
        | Message::Vote { .. }
        | Message::TimeoutNow => true,
        Message::Append { .. }
        | Message::Appended { .. }
        | Message::Rejected { .. }
        | Message::Heartbeat { .. }
        | Message::Heard { .. }
        | Message::Forward { .. }
        | Message::RequestReadIndex { .. }
        | Message::ReadIndex { .. }
        | Message::Chunk { .. }
        | Message::ChunkReceived { .. }
        | Message::RequestChange { .. }
        | Message::ChangeAnswer { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_dropped() {
        let mut flight = Flight::default();
        for now in 0..EVENTS_MAX as u64 + 3 {
            flight.note(now, Event::Gap { lost: now });
        }
        let times = flight.events().map(|(now, _)| *now).collect::<Vec<_>>();
        assert_eq!((times.len(), times[0]), (EVENTS_MAX, 3));
    }
}

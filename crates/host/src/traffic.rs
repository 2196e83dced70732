//! What goes between this member and one other, counted by whoever carries it.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use raft::{Envelope, Message, NodeId};

/// A heartbeat that was not answered in so long will not be.
const LOST_US: u64 = 1_000_000;

/// The counters of one other member, since this one started.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Bytes that its connection took.
    pub sent_bytes: AtomicU64,
    /// Bytes that it sent here.
    pub received_bytes: AtomicU64,
    /// Messages that could not be sent, for it was not connected or too slow.
    pub lost_messages: AtomicU64,
    round_trips: Mutex<RoundTrips>,
}

impl Traffic {
    /// How long heartbeats to it took, there and back. Only a leader has any.
    pub fn round_trips(&self) -> RoundTrips {
        *self.round_trips.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn round_trip(&self, took: Duration) {
        self.round_trips.lock().unwrap_or_else(PoisonError::into_inner).add(took);
    }
}

/// Times, counted by their lengths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundTrips {
    /// How many were as long as the [bound](Self::bound) of that place, and longer than the one
    /// before.
    pub counts: [u64; Self::BOUNDS],
    /// How many were longer than all bounds.
    pub longer: u64,
    /// All of them together.
    pub sum: Duration,
}

impl RoundTrips {
    /// How many bounds there are.
    pub const BOUNDS: usize = 16;

    /// The bound of that place: a tenth of a millisecond, and twice as long with each place.
    pub fn bound(place: usize) -> Duration {
        Duration::from_micros(100 << place)
    }

    fn add(&mut self, took: Duration) {
        self.sum += took;
        match (0..Self::BOUNDS).find(|place| took <= Self::bound(*place)) {
            Some(place) => self.counts[place] += 1,
            None => self.longer += 1,
        }
    }
}

/// The heartbeats whose answers are awaited: of each member, when the first one left.
#[derive(Debug, Default)]
pub(crate) struct Pulse(BTreeMap<NodeId, u64>);

impl Pulse {
    pub(crate) fn sent(&mut self, now_us: u64, envelope: &Envelope) {
        if let Message::Heartbeat { .. } = envelope.message {
            let asked = self.0.entry(envelope.to).or_insert(now_us);
            if now_us.saturating_sub(*asked) > LOST_US {
                *asked = now_us;
            }
        }
    }

    /// How long it took, if that is such an answer.
    pub(crate) fn received(&mut self, now_us: u64, envelope: &Envelope) -> Option<Duration> {
        let Message::Heard { .. } = envelope.message else { return None };
        let asked = self.0.remove(&envelope.from)?;
        Some(Duration::from_micros(now_us.saturating_sub(asked)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_by_their_lengths() {
        let traffic = Traffic::default();
        for us in [0, 100, 101, 3_276_800, 3_276_801] {
            traffic.round_trip(Duration::from_micros(us));
        }
        let RoundTrips { counts, longer, sum } = traffic.round_trips();
        assert_eq!((counts[0], counts[1], counts[15], longer), (2, 1, 1, 1));
        assert_eq!(counts.iter().sum::<u64>(), 4);
        assert_eq!(sum, Duration::from_micros(6_553_802));
    }

    #[test]
    fn a_heartbeat_that_is_lost_spoils_no_time() {
        use raft::Term;

        let between = |from, to, message| Envelope {
            from: NodeId(from),
            to: NodeId(to),
            term: Term(1),
            message,
        };
        let asks = between(1, 2, Message::Heartbeat { commit: raft::Index(0), round: 0 });
        let answers = between(2, 1, Message::Heard { round: 0 });
        let mut pulse = Pulse::default();
        assert_eq!(pulse.received(0, &answers), None, "nobody asked");
        pulse.sent(100, &asks);
        pulse.sent(200, &asks);
        assert_eq!(pulse.received(900, &answers), Some(Duration::from_micros(800)));
        pulse.sent(1_000, &asks);
        pulse.sent(5_000_000, &asks);
        assert_eq!(pulse.received(5_000_700, &answers), Some(Duration::from_micros(700)));
    }
}

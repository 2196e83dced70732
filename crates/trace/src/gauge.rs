//! The gauge: what a member did in the last span of time, in a few figures.
//!
//! Under load more happens than can be told one by one. What is left out is in these figures, which
//! cost the same however much happens: times go into a histogram, and of each other member little
//! more than the last message is kept.

use std::collections::{BTreeMap, VecDeque};

use raft::{Envelope, Index, Message, NodeId, Ticket, WriteId};

use crate::record::{Aggregate, PeerSight, Times};

/// So often the figures are told, in microseconds.
const SPAN_US: u64 = 1_000_000;
/// Requests and writes whose time is taken at once. A host allows fewer.
const RUNNING_MAX: usize = 1 << 16;
/// Appends of which it is remembered when they were made.
const APPENDS_MAX: usize = 1024;
/// A heartbeat that was not answered in so long will not be.
const LOST_US: u64 = 1_000_000;

#[derive(Debug, Default)]
pub(crate) struct Gauge {
    began: u64,
    /// Since when it measures.
    woke: u64,
    /// Since when the member stands as it does.
    since: u64,
    requests: BTreeMap<Ticket, u64>,
    answered: Histogram,
    writes: VecDeque<(WriteId, u64)>,
    durable: Histogram,
    peers: BTreeMap<NodeId, Peer>,
    /// The last entries of appends of this member, while it leads, and when they were made.
    appends: VecDeque<(Index, u64)>,
}

#[derive(Debug, Default)]
struct Peer {
    is_linked: bool,
    sent: u64,
    received: u64,
    heard: Option<u64>,
    /// When the first heartbeat left that was not answered yet.
    asked: Option<u64>,
    round_trips: Histogram,
    /// What the peer is known to hold, if this member leads.
    matched: Option<Index>,
}

impl Gauge {
    /// The member stands otherwise from now on.
    pub(crate) fn became(&mut self, now: u64) {
        self.since = now;
        self.appends.clear();
        self.peers.values_mut().for_each(|peer| peer.asked = None);
    }

    pub(crate) fn asked(&mut self, now: u64, ticket: Ticket) {
        if self.requests.len() < RUNNING_MAX {
            self.requests.insert(ticket, now);
        }
    }

    pub(crate) fn answered(&mut self, now: u64, ticket: Ticket) {
        if let Some(asked) = self.requests.remove(&ticket) {
            self.answered.add(now.saturating_sub(asked));
        }
    }

    pub(crate) fn wrote(&mut self, now: u64, write: WriteId) {
        if self.writes.len() < RUNNING_MAX {
            self.writes.push_back((write, now));
        }
    }

    pub(crate) fn persisted(&mut self, now: u64, write: WriteId) {
        while let Some((_, asked)) = self.writes.pop_front_if(|(id, _)| *id <= write) {
            self.durable.add(now.saturating_sub(asked));
        }
    }

    /// The log ends there from now on.
    pub(crate) fn appended(&mut self, now: u64, last: Index) {
        if self.appends.len() == APPENDS_MAX {
            self.appends.pop_front();
        }
        self.appends.push_back((last, now));
    }

    pub(crate) fn sent(&mut self, now: u64, envelope: &Envelope) {
        let peer = self.peers.entry(envelope.to).or_default();
        peer.sent += 1;
        if let Message::Heartbeat { .. } = envelope.message {
            let is_lost = peer.asked.is_none_or(|asked| now.saturating_sub(asked) > LOST_US);
            if is_lost {
                peer.asked = Some(now);
            }
        }
    }

    pub(crate) fn received(&mut self, now: u64, envelope: &Envelope) {
        let peer = self.peers.entry(envelope.from).or_default();
        peer.received += 1;
        peer.heard = Some(now);
        if let Message::Heard { .. } = envelope.message
            && let Some(asked) = peer.asked.take()
        {
            peer.round_trips.add(now.saturating_sub(asked));
        }
    }

    /// These members can be sent to now, and those are known to hold so much; there are no others.
    pub(crate) fn reached(
        &mut self,
        linked: &[NodeId],
        matched: impl IntoIterator<Item = (NodeId, Index)>,
    ) {
        for peer in self.peers.values_mut() {
            (peer.is_linked, peer.matched) = (false, None);
        }
        for id in linked {
            self.peers.entry(*id).or_default().is_linked = true;
        }
        for (id, index) in matched {
            self.peers.entry(id).or_default().matched = Some(index);
        }
    }

    /// Forgets what nobody wants to know any more.
    pub(crate) fn rest(&mut self, now: u64) {
        *self = Self { began: now, woke: now, since: self.since, ..Self::default() };
    }

    /// The figures of a span that is over. `last` is where the log ends.
    pub(crate) fn read(
        &mut self,
        now: u64,
        last: Index,
        name: impl Fn(NodeId) -> String,
    ) -> Option<Aggregate> {
        let win = now.saturating_sub(self.began);
        if win < SPAN_US {
            return None;
        }
        self.began = now;
        let (appends, woke) = (&self.appends, self.woke);
        let peers = self.peers.iter_mut().map(|(id, peer)| {
            let lag = peer.matched.map(|matched| {
                let oldest = appends.iter().find(|(index, _)| *index > matched);
                // If it is not known when that was appended, it was before.
                let since = oldest.map_or(woke, |(_, at)| *at);
                let age = if matched < last { now.saturating_sub(since) } else { 0 };
                (last.0.saturating_sub(matched.0), age)
            });
            (name(*id), peer.read(lag))
        });
        Some(Aggregate {
            win,
            since: self.since,
            op: self.answered.read(),
            disk: self.durable.read(),
            peers: peers.collect(),
        })
    }
}

impl Peer {
    fn read(&mut self, lag: Option<(u64, u64)>) -> PeerSight {
        PeerSight {
            up: self.is_linked,
            tx: std::mem::take(&mut self.sent),
            rx: std::mem::take(&mut self.received),
            heard: self.heard,
            rtt: Some(self.round_trips.read()).filter(|times| times.n > 0).map(|times| times.p50),
            lag,
        }
    }
}

/// How often each time was measured. A cell is as wide as an eighth of the power of two below it,
/// so that what is read is at most an eighth too much.
#[derive(Debug, Default)]
struct Histogram {
    cells: BTreeMap<u32, u64>,
    count: u64,
    max: u64,
}

impl Histogram {
    fn add(&mut self, time: u64) {
        *self.cells.entry(cell(time)).or_default() += 1;
        self.count += 1;
        self.max = self.max.max(time);
    }

    /// What was measured since the last reading.
    fn read(&mut self) -> Times {
        let Self { cells, count: n, max } = std::mem::take(self);
        // The first time that so many thousandths of all do not exceed.
        let up_to = |permille: u64| {
            let wanted = (n * permille).div_ceil(1000);
            let mut seen = 0;
            let found = cells.iter().find(|(_, count)| {
                seen += **count;
                seen >= wanted
            });
            found.map_or(0, |(cell, _)| end_of(*cell).min(max))
        };
        Times { n, p50: up_to(500), p99: up_to(990), max }
    }
}

/// Eight cells for each power of two.
fn cell(time: u64) -> u32 {
    let time = u32::try_from(time).unwrap_or(u32::MAX).max(8);
    let power = time.ilog2();
    8 * power + ((time >> (power - 3)) & 7)
}

/// The last time that belongs to the cell.
fn end_of(cell: u32) -> u64 {
    let (power, eighth) = (cell / 8, u64::from(cell % 8));
    ((8 + eighth + 1) << (power - 3)) - 1
}

#[cfg(test)]
mod tests {
    use raft::Term;

    use super::*;

    fn message(from: u64, to: u64, message: Message) -> Envelope {
        Envelope { from: NodeId(from), to: NodeId(to), term: Term(1), message }
    }

    fn read(gauge: &mut Gauge, now: u64, last: u64) -> Aggregate {
        gauge.read(now, Index(last), |id| id.to_string()).unwrap()
    }

    #[test]
    fn each_time_is_in_its_cell() {
        for time in (0..5000).chain([1 << 20, (1 << 31) + 12345, u64::from(u32::MAX)]) {
            let end = end_of(cell(time));
            assert!(time <= end && end <= (time + time / 8).max(8), "{time}: {end}");
        }
    }

    #[test]
    fn the_middle_and_the_slowest() {
        let mut times = Histogram::default();
        (1..=1000).for_each(|time| times.add(1000 * time));
        let Times { n, p50, p99, max } = times.read();
        assert_eq!((n, max), (1000, 1_000_000));
        assert!((500_000..=562_500).contains(&p50), "{p50}");
        assert!((990_000..=1_000_000).contains(&p99), "{p99}");
        assert_eq!(times.read(), Times::default());
    }

    #[test]
    fn requests_and_writes_are_timed() {
        let mut gauge = Gauge::default();
        gauge.rest(100);
        gauge.became(50);
        gauge.asked(200, Ticket(1));
        gauge.wrote(210, WriteId(1));
        gauge.wrote(220, WriteId(2));
        gauge.persisted(310, WriteId(2));
        gauge.answered(1200, Ticket(1));
        gauge.answered(1200, Ticket(9));
        assert_eq!(gauge.read(SPAN_US, Index(0), |id| id.to_string()), None);
        let told = read(&mut gauge, SPAN_US + 100, 0);
        assert_eq!((told.win, told.since), (SPAN_US, 50));
        assert_eq!((told.op.n, told.op.max), (1, 1000));
        assert_eq!((told.disk.n, told.disk.max), (2, 100));
    }

    #[test]
    fn a_leader_knows_how_far_the_others_are() {
        let mut gauge = Gauge::default();
        gauge.reached(&[NodeId(2)], [(NodeId(2), Index(6)), (NodeId(3), Index(4))]);
        gauge.sent(1000, &message(1, 2, Message::Heartbeat { commit: Index(0), round: 0 }));
        gauge.received(1700, &message(2, 1, Message::Heard { round: 0 }));
        gauge.received(1900, &message(2, 1, Message::Appended { matched: Index(6) }));
        for (last, now) in [(4, 1500), (5, 2_000_000), (6, 2_500_000)] {
            gauge.appended(now, Index(last));
        }
        let told = read(&mut gauge, 3_000_000, 6);
        let PeerSight { up, tx, rx, heard, rtt, lag } = &told.peers["n2"];
        assert_eq!((*up, *tx, *rx, *heard), (true, 1, 2, Some(1900)));
        assert!((700..=787).contains(&rtt.unwrap()), "{rtt:?}");
        assert_eq!(*lag, Some((0, 0)));
        let other = &told.peers["n3"];
        assert_eq!((other.up, other.rtt, other.lag), (false, None, Some((2, 1_000_000))));

        // Another leader's followers are not known to hold anything.
        gauge.became(3_100_000);
        gauge.reached(&[NodeId(2)], []);
        assert_eq!(read(&mut gauge, 4_000_000, 6).peers["n2"].lag, None);
    }

    /// A heartbeat that gets no answer does not spoil the times of those after it.
    #[test]
    fn a_lost_heartbeat_is_given_up() {
        let mut gauge = Gauge::default();
        let heartbeat = message(1, 2, Message::Heartbeat { commit: Index(0), round: 0 });
        gauge.sent(0, &heartbeat);
        gauge.sent(LOST_US + 1, &heartbeat);
        gauge.received(LOST_US + 101, &message(2, 1, Message::Heard { round: 0 }));
        let rtt = read(&mut gauge, 2 * SPAN_US, 0).peers["n2"].rtt;
        assert!(rtt.is_some_and(|rtt| (100..=112).contains(&rtt)), "{rtt:?}");
    }
}

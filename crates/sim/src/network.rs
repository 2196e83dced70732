//! The network: what becomes of a message from one member to another.
//!
//! Every directed link has a delay, and keeps the order, as a connection does. What is worse comes
//! from the *weather*: each fault puts one condition over some links, and takes it away when it
//! ends.

use std::collections::{BTreeMap, BTreeSet};

use raft::{Envelope, NodeId};

use crate::event::Moment;
use crate::random::Random;
use crate::stage::action::Trick;

/// Which directed links.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    All,
    From(NodeId),
    To(NodeId),
    Around(NodeId),
    Link(NodeId, NodeId),
    /// From one side to the other, and back.
    Across(BTreeSet<NodeId>),
    /// From the one side to the other, but not back.
    OutOf(BTreeSet<NodeId>),
    /// As `Across`, but one member still reaches both sides.
    Bridge(BTreeSet<NodeId>, NodeId),
    /// All but those between neighbours by number, the last being the first one's.
    Ring(u64),
    /// These.
    Links(BTreeSet<(NodeId, NodeId)>),
}

/// What happens on them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Weather {
    Cut,
    Loss {
        permille: u64,
    },
    Doubling {
        permille: u64,
    },
    /// So much later, at most: messages overtake each other.
    Delay {
        max_us: u64,
    },
    /// Messages arrive in their order, and once more so much later, at most.
    Echo {
        max_us: u64,
    },
}

impl Shape {
    fn covers(&self, from: NodeId, to: NodeId) -> bool {
        match self {
            Self::All => true,
            Self::From(id) => from == *id,
            Self::To(id) => to == *id,
            Self::Around(id) => from == *id || to == *id,
            Self::Link(start, end) => (from, to) == (*start, *end),
            Self::Across(side) => side.contains(&from) != side.contains(&to),
            Self::OutOf(side) => side.contains(&from) && !side.contains(&to),
            Self::Bridge(side, bridge) => {
                from != *bridge && to != *bridge && side.contains(&from) != side.contains(&to)
            }
            Self::Ring(count) => {
                let distance = from.0.abs_diff(to.0);
                distance != 1 && distance + 1 != *count
            }
            Self::Links(links) => links.contains(&(from, to)),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Network {
    random: Random,
    delay_us: u64,
    jitter_us: u64,
    conditions: BTreeMap<u32, (Shape, Weather)>,
    /// When the last message of each link arrives.
    latest: BTreeMap<(NodeId, NodeId), Moment>,
    /// A message is lost in the middle of a link that is cut when it comes there, and not when it
    /// is sent.
    pub(crate) is_cut_in_the_middle: bool,
    tricks: Vec<Expected>,
}

/// A message that is waited for, and what will be done to it.
#[derive(Debug)]
struct Expected {
    from: BTreeSet<NodeId>,
    to: BTreeSet<NodeId>,
    kind: Option<trace::Kind>,
    trick: Trick,
}

impl Expected {
    fn is(&self, envelope: &Envelope) -> bool {
        self.from.contains(&envelope.from)
            && self.to.contains(&envelope.to)
            && self.kind.is_none_or(|kind| kind == trace::Kind::of(&envelope.message))
    }
}

impl Network {
    pub(crate) fn new(seed: u64, delay_us: u64, jitter_us: u64) -> Self {
        let random = Random::stream(seed, "network", 0);
        Self {
            random,
            delay_us,
            jitter_us,
            conditions: BTreeMap::new(),
            latest: BTreeMap::new(),
            is_cut_in_the_middle: false,
            tricks: Vec::new(),
        }
    }

    /// The next message of that kind from one of these to one of those will have this done to it.
    pub(crate) fn expect(
        &mut self,
        from: BTreeSet<NodeId>,
        to: BTreeSet<NodeId>,
        kind: Option<trace::Kind>,
        trick: Trick,
    ) {
        self.tricks.push(Expected { from, to, kind, trick });
    }

    pub(crate) fn begin(&mut self, fault: u32, shape: Shape, weather: Weather) {
        self.conditions.insert(fault, (shape, weather));
    }

    pub(crate) fn end(&mut self, fault: u32) {
        self.conditions.remove(&fault);
    }

    pub(crate) fn heal(&mut self) {
        self.conditions.clear();
    }

    /// Whether some link is cut.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.conditions.values().any(|(_, weather)| matches!(weather, Weather::Cut))
    }

    /// The directed links between these members that are cut.
    pub(crate) fn cuts(&self, ids: &[NodeId]) -> BTreeSet<(NodeId, NodeId)> {
        let pairs = ids.iter().flat_map(|from| ids.iter().map(|to| (*from, *to)));
        pairs.filter(|(from, to)| from != to && self.is_cut(*from, *to)).collect()
    }

    /// Whether nothing gets through from the one to the other.
    pub(crate) fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        let mut conditions = self.conditions.values();
        conditions.any(|(shape, weather)| matches!(weather, Weather::Cut) && shape.covers(from, to))
    }

    /// When a message that leaves now would arrive on a usual day.
    pub(crate) fn usual_arrival(&self, now: Moment) -> Moment {
        now + self.delay_us + self.jitter_us / 2
    }

    /// When a message that leaves now arrives: once, twice, or never.
    pub(crate) fn send(&mut self, now: Moment, envelope: &Envelope) -> Vec<Moment> {
        /// With answers that are doubled as well, more would soon be all that a run is about.
        const COPIES_MAX: usize = 4;
        let Envelope { from, to, .. } = *envelope;
        let mut copies = 1_usize;
        let mut extra_us = 0;
        let mut echoes = Vec::new();
        for (shape, weather) in self.conditions.values() {
            if !shape.covers(from, to) {
                continue;
            }
            match *weather {
                Weather::Cut if self.is_cut_in_the_middle => {}
                Weather::Cut => copies = 0,
                Weather::Loss { permille } if self.random.chance(permille) => copies = 0,
                Weather::Doubling { permille } if self.random.chance(permille) => {
                    copies = COPIES_MAX.min(2 * copies);
                }
                Weather::Loss { .. } | Weather::Doubling { .. } => {}
                Weather::Delay { max_us } => extra_us += max_us,
                Weather::Echo { max_us } => echoes.push(self.random.within(0..=max_us)),
            }
        }
        let spread = self.jitter_us + extra_us;
        let latest = self.latest.entry((from, to)).or_default();
        let arrivals = (0..copies).map(|_| {
            let at = now + self.delay_us + self.random.within(0..=spread);
            if extra_us > 0 {
                return at;
            }
            *latest = at.max(*latest);
            *latest
        });
        let mut arrivals = arrivals.collect::<Vec<_>>();
        let first = arrivals.first().copied();
        arrivals.extend(echoes.into_iter().filter_map(|us| Some(first? + us)));
        let expected = self.tricks.iter().position(|expected| expected.is(envelope));
        match expected.map(|place| self.tricks.remove(place).trick) {
            None => {}
            Some(Trick::Drop) => arrivals.clear(),
            Some(Trick::Delay(us)) => arrivals.iter_mut().for_each(|at| *at += us),
            Some(Trick::Double) => arrivals.extend_from_within(..),
        }
        arrivals
    }
}

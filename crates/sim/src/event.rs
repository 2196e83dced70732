//! What happens next: one queue for the whole world, ordered by time and then by when it was asked
//! for. Nothing else decides the order, so a seed is a run.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use raft::{Envelope, NodeId, WriteId};

/// A moment, in microseconds since the world began.
pub(crate) type Moment = u64;

/// A run of a member, from a start to the next crash. What was asked for in another one is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    pub(crate) id: NodeId,
    pub(crate) number: u64,
}

#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A member's clock ticks.
    Tick(Run),
    /// A message arrives, its sender's message of that number.
    Deliver { number: u64, envelope: Envelope },
    /// It is in the middle of its link, and arrives then.
    Halfway { number: u64, envelope: Envelope, at: Moment },
    /// The disk has done what it was asked to do.
    DiskDone(Run),
    /// The member hears of it.
    Persisted(Run, WriteId),
    /// The keeper of its snapshots has done the first of its tasks.
    Kept(Run),
    /// A disk may have come to rest.
    Seal(Run),
    /// A member that is down starts.
    Start(NodeId),
    /// A member that stood still for so many microseconds goes on.
    Resume(Run, u64),
    /// A client wants something.
    Ask { client: usize },
    /// A listener has its turn.
    Listen { listener: usize },
    /// The auditor looks at a member.
    Audit,
    /// A fault begins, or is left out.
    Fault(u32),
    /// A fault that lasts ends.
    Relief(u32),
    /// A member is removed, or added again.
    ComeOrGo(NodeId),
    /// No more faults from here on: all must heal.
    Heal,
    /// It should be well by now.
    Serve,
    /// Clients stop to ask.
    Calm,
    /// The world ends.
    End,
    /// Somebody does something: the action of that place in the list.
    Act(usize),
    /// The play is over.
    Curtain,
}

impl Event {
    /// The message that is on its way by this, and its number.
    pub(crate) fn message(&self) -> Option<(u64, &Envelope)> {
        match self {
            Self::Deliver { number, envelope } | Self::Halfway { number, envelope, .. } => {
                Some((*number, envelope))
            }
            _ => None,
        }
    }

    /// The same, so many microseconds later.
    pub(crate) fn later(self, us: u64) -> Self {
        match self {
            Self::Halfway { number, envelope, at } => {
                Self::Halfway { number, envelope, at: at + us }
            }
            event => event,
        }
    }
}

#[derive(Debug)]
struct Slot {
    at: Moment,
    sequence: u64,
    event: Event,
}

/// The events to come.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Slot>,
    sequence: u64,
}

impl Queue {
    pub(crate) fn push(&mut self, at: Moment, event: Event) {
        self.sequence += 1;
        self.heap.push(Slot { at, sequence: self.sequence, event });
    }

    /// Takes out a message that is on its way, as often as it is.
    pub(crate) fn take_message(&mut self, from: NodeId, number: u64) -> Vec<(Moment, Event)> {
        self.take_if(|slot| {
            slot.event.message().is_some_and(|it| (it.1.from, it.0) == (from, number))
        })
    }

    /// What was put off for ever happens now.
    pub(crate) fn release(&mut self, now: Moment) {
        for (_, event) in self.take_if(|slot| slot.at == Moment::MAX) {
            self.push(now, event);
        }
    }

    fn take_if(&mut self, is_wanted: impl Fn(&Slot) -> bool) -> Vec<(Moment, Event)> {
        let mut slots = std::mem::take(&mut self.heap).into_vec();
        slots.sort_by_key(Slot::key);
        let (wanted, rest) = slots.into_iter().partition::<Vec<_>, _>(is_wanted);
        self.heap = rest.into();
        wanted.into_iter().map(|slot| (slot.at, slot.event)).collect()
    }

    pub(crate) fn pop(&mut self) -> Option<(Moment, Event)> {
        self.heap.pop().map(|slot| (slot.at, slot.event))
    }
}

impl Slot {
    fn key(&self) -> (Moment, u64) {
        (self.at, self.sequence)
    }
}

// The heap gives the greatest first, so the earliest is the greatest.
impl Ord for Slot {
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl PartialOrd for Slot {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Slot {}

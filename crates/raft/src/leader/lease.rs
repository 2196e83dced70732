//! The lease: a time in which a leader may serve reads without asking anybody (dissertation
//! §6.4.1).
//!
//! A member that hears its leader refuses to vote for another until an election time-out has
//! passed. So from the moment in which a leader sent what a quorum answered, no other leader can be
//! elected for so long. The lease is shorter than that by what clocks may err.
//!
//! It is counted from when a round was *sent*, in the leader's own ticks. Two things would break
//! it, and end it: ticks that the host could not count, which it reports; and a member that was
//! told to campaign at once, which others then vote for though they hear this leader.

use std::collections::VecDeque;

#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Lease {
    /// Ticks since this leader was elected.
    now: u64,
    /// The rounds that no quorum has confirmed yet, and when each was sent.
    sent: VecDeque<(u64, u64)>,
    /// When the newest confirmed round was sent.
    confirmed: Option<u64>,
    is_broken: bool,
}

impl Lease {
    /// Time passed, counted or not.
    pub(crate) fn pass(&mut self, ticks: u32) {
        self.now += u64::from(ticks);
    }

    pub(crate) fn on_round_sent(&mut self, round: u64) {
        self.sent.push_back((round, self.now));
    }

    /// A quorum answered the round, and thereby each before it.
    pub(crate) fn on_round_confirmed(&mut self, round: u64) {
        while let Some((_, at)) = self.sent.pop_front_if(|(sent, _)| *sent <= round) {
            self.confirmed = Some(at);
        }
    }

    /// No lease any more, for the rest of the term.
    pub(crate) fn break_off(&mut self) {
        self.is_broken = true;
    }

    /// Whether nobody else can have been elected. The round was sent at any moment of its tick.
    pub(crate) fn holds(&self, lease_ticks: u32) -> bool {
        let is_fresh = |at| self.now - at < u64::from(lease_ticks);
        !self.is_broken && self.confirmed.is_some_and(is_fresh)
    }
}

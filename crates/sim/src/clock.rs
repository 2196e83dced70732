//! A member's clock: it ticks, a little too fast or too slow, and now and then stands still.

use crate::event::Moment;

/// The time between two ticks by a right clock.
pub(crate) const TICK_US: u64 = 10_000;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// What it takes for a tick.
    tick_us: u64,
    /// How far the wall clock is ahead.
    ahead_us: u64,
    /// Until then the process stands still.
    paused_until: Moment,
    /// Since then it does, if somebody holds it up.
    held_since: Option<Moment>,
}

impl Clock {
    /// A clock that is slow by so many thousandths; or fast, if that is negative.
    pub(crate) fn new(slow_permille: i64) -> Self {
        let tick_us = TICK_US.saturating_add_signed(slow_permille * 10);
        Self { tick_us, ahead_us: 0, paused_until: 0, held_since: None }
    }

    /// Goes slow from now on by so many thousandths. How long a tick takes then.
    pub(crate) fn drift(&mut self, slow_permille: i64) -> u64 {
        self.tick_us = Self::new(slow_permille).tick_us;
        self.tick_us
    }

    /// The process stands still until somebody lets it go.
    pub(crate) fn hold(&mut self, now: Moment) {
        (self.held_since, self.paused_until) = (Some(now), Moment::MAX);
    }

    /// Lets it go. Since when it was held up, if it was.
    pub(crate) fn let_go(&mut self) -> Option<Moment> {
        let since = self.held_since.take()?;
        self.paused_until = 0;
        Some(since)
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held_since.is_some()
    }

    pub(crate) fn next_tick(&self, now: Moment) -> Moment {
        now + self.tick_us
    }

    /// The time of day, as the process would be told it. It never goes back.
    pub(crate) fn wall(&self, now: Moment) -> u64 {
        now + self.ahead_us
    }

    pub(crate) fn jump(&mut self, ahead_us: u64) {
        self.ahead_us += ahead_us;
    }

    pub(crate) fn pause(&mut self, until: Moment) {
        self.paused_until = until;
    }

    pub(crate) fn paused_until(&self, now: Moment) -> Option<Moment> {
        (self.paused_until > now).then_some(self.paused_until)
    }

    /// How many ticks pass in so long a time.
    pub(crate) fn ticks_in(&self, us: u64) -> u32 {
        u32::try_from(us / self.tick_us).unwrap_or(u32::MAX)
    }
}

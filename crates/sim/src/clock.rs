//! A member's clock: it ticks, a little too fast or too slow, and now and then stands still.

use crate::event::Moment;

/// The time between two ticks by a right clock.
pub(crate) const TICK_US: u64 = 10_000;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// What it takes for a tick.
    tick_us: u64,
    /// Since when it goes as fast as it does.
    since: Moment,
    /// How many microseconds had passed by it then.
    passed_us: u64,
    /// How far the wall clock is ahead.
    ahead_us: i64,
    /// Until then the process stands still.
    paused_until: Moment,
    /// Since then it does, if somebody holds it up.
    held_since: Option<Moment>,
}

impl Clock {
    /// A clock that is slow by so many thousandths; or fast, if that is negative.
    pub(crate) fn new(slow_permille: i64) -> Self {
        let tick_us = TICK_US * 1000_u64.saturating_add_signed(slow_permille) / 1000;
        Self { tick_us, since: 0, passed_us: 0, ahead_us: 0, paused_until: 0, held_since: None }
    }

    /// Goes slow from now on by so many thousandths, and does not jump. How long a tick takes then.
    pub(crate) fn drift(&mut self, now: Moment, slow_permille: i64) -> u64 {
        (self.since, self.passed_us) = (now, self.passed_us(now));
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

    /// The time of day, as the process would be told it. The world begins on the second day.
    pub(crate) fn wall(&self, now: Moment) -> u64 {
        const DAY_US: u64 = 86_400_000_000;
        (DAY_US + now).saturating_add_signed(self.ahead_us)
    }

    /// How many milliseconds have passed by this clock, whatever is done to the time of day.
    pub(crate) fn passed_ms(&self, now: Moment) -> u64 {
        self.passed_us(now) / 1000
    }

    fn passed_us(&self, now: Moment) -> u64 {
        self.passed_us + (now - self.since) * TICK_US / self.tick_us
    }

    pub(crate) fn jump(&mut self, by_us: i64) {
        self.ahead_us += by_us;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What passed before a clock began to drift is not counted anew.
    #[test]
    fn a_clock_that_begins_to_drift_does_not_jump() {
        let mut clock = Clock::new(-50);
        let before = clock.passed_ms(3_000_000);
        clock.drift(3_000_000, 50);
        assert_eq!((clock.passed_ms(3_000_000), before), (3157, 3157));
        assert_eq!(clock.passed_ms(3_105_000), 3257);
    }
}

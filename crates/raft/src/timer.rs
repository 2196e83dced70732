//! The election timer: patience that runs out at a random moment (§5.2).

/// Counts ticks up to a time-out that was drawn at random when the timer was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ElectionTimer {
    /// Ticks since the timer was set.
    pub elapsed: u32,
    /// The tick at which it runs out.
    pub timeout: u32,
}

impl ElectionTimer {
    pub(crate) fn new(timeout: u32) -> Self {
        Self { elapsed: 0, timeout }
    }

    /// Lets one tick pass. Whether the timer ran out.
    pub(crate) fn tick(&mut self) -> bool {
        self.elapsed += 1;
        self.elapsed >= self.timeout
    }
}

//! The core's own random numbers. Seeded, so that a run can be had again.

use std::ops::RangeInclusive;

/// `SplitMix64` (Steele, Lea and Flood, 2014): tiny, and good enough to spread timeouts.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number of the range. The bias of the remainder is below 2⁻³² for ranges of ticks. Nothing
    /// is drawn where there is no choice: members without one do not differ by how often they had
    /// none, which keeps an exhaustive search of their states finite.
    pub(crate) fn within(&mut self, range: &RangeInclusive<u32>) -> u32 {
        if range.start() == range.end() {
            return *range.start();
        }
        let span = u64::from(range.end() - range.start()) + 1;
        let offset = u32::try_from(self.next() % span).expect("below the span of a u32 range");
        range.start() + offset
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

//! Random numbers in named streams.
//!
//! Each thing that draws has a stream of its own: the network, each disk, each fault. So one more
//! draw in one of them does not shift the others, and leaving out a fault leaves the rest of the
//! run as much as possible as it was.

use std::ops::RangeInclusive;

/// `SplitMix64` (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of that name and number.
    pub(crate) fn stream(seed: u64, name: &str, number: u64) -> Self {
        let named = name.bytes().fold(seed, |state, byte| mix(state ^ u64::from(byte)));
        Self(mix(named ^ mix(number)))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// A number below `end`, which is not 0. Its bias does not matter here.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        range.start() + self.below(range.end() - range.start() + 1)
    }

    /// A number that is at most so far from 0.
    pub(crate) fn around(&mut self, most: i64) -> i64 {
        self.within(0..=2 * most.unsigned_abs()).cast_signed() - most
    }

    /// True in so many of a thousand cases.
    pub(crate) fn chance(&mut self, permille: u64) -> bool {
        permille > 0 && self.below(1000) < permille
    }

    /// One of them. There must be one.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[index(self.below(from.len() as u64))]
    }

    /// The place of one of these weights, the more often the greater it is. Nothing if all are 0.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = u64> + Clone) -> Option<usize> {
        let sum = weights.clone().sum::<u64>();
        let mut left = if sum == 0 { return None } else { self.below(sum) };
        for (place, weight) in weights.enumerate() {
            match left.checked_sub(weight) {
                Some(rest) => left = rest,
                None => return Some(place),
            }
        }
        None
    }
}

const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// Spreads each bit over all of them.
pub(crate) fn mix(mut state: u64) -> u64 {
    state = state.wrapping_add(GAMMA);
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("below the length of a slice")
}

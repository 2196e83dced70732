//! Which keys a request means: etcd's `key` and `range_end` as bounds of the ordered key space.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// Bounds of a scan over keys.
pub(crate) type Span<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

/// The keys that `key` and `range_end` mean together:
///
/// ```text
///   range_end    keys
///   (empty)      key itself
///   0x00         everything from key on
///   > key        key <= k < range_end
///   <= key       none
/// ```
pub(crate) fn span<'a>(key: &'a [u8], range_end: &'a [u8]) -> Span<'a> {
    let end = match range_end {
        [] => Bound::Included(key),
        [0] => Bound::Unbounded,
        end => Bound::Excluded(end.max(key)),
    };
    (Bound::Included(key), end)
}

/// Half-open intervals of keys, merged where they touch, and single keys.
#[derive(Default)]
pub(crate) struct SpanSet<'a> {
    /// First key of each interval, and where it ends. No two overlap or touch.
    intervals: BTreeMap<&'a [u8], &'a [u8]>,
    /// Single keys.
    points: BTreeSet<&'a [u8]>,
}

impl<'a> SpanSet<'a> {
    /// Adds one key.
    pub(crate) fn insert_point(&mut self, key: &'a [u8]) {
        self.points.insert(key);
    }

    /// Adds the keys from `start` up to, but without, `end`. There may be none.
    pub(crate) fn insert_interval(&mut self, mut start: &'a [u8], mut end: &'a [u8]) {
        if end <= start {
            return;
        }
        // Whatever begins in or at the edge of the new interval is swallowed, from the right.
        while let Some((&other, &other_end)) = self.intervals.range(..=end).next_back() {
            if other_end < start {
                break;
            }
            self.intervals.remove(other);
            start = start.min(other);
            end = end.max(other_end);
        }
        self.intervals.insert(start, end);
    }

    /// Adds everything that `other` holds.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (start, end) in other.intervals {
            self.insert_interval(start, end);
        }
        self.points.extend(other.points);
    }

    /// Whether the key is in the set.
    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        let mut before = self.intervals.range::<[u8], _>((Bound::Unbounded, Bound::Included(key)));
        self.points.contains(key) || before.next_back().is_some_and(|(_, &end)| key < end)
    }
}

//! Permissions, and the arithmetic of what several of them permit together.

use bytes::Bytes;

use crate::interval::{End, Interval};

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermissionKind {
    /// Reading, and watching.
    Read,
    /// Putting and deleting.
    Write,
    /// Both.
    ReadWrite,
}

impl PermissionKind {
    /// Whether it includes the other.
    pub(crate) fn includes(self, other: Self) -> bool {
        self == other || self == Self::ReadWrite
    }
}

/// What may be done with which keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// What.
    pub kind: PermissionKind,
    /// The first key.
    pub key: Bytes,
    /// As in [`Range`](crate::Range).
    pub range_end: Bytes,
}

impl Permission {
    /// A permission.
    pub fn new(kind: PermissionKind, key: Bytes, range_end: Bytes) -> Self {
        Self { kind, key, range_end }
    }

    /// Its keys; `None` if there are none.
    pub(crate) fn interval(&self) -> Option<Interval> {
        if self.key.is_empty() { None } else { Interval::new(&self.key, &self.range_end) }
    }
}

/// Whether the intervals together contain all of the wanted one.
pub(crate) fn cover(mut intervals: Vec<Interval>, wanted: &Interval) -> bool {
    intervals.sort_unstable();
    let mut reached = wanted.start.clone();
    for Interval { start, end } in intervals {
        if start > reached {
            break;
        }
        match end {
            End::Never => return true,
            End::Before(end) if end > reached => reached = end,
            End::Before(_) => {}
        }
    }
    matches!(&wanted.end, End::Before(end) if *end <= reached)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against every key there is: of one letter, or two.
        #[test]
        fn intervals_cover_what_they_contain_key_by_key(
            intervals in prop::collection::vec((0..6u8, 0..7u8), 0..6),
            wanted in (0..6u8, 0..7u8),
        ) {
            let interval = |(from, to): (u8, u8)| {
                let end = if to == 6 { vec![0] } else { vec![b'a' + to] };
                Interval::new(&[b'a' + from], &end)
            };
            let Some(wanted) = interval(wanted) else { return Ok(()) };
            let intervals: Vec<_> = intervals.into_iter().filter_map(interval).collect();
            let keys = (b'a'..b'h').map(|letter| vec![letter]);
            // The last one stands for all that are after it.
            let is_covered = keys
                .filter(|key| wanted.contains(key))
                .all(|key| intervals.iter().any(|interval| interval.contains(&key)));
            prop_assert_eq!(cover(intervals, &wanted), is_covered);
        }
    }

    #[test]
    fn one_key_is_not_all_that_follow() {
        let interval =
            |key: &str, end: &str| Interval::new(key.as_bytes(), end.as_bytes()).unwrap();
        assert!(!cover(vec![interval("a", "")], &interval("a", "\0")));
        assert!(!cover(vec![interval("a", "")], &interval("a", "b")));
        assert!(cover(vec![interval("a", "b"), interval("b", "")], &interval("a", "b\0")));
        assert!(cover(vec![interval("\0", "\0")], &interval("x", "\0")));
        assert!(!cover(Vec::new(), &interval("a", "")));
    }
}

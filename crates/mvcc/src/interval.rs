//! Intervals of keys that own their ends, to be kept.

use bytes::{BufMut, Bytes, BytesMut};

/// Keys from one on up to another, which is not among them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Interval {
    pub(crate) start: Bytes,
    pub(crate) end: End,
}

/// Where an interval ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    Before(Bytes),
    Never,
}

impl Interval {
    /// The keys that `key` and `range_end` mean together, as in a range; but an empty `key` is the
    /// first of all. `None` if there are none.
    pub(crate) fn new(key: &[u8], range_end: &[u8]) -> Option<Self> {
        // Copies: the given bytes are part of a whole message.
        let start = Bytes::copy_from_slice(if key.is_empty() { b"\0" } else { key });
        let end = match range_end {
            [] => End::Before(successor(&start)),
            [0] => End::Never,
            end if end > &start[..] => End::Before(Bytes::copy_from_slice(end)),
            _ => return None,
        };
        Some(Self { start, end })
    }

    /// Whether the key is in it.
    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        self.start <= key && self.end.is_after(key)
    }
}

impl End {
    /// Whether the key is before the end.
    pub(crate) fn is_after(&self, key: &[u8]) -> bool {
        match self {
            Self::Before(end) => key < &end[..],
            Self::Never => true,
        }
    }
}

/// The next key there could be.
fn successor(key: &[u8]) -> Bytes {
    let mut next = BytesMut::with_capacity(key.len() + 1);
    next.put_slice(key);
    next.put_u8(0);
    next.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_mean_what_ranges_mean() {
        let check = |key: &str, end: &str, inside: &[&str], outside: &[&str]| {
            let interval = Interval::new(key.as_bytes(), end.as_bytes()).unwrap();
            for (keys, expected) in [(inside, true), (outside, false)] {
                for key in keys {
                    assert_eq!(interval.contains(key.as_bytes()), expected, "{key}");
                }
            }
        };
        check("b", "", &["b"], &["a", "b\0", "ba", "c"]);
        check("b", "d", &["b", "b\0", "c"], &["a", "d"]);
        check("b", "\0", &["b", "z", "\u{7f}"], &["a"]);
        check("", "", &["\0"], &["a"]);
        check("", "\0", &["\0", "a"], &[]);
        for (key, end) in [("b", "a"), ("b", "b"), ("", "\0\0")] {
            let interval = Interval::new(key.as_bytes(), end.as_bytes());
            assert_eq!(interval.is_some(), key.is_empty(), "{key:?} {end:?}");
        }
    }
}

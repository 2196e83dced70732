//! Which keys: the arguments that `get` and `del` have in common.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use bytes::Bytes;
use clap::Args;

/// A key, or a range of keys.
#[derive(Args)]
pub(crate) struct Keys {
    /// The key, or the first one of a range
    key: OsString,
    /// The end of the range, itself not in it
    #[arg(conflicts_with_all = ["prefix", "from_key"])]
    range_end: Option<OsString>,
    /// All keys that begin with KEY
    #[arg(long, conflicts_with = "from_key")]
    prefix: bool,
    /// All keys from KEY on
    #[arg(long)]
    from_key: bool,
}

/// The end of a range that has none: one zero byte, as etcd has it.
pub(crate) const OPEN: Bytes = Bytes::from_static(b"\0");

impl Keys {
    /// The key that was given, which may be empty.
    pub(crate) fn first(&self) -> Bytes {
        bytes(self.key.clone())
    }

    /// The `key` and `range_end` of a request.
    pub(crate) fn into_range(self) -> (Bytes, Bytes) {
        let key = bytes(self.key);
        if (self.prefix || self.from_key) && key.is_empty() {
            return (OPEN, OPEN);
        }
        let end = if self.prefix {
            prefix_end(&key)
        } else if self.from_key {
            OPEN
        } else {
            self.range_end.map(bytes).unwrap_or_default()
        };
        (key, end)
    }
}

/// An argument as it was typed, whatever its bytes.
pub(crate) fn bytes(argument: OsString) -> Bytes {
    argument.into_vec().into()
}

/// The first key after all keys that begin with `prefix`.
pub(crate) fn prefix_end(prefix: &[u8]) -> Bytes {
    match prefix.iter().rposition(|&byte| byte < 0xff) {
        Some(last) => {
            let mut end = prefix[..=last].to_vec();
            end[last] += 1;
            end.into()
        }
        None => OPEN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_one() {
        assert_eq!(prefix_end(b"ab"), "ac");
        assert_eq!(prefix_end(b"a\xff\xff"), "b");
        assert_eq!(prefix_end(b"\xff"), OPEN);
    }
}

//! A command in a few words.

use std::fmt::Write;

use crate::command::{Command, DeleteRange};

/// How many characters of a key, value or name are shown.
const SHOWN_CHARS_MAX: usize = 64;

/// A command as one short line, for logs and the page: `put a 1`, `del a`, `del a..b`, `txn`,
/// `compact 7`, `publish m1`.
///
/// Keys and values are shown as UTF-8, as far as they are, without control characters, and cut
/// after 64 characters. The line is for people: two commands can look alike.
pub fn describe(command: &Command) -> String {
    match command {
        Command::Put(put) if put.value.is_empty() => format!("put {}", shown(&put.key)),
        Command::Put(put) => format!("put {} {}", shown(&put.key), shown(&put.value)),
        Command::DeleteRange(delete) => describe_delete(delete),
        Command::Txn(_) => "txn".into(),
        Command::Compact(compact) => format!("compact {}", compact.revision),
        Command::Publish(publish) => format!("publish {}", shown(publish.name.as_bytes())),
    }
}

fn describe_delete(delete: &DeleteRange) -> String {
    let key = shown(&delete.key);
    match &delete.range_end[..] {
        [] => format!("del {key}"),
        [0] => format!("del {key}.."),
        end => format!("del {key}..{}", shown(end)),
    }
}

fn shown(bytes: &[u8]) -> String {
    // A character takes at most four bytes: what lies behind them need not be looked at.
    let head = &bytes[..bytes.len().min(4 * (SHOWN_CHARS_MAX + 1))];
    let text = String::from_utf8_lossy(head);
    let mut shown = String::new();
    for (position, char) in text.chars().enumerate() {
        if position == SHOWN_CHARS_MAX {
            shown.push('…');
            break;
        }
        if char.is_control() {
            write!(shown, "{}", char.escape_default()).expect("a string takes everything");
        } else {
            shown.push(char);
        }
    }
    shown
}

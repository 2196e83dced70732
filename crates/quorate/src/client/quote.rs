//! Quoted strings as Go writes them: the grammar of `txn` and the commands of `watch` use those.

use std::fmt::{self, Write};

/// Reads one quoted string from the front of `text`; gives its bytes and what follows it.
///
/// Between backquotes every byte stands for itself; between double quotes the usual escapes work.
pub(crate) fn unquote(text: &str) -> Option<(Vec<u8>, &str)> {
    if let Some(raw) = text.strip_prefix('`') {
        let (inside, rest) = raw.split_once('`')?;
        return Some((inside.into(), rest));
    }
    let mut rest = text.strip_prefix('"')?;
    let mut bytes = Vec::new();
    loop {
        let c = rest.chars().next()?;
        rest = &rest[c.len_utf8()..];
        match c {
            '"' => return Some((bytes, rest)),
            '\\' => rest = unescape(rest, &mut bytes)?,
            _ => push_char(&mut bytes, c),
        }
    }
}

/// Reads what follows a backslash; gives what follows that.
fn unescape<'a>(text: &'a str, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let kind = text.chars().next()?;
    let rest = &text[kind.len_utf8()..];
    match kind {
        'a' => bytes.push(0x07),
        'b' => bytes.push(0x08),
        'f' => bytes.push(0x0c),
        'n' => bytes.push(b'\n'),
        'r' => bytes.push(b'\r'),
        't' => bytes.push(b'\t'),
        'v' => bytes.push(0x0b),
        '\\' | '"' => push_char(bytes, kind),
        'x' => {
            let (byte, rest) = digits(rest, 2, 16)?;
            bytes.push(u8::try_from(byte).ok()?);
            return Some(rest);
        }
        '0'..='7' => {
            let (byte, rest) = digits(text, 3, 8)?;
            bytes.push(u8::try_from(byte).ok()?);
            return Some(rest);
        }
        'u' | 'U' => {
            let (number, rest) = digits(rest, if kind == 'u' { 4 } else { 8 }, 16)?;
            push_char(bytes, char::from_u32(number)?);
            return Some(rest);
        }
        _ => return None,
    }
    Some(rest)
}

fn digits(text: &str, count: usize, radix: u32) -> Option<(u32, &str)> {
    let (number, rest) = text.split_at_checked(count)?;
    let all_digits = number.chars().all(|c| c.is_digit(radix));
    let number = u32::from_str_radix(number, radix).ok().filter(|_| all_digits)?;
    Some((number, rest))
}

/// Writes bytes as Go's `%q` does, between double quotes.
pub(crate) fn quote(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_escaped(&mut text, c);
        }
        for byte in chunk.invalid() {
            push(&mut text, format_args!("\\x{byte:02x}"));
        }
    }
    text.push('"');
    text
}

fn push_escaped(text: &mut String, c: char) {
    match c {
        '"' | '\\' => text.extend(['\\', c]),
        '\x07' => text.push_str("\\a"),
        '\x08' => text.push_str("\\b"),
        '\x0c' => text.push_str("\\f"),
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        '\x0b' => text.push_str("\\v"),
        '\0'..='\x1f' | '\x7f' => push(text, format_args!("\\x{:02x}", u32::from(c))),
        // What Rust would print, Go would too, but for a few of the newest characters.
        ' '..='~' => text.push(c),
        _ if c.escape_debug().len() == 1 => text.push(c),
        _ if u32::from(c) < 0x1_0000 => push(text, format_args!("\\u{:04x}", u32::from(c))),
        _ => push(text, format_args!("\\U{:08x}", u32::from(c))),
    }
}

fn push(text: &mut String, part: fmt::Arguments<'_>) {
    text.write_fmt(part).expect("a string takes everything");
}

fn push_char(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Option<(&[u8], &str)>) {
        let got = unquote(text);
        assert_eq!(got.as_ref().map(|(bytes, rest)| (&bytes[..], *rest)), expect, "{text}");
    }

    #[test]
    fn quotes() {
        check(r#""a b" c"#, Some((b"a b", " c")));
        check(r#""\x41\101\u00e9\n\"\\""#, Some(("AAé\n\"\\".as_bytes(), "")));
        check(r#""\xff""#, Some((b"\xff", "")));
        check(r"`a\n`)", Some((br"a\n", ")")));
    }

    #[test]
    fn what_is_quoted_can_be_read_again() {
        let check = |bytes: &[u8], text: &str| {
            assert_eq!(quote(bytes), text);
            assert_eq!(unquote(text), Some((bytes.to_vec(), "")));
        };
        check(b"", r#""""#);
        check("a b\"\\é".as_bytes(), r#""a b\"\\é""#);
        check(b"\n\t\0\x7f\xff\xc3", r#""\n\t\x00\x7f\xff\xc3""#);
        check("\u{200b}\u{e0001}".as_bytes(), r#""\u200b\U000e0001""#);
    }

    #[test]
    fn broken_quotes() {
        for text in
            ["", "a", r#""a"#, r#""\q""#, r#""\x4""#, r#""\777""#, r#""\x+1""#, "`a", "\"\\"]
        {
            check(text, None);
        }
    }
}

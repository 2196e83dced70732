//! The lines that `txn` reads: conditions like `mod("key") > "0"`, and requests like
//! `put key "some words"`, as `etcdctl` has them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use clap::Parser;
use etcdpb::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use etcdpb::etcdserverpb::request_op::Request;
use etcdpb::etcdserverpb::{Compare, RequestOp};

use super::del::Del;
use super::get::Get;
use super::put::Put;
use super::quote::unquote;
use super::usage::Failure;

/// Reads `target("key") operator "value"`.
pub(crate) fn parse_compare(line: &str) -> Result<Compare, Failure> {
    compare(line).ok_or_else(|| Failure::Usage(format!("malformed comparison: {line}")))
}

/// Reads `put`, `get` or `del` with the arguments that they have on the command line.
pub(crate) fn parse_request(line: &str) -> Result<RequestOp, Failure> {
    let malformed = || Failure::Usage(format!("invalid txn request: {line}"));
    let arguments = split(line).ok_or_else(malformed)?;
    let Arguments { request } = Arguments::try_parse_from(arguments).map_err(|_| malformed())?;
    let request = match request {
        Operation::Put(put) => Request::RequestPut(put.into_request()?),
        Operation::Get(get) => Request::RequestRange(get.into_request()),
        Operation::Del(del) => Request::RequestDeleteRange(del.into_request()),
    };
    Ok(RequestOp { request: Some(request) })
}

#[derive(Parser)]
#[command(no_binary_name = true)]
struct Arguments {
    #[command(subcommand)]
    request: Operation,
}

#[derive(clap::Subcommand)]
enum Operation {
    Put(Put),
    Get(Get),
    Del(Del),
}

fn compare(line: &str) -> Option<Compare> {
    let (target, rest) = line.split_once('(')?;
    let (key, rest) = unquote(rest.trim_start())?;
    let rest = rest.trim_start().strip_prefix(')')?.trim_start();
    let operator_end = rest.find(|c: char| !"=!<>".contains(c))?;
    let (operator, rest) = rest.split_at(operator_end);
    let (value, rest) = unquote(rest.trim_start())?;
    if !rest.trim().is_empty() {
        return None;
    }
    let (target, union) = match target {
        "val" | "value" => (CompareTarget::Value, TargetUnion::Value(value.into())),
        "ver" | "version" => (CompareTarget::Version, TargetUnion::Version(number(&value, 10)?)),
        "c" | "create" => (CompareTarget::Create, TargetUnion::CreateRevision(number(&value, 10)?)),
        "m" | "mod" => (CompareTarget::Mod, TargetUnion::ModRevision(number(&value, 10)?)),
        "lease" => (CompareTarget::Lease, TargetUnion::Lease(number(&value, 16)?)),
        _ => return None,
    };
    let result = match operator {
        "=" => CompareResult::Equal,
        "!=" => CompareResult::NotEqual,
        "<" => CompareResult::Less,
        ">" => CompareResult::Greater,
        _ => return None,
    };
    Some(Compare {
        result: result.into(),
        target: target.into(),
        key: key.into(),
        target_union: Some(union),
        ..Compare::default()
    })
}

fn number(digits: &[u8], radix: u32) -> Option<i64> {
    i64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

/// Splits a line at spaces, except in quotes. Within single quotes nothing is special.
pub(crate) fn split(line: &str) -> Option<Vec<OsString>> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let word;
        (word, rest) = match first {
            '"' => unquote(rest)?,
            '\'' => {
                let (inside, rest) = rest[1..].split_once('\'')?;
                (inside.into(), rest)
            }
            _ => {
                let (word, rest) =
                    rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
                (word.into(), rest)
            }
        };
        words.push(OsString::from_vec(word));
        rest = rest.trim_start();
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions() {
        let mod_is_over_zero = Compare {
            result: CompareResult::Greater.into(),
            target: CompareTarget::Mod.into(),
            key: "a b".into(),
            target_union: Some(TargetUnion::ModRevision(0)),
            range_end: "".into(),
        };
        for line in [r#"mod("a b") > "0""#, r#"m("a b")>"0""#, r#"mod( "a b" )   >  "0"  "#] {
            assert_eq!(parse_compare(line), Ok(mod_is_over_zero.clone()), "{line}");
        }
        let lease = parse_compare(r#"lease("a") != "1f""#).unwrap();
        assert_eq!(lease.target_union, Some(TargetUnion::Lease(0x1f)));
    }

    #[test]
    fn broken_conditions() {
        for line in [
            "junk",
            r#"mod(a) > "0""#,
            r#"mod("a") > 0"#,
            r#"mod("a") > "x""#,
            r#"mod("a") ~ "0""#,
            r#"mod("a") == "0""#,
            r#"mod("a") > "0" more"#,
            r#"size("a") > "0""#,
        ] {
            let refused = Failure::Usage(format!("malformed comparison: {line}"));
            assert_eq!(parse_compare(line), Err(refused));
        }
    }

    #[test]
    fn words_and_quotes() {
        let words = split(r#"put  "a \x41" 'b "c"' d"e"#).unwrap();
        assert_eq!(words, ["put", "a A", r#"b "c""#, r#"d"e"#]);
        assert_eq!(split(r#"put "a"#), None);
        assert_eq!(split("put 'a"), None);
    }

    #[test]
    fn requests_take_the_flags_of_the_commands() {
        let RequestOp { request: Some(Request::RequestRange(range)) } =
            parse_request("get a --prefix --limit 2").unwrap()
        else {
            panic!("not a range");
        };
        assert_eq!((&range.key[..], &range.range_end[..], range.limit), (&b"a"[..], &b"b"[..], 2));
    }

    #[test]
    fn broken_requests() {
        for line in ["frob a", "put", "get", "get a --bogus", "del a b c"] {
            let refused = Failure::Usage(format!("invalid txn request: {line}"));
            assert_eq!(parse_request(line), Err(refused));
        }
        assert!(parse_request("put a").is_err());
    }
}

//! `quorate watch -i`: watches that are typed, a line each, while those before go on.
//!
//! ```text
//!   watch --prefix a/ -- echo changed
//!   watch b
//!   progress
//! ```
//!
//! `progress` has each of them say how far it is. A line that makes no sense is told so; an unknown
//! flag, or the end of the input, ends all, as with `etcdctl`.

use std::io::BufRead;
use std::sync::Arc;
use std::thread;

use clap::Parser;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Notify, mpsc};

use super::{CANCELED, Watch};
use crate::client::endpoints::Endpoints;
use crate::client::output::Format;
use crate::client::txn_grammar::split;
use crate::client::usage::Failure;

/// What can be typed.
enum Typed {
    Watch(Box<Watch>),
    Progress,
    /// Neither; and what is to be said.
    Nonsense(String),
}

/// The words after `watch`.
#[derive(Parser)]
#[command(no_binary_name = true)]
struct Arguments {
    #[command(flatten)]
    watch: Watch,
}

/// Watches what is typed until the input ends.
pub(super) async fn run(endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
    let mut lines = typed_lines()?;
    let progress = Arc::new(Notify::new());
    let mut watches = FuturesUnordered::new();
    loop {
        tokio::select! {
            line = lines.recv() => match line.map(|line| read(&line)).transpose()? {
                Some(Typed::Watch(watch)) => {
                    watches.push(watch.follow_all(endpoints, format, progress.clone()));
                }
                Some(Typed::Progress) => progress.notify_waiters(),
                Some(Typed::Nonsense(line)) => eprintln!("{line}"),
                None => {
                    let line = "error reading watch request line: EOF";
                    return Err(Failure::Failed(line.to_owned()));
                }
            },
            Some(Err(failure)) = watches.next() => match failure {
                // That was told, and the others go on.
                Failure::Failed(line) if line == CANCELED => {}
                failure => drop(failure.report()),
            },
        }
    }
}

/// The lines of standard input, as they come.
fn typed_lines() -> Result<mpsc::UnboundedReceiver<String>, Failure> {
    let (sender, lines) = mpsc::unbounded_channel();
    thread::Builder::new().name("stdin".into()).spawn(move || {
        let all = std::io::stdin().lock().lines().map_while(Result::ok);
        // Nobody listens when the program ends.
        all.take_while(|line| sender.send(line.clone()).is_ok()).for_each(drop);
    })?;
    Ok(lines)
}

fn read(line: &str) -> Result<Typed, Failure> {
    let Some(words) = split(line) else {
        return Ok(Typed::Nonsense(format!("Invalid command {line} (a quote has no end)")));
    };
    let nonsense = |why: &str| Ok(Typed::Nonsense(format!("Invalid command {line} ({why})")));
    match words.first().and_then(|word| word.to_str()) {
        None => {
            let line = format!("Invalid command: {line} (watch and progress supported)");
            Ok(Typed::Nonsense(line))
        }
        Some("progress") => Ok(Typed::Progress),
        Some("watch") => {
            let Arguments { watch } = Arguments::try_parse_from(&words[1..]).map_err(|error| {
                let text = error.to_string();
                let first = text.lines().next().unwrap_or_default();
                Failure::Usage(first.trim_start_matches("error: ").to_owned())
            })?;
            if watch.key.is_none() {
                return nonsense("command type or key is not provided");
            }
            Ok(Typed::Watch(Box::new(watch)))
        }
        Some(_) => nonsense("only support watch"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_etcdctl_reads_them() {
        let told = |line: &str| match read(line) {
            Ok(Typed::Nonsense(told)) => told,
            Ok(Typed::Progress) => "progress".to_owned(),
            Ok(Typed::Watch(watch)) => {
                let (request, hook) = watch.into_request();
                format!("{:?} {} {}", request.key, request.start_revision, hook.is_some())
            }
            Err(Failure::Usage(line)) => format!("usage: {line}"),
            Err(failure) => panic!("{line}: {failure}"),
        };
        let check = |line: &str, expected: &str| assert_eq!(told(line), expected, "{line}");
        check("progress", "progress");
        check("watch a --rev 7", "b\"a\" 7 false");
        check("watch 'a b' -- echo \"it is\"", "b\"a b\" 0 true");
        check("foo", "Invalid command foo (only support watch)");
        check("", "Invalid command:  (watch and progress supported)");
        check("watch", "Invalid command watch (command type or key is not provided)");
        check("watch 'a", "Invalid command watch 'a (a quote has no end)");
        check("watch a --bad", "usage: unexpected argument '--bad' found");
    }
}

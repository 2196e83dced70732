//! The one place that writes to stdout.

use std::io::{ErrorKind, Write};

use clap::ValueEnum;

use super::json::Json;
use super::simple::Simple;
use super::usage::Failure;

/// How to print an answer.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// As people read it
    Simple,
    /// As programs read it
    Json,
}

impl Format {
    /// Prints an answer.
    pub(crate) fn print(self, answer: &(impl Simple + Json)) -> Result<(), Failure> {
        let mut text = Vec::new();
        match self {
            Self::Simple => answer.simple(&mut text),
            Self::Json => {
                answer.json(&mut text);
                text.push(b'\n');
            }
        }
        print(&text)
    }
}

/// Writes to stdout. A reader that has gone away wants no more: that is no failure.
pub(crate) fn print(text: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

//! The one place that writes to stdout.

use std::io::{ErrorKind, Write};

use clap::ValueEnum;
use etcdpb::etcdserverpb::ResponseHeader;

use super::fields::{Fielded, Fields};
use super::json::Json;
use super::simple::{Simple, line};
use super::usage::Failure;

/// How to print an answer.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// As people read it
    Simple,
    /// As programs read it
    Json,
    /// As a table
    Table,
    /// One field a line
    Fields,
}

impl Format {
    /// Prints an answer. Like `etcdctl`, it has no table for each.
    pub(crate) fn print(self, answer: &(impl Simple + Json)) -> Result<(), Failure> {
        let mut text = Vec::new();
        match self {
            Self::Simple => answer.simple(&mut text),
            Self::Json => {
                answer.json(&mut text);
                text.push(b'\n');
            }
            Self::Table => answer.table().ok_or_else(|| unsupported("table"))?.print(&mut text),
            Self::Fields => return Err(unsupported("fields")),
        }
        print(&text)
    }

    /// Prints an answer that has a form of fields, too.
    pub(crate) fn print_any(self, answer: &(impl Simple + Json + Fielded)) -> Result<(), Failure> {
        if self != Self::Fields {
            return self.print(answer);
        }
        let mut fields = Fields::default();
        answer.fields(&mut fields);
        print(&fields.into_text())
    }
}

/// That something was done: the answer has nothing but a header, and people are told a line.
pub(crate) struct Done {
    told: Vec<u8>,
    pub(crate) header: Option<ResponseHeader>,
}

impl Done {
    pub(crate) fn new(told: impl Into<Vec<u8>>, header: Option<ResponseHeader>) -> Self {
        Self { told: told.into(), header }
    }
}

impl Simple for Done {
    fn simple(&self, out: &mut Vec<u8>) {
        line(out, &self.told);
    }
}

fn unsupported(format: &str) -> Failure {
    Failure::Failed(format!("{format} not supported as output format"))
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

//! What went wrong, as one line on stderr and an exit code.

use std::fmt;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use tonic::Status;

/// Why a command did not do what it was asked to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The command line or the input makes no sense. Exit code 2.
    Usage(String),
    /// The server refused, or could not be asked. Exit code 1.
    Failed(String),
    /// As `Failed`, and the reason has already been told.
    Told,
    /// The program that was run under a lock failed, with that exit code.
    Command(u8),
}

impl Failure {
    /// Says what failed, and puts the reason in brackets, as `etcdctl` does for some.
    pub(crate) fn context(self, what: &str) -> Self {
        match self {
            Self::Failed(reason) => Self::Failed(format!("{what} ({reason})")),
            Self::Usage(_) | Self::Told | Self::Command(_) => self,
        }
    }

    /// Tells it on stderr.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Usage(line) => {
                eprintln!("Error: {line}");
                ExitCode::from(2)
            }
            Self::Failed(line) => {
                eprintln!("Error: {line}");
                ExitCode::FAILURE
            }
            Self::Told => ExitCode::FAILURE,
            Self::Command(code) => {
                eprintln!("Error: exit status {code}");
                ExitCode::from(code)
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(line) | Self::Failed(line) => f.write_str(line),
            Self::Told => Ok(()),
            Self::Command(code) => write!(f, "exit status {code}"),
        }
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Failed(status.message().to_owned())
    }
}

impl From<wal::Error> for Failure {
    fn from(error: wal::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Turns clap's answer into ours: help and version as they are, everything else as one line.
pub(crate) fn refuse(error: &clap::Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => error.exit(),
        ErrorKind::UnknownArgument => {
            Failure::Usage(format!("{}; {}", one_line(error), alternative(error))).report()
        }
        _ => Failure::Usage(one_line(error)).report(),
    }
}

/// What else there is than the flag that there is not.
fn alternative(error: &clap::Error) -> String {
    match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(flag)) => format!("a similar one is '{flag}'"),
        _ => "--help lists those that there are".to_owned(),
    }
}

/// The first paragraph of clap's message, without its `error: `.
pub(crate) fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    let line = words.join(" ");
    line.strip_prefix("error: ").map_or_else(|| line.clone(), str::to_owned)
}

/// Reads `500ms`, `5s`, `2m` or `1h`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let millis_per_unit = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let number = number.parse::<u64>().ok();
    let millis = number.zip(millis_per_unit).and_then(|(number, unit)| number.checked_mul(unit));
    millis.map(Duration::from_millis).ok_or_else(|| "expected a time like 500ms or 5s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_number_and_a_unit() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_mins(2)));
        for bad in ["", "5", "s", "-1s", "5 s", "5d", "18446744073709551615h"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}

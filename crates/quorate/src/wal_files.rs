//! `quorate wal`: reads the log of a member that does not run, or a copy of it, and says what is in
//! it. Changes nothing.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use raft::{Index, Loss};
use wal::{Item, ReadOnlyDisk, Record, Verified};

use crate::client::output;
use crate::client::usage::Failure;

/// The logs of members.
#[derive(clap::Args)]
pub(crate) struct WalFiles {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Read a log as a member does that starts, and say whether it is whole
    Verify {
        /// The member's data directory, or the one in it with the log
        directory: PathBuf,
    },
    /// Print what stands in a log, whole or not, a line for each frame
    Dump {
        /// The member's data directory, or the one in it with the log
        directory: PathBuf,
    },
}

impl WalFiles {
    pub(crate) fn main(self) -> ExitCode {
        let done = match self.command {
            Command::Verify { directory } => verify(&disk(&directory)),
            Command::Dump { directory } => dump(&disk(&directory)),
        };
        done.map_or_else(Failure::report, |()| ExitCode::SUCCESS)
    }
}

fn disk(directory: &Path) -> ReadOnlyDisk {
    let log = directory.join("member/wal");
    ReadOnlyDisk::new(if log.is_dir() { log } else { directory.to_owned() })
}

fn no_log(disk: &ReadOnlyDisk) -> Failure {
    Failure::Failed(format!(
        "there is no log in {}. Give the data directory of a member",
        disk.directory().display()
    ))
}

/// Says what the log holds. Fails if it is damaged, and then says what a member that is not alone
/// would go on with.
fn verify(disk: &ReadOnlyDisk) -> Result<(), Failure> {
    let identity = wal::identity(disk)?.ok_or_else(|| no_log(disk))?;
    output::print(format!("{}: the log of {identity}\n", disk.directory().display()).as_bytes())?;
    match wal::verify(disk) {
        Ok(verified) => {
            let verified = verified.ok_or_else(|| no_log(disk))?;
            output::print(describe(&verified).as_bytes())
        }
        Err(error) => {
            if error.is_damage() {
                let left = match wal::salvage(disk, identity) {
                    Ok(left) => format!("What is left: {}\n", summary(&left)),
                    Err(_) => "Not even the last vote is known for sure\n".to_owned(),
                };
                output::print(left.as_bytes())?;
            }
            Err(error.into())
        }
    }
}

fn describe(verified: &Verified) -> String {
    let Verified { restored, recovery, .. } = verified;
    let (segments, frames) = (recovery.segments, recovery.frames);
    let mut text = format!("{segments} segments, the last frame is {frames}\n");
    let _ = writeln!(text, "{}", summary(restored));
    if let Some(torn) = &recovery.torn {
        let (path, offset, reason) = (torn.path.display(), torn.offset, &torn.reason);
        let _ = writeln!(
            text,
            "The last write was cut short, at byte {offset} of {path} ({reason}): a member that \
             starts cuts it off, and recovers"
        );
    } else {
        text.push_str("All of it is as it was written\n");
    }
    if let Some(loss) = restored.loss {
        let what = match loss {
            Loss::Tail => "its last write",
            Loss::Damage => "entries",
        };
        let _ = writeln!(text, "The member may have lost {what}, and has not recovered yet");
    }
    text
}

/// What a log has come to.
fn summary(restored: &raft::Restored) -> String {
    let raft::Restored { base, entries, commit, hard_state, .. } = restored;
    let last = entries.last().map_or(*base, |entry| entry.position);
    let committed = Index(commit.0.min(last.index.0));
    let vote = hard_state.vote.map_or_else(|| "no vote".to_owned(), |vote| format!("vote {vote}"));
    format!(
        "{} entries after {base}, up to {last}, committed up to {committed}; term {}, {vote}",
        entries.len(),
        hard_state.term
    )
}

/// Prints all that stands in the log. Fails if some of it is not as it was written.
fn dump(disk: &ReadOnlyDisk) -> Result<(), Failure> {
    wal::identity(disk)?.ok_or_else(|| no_log(disk))?;
    let mut printed = Ok(());
    let mut is_bad = false;
    let listed = wal::inspect(disk, |item| {
        is_bad |= matches!(item, Item::Bad(_));
        if printed.is_ok() {
            printed = output::print(line(item).as_bytes());
        }
    });
    listed?;
    printed?;
    if is_bad { Err(Failure::Told) } else { Ok(()) }
}

fn line(item: Item) -> String {
    match item {
        Item::Segment { path, identity, bytes, first_frame, begins_anew } => {
            let anew = if begins_anew { ", begins anew" } else { "" };
            let path = path.display();
            format!("{path}: {identity}, {bytes} bytes, from frame {first_frame}{anew}\n")
        }
        Item::Frame { offset, bytes, number, records } => {
            format!("{offset:>10} {bytes:>8} frame {number}: {}\n", say(&records))
        }
        Item::Bad(error) => format!("           {error}\n"),
    }
}

/// What a frame says: first what all before it have come to, then what is new.
fn say(records: &[Record]) -> String {
    let mut parts = Vec::new();
    let mut is_first = true;
    for record in records {
        parts.push(match record {
            Record::Write(write) if is_first => {
                is_first = false;
                let hard_state = write.hard_state.unwrap_or_default();
                let vote = hard_state.vote.map_or(String::new(), |vote| format!(" vote {vote}"));
                let base = write.base.unwrap_or_default();
                format!("base {base} term {}{vote} commit {}", hard_state.term, write.commit)
            }
            Record::Write(write) => write.to_string(),
            Record::Loss(Loss::Tail) => "the tail may be lost".to_owned(),
            Record::Loss(Loss::Damage) => "entries are lost".to_owned(),
            Record::Cut => "in the place of a torn one".to_owned(),
            Record::Elsewhere => "goes on in the next segment".to_owned(),
        });
    }
    parts.join("; ")
}

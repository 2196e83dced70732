//! `quorate snapshot`: backups. They are Quorate's own form (`docs/formats.md`), not etcd's
//! database; what an etcd sends can be saved, but not restored here.

mod restore;
mod save;

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use server::backup::{Backup, Check};

use super::endpoints::Endpoints;
use super::output::Format;
use super::simple::{Simple, line, size};
use super::table::Table;
use super::usage::Failure;

/// What to do with backups.
#[derive(Args)]
pub(crate) struct Snapshot {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Save all that a server stores to a file
    Save(save::Save),
    /// Tell what a backup holds
    Status(File),
    /// Make the data directory of a member of a new cluster out of a backup
    Restore(restore::Restore),
}

#[derive(Args)]
struct File {
    /// The backup
    file: PathBuf,
}

/// What a backup holds.
pub(crate) struct Summary {
    pub(crate) hash: u64,
    pub(crate) revision: i64,
    pub(crate) total_key: u64,
    pub(crate) total_size: i64,
}

impl Snapshot {
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        match self.action {
            Action::Save(save) => save.run(endpoints).await,
            Action::Status(File { file }) => format.print_any(&summary(&file)?),
            Action::Restore(restore) => restore.run(),
        }
    }
}

/// Reads a backup, which names the file if it cannot.
fn read(file: &Path, check: Check) -> Result<(Backup, u64), Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::Failed(format!("cannot use the backup {}: {error}", file.display()))
    };
    let bytes = fs::read(file).map_err(|error| failed(&error))?;
    let backup = Backup::read(&bytes, check).map_err(|error| failed(&error))?;
    Ok((backup, bytes.len() as u64))
}

fn summary(file: &Path) -> Result<Summary, Failure> {
    let (Backup { store, hash }, bytes) = read(file, Check::Hash)?;
    Ok(Summary {
        hash: hash.into(),
        revision: store.revision(),
        total_key: store.key_count() as u64,
        total_size: i64::try_from(bytes).unwrap_or(i64::MAX),
    })
}

impl Summary {
    fn cells(&self) -> Vec<String> {
        let Self { hash, revision, total_key, total_size } = self;
        vec![format!("{hash:x}"), revision.to_string(), total_key.to_string(), size(*total_size)]
    }
}

impl Simple for Summary {
    fn simple(&self, out: &mut Vec<u8>) {
        line(out, self.cells().join(", ").as_bytes());
    }

    fn table(&self) -> Option<Table> {
        let mut table = Table::new(&["HASH", "REVISION", "TOTAL KEYS", "TOTAL SIZE"]);
        table.row(self.cells());
        Some(table)
    }
}

//! `quorate snapshot save`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use etcdpb::etcdserverpb::SnapshotRequest;
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;

use crate::client::endpoints::Endpoints;
use crate::client::output;
use crate::client::usage::Failure;

/// Where to save it.
#[derive(Args)]
pub(crate) struct Save {
    /// The file to write
    file: PathBuf,
}

impl Save {
    /// The file appears when it is whole and durable. Until then it has another name.
    pub(crate) async fn run(self, endpoints: &Endpoints) -> Result<(), Failure> {
        let [name] = endpoints.names() else {
            let names = endpoints.names().join(" ");
            return Err(Failure::Failed(format!(
                "snapshot must be requested to one selected node, not multiple [{names}]"
            )));
        };
        let mut part = self.file.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        let saved = save(endpoints, name, &part).await;
        let saved = saved.and_then(|()| {
            std::fs::rename(&part, &self.file).map_err(|error| unwritable(&self.file, &error))
        });
        if saved.is_err() {
            // What is there is of no use, and may not be there at all.
            let _ = std::fs::remove_file(&part);
        }
        saved?;
        output::print(format!("Snapshot saved at {}\n", self.file.display()).as_bytes())
    }
}

async fn save(endpoints: &Endpoints, name: &str, part: &Path) -> Result<(), Failure> {
    let call = async |channel| MaintenanceClient::new(channel).snapshot(SnapshotRequest {}).await;
    let mut pieces = endpoints.ask(name, call).await?;
    let mut file = create(part).map_err(|error| unwritable(part, &error))?;
    // However long it takes: the command's time is for the first piece.
    while let Some(piece) = pieces.message().await? {
        file.write_all(&piece.blob).map_err(|error| unwritable(part, &error))?;
    }
    file.sync_all().map_err(|error| unwritable(part, &error))
}

/// For its owner alone: it holds everything.
fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Failed(format!("cannot write {}: {error}", path.display()))
}

//! `quorate snapshot restore`: a backup becomes the first state of a new cluster.

use std::path::PathBuf;

use clap::Args;
use host::Cluster;
use server::backup::{Backup, Check};

use super::read;
use crate::client::output;
use crate::client::usage::Failure;

/// Of which member, of which cluster.
#[derive(Args)]
pub(crate) struct Restore {
    /// The backup
    file: PathBuf,
    /// The member's name, as --initial-cluster spells it
    #[arg(long, default_value = "default")]
    name: String,
    /// Where the member will keep what it must not forget [default: NAME.quorate]
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// All members of the new cluster, as NAME=URL,NAME=URL [default: this member alone]
    #[arg(long)]
    initial_cluster: Option<String>,
    /// Tells clusters apart that have members at the same addresses
    #[arg(long, default_value = "etcd-cluster")]
    initial_cluster_token: String,
    /// Where other members will reach this one, as --initial-cluster spells it
    #[arg(long, value_delimiter = ',', default_value = "http://localhost:2380")]
    initial_advertise_peer_urls: Vec<String>,
    /// Do not look whether the backup is as it was written
    #[arg(long)]
    skip_hash_check: bool,
    /// By how much to raise the revision, so that no client sees one again that it has seen
    #[arg(long, default_value_t = 0, requires = "mark_compacted")]
    bump_revision: u32,
    /// Forget the history before the raised revision, so that watches begin anew
    #[arg(long, requires = "bump_revision")]
    mark_compacted: bool,
}

impl Restore {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let own = self.initial_advertise_peer_urls.iter();
        let initial_cluster = self.initial_cluster.clone().unwrap_or_else(|| {
            own.map(|url| format!("{}={url}", self.name)).collect::<Vec<_>>().join(",")
        });
        let cluster = Cluster::parse(&initial_cluster, &self.initial_cluster_token)
            .map_err(|error| Failure::Usage(format!("--initial-cluster: {error}")))?;
        let Some(peer) = cluster.named(&self.name) else {
            let line =
                format!("--name {} is not in --initial-cluster {initial_cluster}", self.name);
            return Err(Failure::Usage(line));
        };
        let own = peer.id;
        let check = if self.skip_hash_check { Check::Form } else { Check::Hash };
        let (Backup { mut store, .. }, _) = read(&self.file, check)?;
        store.begin_anew(i64::from(self.bump_revision));
        let data_dir =
            self.data_dir.clone().unwrap_or_else(|| format!("{}.quorate", self.name).into());
        let revision = store.revision();
        let content = server::backup::content(&mut store);
        host::begin_with(&data_dir, &cluster, own, &content)
            .map_err(|error| Failure::Failed(error.to_string()))?;
        let line = format!(
            "Restored {} at revision {revision} into {}\n",
            self.file.display(),
            data_dir.display()
        );
        output::print(line.as_bytes())
    }
}

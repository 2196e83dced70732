//! `quorate check`: measures what a cluster can do.
//!
//! The words, the loads and the judgement are `etcdctl`'s. The keys that are written are deleted at
//! the end.

mod datascale;
mod load;
mod perf;

use bytes::Bytes;
use clap::{Args, Subcommand, ValueEnum};
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;
use etcdpb::etcdserverpb::{
    CompactionRequest, DefragmentRequest, DeleteRangeRequest, RangeRequest,
};

use super::endpoints::{Endpoints, kv_client};
use super::keys::prefix_end;
use super::output::print;
use super::usage::Failure;

/// What to check.
#[derive(Args)]
pub(crate) struct Check {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Whether the cluster takes so many writes, soon enough
    Perf(perf::Perf),
    /// How much memory a member needs for so many keys
    Datascale(datascale::Datascale),
}

/// How much to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Size {
    #[value(name = "s", alias = "small")]
    Small,
    #[value(name = "m", alias = "medium")]
    Medium,
    #[value(name = "l", alias = "large")]
    Large,
    #[value(name = "xl", aliases = ["xLarge", "xlarge"])]
    ExtraLarge,
}

/// What both checks do when they are done.
#[derive(Args)]
struct Cleanup {
    /// Forget the history of the check afterwards
    #[arg(long)]
    auto_compact: bool,
    /// Give the space back to the disk afterwards
    #[arg(long)]
    auto_defrag: bool,
}

impl Check {
    pub(crate) async fn run(self, endpoints: &Endpoints) -> Result<(), Failure> {
        match self.what {
            What::Perf(perf) => perf.run(endpoints).await,
            What::Datascale(datascale) => datascale.run(endpoints).await,
        }
    }
}

/// Refuses to write where there are keys of somebody: they would be deleted at the end.
async fn make_sure_of_room(endpoints: &Endpoints, prefix: &str) -> Result<(), Failure> {
    let (key, range_end) = range(prefix);
    let request = RangeRequest { key, range_end, limit: 1, keys_only: true, ..Default::default() };
    let found = endpoints.read(async |channel| kv_client(channel).range(request.clone()).await);
    if found.await?.kvs.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "prefix {prefix:?} has keys. Delete with 'quorate del --prefix {prefix}' first"
    )))
}

impl Cleanup {
    /// Deletes the keys, and what else is to go.
    async fn run(&self, endpoints: &Endpoints, prefix: &str) -> Result<(), Failure> {
        let (key, range_end) = range(prefix);
        let request = DeleteRangeRequest { key, range_end, prev_kv: false };
        let call = async |channel| kv_client(channel).delete_range(request.clone()).await;
        let revision = endpoints.write(call).await?.header.unwrap_or_default().revision;
        if self.auto_compact {
            print(format!("Compacting with revision {revision}\n").as_bytes())?;
            let request = CompactionRequest { revision, physical: true };
            endpoints.write(async |channel| kv_client(channel).compact(request).await).await?;
            print(format!("Compacted with revision {revision}\n").as_bytes())?;
        }
        for name in endpoints.names().iter().filter(|_| self.auto_defrag) {
            print(format!("Defragmenting {name:?}\n").as_bytes())?;
            let call = async |channel| {
                MaintenanceClient::new(channel).defragment(DefragmentRequest {}).await
            };
            endpoints.ask(name, call).await?;
            print(format!("Defragmented {name:?}\n").as_bytes())?;
        }
        Ok(())
    }
}

fn range(prefix: &str) -> (Bytes, Bytes) {
    (prefix.to_owned().into(), prefix_end(prefix.as_bytes()))
}

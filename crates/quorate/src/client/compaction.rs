//! `quorate compaction`: forgets history.

use clap::Args;
use etcdpb::etcdserverpb::CompactionRequest;

use super::endpoints::{Endpoints, kv_client};
use super::output;
use super::usage::Failure;

/// What to forget.
#[derive(Args)]
pub(crate) struct Compaction {
    /// The oldest revision that can still be read afterwards
    #[arg(allow_negative_numbers = true)]
    revision: i64,
    /// Wait until the space is free
    #[arg(long)]
    physical: bool,
}

impl Compaction {
    pub(crate) async fn run(self, endpoints: &Endpoints) -> Result<(), Failure> {
        let Self { revision, physical } = self;
        let request = CompactionRequest { revision, physical };
        endpoints.write(async |channel| kv_client(channel).compact(request).await).await?;
        output::print(format!("compacted revision {revision}\n").as_bytes())
    }
}

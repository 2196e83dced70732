//! `quorate del`.

use clap::Args;
use etcdpb::etcdserverpb::{DeleteRangeRequest, DeleteRangeResponse};

use super::endpoints::{Endpoints, kv_client};
use super::keys::Keys;
use super::usage::Failure;

/// The arguments of `del`.
#[derive(Args)]
pub(crate) struct Del {
    #[command(flatten)]
    keys: Keys,
    /// Print what was deleted
    #[arg(long)]
    prev_kv: bool,
}

impl Del {
    pub(crate) async fn run(self, endpoints: &Endpoints) -> Result<DeleteRangeResponse, Failure> {
        let request = self.into_request();
        endpoints
            .write(async |channel| kv_client(channel).delete_range(request.clone()).await)
            .await
    }

    pub(crate) fn into_request(self) -> DeleteRangeRequest {
        let (key, range_end) = self.keys.into_range();
        DeleteRangeRequest { key, range_end, prev_kv: self.prev_kv }
    }
}

//! `quorate members`, which is `etcdctl member list`.

use clap::Args;
use etcdpb::etcdserverpb::cluster_client::ClusterClient;
use etcdpb::etcdserverpb::{MemberListRequest, MemberListResponse};

use super::endpoints::Endpoints;
use super::usage::Failure;

/// `members` has no arguments.
#[derive(Args)]
pub(crate) struct Members {}

impl Members {
    pub(crate) async fn run(self, endpoints: &Endpoints) -> Result<MemberListResponse, Failure> {
        let request = MemberListRequest { linearizable: true };
        endpoints.read(async |channel| ClusterClient::new(channel).member_list(request).await).await
    }
}

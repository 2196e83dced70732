//! `quorate move-leader`, also called `member transfer`: hands leadership to a chosen member.

use clap::Args;
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;
use etcdpb::etcdserverpb::{MoveLeaderRequest, StatusRequest};

use super::endpoints::Endpoints;
use super::member::parse_id;
use super::output;
use super::usage::Failure;

/// Who is to lead.
#[derive(Args)]
pub(crate) struct MoveLeader {
    /// The member, in hexadecimal, as `member list` prints it
    #[arg(value_name = "MEMBER", value_parser = parse_id)]
    target: u64,
}

impl MoveLeader {
    /// Only the leader can hand over, so it is looked for among the endpoints.
    pub(crate) async fn run(self, endpoints: &Endpoints) -> Result<(), Failure> {
        let target_id = self.target;
        let (leader, name) = find_leader(endpoints).await?;
        let request = MoveLeaderRequest { target_id };
        let call = async |channel| MaintenanceClient::new(channel).move_leader(request).await;
        endpoints.ask(&name, call).await?;
        let line = format!("Leadership transferred from {leader:x} to {target_id:x}\n");
        output::print(line.as_bytes())
    }
}

/// The number of the leader, and its endpoint.
async fn find_leader(endpoints: &Endpoints) -> Result<(u64, String), Failure> {
    for name in endpoints.names() {
        let call = async |channel| MaintenanceClient::new(channel).status(StatusRequest {}).await;
        // One that does not answer does not lead.
        let Ok(status) = endpoints.ask(name, call).await else { continue };
        let member = status.header.as_ref().map(|header| header.member_id);
        if member == Some(status.leader) {
            return Ok((status.leader, name.clone()));
        }
    }
    let names = endpoints.names().join(" ");
    Err(Failure::Failed(format!("no leader endpoint given at [{names}]")))
}

//! `quorate defrag`: gives space back to the disk, member by member. Quorate has nothing to give
//! back; an etcd may.

use clap::Args;
use etcdpb::etcdserverpb::DefragmentRequest;
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;

use super::endpoints::Endpoints;
use super::output;
use super::usage::Failure;

/// Which members.
#[derive(Args)]
pub(crate) struct Defrag {
    /// All members of the cluster, and not only those of --endpoints
    #[arg(long)]
    cluster: bool,
}

impl Defrag {
    /// One that fails does not keep the others from it.
    pub(crate) async fn run(self, endpoints: &Endpoints) -> Result<(), Failure> {
        let endpoints = endpoints.chosen(self.cluster).await?;
        let mut has_failed = false;
        for name in endpoints.names() {
            let call = async |channel| {
                MaintenanceClient::new(channel).defragment(DefragmentRequest {}).await
            };
            match endpoints.ask(name, call).await {
                Ok(_) => {
                    let line = format!("Finished defragmenting etcd member[{name}]\n");
                    output::print(line.as_bytes())?;
                }
                Err(failure) => {
                    has_failed = true;
                    eprintln!("Failed to defragment etcd member[{name}] ({failure})");
                }
            }
        }
        if has_failed { Err(Failure::Told) } else { Ok(()) }
    }
}

//! `quorate status`, which is `etcdctl endpoint status`.

use clap::Args;
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;
use etcdpb::etcdserverpb::{StatusRequest, StatusResponse};

use super::endpoints::Endpoints;
use super::output::Format;
use super::usage::Failure;

/// `status` has no arguments.
#[derive(Args)]
pub(crate) struct Status {}

/// What one server said of itself.
pub(crate) struct ServerStatus {
    /// Its address, as it was given.
    pub(crate) endpoint: String,
    /// Its answer.
    pub(crate) status: StatusResponse,
}

impl Status {
    /// Asks every server. One that does not answer is told of on stderr, and the others are
    /// printed all the same.
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        let mut answers = Vec::new();
        for name in endpoints.names() {
            let call =
                async |channel| MaintenanceClient::new(channel).status(StatusRequest {}).await;
            match endpoints.ask(name, call).await {
                Ok(status) => answers.push(ServerStatus { endpoint: name.clone(), status }),
                Err(Failure::Failed(reason) | Failure::Usage(reason)) => {
                    eprintln!("Failed to get the status of endpoint {name} ({reason})");
                }
                Err(Failure::Told) => {}
            }
        }
        format.print(&answers)?;
        if answers.len() == endpoints.names().len() { Ok(()) } else { Err(Failure::Told) }
    }
}

//! `quorate endpoint status`, also called `quorate status`.

use clap::Args;
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;
use etcdpb::etcdserverpb::{StatusRequest, StatusResponse};

use crate::client::endpoints::Endpoints;
use crate::client::output::Format;
use crate::client::simple::{Simple, line, size};
use crate::client::table::Table;
use crate::client::usage::Failure;

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
                Err(failure) => {
                    eprintln!("Failed to get the status of endpoint {name} ({failure})");
                }
            }
        }
        format.print_any(&answers)?;
        if answers.len() == endpoints.names().len() { Ok(()) } else { Err(Failure::Told) }
    }
}

impl Simple for Vec<ServerStatus> {
    fn simple(&self, out: &mut Vec<u8>) {
        for server in self {
            line(out, server.cells().join(", ").as_bytes());
        }
    }

    fn table(&self) -> Option<Table> {
        let mut table = Table::new(&[
            "ENDPOINT",
            "ID",
            "VERSION",
            "DB SIZE",
            "IS LEADER",
            "IS LEARNER",
            "RAFT TERM",
            "RAFT INDEX",
            "RAFT APPLIED INDEX",
            "ERRORS",
        ]);
        for server in self {
            table.row(server.cells());
        }
        Some(table)
    }
}

impl ServerStatus {
    fn cells(&self) -> Vec<String> {
        let status = &self.status;
        let member = status.header.as_ref().map_or(0, |header| header.member_id);
        vec![
            self.endpoint.clone(),
            format!("{member:x}"),
            status.version.clone(),
            size(status.db_size),
            (status.leader == member).to_string(),
            status.is_learner.to_string(),
            status.raft_term.to_string(),
            status.raft_index.to_string(),
            status.raft_applied_index.to_string(),
            status.errors.join(", "),
        ]
    }
}

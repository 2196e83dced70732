//! `quorate endpoint`: how each server is.

mod hashkv;
mod health;
mod status;

use clap::{Args, Subcommand};

pub(crate) use self::hashkv::ServerHash;
pub(crate) use self::health::ServerHealth;
pub(crate) use self::status::{ServerStatus, Status};
use super::endpoints::Endpoints;
use super::output::Format;
use super::usage::Failure;

/// What to ask each server.
#[derive(Args)]
pub(crate) struct Endpoint {
    /// All members of the cluster, and not only those of --endpoints
    #[arg(long, global = true)]
    cluster: bool,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Tell whether each server can have a read confirmed
    Health,
    /// Tell how each server is
    Status(Status),
    /// Hash the keys of each server, to compare them
    #[command(name = "hashkv")]
    HashKv(hashkv::HashKv),
}

impl Endpoint {
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        let endpoints = &endpoints.chosen(self.cluster).await?;
        match self.action {
            Action::Health => health::run(endpoints, format).await,
            Action::Status(status) => status.run(endpoints, format).await,
            Action::HashKv(hash) => hash.run(endpoints, format).await,
        }
    }
}

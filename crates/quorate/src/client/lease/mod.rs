//! `quorate lease`: grant, renew, inspect and end leases. The words, and what is printed, are
//! `etcdctl`'s.

mod output;

use std::time::Duration;

use clap::{Args, Subcommand};
use etcdpb::etcdserverpb::lease_client::LeaseClient;
use etcdpb::etcdserverpb::{
    LeaseGrantRequest, LeaseGrantResponse, LeaseKeepAliveRequest, LeaseKeepAliveResponse,
    LeaseLeasesRequest, LeaseLeasesResponse, LeaseRevokeRequest, LeaseTimeToLiveRequest,
};
use tokio::time::{Instant, sleep};
use tonic::{Response, Status};

pub(crate) use self::output::Revoked;
use self::output::TimeToLive;
use super::endpoints::Endpoints;
use super::output::{Format, print};
use super::usage::Failure;

/// What to do with leases.
#[derive(Args)]
pub(crate) struct Lease {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Grant a lease
    Grant(Grant),
    /// End a lease, and delete its keys
    Revoke(Id),
    /// Renew a lease, again and again
    KeepAlive(KeepAlive),
    /// Tell how much time a lease has left
    #[command(name = "timetolive")]
    TimeToLive(Ask),
    /// List the leases
    List,
}

#[derive(Args)]
struct Grant {
    /// How many seconds it lives after it was granted, or renewed
    #[arg(value_name = "TTL", allow_negative_numbers = true)]
    ttl: i64,
}

#[derive(Args)]
struct KeepAlive {
    #[command(flatten)]
    id: Id,
    /// Renew it once
    #[arg(long)]
    once: bool,
}

#[derive(Args)]
struct Ask {
    #[command(flatten)]
    id: Id,
    /// Name the keys that are attached to it, too
    #[arg(long)]
    keys: bool,
}

#[derive(Args)]
struct Id {
    /// The lease, in hexadecimal, as `lease list` prints it
    #[arg(value_name = "LEASE", value_parser = parse_id, allow_hyphen_values = true)]
    id: i64,
}

impl Lease {
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        match self.action {
            Action::Grant(grant) => {
                let answer = self::grant(endpoints, grant.ttl).await;
                format.print(&answer.map_err(|failure| failure.context("failed to grant lease"))?)
            }
            Action::Revoke(id) => {
                let answer = revoke(endpoints, id.id).await;
                format.print(&answer.map_err(|failure| failure.context("failed to revoke lease"))?)
            }
            Action::KeepAlive(KeepAlive { id, once: true }) => {
                let answer = renew(endpoints, id.id).await?;
                if answer.ttl <= 0 {
                    let line = "etcdserver: requested lease not found";
                    return Err(Failure::Failed(line.to_owned()));
                }
                format.print(&answer)
            }
            Action::KeepAlive(KeepAlive { id, once: false }) => {
                id.keep_alive(endpoints, format).await
            }
            Action::TimeToLive(ask) => format.print(&ask.run(endpoints).await?),
            Action::List => format.print(&list(endpoints).await?),
        }
    }
}

/// Grants a lease, whose number the server chooses.
pub(crate) async fn grant(endpoints: &Endpoints, ttl: i64) -> Result<LeaseGrantResponse, Failure> {
    let request = LeaseGrantRequest { ttl, id: 0 };
    endpoints.write(async |channel| LeaseClient::new(channel).lease_grant(request).await).await
}

/// Ends a lease.
pub(crate) async fn revoke(endpoints: &Endpoints, id: i64) -> Result<Revoked, Failure> {
    let request = LeaseRevokeRequest { id };
    let call = async |channel| LeaseClient::new(channel).lease_revoke(request).await;
    let answer = endpoints.write(call).await?;
    Ok(Revoked { id, header: answer.header })
}

impl Id {
    async fn keep_alive(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        keep_alive(endpoints, self.id, |answer| format.print(answer)).await?;
        if format == Format::Json {
            return Ok(());
        }
        print(format!("lease {:016x} expired or revoked.\n", self.id).as_bytes())
    }
}

/// Renews a lease three times as often as it needs, until it has ended, or nobody could be asked
/// for so long that it must have.
pub(crate) async fn keep_alive(
    endpoints: &Endpoints,
    id: i64,
    mut told: impl FnMut(&LeaseKeepAliveResponse) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut deadline = None;
    loop {
        match renew(endpoints, id).await {
            Ok(answer) if answer.ttl <= 0 => return Ok(()),
            Ok(answer) => {
                told(&answer)?;
                let ttl = Duration::from_secs(answer.ttl.unsigned_abs());
                deadline = Some(Instant::now() + ttl);
                sleep(ttl / 3).await;
            }
            Err(failure) => {
                let Some(deadline) = deadline else { return Err(failure) };
                if Instant::now() >= deadline {
                    return Ok(());
                }
            }
        }
    }
}

/// To renew twice does no harm, so any server may be asked, and asked again.
async fn renew(endpoints: &Endpoints, id: i64) -> Result<LeaseKeepAliveResponse, Failure> {
    let request = LeaseKeepAliveRequest { id };
    let call = async |channel| {
        let requests = tokio_stream::iter([request]);
        let mut answers = LeaseClient::new(channel).lease_keep_alive(requests).await?.into_inner();
        let answer = answers.message().await?;
        answer.map(Response::new).ok_or_else(|| Status::unavailable("the stream has ended"))
    };
    endpoints.read(call).await
}

impl Ask {
    async fn run(self, endpoints: &Endpoints) -> Result<TimeToLive, Failure> {
        let Self { id: Id { id }, keys } = self;
        let request = LeaseTimeToLiveRequest { id, keys };
        let call = async |channel| LeaseClient::new(channel).lease_time_to_live(request).await;
        Ok(TimeToLive { answer: endpoints.read(call).await?, with_keys: keys })
    }
}

async fn list(endpoints: &Endpoints) -> Result<LeaseLeasesResponse, Failure> {
    let call = async |channel| LeaseClient::new(channel).lease_leases(LeaseLeasesRequest {}).await;
    endpoints.read(call).await
}

/// Reads a lease's number, in hexadecimal.
pub(crate) fn parse_id(text: &str) -> Result<i64, String> {
    i64::from_str_radix(text, 16)
        .map_err(|_| format!("bad lease ID arg ({text:?}), expecting ID in Hex"))
}

//! `quorate elect`.

use std::ffi::OsString;

use bytes::Bytes;
use clap::Args;
use etcdpb::etcdserverpb::{RangeResponse, ResponseHeader};
use etcdpb::v3electionpb::election_client::ElectionClient;
use etcdpb::v3electionpb::{CampaignRequest, LeaderRequest};
use tokio::time::sleep;
use tonic::Code;

use super::endpoints::{Endpoints, PAUSE};
use super::keys::bytes;
use super::login::Channel;
use super::output::Format;
use super::session::{Interrupt, Session};
use super::usage::Failure;

/// For how many seconds a leader that dies stays elected, at least.
const TTL: i64 = 60;

/// The arguments of `elect`.
#[derive(Args)]
pub(crate) struct Elect {
    /// The election
    name: OsString,
    /// What to say as leader
    #[arg(required_unless_present = "listen", conflicts_with = "listen")]
    proposal: Option<OsString>,
    /// Do not lead: print who does, and what it says, each time it changes
    #[arg(short, long)]
    listen: bool,
}

impl Elect {
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        let mut interrupt = Interrupt::new()?;
        let Some(proposal) = self.proposal else {
            let name = bytes(self.name);
            return tokio::select! {
                failure = listen(endpoints, &name, format) => failure,
                () = interrupt.came() => Ok(()),
            };
        };
        let session = Session::begin(endpoints, TTL).await?;
        let (name, value) = (bytes(self.name), bytes(proposal));
        let request = CampaignRequest { name, lease: session.lease, value };
        let led = lead(endpoints, &session, &request, format);
        let outcome = tokio::select! {
            outcome = led => outcome,
            failure = session.lost() => Err(failure),
            () = interrupt.came() => Ok(()),
        };
        let ended = session.end().await;
        outcome.and(ended)
    }
}

/// Wins the election, says so, and leads on.
async fn lead(
    endpoints: &Endpoints,
    session: &Session<'_>,
    request: &CampaignRequest,
    format: Format,
) -> Result<(), Failure> {
    let call = async |channel| ElectionClient::new(channel).campaign(request.clone()).await;
    let leader = endpoints.wait(call).await?.leader.unwrap_or_default();
    session.show(leader.key, format).await?;
    std::future::pending().await
}

/// Prints who leads, for as long as there is a server to ask.
async fn listen(endpoints: &Endpoints, name: &Bytes, format: Format) -> Result<(), Failure> {
    let request = LeaderRequest { name: name.clone() };
    let mut seen = 0;
    loop {
        let call =
            async |channel: Channel| ElectionClient::new(channel).observe(request.clone()).await;
        let mut leaders = endpoints.wait(call).await?;
        loop {
            match leaders.message().await {
                Ok(Some(leader)) => {
                    let Some(kv) = leader.kv.filter(|kv| kv.mod_revision > seen) else { continue };
                    seen = kv.mod_revision;
                    print(leader.header, kv, format)?;
                }
                Err(status) if status.code() != Code::Unavailable => {
                    return Err(Failure::Failed(status.message().to_owned()));
                }
                Ok(None) | Err(_) => break,
            }
        }
        sleep(PAUSE).await;
    }
}

fn print(
    header: Option<ResponseHeader>,
    kv: etcdpb::mvccpb::KeyValue,
    format: Format,
) -> Result<(), Failure> {
    format.print_any(&RangeResponse { header, kvs: vec![kv], more: false, count: 0 })
}

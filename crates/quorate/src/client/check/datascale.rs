//! `quorate check datascale`: how much memory a member needs for so many keys.

use bytes::Bytes;
use clap::Args;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;

use super::load::Load;
use super::{Cleanup, Size, make_sure_of_room};
use crate::client::endpoints::Endpoints;
use crate::client::output::print;
use crate::client::usage::Failure;

/// Of a key, and of a value.
const HALF_BYTES: usize = 512;
/// What members call the memory that they have.
const METRIC: &str = "process_resident_memory_bytes ";

/// Which load.
#[derive(Args)]
pub(crate) struct Datascale {
    /// How many keys, by how many clients: s 10000 by 50, m 100000 by 200, l 1000000 by 500,
    /// xl 3000000 by 1000
    #[arg(long, default_value = "s")]
    load: Size,
    /// How many keys, in the place of those of --load
    #[arg(long)]
    keys: Option<u64>,
    /// What the keys of the check begin with
    #[arg(long, default_value = "/etcdctl-check-datascale/")]
    prefix: String,
    #[command(flatten)]
    cleanup: Cleanup,
}

impl Datascale {
    /// The member is the first of the endpoints.
    pub(super) async fn run(self, endpoints: &Endpoints) -> Result<(), Failure> {
        make_sure_of_room(endpoints, &self.prefix).await?;
        let (writes, clients) = match self.load {
            Size::Small => (10_000, 50),
            Size::Medium => (100_000, 200),
            Size::Large => (1_000_000, 500),
            Size::ExtraLarge => (3_000_000, 1000),
        };
        let writes = self.keys.unwrap_or(writes);
        let before = memory(endpoints).await?;
        let line = format!(
            "Start data scale check for work load [{writes} key-value pairs, {} bytes per \
             key-value, {clients} concurrent clients].\n",
            2 * HALF_BYTES
        );
        print(line.as_bytes())?;
        let load = Load {
            prefix: &self.prefix,
            key_bytes: HALF_BYTES,
            value_bytes: HALF_BYTES,
            clients,
            writes,
            rate: None,
        };
        let outcome = load.run(endpoints).await?;
        let after = memory(endpoints).await;
        self.cleanup.run(endpoints, &self.prefix).await?;
        let complaint = outcome.complaint();
        if !complaint.is_empty() {
            print(complaint.as_bytes())?;
            return Err(Failure::Told);
        }
        let megabytes = (after? - before) / f64::from(1 << 20);
        let line = format!("PASS: Approximate system memory used : {megabytes:.2} MB.\n");
        print(line.as_bytes())
    }
}

/// The memory of the first member, in bytes.
async fn memory(endpoints: &Endpoints) -> Result<f64, Failure> {
    let name = endpoints.names().first().map_or("", String::as_str);
    let failed = |why: String| Failure::Failed(format!("{name}: cannot read its metrics: {why}"));
    let server = endpoints.server(name)?;
    let metrics = async {
        let stream = TokioIo::new(server.dial().await?);
        let (mut sender, connection) = http1::handshake(stream).await?;
        tokio::spawn(connection);
        let request = Request::get("/metrics").header("host", &server.address);
        let response = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
        let body = response.into_body().collect().await?.to_bytes();
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(body)
    };
    let metrics = metrics.await.map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8_lossy(&metrics);
    let value = text.lines().find_map(|line| line.strip_prefix(METRIC)?.trim().parse().ok());
    value.ok_or_else(|| failed(format!("it has no {METRIC}")))
}

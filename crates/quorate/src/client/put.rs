//! `quorate put`.

use std::ffi::OsString;
use std::io::Read;

use bytes::Bytes;
use clap::Args;
use etcdpb::etcdserverpb::{PutRequest, PutResponse};

use super::endpoints::{Endpoints, kv_client};
use super::keys::bytes;
use super::lease::parse_id;
use super::usage::Failure;

/// The arguments of `put`.
#[derive(Args)]
pub(crate) struct Put {
    /// The key
    key: OsString,
    /// The value; read from stdin if it is left out
    #[arg(conflicts_with = "ignore_value")]
    value: Option<OsString>,
    /// The lease to attach the key to, in hexadecimal
    #[arg(long, default_value = "0", value_parser = parse_id, allow_hyphen_values = true)]
    lease: i64,
    /// Print what the key held before
    #[arg(long)]
    prev_kv: bool,
    /// Keep the value that the key has
    #[arg(long)]
    ignore_value: bool,
    /// Keep the lease that the key has
    #[arg(long)]
    ignore_lease: bool,
}

impl Put {
    pub(crate) async fn run(mut self, endpoints: &Endpoints) -> Result<PutResponse, Failure> {
        let value = match self.value.take() {
            Some(value) => bytes(value),
            None if self.ignore_value => Bytes::new(),
            None => read_stdin()?,
        };
        let request = self.request(value);
        endpoints.write(async |channel| kv_client(channel).put(request.clone()).await).await
    }

    /// The request, where stdin holds something else than the value.
    pub(crate) fn into_request(mut self) -> Result<PutRequest, Failure> {
        let value = match self.value.take() {
            Some(value) => bytes(value),
            None if self.ignore_value => Bytes::new(),
            None => return Err(Failure::Usage("put in a txn needs a key and a value".to_owned())),
        };
        Ok(self.request(value))
    }

    fn request(self, value: Bytes) -> PutRequest {
        PutRequest {
            key: bytes(self.key),
            value,
            lease: self.lease,
            prev_kv: self.prev_kv,
            ignore_value: self.ignore_value,
            ignore_lease: self.ignore_lease,
        }
    }
}

fn read_stdin() -> Result<Bytes, Failure> {
    let mut value = Vec::new();
    match std::io::stdin().lock().read_to_end(&mut value) {
        Ok(_) => Ok(value.into()),
        Err(error) => Err(Failure::Failed(format!("cannot read the value from stdin: {error}"))),
    }
}

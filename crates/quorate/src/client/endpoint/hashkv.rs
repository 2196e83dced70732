//! `quorate endpoint hashkv`.

use clap::Args;
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;
use etcdpb::etcdserverpb::{HashKvRequest, HashKvResponse};

use crate::client::endpoints::Endpoints;
use crate::client::output::Format;
use crate::client::simple::{Simple, line};
use crate::client::table::Table;
use crate::client::usage::Failure;

/// Which keys.
#[derive(Args)]
pub(crate) struct HashKv {
    /// The last revision that counts; 0 for the newest
    #[arg(long, default_value_t = 0)]
    rev: i64,
}

/// The hash of one server.
pub(crate) struct ServerHash {
    /// Its address, as it was given.
    pub(crate) endpoint: String,
    /// Its answer.
    pub(crate) hash: HashKvResponse,
}

impl HashKv {
    /// Asks every server. One that does not answer is told of on stderr, and the others are
    /// printed all the same.
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        let request = HashKvRequest { revision: self.rev };
        let mut answers = Vec::new();
        for name in endpoints.names() {
            let call = async |channel| MaintenanceClient::new(channel).hash_kv(request).await;
            match endpoints.ask(name, call).await {
                Ok(hash) => answers.push(ServerHash { endpoint: name.clone(), hash }),
                Err(failure) => eprintln!("Failed to get the hash of endpoint {name} ({failure})"),
            }
        }
        format.print_any(&answers)?;
        if answers.len() == endpoints.names().len() { Ok(()) } else { Err(Failure::Told) }
    }
}

impl Simple for Vec<ServerHash> {
    fn simple(&self, out: &mut Vec<u8>) {
        for ServerHash { endpoint, hash } in self {
            line(out, format!("{endpoint}, {}", hash.hash).as_bytes());
        }
    }

    fn table(&self) -> Option<Table> {
        let mut table = Table::new(&["ENDPOINT", "HASH"]);
        for ServerHash { endpoint, hash } in self {
            table.row(vec![endpoint.clone(), hash.hash.to_string()]);
        }
        Some(table)
    }
}

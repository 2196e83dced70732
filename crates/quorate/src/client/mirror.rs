//! `quorate make-mirror`: copies keys to another cluster, and keeps the copy up to date.
//!
//! ```text
//!   source ──────────── all keys, as they are at one revision ───────────▶ destination
//!          ── what each revision since then has changed, one by one ─────▶
//! ```
//!
//! What one revision changed is changed by one transaction there too, so that nobody sees half of
//! it (but for more changes than a transaction may have). Both sides may be etcd. Leases and users
//! are not copied, and the revisions there are others. It ends only when it fails.

use std::cell::Cell;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use etcdpb::etcdserverpb::request_op::Request;
use etcdpb::etcdserverpb::{
    DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest, WatchCreateRequest,
    WatchResponse,
};
use etcdpb::mvccpb::event::EventType;
use etcdpb::mvccpb::{Event, KeyValue};
use tokio::time::sleep;
use tonic::{Response, Streaming};

use super::endpoints::{Endpoints, kv_client};
use super::keys::{OPEN, bytes, prefix_end};
use super::login::User;
use super::output;
use super::security::Security;
use super::usage::Failure;
use super::watch;

/// How many keys are read at once.
const PAGE_KEYS: i64 = 1000;
/// A transaction has no more bytes of keys and values: servers refuse large requests.
const TXN_BYTES_MAX: usize = 1 << 20;
/// How often the number of changes is told.
const REPORT_PAUSE: Duration = Duration::from_secs(30);

/// What to copy, and where.
#[derive(Args)]
pub(crate) struct MakeMirror {
    /// A server of the other cluster
    destination: String,
    /// Only keys that begin with this
    #[arg(long, default_value = "", hide_default_value = true)]
    prefix: OsString,
    /// What the keys begin with there, in the place of --prefix [default: the same]
    #[arg(long, conflicts_with = "no_dest_prefix")]
    dest_prefix: Option<OsString>,
    /// The keys begin there with what comes after --prefix
    #[arg(long)]
    no_dest_prefix: bool,
    /// Copy only what happens from this revision on; 0 for all keys
    #[arg(long, default_value_t = 0)]
    rev: i64,
    /// How many operations a transaction may have there
    #[arg(long, default_value_t = 128)]
    max_txn_ops: usize,
    /// Believe servers there whose certificate one of these has signed
    #[arg(long)]
    dest_cacert: Option<PathBuf>,
    /// The certificate to show there, as PEM
    #[arg(long, requires = "dest_key")]
    dest_cert: Option<PathBuf>,
    /// Its key
    #[arg(long, requires = "dest_cert")]
    dest_key: Option<PathBuf>,
    /// Who asks there, as NAME or NAME:PASSWORD
    #[arg(long)]
    dest_user: Option<String>,
    /// The password of --dest-user, which is a name alone then
    #[arg(long, requires = "dest_user")]
    dest_password: Option<String>,
}

impl MakeMirror {
    pub(crate) async fn run(self, source: &Endpoints) -> Result<(), Failure> {
        let own = self.dest_cert.zip(self.dest_key);
        let security = Security::of(self.dest_cacert, own);
        let login = User::of(self.dest_user, self.dest_password).login()?;
        let prefix = bytes(self.prefix);
        let mirror = Mirror {
            destination: source.elsewhere(self.destination, security, login)?,
            source,
            there: match self.dest_prefix {
                Some(there) => bytes(there),
                None if self.no_dest_prefix => Bytes::new(),
                None => prefix.clone(),
            },
            prefix,
            txn_ops_max: self.max_txn_ops.max(1),
            total: Cell::new(0),
        };
        tokio::select! {
            outcome = mirror.make(self.rev) => outcome,
            outcome = mirror.report() => outcome,
        }
    }
}

struct Mirror<'a> {
    source: &'a Endpoints,
    destination: Endpoints,
    prefix: Bytes,
    /// What stands there in the place of the prefix.
    there: Bytes,
    txn_ops_max: usize,
    /// How many keys were written or deleted there.
    total: Cell<u64>,
}

impl Mirror<'_> {
    async fn make(&self, revision: i64) -> Result<(), Failure> {
        let next = if revision > 1 { revision } else { self.copy_all().await? + 1 };
        self.follow(next).await
    }

    /// Tells how many changes there were, again and again.
    async fn report(&self) -> Result<(), Failure> {
        loop {
            sleep(REPORT_PAUSE).await;
            output::print(format!("{}\n", self.total.get()).as_bytes())?;
        }
    }

    /// Which keys.
    fn range(&self) -> (Bytes, Bytes) {
        if self.prefix.is_empty() {
            (OPEN, OPEN)
        } else {
            (self.prefix.clone(), prefix_end(&self.prefix))
        }
    }

    /// Copies all keys as they are at one revision, which it returns.
    async fn copy_all(&self) -> Result<i64, Failure> {
        let (key, range_end) = self.range();
        let mut request = RangeRequest { key, range_end, limit: PAGE_KEYS, ..Default::default() };
        loop {
            let call = async |channel| kv_client(channel).range(request.clone()).await;
            let page = self.source.read(call).await?;
            if request.revision == 0 {
                request.revision = page.header.unwrap_or_default().revision;
            }
            let last = page.kvs.last().map(|kv| kv.key.clone());
            let puts = page.kvs.into_iter().map(|kv| self.put(kv)).collect();
            self.carry_out(self.transactions(puts)).await?;
            let Some(last) = last.filter(|_| page.more) else { return Ok(request.revision) };
            request.key = [&last[..], b"\0"].concat().into();
        }
    }

    /// Does there what happens here from that revision on.
    async fn follow(&self, revision: i64) -> Result<(), Failure> {
        let (key, range_end) = self.range();
        let mut request =
            WatchCreateRequest { key, range_end, start_revision: revision, ..Default::default() };
        let mut is_first = true;
        loop {
            let call = async |channel| watch::open(channel, &request, &Arc::default()).await;
            match self.source.read(call).await {
                Ok(responses) => {
                    is_first = false;
                    self.follow_while_connected(responses, &mut request.start_revision).await?;
                }
                Err(failure) if is_first => return Err(failure),
                // There was a server, and there may be one again.
                Err(_) => {}
            }
            sleep(watch::PAUSE).await;
        }
    }

    async fn follow_while_connected(
        &self,
        mut responses: Streaming<WatchResponse>,
        next: &mut i64,
    ) -> Result<(), Failure> {
        loop {
            let response = match responses.message().await {
                Ok(Some(response)) => response,
                Ok(None) => return Ok(()),
                Err(status) if watch::may_go_on(&status) => return Ok(()),
                Err(status) => return Err(Failure::Failed(status.message().to_owned())),
            };
            if response.canceled {
                let revision = response.compact_revision;
                return Err(Failure::Failed(format!(
                    "what happened since the last copy is forgotten there, up to revision \
                     {revision}: {}",
                    response.cancel_reason
                )));
            }
            let revisions = response.events.chunk_by(|one, other| at(one) == at(other));
            let transactions = revisions.flat_map(|events| {
                let operations = events.iter().filter_map(|event| self.operation(event));
                self.transactions(operations.collect())
            });
            self.carry_out(transactions.collect()).await?;
            if let Some(last) = response.events.last() {
                *next = at(last) + 1;
            }
        }
    }

    /// What that event asks for there.
    fn operation(&self, event: &Event) -> Option<RequestOp> {
        let kv = event.kv.clone()?;
        if event.r#type() == EventType::Put {
            return Some(self.put(kv));
        }
        let key = self.renamed(&kv.key);
        let delete = Request::RequestDeleteRange(DeleteRangeRequest { key, ..Default::default() });
        Some(RequestOp { request: Some(delete) })
    }

    fn put(&self, kv: KeyValue) -> RequestOp {
        let key = self.renamed(&kv.key);
        let put = PutRequest { key, value: kv.value, ..Default::default() };
        RequestOp { request: Some(Request::RequestPut(put)) }
    }

    fn renamed(&self, key: &Bytes) -> Bytes {
        let rest = key.strip_prefix(&self.prefix[..]).unwrap_or(key);
        [&self.there[..], rest].concat().into()
    }

    /// As few transactions as may be.
    fn transactions(&self, operations: Vec<RequestOp>) -> Vec<TxnRequest> {
        let mut transactions = Vec::new();
        let (mut success, mut size) = (Vec::new(), 0);
        for operation in operations {
            let more = bytes_of(&operation);
            let is_full = success.len() == self.txn_ops_max || size + more > TXN_BYTES_MAX;
            if is_full && !success.is_empty() {
                let success = std::mem::take(&mut success);
                transactions.push(TxnRequest { success, ..Default::default() });
                size = 0;
            }
            size += more;
            success.push(operation);
        }
        if !success.is_empty() {
            transactions.push(TxnRequest { success, ..Default::default() });
        }
        transactions
    }

    /// Carries them out there, each once and in this order, unless the connection breaks: then one
    /// may be carried out twice, which changes nothing.
    async fn carry_out(&self, transactions: Vec<TxnRequest>) -> Result<(), Failure> {
        let done = Cell::new(0);
        let call = async |channel| {
            let mut client = kv_client(channel);
            for transaction in &transactions[done.get()..] {
                let count = transaction.success.len();
                client.txn(transaction.clone()).await?;
                done.set(done.get() + 1);
                self.total.set(self.total.get() + count as u64);
            }
            Ok(Response::new(()))
        };
        if transactions.is_empty() { Ok(()) } else { self.destination.wait(call).await }
    }
}

/// The revision of an event.
fn at(event: &Event) -> i64 {
    event.kv.as_ref().map_or(0, |kv| kv.mod_revision)
}

fn bytes_of(operation: &RequestOp) -> usize {
    match &operation.request {
        Some(Request::RequestPut(put)) => put.key.len() + put.value.len(),
        Some(Request::RequestDeleteRange(delete)) => delete.key.len(),
        Some(Request::RequestRange(_) | Request::RequestTxn(_)) | None => 0,
    }
}

//! Elections and locks: clients that stand in a queue.
//!
//! Who wants to lead, or to have the lock, puts a key of its own below the name of the election or
//! lock, attached to its lease:
//!
//! ```text
//!   name/2c   created at revision 5      leads, or has the lock
//!   name/1f   created at revision 7      waits for name/2c to go
//!   name/30   created at revision 9      waits for name/1f to go
//! ```
//!
//! The one that was created first is at the front. Each of the others watches only the one before
//! it, so that a key that goes wakes one client and not all. A key goes when its client gives up,
//! or when its lease ends. The keys are etcd's, so that clients who do all this by themselves stand
//! in the same queue.

mod election;
mod lock;

use bytes::Bytes;
use etcdpb::etcdserverpb::ResponseHeader;
use mvcc::{
    Change, Command, Compare, CompareTarget, DeleteRange, KeyValue, LeaseCommand, Op, OpResponse,
    Put, Range, RangeResponse, Relation, Response, SortOrder, SortTarget, Txn, TxnResponse,
    WatchRequest, WatchResponse,
};

pub(crate) use self::election::ElectionService;
pub(crate) use self::lock::LockService;
use crate::backend::Backend;
use crate::frontend::{Frontend, mismatch};
use crate::lease::any_id;
use crate::status::Error;

/// How long a lease lives that a client does not bring, in seconds. Nobody keeps it alive.
const SESSION_TTL_SECONDS: i64 = 60;

/// All who stand below one name.
#[derive(Clone)]
struct Queue<B> {
    frontend: Frontend<B>,
    /// What their keys begin with.
    prefix: Bytes,
}

/// One who stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    key: Bytes,
    /// The revision that created the key: who came when.
    revision: i64,
    lease: i64,
}

impl<B: Backend> Queue<B> {
    fn new(frontend: &Frontend<B>, name: &Bytes) -> Self {
        Self { frontend: frontend.clone(), prefix: [&name[..], b"/"].concat().into() }
    }

    /// Takes a place, or comes back to the one that the lease has already. What the key says there,
    /// if the client came back, and the revision of the answer.
    async fn stand(&self, lease: i64, value: &Bytes) -> Result<(Place, Option<Bytes>, i64), Error> {
        let lease = if lease == 0 { session(&self.frontend).await? } else { lease };
        let key = Bytes::from([&self.prefix[..], hexadecimal(lease).as_bytes()].concat());
        let put = Put { key: key.clone(), value: value.clone(), lease, ..Put::default() };
        let get = Range { key: key.clone(), ..Range::default() };
        let txn = Txn {
            compare: vec![created_at(&key, 0)],
            success: vec![Op::Put(put)],
            failure: vec![Op::Range(get)],
        };
        let answer = txn_on(&self.frontend, txn).await?;
        let there = match answer.responses.into_iter().next() {
            Some(OpResponse::Range(range)) => range.kvs.into_iter().next(),
            _ => None,
        };
        let revision = there.as_ref().map_or(answer.revision, |kv| kv.create_revision);
        let place = Place { key, revision, lease };
        Ok((place, there.map(|kv| kv.value), answer.revision))
    }

    /// Waits until nobody is before that place. Whether there was anybody.
    async fn wait_for_those_before(&self, place: &Place) -> Result<bool, Error> {
        let before = Range {
            max_create_revision: place.revision - 1,
            sort_order: SortOrder::Descend,
            ..self.range()
        };
        let mut has_waited = false;
        loop {
            let RangeResponse { kvs, revision, .. } = self.read(before.clone()).await?;
            let Some(last) = kvs.into_iter().next() else { return Ok(has_waited) };
            has_waited = true;
            self.wait_until_gone(last.key, revision).await;
        }
    }

    /// Whether somebody who has waited still stands there, and the revision at which that was so.
    async fn is_there(&self, place: &Place) -> Result<(bool, i64), Error> {
        let key = Range { key: place.key.clone(), ..Range::default() };
        let RangeResponse { kvs, revision, .. } = self.read(key).await?;
        Ok((kvs.iter().any(|kv| kv.create_revision == place.revision), revision))
    }

    /// Who is at the front; and the revision at which that was so.
    async fn front(&self) -> Result<(Option<KeyValue>, i64), Error> {
        let first = Range { sort_order: SortOrder::Ascend, ..self.range() };
        let RangeResponse { kvs, revision, .. } = self.read(first).await?;
        Ok((kvs.into_iter().next(), revision))
    }

    /// One of all who stand there, by when they came.
    fn range(&self) -> Range {
        Range {
            key: self.prefix.clone(),
            range_end: self.end(),
            limit: 1,
            sort_target: SortTarget::Create,
            ..Range::default()
        }
    }

    /// The first key after all that begin with the prefix, whose last byte is a slash.
    fn end(&self) -> Bytes {
        let name = &self.prefix[..self.prefix.len() - 1];
        [name, b"0"].concat().into()
    }

    async fn read(&self, range: Range) -> Result<RangeResponse, Error> {
        self.frontend.read_index().await?;
        self.frontend.range(range).await.map_err(without_code)
    }

    /// Returns when a key that was there at `revision` has gone, or may have.
    async fn wait_until_gone(&self, key: Bytes, revision: i64) {
        let start_revision = revision + 1;
        let request = WatchRequest { key, start_revision, no_puts: true, ..Default::default() };
        first_change(&self.frontend, &request).await;
    }
}

/// The first change that a watcher hears of; none, if it is forgotten before it is heard of.
async fn first_change<B: Backend>(
    frontend: &Frontend<B>,
    request: &WatchRequest,
) -> Option<Change> {
    let watching = frontend.hub().open(frontend.backend());
    watching.create(request);
    loop {
        match watching.next().await {
            WatchResponse::Events { changes, .. } => return changes.into_iter().next(),
            WatchResponse::Created { .. } | WatchResponse::Progress { .. } => {}
            WatchResponse::Refused { .. }
            | WatchResponse::Canceled { .. }
            | WatchResponse::Compacted { .. } => return None,
        }
    }
}

/// A lease for a client that brings none.
async fn session<B: Backend>(frontend: &Frontend<B>) -> Result<i64, Error> {
    let id = any_id();
    let grant = LeaseCommand::Grant { id, ttl_seconds: SESSION_TTL_SECONDS };
    apply(frontend, &Command::Lease(grant)).await?;
    Ok(id)
}

/// Does something with a place, if it is still there. Whether it was, and the revision.
async fn if_there<B: Backend>(
    frontend: &Frontend<B>,
    place: &Place,
    op: Op,
) -> Result<(bool, i64), Error> {
    let compare = vec![created_at(&place.key, place.revision)];
    let txn = Txn { compare, success: vec![op], failure: Vec::new() };
    let answer = txn_on(frontend, txn).await?;
    Ok((answer.succeeded, answer.revision))
}

/// Gives a place up. The revision of the answer; it is no failure if the place is gone.
async fn leave<B: Backend>(frontend: &Frontend<B>, place: &Place) -> Result<i64, Error> {
    let delete = DeleteRange { key: place.key.clone(), ..DeleteRange::default() };
    let (_, revision) = if_there(frontend, place, Op::DeleteRange(delete)).await?;
    Ok(revision)
}

async fn txn_on<B: Backend>(frontend: &Frontend<B>, txn: Txn) -> Result<TxnResponse, Error> {
    let command = Command::Txn(txn);
    match apply(frontend, &command).await? {
        Response::Txn(answer) => Ok(answer),
        _ => Err(mismatch(&command)),
    }
}

/// That the key was created at that revision; or that there is none, if it is 0.
fn created_at(key: &Bytes, revision: i64) -> Compare {
    Compare {
        key: key.clone(),
        range_end: Bytes::new(),
        relation: Relation::Equal,
        target: CompareTarget::Create(revision),
    }
}

/// As Go writes it: without leading zeros, and with a sign.
fn hexadecimal(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{:x}", number.unsigned_abs())
}

/// Has a command applied.
async fn apply<B: Backend>(frontend: &Frontend<B>, command: &Command) -> Result<Response, Error> {
    frontend.apply(command).await.map_err(without_code)
}

/// What the store refuses has no code here: in etcd these services are clients of their own server,
/// and pass on the text only.
fn without_code(error: Error) -> Error {
    match error {
        Error::Refused(refusal) => Error::RefusedWithoutCode(refusal),
        error => error,
    }
}

fn header<B: Backend>(frontend: &Frontend<B>, revision: i64) -> Option<ResponseHeader> {
    let mut header = Some(ResponseHeader { revision, ..ResponseHeader::default() });
    frontend.fill(&mut header);
    header
}

/// A place whose client waits. It is given up if the client does not come to have it: because it
/// went away, or something failed.
struct Waiting<B: Backend> {
    frontend: Frontend<B>,
    place: Option<Place>,
}

impl<B: Backend> Waiting<B> {
    fn new(frontend: &Frontend<B>, place: Place) -> Self {
        Self { frontend: frontend.clone(), place: Some(place) }
    }

    /// The client has it now.
    fn keep(mut self) {
        self.place = None;
    }
}

impl<B: Backend> Drop for Waiting<B> {
    fn drop(&mut self) {
        let Some(place) = self.place.take() else { return };
        let frontend = self.frontend.clone();
        tokio::spawn(async move {
            // What fails here, the lease makes up for.
            let _ = leave(&frontend, &place).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_in_go() {
        let written = [1, 0x1f, i64::MAX, -3, i64::MIN].map(hexadecimal);
        assert_eq!(written, ["1", "1f", "7fffffffffffffff", "-3", "-8000000000000000"]);
    }
}

//! The stream of `RangeStream`: a range in pieces, so that a large one is nowhere as a whole.
//!
//! First comes the header; then the keys, as many at a time as fit into a request's size; the last
//! piece says how many keys there are. All of it is read at the revision of the header. If that is
//! compacted meanwhile, the stream ends with the refusal, and the client asks again.

use std::mem;

use bytes::{BufMut, Bytes, BytesMut};
use etcdpb::etcdserverpb::{RangeResponse, RangeStreamResponse};
use mvcc::{Range, SortOrder, SortTarget};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::codegen::BoxStream;

use crate::backend::Backend;
use crate::convert::response;
use crate::frontend::Frontend;
use crate::status::Error;

/// So many pieces wait for a client that reads slowly.
const PIECES_WAITING: usize = 2;

/// The first piece has so many keys. What they take decides how many the next one has.
const KEYS_FIRST: i64 = 10;

/// Whether the range can be streamed: what would have to be sorted or filtered first cannot.
pub(crate) fn check(range: &Range) -> Result<(), Status> {
    if range.sort_order != SortOrder::None || range.sort_target != SortTarget::Key {
        return Err(Status::unimplemented("RangeStream does not support custom sort orders"));
    }
    let bounds = [
        range.min_mod_revision,
        range.max_mod_revision,
        range.min_create_revision,
        range.max_create_revision,
    ];
    if bounds.iter().any(|bound| *bound != 0) {
        return Err(Status::unimplemented("RangeStream does not support revision filters"));
    }
    Ok(())
}

/// Streams a range of the member's own store. What is wrong with it is found before the stream
/// begins.
pub(crate) async fn stream<B: Backend>(
    frontend: Frontend<B>,
    range: Range,
) -> Result<BoxStream<RangeStreamResponse>, Error> {
    let whole = frontend.range(Range { count_only: true, ..range.clone() }).await?;
    let count = whole.count;
    let revision = if range.revision > 0 { range.revision } else { whole.revision };
    let mut head = response::range(whole);
    frontend.fill(&mut head.header);
    let head = RangeResponse { header: head.header, ..RangeResponse::default() };
    let (client, stream) = mpsc::channel(PIECES_WAITING);
    let limit = if range.limit > 0 { range.limit } else { i64::MAX };
    let left = if range.count_only { 0 } else { limit };
    let range = Range { revision, ..range };
    let bytes_max = frontend.options().request_bytes_max;
    let pieces = Pieces { frontend, range, left, keys: KEYS_FIRST, bytes_max, client };
    tokio::spawn(pieces.send(head, count));
    Ok(Box::pin(ReceiverStream::new(stream)))
}

struct Pieces<B> {
    frontend: Frontend<B>,
    /// What is still to be read, but for the limit.
    range: Range,
    /// How many keys may still be sent.
    left: i64,
    /// How many the next piece has at most.
    keys: i64,
    /// How many bytes a piece has, about.
    bytes_max: usize,
    client: mpsc::Sender<Result<RangeStreamResponse, Status>>,
}

impl<B: Backend> Pieces<B> {
    /// Sends all of it, as long as the client listens.
    async fn send(mut self, head: RangeResponse, count: i64) {
        if self.send_piece(head).await.is_err() {
            return;
        }
        let mut more = false;
        let mut kvs = Vec::new();
        while self.left > 0 {
            let piece = match self.read().await {
                Ok(piece) => piece,
                Err(error) => {
                    let _ = self.client.send(Err(error.into())).await;
                    return;
                }
            };
            more = piece.more;
            let before = mem::replace(&mut kvs, piece.kvs);
            let is_last = !more || self.left == 0;
            if !before.is_empty()
                && self
                    .send_piece(RangeResponse { kvs: before, ..Default::default() })
                    .await
                    .is_err()
            {
                return;
            }
            if is_last {
                break;
            }
        }
        let _ = self.send_piece(RangeResponse { kvs, more, count, ..Default::default() }).await;
    }

    /// Reads the next keys, and finds out how many to read after them.
    async fn read(&mut self) -> Result<RangeResponse, Error> {
        let limit = self.keys.min(self.left);
        let piece = self.frontend.range(Range { limit, ..self.range.clone() }).await?;
        self.left -= i64::try_from(piece.kvs.len()).unwrap_or(i64::MAX);
        if let Some(last) = piece.kvs.last() {
            self.range.key = after(&last.key);
        }
        let bytes: usize = piece.kvs.iter().map(|kv| kv.key.len() + kv.value.len()).sum();
        self.keys = if bytes < self.bytes_max / 2 { self.keys * 2 } else { self.keys };
        self.keys = if bytes > self.bytes_max { (self.keys / 2).max(1) } else { self.keys };
        Ok(response::range(piece))
    }

    async fn send_piece(&self, piece: RangeResponse) -> Result<(), ()> {
        let piece = RangeStreamResponse { range_response: Some(piece) };
        self.client.send(Ok(piece)).await.map_err(drop)
    }
}

/// The first key after this one.
fn after(key: &Bytes) -> Bytes {
    let mut after = BytesMut::with_capacity(key.len() + 1);
    after.put_slice(key);
    after.put_u8(0);
    after.freeze()
}

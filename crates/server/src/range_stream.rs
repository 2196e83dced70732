//! The stream of `RangeStream`: a range in pieces, so that a large one is nowhere as a whole.
//!
//! A piece has about as many keys as fit into a request's size. The last one, and no other, also
//! has the header, how many keys there are, and whether the limit left some out: merged, the pieces
//! are what `Range` answers. All of it is read at the revision of the header. If that is compacted
//! meanwhile, the stream ends with the refusal, and the client asks again.

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
    let revision = if range.revision > 0 { range.revision } else { whole.revision };
    let mut last = response::range(whole);
    frontend.fill(&mut last.header);
    if range.count_only {
        return Ok(Box::pin(tokio_stream::once(Ok(piece_of(last)))));
    }
    let (client, stream) = mpsc::channel(PIECES_WAITING);
    let left = if range.limit > 0 { range.limit } else { i64::MAX };
    let range = Range { revision, ..range };
    let bytes_max = frontend.options().request_bytes_max;
    let pieces = Pieces { frontend, range, left, keys: KEYS_FIRST, bytes_max, client };
    tokio::spawn(pieces.send(last));
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
    /// Sends all of it, as long as the client listens. The last piece says what `last` does.
    async fn send(mut self, last: RangeResponse) {
        let mut is_over = false;
        while !is_over {
            let piece = self.next(&last).await;
            is_over = piece.as_ref().map_or(true, |piece| piece.header.is_some());
            let piece = piece.map(piece_of).map_err(Into::into);
            is_over |= self.client.send(piece).await.is_err();
        }
    }

    async fn next(&mut self, last: &RangeResponse) -> Result<RangeResponse, Error> {
        let RangeResponse { kvs, more, .. } = self.read().await?;
        Ok(if more && self.left > 0 {
            RangeResponse { kvs, ..RangeResponse::default() }
        } else {
            RangeResponse { kvs, more, ..last.clone() }
        })
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
        if bytes < self.bytes_max / 2 {
            self.keys = self.keys.saturating_mul(2);
        } else if bytes > self.bytes_max.saturating_mul(2) {
            self.keys = (self.keys / 2).max(1);
        }
        Ok(response::range(piece))
    }
}

fn piece_of(response: RangeResponse) -> RangeStreamResponse {
    RangeStreamResponse { range_response: Some(response) }
}

/// The first key after this one.
fn after(key: &Bytes) -> Bytes {
    let mut after = BytesMut::with_capacity(key.len() + 1);
    after.put_slice(key);
    after.put_u8(0);
    after.freeze()
}

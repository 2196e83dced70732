//! The stream of `Snapshot`: a backup, in pieces.

use bytes::{Bytes, BytesMut};
use etcdpb::etcdserverpb::{ResponseHeader, SnapshotResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::codegen::BoxStream;

use crate::ETCD_VERSION;
use crate::backend::Backend;
use crate::backup::{Envelope, Reading, Replaced};
use crate::frontend::Frontend;

/// So many pieces wait for a client that reads slowly.
const PIECES_WAITING: usize = 4;

/// As large as etcd's.
const PIECE_BYTES: usize = 32 * 1024;

/// Streams a backup of the store as it is now. The store is read twice, first to know how long the
/// backup is: each piece says how much is still to come.
pub(super) fn stream<B: Backend>(frontend: Frontend<B>) -> BoxStream<SnapshotResponse> {
    let (client, stream) = mpsc::channel(PIECES_WAITING);
    tokio::spawn(async move {
        let mut out = Pieces { frontend, remaining: 0, client };
        match out.send().await {
            Ok(()) | Err(End::ClientGone) => {}
            Err(End::Replaced) => {
                let status = Status::unavailable("the member was behind; ask again");
                let _ = out.client.send(Err(status)).await;
            }
        }
    });
    Box::pin(ReceiverStream::new(stream))
}

/// Why a stream ends early.
enum End {
    ClientGone,
    Replaced,
}

impl From<Replaced> for End {
    fn from(Replaced: Replaced) -> Self {
        Self::Replaced
    }
}

struct Pieces<B> {
    frontend: Frontend<B>,
    /// Bytes that are still to be sent, but for the hash.
    remaining: usize,
    client: mpsc::Sender<Result<SnapshotResponse, Status>>,
}

impl<B: Backend> Pieces<B> {
    async fn send(&mut self) -> Result<(), End> {
        let backend = self.frontend.backend().clone();
        let mut reading = Reading::begin(backend.clone());
        self.remaining = Envelope::blocks_bytes(self.count(&mut reading).await?);
        reading.rewind();
        let mut pending = BytesMut::new();
        let mut envelope = Envelope::begin(&mut pending);
        let mut is_more = true;
        while is_more {
            let start = pending.len();
            is_more = reading.read(&mut pending)?;
            envelope.content(&pending[start..]);
            while pending.len() >= PIECE_BYTES {
                let piece = pending.split_to(PIECE_BYTES).freeze();
                self.send_piece(piece).await?;
            }
        }
        // The store need not wait for the client any more.
        drop(reading);
        let (end, hash) = envelope.end();
        pending.extend_from_slice(&end);
        while !pending.is_empty() {
            let piece = pending.split_to(PIECE_BYTES.min(pending.len())).freeze();
            self.send_piece(piece).await?;
        }
        self.send_piece(hash).await
    }

    /// How long the content is.
    async fn count(&self, reading: &mut Reading<B>) -> Result<usize, End> {
        let (mut bytes, mut step) = (0, BytesMut::new());
        loop {
            let is_more = reading.read(&mut step)?;
            bytes += step.len();
            step.clear();
            if !is_more {
                return Ok(bytes);
            }
            if self.client.is_closed() {
                return Err(End::ClientGone);
            }
            tokio::task::yield_now().await;
        }
    }

    async fn send_piece(&mut self, blob: Bytes) -> Result<(), End> {
        self.remaining = self.remaining.saturating_sub(blob.len());
        let mut header = Some(ResponseHeader::default());
        self.frontend.fill_latest(&mut header);
        let piece = SnapshotResponse {
            header,
            remaining_bytes: self.remaining as u64,
            blob,
            version: ETCD_VERSION.to_owned(),
        };
        self.client.send(Ok(piece)).await.map_err(|_| End::ClientGone)
    }
}

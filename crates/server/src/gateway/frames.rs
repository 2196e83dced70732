//! The messages in a body of gRPC: each is a zero byte, its length in four bytes, and its bytes.
//! What came of the call stands in the trailers.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use tonic::{Code, Status};

const HEAD_BYTES: usize = 5;

/// A message as it goes into a body.
pub(super) fn frame(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).expect("requests are bounded, far below 4 GiB");
    let mut out = BytesMut::with_capacity(HEAD_BYTES + message.len());
    out.put_u8(0);
    out.put_u32(length);
    out.put_slice(message);
    out.freeze()
}

/// The messages of an answer, as they come.
#[derive(Debug)]
pub(super) struct Messages {
    body: Body,
    pending: BytesMut,
}

impl Messages {
    pub(super) fn new(body: Body) -> Self {
        Self { body, pending: BytesMut::new() }
    }

    /// The next message, or why there are no more. Nothing after the last one of a call that went
    /// well.
    pub(super) fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Status>>> {
        loop {
            if let Some(message) = self.take() {
                return Poll::Ready(Some(Ok(message)));
            }
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(Status::unavailable(error.to_string()))));
                }
            };
            match frame.into_data() {
                Ok(data) => self.pending.extend_from_slice(&data),
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap_or_default();
                    let status = Status::from_header_map(&trailers);
                    let failure = status.filter(|status| status.code() != Code::Ok);
                    return Poll::Ready(failure.map(Err));
                }
            }
        }
    }

    /// The next message, if all of it is there.
    fn take(&mut self) -> Option<Bytes> {
        let length = self.pending.get(1..HEAD_BYTES)?.try_into().expect("these are four bytes");
        let length = u32::from_be_bytes(length) as usize;
        if self.pending.len() - HEAD_BYTES < length {
            return None;
        }
        self.pending.advance(HEAD_BYTES);
        Some(self.pending.split_to(length).freeze())
    }
}

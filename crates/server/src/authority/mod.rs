//! Requests with any `:authority`, as etcd accepts them.
//!
//! In HTTP/2 the pseudo-header `:authority` says whom a request is for: `127.0.0.1:2379`. The
//! `etcdctl` of etcd 3.4, asked for `endpoint status`, sends its endpoint instead, as the user
//! wrote it: `http://127.0.0.1:2379`. That is a URL and no authority. etcd never looks; but the
//! HTTP/2 library below this server ends such a stream with `PROTOCOL_ERROR`, before anybody could
//! be asked. So [`AnyAuthority`] stands between the socket and the library, and makes such a value
//! harmless in the bytes that come in.
//!
//! Headers are compressed with HPACK (RFC 7541): a value may be coded with a Huffman code, and
//! both ends keep a table of the headers so far, by whose indices later requests refer to them. To
//! change a value and nothing else, its length must stay as it is, coded and decoded. Each symbol
//! that an authority must not have is therefore replaced by one whose code has as many bits:
//!
//! ```text
//!   :  1011100  7 bits    becomes  B  1011101        http://127.0.0.1:2379
//!   /   011000  6 bits    becomes  -   010110        httpB--127.0.0.1B2379
//! ```
//!
//! Then no frame changes its length, and the tables of both ends stay alike: in their entries but
//! this one, in their sizes, and in what they forget when.
//!
//! From the outside in: [`AnyAuthority`] reads, [`frames`] finds the blocks of headers, [`hpack`]
//! finds the authority in a block, [`huffman`] changes its bits.
//!
//! Nothing in this server looks at the authority, so what it becomes does not matter. Values that
//! the library accepts are not changed, nor is a connection of HTTP/1.
//!
//! Left out, and still refused by the library:
//! - An authority that is empty, or whose Huffman form has one of `` # < > \ ^ ` { } ``, a control
//!   character other than NUL, or anything beyond ASCII. No harmless symbol has codes as long.
//! - An authority in a CONTINUATION frame. Clients send it among the first headers.
//! - An authority whose name is an index into the dynamic table. Encoders use the static table's.

mod frames;
mod hpack;
mod huffman;
#[cfg(test)]
mod tests;

use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use frames::Follower;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection that reads as the one inside it does, but for authorities that are none.
///
/// Bytes go right into the reader's buffer and are changed there. Only the payload of a HEADERS
/// frame that does not come in one piece is kept here until it is whole.
pub(crate) struct AnyAuthority<S> {
    inner: S,
    follower: Follower,
    held: Held,
}

/// What became of the payload of a HEADERS frame that did not come in one piece.
enum Held {
    Nothing,
    /// It is as long as the payload, but only so many bytes came in yet.
    Incoming(Vec<u8>, usize),
    /// It is whole and changed, and this has yet to be read.
    Outgoing(Bytes),
}

impl<S> AnyAuthority<S> {
    /// Nothing must have been read from `inner`.
    pub(crate) fn new(inner: S) -> Self {
        Self { inner, follower: Follower::new(), held: Held::Nothing }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for AnyAuthority<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { inner, follower, held } = &mut *self;
        let mut inner = Pin::new(inner);
        loop {
            match held {
                Held::Nothing => {
                    let before = buf.filled().len();
                    ready!(inner.as_mut().poll_read(cx, buf))?;
                    let bytes = &mut buf.filled_mut()[before..];
                    let passed = follower.feed(bytes);
                    let is_all = passed == bytes.len();
                    if !is_all {
                        let mut payload = bytes[passed..].to_vec();
                        let filled = payload.len();
                        payload.resize(follower.payload_len(), 0);
                        *held = Held::Incoming(payload, filled);
                        buf.set_filled(before + passed);
                    }
                    // To read nothing means the end, so that is only said if it is true.
                    if is_all || passed > 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
                Held::Incoming(payload, filled) => {
                    let mut rest = ReadBuf::new(&mut payload[*filled..]);
                    ready!(inner.as_mut().poll_read(cx, &mut rest))?;
                    let count = rest.filled().len();
                    *filled += count;
                    if count == 0 {
                        // The connection ended within the frame. That is for the reader to judge.
                        payload.truncate(*filled);
                    }
                    if *filled == payload.len() {
                        follower.feed(payload);
                        *held = Held::Outgoing(mem::take(payload).into());
                    }
                }
                Held::Outgoing(payload) => {
                    let count = payload.len().min(buf.remaining());
                    buf.put_slice(&payload.split_to(count));
                    if payload.is_empty() {
                        *held = Held::Nothing;
                    }
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for AnyAuthority<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

//! What runs over a connection between members after the handshake: frames of messages.
//!
//! ```text
//!  ┌────────────┬────────────┬──────────────────────────────────────────┐
//!  │ length u32 │ crc32c u32 │ (number u64, envelope)  (…)  (…)          │   little-endian
//!  └────────────┴────────────┴──────────────────────────────────────────┘
//! ```
//!
//! Each message has its number among all that its sender ever sent, by which a trace matches the
//! two ends of its way.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use raft::{Envelope, codec};
use tokio::io::{AsyncRead, AsyncReadExt};

/// A message and its number.
pub(crate) type Numbered = (u64, Envelope);

/// A frame that is longer is refused. The longest entry and much more fit.
const FRAME_BYTES_MAX: usize = 64 << 20;
/// A frame that is longer takes no further message.
const FRAME_BYTES_ENOUGH: usize = 1 << 20;
const HEADER_BYTES: usize = 8;

/// Appends frames with these messages to `out`.
pub(crate) fn encode(messages: &[Numbered], out: &mut BytesMut) {
    let mut messages = messages.iter().peekable();
    while messages.peek().is_some() {
        let start = out.len();
        out.put_bytes(0, HEADER_BYTES);
        while out.len() - start < FRAME_BYTES_ENOUGH
            && let Some((number, envelope)) = messages.next()
        {
            out.put_u64_le(*number);
            codec::encode_envelope(envelope, out);
        }
        let body = &out[start + HEADER_BYTES..];
        let length = u32::try_from(body.len()).expect("an entry is far shorter than 4 GiB");
        let checksum = crc32c::crc32c(body);
        out[start..start + 4].copy_from_slice(&length.to_le_bytes());
        out[start + 4..start + HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
    }
}

/// Reads one frame. `None` when the other side closed the connection between two frames.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<Vec<Numbered>>> {
    let mut header = [0; HEADER_BYTES];
    match stream.read_exact(&mut header).await {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    };
    let mut header = header.as_slice();
    let (length, checksum) = (header.get_u32_le() as usize, header.get_u32_le());
    if length > FRAME_BYTES_MAX {
        return Err(bad(format!("a frame of {length} bytes")));
    }
    // The memory grows with what arrives, not with what is announced.
    let mut body = BytesMut::new();
    let mut limited = stream.take(length as u64);
    while body.len() < length {
        if limited.read_buf(&mut body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    if crc32c::crc32c(&body) != checksum {
        return Err(bad("a frame with a wrong checksum".into()));
    }
    decode(body.freeze()).map(Some)
}

fn decode(mut body: Bytes) -> io::Result<Vec<Numbered>> {
    let mut messages = Vec::new();
    while body.has_remaining() {
        let number = body.try_get_u64_le().map_err(|_| bad("half a number".into()))?;
        let envelope = codec::decode_envelope(&mut body).map_err(|error| bad(error.to_string()))?;
        messages.push((number, envelope));
    }
    Ok(messages)
}

fn bad(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

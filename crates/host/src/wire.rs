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

/// Reads one frame, and says how many bytes it took. `None` when the other side closed the
/// connection between two frames.
pub(crate) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<(Vec<Numbered>, usize)>> {
    let mut header = [0; HEADER_BYTES];
    let mut filled = 0;
    while filled < HEADER_BYTES {
        match stream.read(&mut header[filled..]).await? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            bytes => filled += bytes,
        }
    }
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
    decode(body.freeze()).map(|messages| Some((messages, HEADER_BYTES + length)))
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

#[cfg(test)]
mod tests {
    use raft::{Entry, Index, Message, NodeId, Payload, Position, Term};
    use tokio::io::AsyncWriteExt;

    use super::*;

    async fn heard(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<Numbered>> {
        read(stream).await.unwrap().map(|(messages, _)| messages)
    }

    fn numbered(number: u64, bytes: usize) -> Numbered {
        let payload = Payload::Command(vec![b'x'; bytes].into());
        let entries = vec![Entry { position: Position::new(1, 1), payload }];
        let message = Message::Append { previous: Position::default(), entries, commit: Index(0) };
        (number, Envelope { from: NodeId(1), to: NodeId(2), term: Term(1), message })
    }

    fn encoded(messages: &[Numbered]) -> BytesMut {
        let mut out = BytesMut::new();
        encode(messages, &mut out);
        out
    }

    /// A frame takes messages until it is long enough, and whatever makes it so, whole.
    #[tokio::test]
    async fn messages_are_read_as_they_were_written() {
        let lengths = [0, 1, 400 << 10, 400 << 10, 400 << 10, 10, 3 << 20, 0, 7];
        let messages = (7..).zip(lengths).map(|(number, bytes)| numbered(number, bytes));
        let messages = messages.collect::<Vec<_>>();
        let out = encoded(&messages);
        let mut stream = &out[..];
        for place in [0..5, 5..7, 7..9] {
            assert_eq!(heard(&mut stream).await.as_deref(), Some(&messages[place]));
        }
        assert_eq!(read(&mut stream).await.unwrap(), None);
        assert!(encoded(&[]).is_empty());
    }

    /// However the bytes arrive.
    #[tokio::test]
    async fn a_frame_may_come_in_pieces() {
        let messages = [numbered(1, 100), numbered(2, 0)];
        let out = encoded(&messages);
        let (mut near, mut far) = tokio::io::duplex(3);
        let writing = tokio::spawn(async move { near.write_all(&out).await });
        assert_eq!(heard(&mut far).await.as_deref(), Some(&messages[..]));
        assert_eq!(read(&mut far).await.unwrap(), None);
        writing.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn half_a_frame_is_none() {
        let out = encoded(&[numbered(1, 10), numbered(2, 0)]);
        for length in 1..out.len() {
            let error = read(&mut &out[..length]).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "after {length} bytes");
        }
    }

    #[tokio::test]
    async fn a_changed_byte_is_noticed() {
        let out = encoded(&[numbered(1, 10), numbered(2, 0)]);
        for place in 0..out.len() {
            let mut changed = out.clone();
            changed[place] ^= 0x80;
            read(&mut &changed[..]).await.expect_err("a changed byte went unnoticed");
        }
    }

    /// A checksum proves no sense: it is the sender's.
    #[tokio::test]
    async fn what_is_no_message_is_refused() {
        let whole = encoded(&[numbered(1, 10)]).split_off(HEADER_BYTES);
        for length in 1..whole.len() {
            let mut frame = BytesMut::new();
            frame.put_u32_le(u32::try_from(length).unwrap());
            frame.put_u32_le(crc32c::crc32c(&whole[..length]));
            frame.put_slice(&whole[..length]);
            let error = read(&mut &frame[..]).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{length} bytes");
        }
    }

    /// It is refused by its header alone.
    #[tokio::test]
    async fn a_frame_has_a_greatest_length() {
        let header = |length: usize| {
            let mut header = BytesMut::new();
            header.put_u32_le(u32::try_from(length).unwrap());
            header.put_u32_le(0);
            header
        };
        let error = read(&mut &header(FRAME_BYTES_MAX + 1)[..]).await.unwrap_err();
        assert_eq!(error.to_string(), "a frame of 67108865 bytes");
        let error = read(&mut &header(FRAME_BYTES_MAX)[..]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}

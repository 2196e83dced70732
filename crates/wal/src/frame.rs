//! A frame: one group commit. `docs/formats.md` draws it.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use raft::codec::{self, DecodeError};
use raft::{Loss, Write};

/// Frames begin at multiples of this, and are padded to it: a block that was synced is never
/// given other bytes, so a write that is torn cannot hurt it. It is also the step at which recovery
/// looks for frames, and the alignment that direct I/O wants.
pub(crate) const BLOCK_BYTES: u64 = BLOCK_LEN as u64;
/// The same, as the length of a buffer.
pub(crate) const BLOCK_LEN: usize = 4096;

/// How long a frame's header is.
pub(crate) const HEADER_BYTES: usize = 32;
const TRAILER_BYTES: usize = 16;
const MAGIC: [u8; 4] = *b"QFRM";

/// The checksum of a header covers what comes after it.
const CHECKSUM_AT: usize = 4;
const CHECKSUM_END: usize = 8;

/// The tags of records. Never give one a new meaning: logs hold them.
const WRITE: u8 = 1;
const TAIL_LOST: u8 = 2;
const DAMAGED: u8 = 3;
const CUT: u8 = 4;
const ELSEWHERE: u8 = 5;

/// One thing that a frame says. The first write of each frame is what all frames before have come
/// to, but for the entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A write, carried out whole or not at all.
    Write(Write),
    /// The member may have lost entries, and has not recovered yet.
    Loss(Loss),
    /// The frame took the place of a torn one. What stands behind it may be left of that.
    Cut,
    /// The log goes on in the next segment, which is there: what has this frame's number stands in
    /// it.
    Elsewhere,
}

/// What the first bytes of a frame say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    /// The checksum of this header. As it covers the body's, it names the frame.
    pub(crate) checksum: u32,
    /// The frame's number, from 1, through all segments.
    pub(crate) number: u64,
    /// How long the body is.
    pub(crate) body_bytes: u64,
    pub(crate) body_checksum: u32,
    /// The checksum of the frame before.
    pub(crate) previous: u32,
}

impl FrameHeader {
    /// Reads the header at the start of a block. `None` if none of this segment is there.
    pub(crate) fn decode(block: &[u8], seed: u32) -> Option<Self> {
        let header = block.get(..HEADER_BYTES)?;
        let mut input = header.strip_prefix(&MAGIC)?;
        let checksum = input.get_u32_le();
        if crc32c::crc32c_append(seed, input) != checksum {
            return None;
        }
        Some(Self {
            checksum,
            number: input.get_u64_le(),
            body_bytes: input.get_u64_le(),
            body_checksum: input.get_u32_le(),
            previous: input.get_u32_le(),
        })
    }

    /// How long the frame is. `None` if no frame can be.
    pub(crate) fn frame_bytes(&self) -> Option<u64> {
        self.body_bytes
            .checked_add((HEADER_BYTES + TRAILER_BYTES) as u64)?
            .checked_next_multiple_of(BLOCK_BYTES)
    }

    /// Whether that is the body that was written.
    pub(crate) fn is_body(&self, body: &[u8], seed: u32) -> bool {
        crc32c::crc32c_append(seed, body) == self.body_checksum
    }
}

/// The number of the frame whose trailer is at the end of the block. `None` if no trailer of a
/// frame of this segment is there.
pub(crate) fn trailer(block: &[u8], seed: u32) -> Option<u64> {
    let (mut input, mut checksum) = block.last_chunk::<TRAILER_BYTES>()?.split_at(12);
    if crc32c::crc32c_append(seed, input) != checksum.get_u32_le() {
        return None;
    }
    let number = input.get_u64_le();
    // A block of zeros is no trailer, whatever its checksum.
    (number > 0).then_some(number)
}

/// Puts a frame of these writes into the buffer, but for what [`seal`] will know. `loss` is what
/// may be lost before them.
pub(crate) fn encode<'a>(
    loss: Option<Loss>,
    writes: impl IntoIterator<Item = &'a Write>,
    buffer: &mut BytesMut,
) {
    buffer.clear();
    buffer.put_bytes(0, HEADER_BYTES);
    match loss {
        None => {}
        Some(Loss::Tail) => buffer.put_u8(TAIL_LOST),
        Some(Loss::Damage) => buffer.put_u8(DAMAGED),
    }
    for write in writes {
        buffer.put_u8(WRITE);
        codec::encode_write(write, buffer);
    }
}

/// Says in the frame in the buffer that it takes the place of a torn one.
pub(crate) fn encode_cut(buffer: &mut BytesMut) {
    buffer.put_u8(CUT);
}

/// Says in the frame in the buffer that the log goes on in the next segment.
pub(crate) fn encode_elsewhere(buffer: &mut BytesMut) {
    buffer.put_u8(ELSEWHERE);
}

/// How long the frame in the buffer will be.
pub(crate) fn padded_bytes(buffer: &BytesMut) -> u64 {
    ((buffer.len() + TRAILER_BYTES) as u64).next_multiple_of(BLOCK_BYTES)
}

/// Completes the frame in the buffer, and returns its checksum.
pub(crate) fn seal(buffer: &mut BytesMut, number: u64, previous: u32, seed: u32) -> u32 {
    let body = &buffer[HEADER_BYTES..];
    let (body_bytes, body_checksum) = (body.len() as u64, crc32c::crc32c_append(seed, body));

    let mut out = &mut buffer[..HEADER_BYTES];
    out.put_slice(&MAGIC);
    out.put_u32_le(0);
    out.put_u64_le(number);
    out.put_u64_le(body_bytes);
    out.put_u32_le(body_checksum);
    out.put_u32_le(previous);
    let checksum = crc32c::crc32c_append(seed, &buffer[CHECKSUM_END..HEADER_BYTES]);
    buffer[CHECKSUM_AT..CHECKSUM_END].copy_from_slice(&checksum.to_le_bytes());

    let padding =
        (buffer.len() + TRAILER_BYTES).next_multiple_of(BLOCK_LEN) - TRAILER_BYTES - buffer.len();
    buffer.put_bytes(0, padding);
    let trailer = buffer.len();
    buffer.put_u64_le(number);
    buffer.put_u32_le(checksum);
    let trailer_checksum = crc32c::crc32c_append(seed, &buffer[trailer..]);
    buffer.put_u32_le(trailer_checksum);
    checksum
}

/// Takes the next record off the front of a body. `None` at its end.
pub(crate) fn decode_record(body: &mut Bytes) -> Option<Result<Record, DecodeError>> {
    Some(match body.try_get_u8().ok()? {
        WRITE => codec::decode_write(body).map(Record::Write),
        TAIL_LOST => Ok(Record::Loss(Loss::Tail)),
        DAMAGED => Ok(Record::Loss(Loss::Damage)),
        CUT => Ok(Record::Cut),
        ELSEWHERE => Ok(Record::Elsewhere),
        tag => Err(DecodeError::UnknownTag { of: "record", tag }),
    })
}

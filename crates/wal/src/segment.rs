//! A segment: one file of the log. `docs/formats.md` draws it.

use bytes::{Buf, BufMut};

use crate::Identity;
use crate::frame::BLOCK_LEN;

/// The format that this version writes and reads.
pub(crate) const FORMAT: u32 = 3;

/// The name of a segment that is being made ready.
pub(crate) const NEXT_NAME: &str = "wal-next.tmp";

const MAGIC: [u8; 8] = *b"QUORWAL\n";

/// The checksum covers the block but itself.
const CHECKSUM_AT: usize = 12;
const CHECKSUM_END: usize = 16;

/// A block, as large as the header of a segment and as a step of a frame.
pub(crate) type Block = [u8; BLOCK_LEN];

/// What the first block of a segment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) identity: Identity,
    /// The segment's number, from 1.
    pub(crate) segment: u64,
    /// How long the file is.
    pub(crate) bytes: u64,
    /// The number of the first frame in it.
    pub(crate) first_frame: u64,
    /// The checksum of the frame before that one; 0 if there is none.
    pub(crate) previous: u32,
    pub(crate) origin: Origin,
}

/// How a segment came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The one before was full; or there is none before.
    Continued,
    /// The log begins anew here, with what could be saved of the segments before. They count for
    /// nothing any more.
    Anew,
}

impl Origin {
    fn code(self) -> u32 {
        match self {
            Self::Continued => 0,
            Self::Anew => 1,
        }
    }
}

/// Why a block is not the header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadHeader {
    Damaged,
    Format(u32),
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> Block {
        let mut block = [0; BLOCK_LEN];
        let mut out = &mut block[..];
        out.put_slice(&MAGIC);
        out.put_u32_le(FORMAT);
        out.put_u32_le(0);
        out.put_u64_le(self.identity.cluster);
        out.put_u64_le(self.identity.member);
        out.put_u64_le(self.segment);
        out.put_u64_le(self.bytes);
        out.put_u64_le(self.first_frame);
        out.put_u32_le(self.previous);
        out.put_u32_le(self.origin.code());
        let checksum = checksum(&block);
        block[CHECKSUM_AT..CHECKSUM_END].copy_from_slice(&checksum.to_le_bytes());
        block
    }

    pub(crate) fn decode(block: &Block) -> Result<Self, BadHeader> {
        let mut input = &block[MAGIC.len()..];
        let format = input.get_u32_le();
        if !block.starts_with(&MAGIC) || input.get_u32_le() != checksum(block) {
            return Err(BadHeader::Damaged);
        }
        if format != FORMAT {
            return Err(BadHeader::Format(format));
        }
        Ok(Self {
            identity: Identity { cluster: input.get_u64_le(), member: input.get_u64_le() },
            segment: input.get_u64_le(),
            bytes: input.get_u64_le(),
            first_frame: input.get_u64_le(),
            previous: input.get_u32_le(),
            origin: match input.get_u32_le() {
                0 => Origin::Continued,
                1 => Origin::Anew,
                _ => return Err(BadHeader::Damaged),
            },
        })
    }

    /// What the checksums of this segment's frames begin with. A frame of another segment, or of
    /// another member's log, does not match: so a file may be used again without being wiped.
    pub(crate) fn seed(&self) -> u32 {
        seed(self.identity, self.segment)
    }
}

/// As [`SegmentHeader::seed`], for a segment whose header is lost.
pub(crate) fn seed(identity: Identity, segment: u64) -> u32 {
    let mut bytes = [0; 24];
    let mut out = &mut bytes[..];
    out.put_u64_le(identity.cluster);
    out.put_u64_le(identity.member);
    out.put_u64_le(segment);
    crc32c::crc32c(&bytes)
}

fn checksum(block: &Block) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&block[..CHECKSUM_AT]), &block[CHECKSUM_END..])
}

/// The name of the file of a segment.
pub(crate) fn name(segment: u64) -> String {
    format!("wal-{segment:016x}.log")
}

/// The segment whose file has that name.
pub(crate) fn number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("wal-")?.strip_suffix(".log")?;
    let segment = u64::from_str_radix(digits, 16).ok()?;
    // Refuses other spellings of the same number.
    (self::name(segment) == name).then_some(segment)
}

//! The bytes are those that docs/formats.md draws, and what cannot have been written is refused.
//!
//! The encoder here follows the drawing, not the crate.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use bytes::{BufMut, BytesMut};
use common::{IDENTITY, SMALL, entries, open, vote};
use crc32c::{crc32c, crc32c_append};
use raft::codec::{self, DecodeError};
use raft::{Index, Position, Write};
use wal::{Damage, Error, MemoryDisk};

const FIRST: &str = "wal-0000000000000001.log";

#[test]
fn a_log_is_as_it_is_drawn() {
    let writes = [vote(1, 1), entries(1, 1, &[5000])];
    let disk = MemoryDisk::new();
    let (mut wal, _, _) = open(&disk).unwrap();
    wal.append(&writes).unwrap();
    // This one does not fit.
    wal.append(&[entries(2, 1, &[1])]).unwrap();

    let [vote_1, entry_1] = writes;
    let first = body(&[so_far(&Write::default()), vote_1.clone(), entry_1]);
    let (first, checksum_1) = frame(Frame { number: 1, body: first, ..FRAME });
    // The vote was sealed.
    let seal = body(&[so_far(&vote_1)]);
    let (seal, checksum_2) = frame(Frame { number: 2, body: seal, previous: checksum_1, ..FRAME });
    // And the segment says that the log goes on in the next one.
    let pointer = [body(&[so_far(&vote_1)]), vec![5]].concat();
    let pointer = Frame { number: 3, body: pointer, previous: checksum_2, ..FRAME };
    let expected = [header(1, 1, 0), first, seal, frame(pointer).0].concat();
    assert_eq!(disk.contents(FIRST).unwrap(), expected);

    let third = Frame {
        number: 3,
        body: body(&[so_far(&vote_1), entries(2, 1, &[1])]),
        previous: checksum_2,
        segment: 2,
        body_bytes: None,
    };
    let mut expected = [header(2, 3, checksum_2), frame(third).0].concat();
    expected.resize(5 * 4096, 0);
    assert_eq!(disk.contents("wal-0000000000000002.log").unwrap(), expected);
}

#[test]
fn a_format_that_is_not_known_is_refused() {
    let disk = MemoryDisk::new();
    open(&disk).unwrap();
    let mut header = header(1, 1, 0);
    header[8] = 4;
    sign(&mut header);
    disk.overwrite(FIRST, 0, &header);
    let error = open(&disk).unwrap_err();
    assert!(matches!(error, Error::Format { found: 4, supported: 3, .. }), "{error}");
}

#[test]
fn a_frame_that_says_nothing_is_good() {
    let disk = log_with(&Frame { body: vec![], ..second() });
    let (_, restored, recovery) = open(&disk).unwrap();
    assert_eq!((restored.entries.len(), recovery.frames, recovery.torn), (1, 2, None));
}

#[test]
fn frames_that_no_crash_can_leave_are_damage() {
    let mut gap = entries(2, 1, &[1, 1]);
    gap.entries[1].position.index = Index(4);
    let number = 2;
    let unknown = DecodeError::UnknownTag { of: "record", tag: 9 };
    let short = DecodeError::Short { reading: "write's id" };
    let cases = [
        (Frame { number: 3, ..second() }, Damage::OutOfTurn { expected: 2, found: 3 }),
        (Frame { number: 1, ..second() }, Damage::OutOfTurn { expected: 2, found: 1 }),
        (Frame { previous: 7, ..second() }, Damage::BrokenChain { number }),
        (Frame { body_bytes: Some(12241), ..second() }, Damage::TooLong { number }),
        (Frame { body_bytes: Some(u64::MAX), ..second() }, Damage::TooLong { number }),
        (Frame { body: vec![9], ..second() }, Damage::Undecodable { number, error: unknown }),
        (Frame { body: vec![1], ..second() }, Damage::Undecodable { number, error: short }),
        (
            Frame { body: body(&[entries(3, 1, &[1])]), ..second() },
            Damage::Hole { number, expected: 2, found: 3 },
        ),
        (Frame { body: body(&[gap]), ..second() }, Damage::Hole { number, expected: 3, found: 4 }),
    ];
    for (case, expected) in cases {
        let disk = log_with(&case);
        let before = disk.contents(FIRST);
        let error = open(&disk).unwrap_err();
        let Error::Corrupt { offset, damage, .. } = &error else { panic!("{error}") };
        assert_eq!((*offset, damage), (8192, &expected));
        assert_eq!(disk.contents(FIRST), before);
    }
}

#[test]
fn entries_begin_at_index_one() {
    let mut write = entries(1, 1, &[1]);
    write.entries[0].position.index = Index(0);
    let disk = MemoryDisk::new();
    open(&disk).unwrap();
    disk.overwrite(FIRST, 4096, &frame(Frame { number: 1, body: body(&[write]), ..FRAME }).0);
    let error = open(&disk).unwrap_err();
    let Error::Corrupt { damage, .. } = &error else { panic!("{error}") };
    assert_eq!(*damage, Damage::Hole { number: 1, expected: 1, found: 0 });
}

#[test]
fn the_largest_body_of_a_segment_is_read() {
    // Header, body and trailer fill the last three blocks to the byte.
    let mut write = entries(2, 1, &[12240]);
    let over = body(&[write.clone()]).len() - 12240;
    write = entries(2, 1, &[12240 - over]);
    let disk = log_with(&Frame { body: body(&[write]), ..second() });
    assert_eq!(open(&disk).unwrap().1.entries.len(), 2);
}

#[test]
fn a_segment_that_does_not_follow_is_damage() {
    let disk = MemoryDisk::new();
    let (mut wal, _, _) = open(&disk).unwrap();
    for index in 1..=4 {
        wal.append(&[entries(index, 1, &[1])]).unwrap();
    }
    let name = "wal-0000000000000002.log";
    let cases = [
        // The segment before would end one frame too early, or too late.
        (header(2, 3, 0), name, 0, Damage::BrokenChain { number: 3 }),
        (header(2, 0, 0), name, 0, Damage::OutOfTurn { expected: 1, found: 0 }),
        (header(2, 5, 0), name, 0, Damage::MissingSegment),
        (header(2, 4, 7), name, 0, Damage::BrokenChain { number: 4 }),
    ];
    for (header, file, at, expected) in cases {
        let disk = disk.fork();
        disk.overwrite(name, 0, &header);
        let error = open(&disk).unwrap_err();
        let Error::Corrupt { path, offset, damage } = &error else { panic!("{error}") };
        assert_eq!((path.to_str(), *offset, damage), (Some(file), at, &expected));
    }
}

/// A log of one frame with one entry, and behind it what is drawn.
fn log_with(second: &Frame) -> MemoryDisk {
    let disk = MemoryDisk::new();
    let (mut wal, _, _) = open(&disk).unwrap();
    wal.append(&[entries(1, 1, &[1])]).unwrap();
    disk.overwrite(FIRST, 8192, &frame(second.clone()).0);
    disk
}

/// The frame that belongs there.
fn second() -> Frame {
    let first = body(&[so_far(&Write::default()), entries(1, 1, &[1])]);
    let first = Frame { number: 1, body: first, ..FRAME };
    Frame { number: 2, previous: frame(first).1, body: body(&[entries(2, 1, &[1])]), ..FRAME }
}

#[derive(Clone)]
struct Frame {
    number: u64,
    previous: u32,
    body: Vec<u8>,
    segment: u64,
    /// What is said of the length, if it is not the truth.
    body_bytes: Option<u64>,
}

const FRAME: Frame = Frame { number: 0, previous: 0, body: vec![], segment: 1, body_bytes: None };

/// The bytes of a frame, and its checksum.
fn frame(drawn: Frame) -> (Vec<u8>, u32) {
    let Frame { number, previous, body, segment, body_bytes } = drawn;
    let mut seed = Vec::new();
    for part in [IDENTITY.cluster, IDENTITY.member, segment] {
        seed.put_u64_le(part);
    }
    let seed = crc32c(&seed);
    let mut signed = Vec::new();
    signed.put_u64_le(number);
    signed.put_u64_le(body_bytes.unwrap_or(body.len() as u64));
    signed.put_u32_le(crc32c_append(seed, &body));
    signed.put_u32_le(previous);
    let checksum = crc32c_append(seed, &signed);

    let mut bytes = b"QFRM".to_vec();
    bytes.put_u32_le(checksum);
    bytes.extend(signed);
    bytes.extend(body);
    bytes.resize((bytes.len() + 16).next_multiple_of(4096) - 16, 0);
    let trailer = bytes.len();
    bytes.put_u64_le(number);
    bytes.put_u32_le(checksum);
    bytes.put_u32_le(crc32c_append(seed, &bytes[trailer..]));
    (bytes, checksum)
}

/// What each frame begins with: what all before it have come to.
fn so_far(write: &Write) -> Write {
    let hard_state = write.hard_state.unwrap_or_default();
    Write { base: Some(Position::default()), hard_state: Some(hard_state), ..Write::default() }
}

fn body(writes: &[Write]) -> Vec<u8> {
    let mut body = BytesMut::new();
    for write in writes {
        body.put_u8(1);
        codec::encode_write(write, &mut body);
    }
    body.to_vec()
}

fn header(segment: u64, first_frame: u64, previous: u32) -> Vec<u8> {
    let mut block = b"QUORWAL\n".to_vec();
    block.put_u32_le(3);
    block.put_u32_le(0);
    for field in [IDENTITY.cluster, IDENTITY.member, segment, SMALL.segment_bytes, first_frame] {
        block.put_u64_le(field);
    }
    block.put_u32_le(previous);
    block.resize(4096, 0);
    sign(&mut block);
    block
}

fn sign(header: &mut [u8]) {
    let checksum = crc32c_append(crc32c(&header[..12]), &header[16..]);
    header[12..16].copy_from_slice(&checksum.to_le_bytes());
}

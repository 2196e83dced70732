//! Follows the frames of an HTTP/2 connection (RFC 9113, section 4.1), to find blocks of headers.
//!
//! ```text
//!   preface, 24 bytes │ length, 3 │ type, 1 │ flags, 1 │ stream, 4 │ payload │ length ...
//!
//!   the payload of HEADERS:  [pad length, 1] [priority, 5] block [padding]
//! ```

use super::hpack::patch_block;

/// What the client of an HTTP/2 connection sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const HEADER_LEN: usize = 9;

/// The longest payload that a peer may send if nobody told it otherwise, and nobody does. The
/// library refuses a longer one, so it need not be held here.
const PAYLOAD_LEN_MAX: usize = 16_384;

const HEADERS: u8 = 1;
const PADDED: u8 = 0x08;
const PRIORITY: u8 = 0x20;

/// Where a connection is. It sees all of its incoming bytes, in pieces of any size.
pub(super) struct Follower {
    at: At,
}

enum At {
    /// So many bytes of the preface came.
    Preface(usize),
    /// So many bytes of a frame's header came.
    Header([u8; HEADER_LEN], usize),
    /// A payload of which so much is still to come, and which is no business of ours.
    Payload(usize),
    /// At the beginning of a payload of this length in a HEADERS frame with these flags.
    Headers(usize, u8),
    /// This is not HTTP/2.
    Elsewhere,
}

impl Follower {
    pub(super) fn new() -> Self {
        Self { at: At::Preface(0) }
    }

    /// Follows the next bytes, and changes the authorities in them that are none.
    ///
    /// Returns how many of the bytes, from the first on, are done with. The rest is the beginning
    /// of a payload of [`Follower::payload_len`] bytes, to be given again when that is whole.
    pub(super) fn feed(&mut self, bytes: &mut [u8]) -> usize {
        let mut done = 0;
        while done < bytes.len() {
            match self.step(&mut bytes[done..]) {
                0 => break,
                count => done += count,
            }
        }
        done
    }

    /// How long the payload is that is to be given as a whole.
    pub(super) fn payload_len(&self) -> usize {
        match self.at {
            At::Headers(len, _) => len,
            At::Preface(_) | At::Header(..) | At::Payload(_) | At::Elsewhere => 0,
        }
    }

    /// Follows some of the bytes, of which there is at least one, and returns how many.
    fn step(&mut self, bytes: &mut [u8]) -> usize {
        match &mut self.at {
            At::Preface(seen) => {
                let count = bytes.len().min(PREFACE.len() - *seen);
                let expected = &PREFACE[*seen..][..count];
                *seen += count;
                if bytes[..count] != *expected {
                    self.at = At::Elsewhere;
                } else if *seen == PREFACE.len() {
                    self.at = At::Header([0; HEADER_LEN], 0);
                }
                count
            }
            At::Header(header, seen) => {
                let count = bytes.len().min(HEADER_LEN - *seen);
                header[*seen..][..count].copy_from_slice(&bytes[..count]);
                *seen += count;
                if *seen == HEADER_LEN {
                    self.at = after(*header);
                }
                count
            }
            At::Payload(left) => {
                let count = bytes.len().min(*left);
                *left -= count;
                if *left == 0 {
                    self.at = At::Header([0; HEADER_LEN], 0);
                }
                count
            }
            At::Headers(len, flags) => {
                let (len, flags) = (*len, *flags);
                let Some(payload) = bytes.get_mut(..len) else { return 0 };
                if let Some(block) = block_of(payload, flags) {
                    patch_block(block);
                }
                self.at = At::Header([0; HEADER_LEN], 0);
                len
            }
            At::Elsewhere => bytes.len(),
        }
    }
}

/// What follows the header of a frame.
fn after([high, middle, low, kind, flags, ..]: [u8; HEADER_LEN]) -> At {
    let len = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
    match len {
        0 => At::Header([0; HEADER_LEN], 0),
        1..=PAYLOAD_LEN_MAX if kind == HEADERS => At::Headers(len, flags),
        _ => At::Payload(len),
    }
}

/// The block of headers in the payload of a HEADERS frame.
fn block_of(mut payload: &mut [u8], flags: u8) -> Option<&mut [u8]> {
    if flags & PADDED != 0 {
        let padding;
        (padding, payload) = payload.split_first_mut()?;
        let len = payload.len().checked_sub(usize::from(*padding))?;
        payload = &mut payload[..len];
    }
    let priority_len = if flags & PRIORITY != 0 { 5 } else { 0 };
    payload.get_mut(priority_len..)
}

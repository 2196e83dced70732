//! Finds the authority in a block of headers (RFC 7541, section 6).
//!
//! A block is a list of these, and an authority is a value whose name is entry 1 of the static
//! table, or is spelt out:
//!
//! ```text
//!   1.......  index of a header                      (section 6.1)
//!   01......  index of a name, or 0 and a name; value, and keep it in the table  (6.2.1)
//!   001.....  new size of the table                  (6.3)
//!   0001....  index of a name, or 0 and a name; value, and never keep it         (6.2.3)
//!   0000....  index of a name, or 0 and a name; value                            (6.2.2)
//! ```

use std::ops::Range;

use super::huffman;

/// The index of `:authority` in the static table.
const AUTHORITY: usize = 1;

/// Makes each authority in the block one that the library accepts, if it is none.
///
/// What is broken is left as it is, as is all that comes after it.
pub(super) fn patch_block(block: &mut [u8]) {
    let mut walk = Walk { block, at: 0 };
    while walk.step().is_some() {}
}

/// Whether the library accepts it.
pub(super) fn is_authority(text: &[u8]) -> bool {
    axum::http::uri::Authority::try_from(text).is_ok()
}

/// Whether a symbol may be anywhere in an authority, whatever is around it: the unreserved
/// characters and the "sub-delims" of RFC 3986.
pub(super) fn is_harmless(symbol: u8) -> bool {
    symbol.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&symbol)
}

struct Walk<'a> {
    block: &'a mut [u8],
    at: usize,
}

/// Where the bytes of a string are, and whether they are its Huffman form.
struct Text {
    bytes: Range<usize>,
    is_huffman: bool,
}

impl Walk<'_> {
    /// Goes one representation further. `None` at the end, and where the block is broken.
    fn step(&mut self) -> Option<()> {
        let name_bits = match self.block.get(self.at)? {
            0x80.. => return self.integer(7).map(drop),
            0x40.. => 6,
            0x20.. => return self.integer(5).map(drop),
            0x00.. => 4,
        };
        let is_authority = match self.integer(name_bits)? {
            0 => {
                let name = self.text()?;
                self.block[name.bytes] == *name_of_authority(name.is_huffman)
            }
            index => index == AUTHORITY,
        };
        let value = self.text()?;
        if is_authority {
            patch(&mut self.block[value.bytes], value.is_huffman);
        }
        Some(())
    }

    /// A string (section 5.2).
    fn text(&mut self) -> Option<Text> {
        let is_huffman = self.block.get(self.at)? & 0x80 != 0;
        let len = self.integer(7)?;
        let bytes = self.at..self.at.checked_add(len)?;
        self.block.get(bytes.clone())?;
        self.at = bytes.end;
        Some(Text { bytes, is_huffman })
    }

    /// An integer that begins in the lowest bits of a byte (section 5.1). As to the library, five
    /// bytes are the most.
    fn integer(&mut self, bits: u32) -> Option<usize> {
        let most = (1 << bits) - 1;
        let mut value = usize::from(self.byte()? & most);
        if value < usize::from(most) {
            return Some(value);
        }
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            value += usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.block.get(self.at)?;
        self.at += 1;
        Some(byte)
    }
}

fn name_of_authority(is_huffman: bool) -> &'static [u8] {
    if is_huffman { b"\xb8\x3b\x53\x39\xec\x32\x7d\x7f" } else { b":authority" }
}

fn patch(value: &mut [u8], is_huffman: bool) {
    if is_huffman {
        huffman::patch(value);
    } else if !is_authority(value) {
        for symbol in value.iter_mut().filter(|symbol| !is_harmless(**symbol)) {
            *symbol = huffman::stand_in(*symbol);
        }
    }
}

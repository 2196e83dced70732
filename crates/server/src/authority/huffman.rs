//! Changes an authority in its Huffman form, and keeps its length to the bit.
//!
//! The code of RFC 7541, appendix B, is canonical: the symbols with codes of one length have
//! consecutive codes, in the order of the symbols. So a row of [`CODES`] needs only the first code.

use super::hpack::{is_authority, is_harmless};

/// The codes of one length.
struct Row {
    bits: usize,
    first: u16,
    symbols: &'static [u8],
}

/// The lengths of code at which some symbol is harmless. The symbols without a row have 12, 14, 15,
/// or 19 bits and more: none of them may be in an authority, and none can be replaced.
const CODES: [Row; 7] = [
    Row { bits: 5, first: 0b0_0000, symbols: b"012aceiost" },
    Row { bits: 6, first: 0b01_0100, symbols: b" %-./3456789=A_bdfghlmnpru" },
    Row { bits: 7, first: 0b101_1100, symbols: b":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz" },
    Row { bits: 8, first: 0b1111_1000, symbols: b"&*,;XZ" },
    Row { bits: 10, first: 0b11_1111_1000, symbols: b"!\"()?" },
    Row { bits: 11, first: 0b111_1111_1010, symbols: b"'+|" },
    Row { bits: 13, first: 0b1_1111_1111_1000, symbols: b"\0$@[]~" },
];

/// The longest code of a row.
const BITS_MAX: usize = 13;

/// What is read after the last bit: ones, which are no symbol.
const PADDING: u16 = (1 << BITS_MAX) - 1;

/// Makes the value an authority that the library accepts, if it is none.
///
/// Nothing happens if a symbol of it has no row, or if it is not a Huffman form at all.
pub(super) fn patch(value: &mut [u8]) {
    let Some(symbols) = decode(value) else { return };
    let text = symbols.iter().map(|found| found.symbol).collect::<Vec<_>>();
    if is_authority(&text) {
        return;
    }
    for found in symbols.iter().filter(|found| !is_harmless(found.symbol)) {
        let code = found.row.code(found.row.stand_in()).expect("a stand-in is of its row");
        put(value, found.at, found.row.bits, code);
    }
}

/// What a symbol becomes that must go. In a value that has no Huffman form, any will do for those
/// without a row.
pub(super) fn stand_in(symbol: u8) -> u8 {
    CODES.iter().find(|row| row.symbols.contains(&symbol)).map_or(b'-', Row::stand_in)
}

/// A symbol in a Huffman form.
struct Found {
    symbol: u8,
    row: &'static Row,
    /// At which bit its code begins.
    at: usize,
}

/// All symbols of the value. `None` if one has no row.
fn decode(value: &[u8]) -> Option<Vec<Found>> {
    let end = value.len() * 8;
    let mut symbols = Vec::new();
    let mut at = 0;
    loop {
        let window = window(value, at);
        if end - at < 8 && window == PADDING {
            return Some(symbols);
        }
        let (row, symbol) = CODES.iter().find_map(|row| Some((row, row.symbol(window)?)))?;
        if row.bits > end - at {
            return None;
        }
        symbols.push(Found { symbol, row, at });
        at += row.bits;
    }
}

impl Row {
    /// The symbol with whose code the window begins.
    fn symbol(&self, window: u16) -> Option<u8> {
        let code = window >> (BITS_MAX - self.bits);
        self.symbols.get(usize::from(code.checked_sub(self.first)?)).copied()
    }

    /// The code of a symbol of this row.
    fn code(&self, symbol: u8) -> Option<u16> {
        let (code, _) = (self.first..).zip(self.symbols).find(|(_, other)| **other == symbol)?;
        Some(code)
    }

    /// The first harmless symbol.
    fn stand_in(&self) -> u8 {
        let harmless = self.symbols.iter().find(|symbol| is_harmless(**symbol));
        *harmless.expect("each row has a harmless symbol")
    }
}

/// The bits that begin at `at`, as many as the longest code has.
fn window(value: &[u8], at: usize) -> u16 {
    (at..at + BITS_MAX).fold(0, |window, at| {
        let byte = value.get(at / 8).unwrap_or(&0xff);
        window << 1 | u16::from(byte >> (7 - at % 8) & 1)
    })
}

/// Writes a code of so many bits at bit `at`.
fn put(value: &mut [u8], at: usize, bits: usize, code: u16) {
    for bit in 0..bits {
        let (byte, mask) = (&mut value[(at + bit) / 8], 0x80 >> ((at + bit) % 8));
        match code >> (bits - 1 - bit) & 1 {
            0 => *byte &= !mask,
            _ => *byte |= mask,
        }
    }
}

/// The Huffman form of a text whose symbols have rows.
#[cfg(test)]
pub(super) fn encode(text: &[u8]) -> Vec<u8> {
    let codes = text.iter().map(|symbol| {
        let code = |row: &'static Row| Some((row.bits, row.code(*symbol)?));
        CODES.iter().find_map(code).expect("each symbol has a row")
    });
    let codes: Vec<_> = codes.collect();
    let bits: usize = codes.iter().map(|(bits, _)| bits).sum();
    let mut value = vec![0xff; bits.div_ceil(8)];
    codes.into_iter().fold(0, |at, (bits, code)| {
        put(&mut value, at, bits, code);
        at + bits
    });
    value
}

//! A hash that is the same on every machine and in every build: of a run, or of a log's prefix.

use std::hash::{Hash, Hasher};

use crate::random::mix;

/// Takes in bytes eight at a time. It tells runs apart; it is no protection against malice.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rolling(u64);

impl Rolling {
    /// The hash of everything before, and this.
    pub(crate) fn chain(hash: u64, next: &impl Hash) -> u64 {
        let mut rolling = Self(hash);
        next.hash(&mut rolling);
        rolling.finish()
    }
}

impl Hasher for Rolling {
    fn finish(&self) -> u64 {
        mix(self.0)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.write_u64(u64::from_le_bytes(word.try_into().expect("eight bytes")));
        }
        let mut last = [0; 8];
        let rest = words.remainder();
        last[..rest.len()].copy_from_slice(rest);
        self.write_u64(u64::from_le_bytes(last));
    }

    fn write_u8(&mut self, number: u8) {
        self.write_u64(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x517C_C1B7_2722_0A95);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u64(number.cast_unsigned() as u64);
    }
}

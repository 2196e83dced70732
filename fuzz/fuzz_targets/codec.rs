//! Arbitrary bytes as what members send each other and what the log keeps. What decodes encodes to
//! the very bytes that were consumed, so there is one encoding of each value.

#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use raft::codec::{
    DecodeError, decode_entry, decode_envelope, decode_hard_state, decode_write, encode_entry,
    encode_envelope, encode_hard_state, encode_write,
};

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    canonical(&bytes, decode_envelope, encode_envelope);
    canonical(&bytes, decode_write, encode_write);
    canonical(&bytes, decode_hard_state, encode_hard_state);
    canonical(&bytes, decode_entry, encode_entry);
});

fn canonical<T>(
    bytes: &Bytes,
    decode: fn(&mut Bytes) -> Result<T, DecodeError>,
    encode: fn(&T, &mut BytesMut),
) {
    let mut rest = bytes.clone();
    if let Ok(value) = decode(&mut rest) {
        let mut out = BytesMut::new();
        encode(&value, &mut out);
        assert_eq!(out, bytes.slice(..bytes.len() - rest.len()));
    }
}

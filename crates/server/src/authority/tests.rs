//! Each layer by itself: values, blocks, frames, and the connection however its bytes come in.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::{AsyncRead, ReadBuf};

use super::AnyAuthority;
use super::frames::Follower;
use super::hpack::{is_authority, patch_block};
use super::huffman::encode;

/// What etcdctl 3.4 sends, what becomes of it, and their Huffman forms.
const URL: &[u8] = b"http://127.0.0.1:2379";
const HARMLESS: &[u8] = b"httpB--127.0.0.1B2379";
const URL_BITS: &[u8] = b"\x9d\x29\xae\xe3\x0c\x04\x4e\xae\x05\xc0\xb8\x6e\x09\x97\x5f";
const HARMLESS_BITS: &[u8] = b"\x9d\x29\xae\xea\xcb\x04\x4e\xae\x05\xc0\xb8\x6e\x89\x97\x5f";

/// A string that is not longer than its length's first byte can say.
fn text(is_huffman: bool, bytes: &[u8]) -> Vec<u8> {
    let flag = if is_huffman { 0x80 } else { 0 };
    [&[flag | u8::try_from(bytes.len()).expect("it is short")], bytes].concat()
}

/// The header `:authority` with this value, to be kept in the table.
fn authority(value: &[u8]) -> Vec<u8> {
    [&[0x41], &text(false, value)[..]].concat()
}

fn huffman_authority(bits: &[u8]) -> Vec<u8> {
    [&[0x41], &text(true, bits)[..]].concat()
}

/// A frame of stream 1.
fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let [_, len @ ..] = u32::try_from(payload.len()).expect("it is short").to_be_bytes();
    [&len, &[kind, flags][..], &[0, 0, 0, 1], payload].concat()
}

/// A connection of HTTP/2 with these frames.
fn connection(frames: &[Vec<u8>]) -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frames.concat()[..]].concat()
}

/// What becomes of a block.
fn patched(block: &[u8]) -> Vec<u8> {
    let mut block = block.to_vec();
    patch_block(&mut block);
    block
}

fn check_block(block: &[u8], expect: &[u8]) {
    assert_eq!(patched(block), expect);
}

/// What becomes of a connection that comes in one piece.
fn fed(connection: &[u8]) -> Vec<u8> {
    let mut connection = connection.to_vec();
    Follower::new().feed(&mut connection);
    connection
}

/// What becomes of a value, in both of its forms.
fn check(value: &[u8], expect: &[u8]) {
    assert_eq!(patched(&authority(value)), authority(expect));
    let (value, expect) = (encode(value), encode(expect));
    assert_eq!(value.len(), expect.len());
    assert_eq!(patched(&huffman_authority(&value)), huffman_authority(&expect));
}

#[test]
fn the_code_is_that_of_the_rfc() {
    // Made by another implementation: all symbols, in the order of their codes.
    let bits = b"\x00\x44\x32\x14\xc7\x42\x54\x55\x65\xd8\x65\xa6\xdc\x75\xe7\xe0\x86\x28\xe4\x96\
        \x69\xe8\xa6\xaa\xec\xb6\xe5\xdb\xd7\xf0\x61\xc5\x8f\x26\x5c\xd9\xf4\x69\xd5\xaf\x66\xdd\
        \xdb\xf8\x71\xe5\xcf\xa7\x5e\xdd\xfc\x79\xf5\xef\xe3\xe7\xeb\xef\xf3\xf7\xf8\xfe\x7f\xaf\
        \xef\xfc\xff\x5f\xef\xfe\x7f\xe3\xff\x3f\xfa\xff\xdf\xff\x3f\xfb";
    let symbols = b"012aceiost %-./3456789=A_bdfghlmnpru:BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz\
        &*,;XZ!\"()?'+|\0$@[]~";
    assert_eq!(encode(symbols), bits);
    assert_eq!(encode(URL), URL_BITS);
    assert_eq!(encode(HARMLESS), HARMLESS_BITS);
    // Appendix C.6.1.
    let example = b"\x9d\x29\xad\x17\x18\x63\xc7\x8f\x0b\x97\xc8\xe9\xae\x82\xae\x43\xd3";
    assert_eq!(encode(b"https://www.example.com"), example);
}

#[test]
fn what_is_no_authority_becomes_one() {
    check(URL, HARMLESS);
    check(b"https://etcd-1.example:2379/", b"httpsB--etcd-1.exampleB2379-");
    check(b"http://[::1]:2379", b"httpB--$BB1$B2379");
    check(b"unix://localhost:/a b?\"%|", b"unixB--localhostB-a-b!!-'");
    check(b"1:2:3", b"1B2B3");
    check(b"/", b"-");
    assert_eq!(patched(&authority(b"{caf\xc3\xa9}#")), authority(b"-caf----"));
}

#[test]
fn an_authority_stays_as_it_is() {
    for value in [&b"127.0.0.1:2379"[..], b"[::1]:2379", b"etcd", b"user:50%25@etcd:1", b"BB--"] {
        check(value, value);
    }
}

#[test]
fn what_cannot_be_replaced_stays_as_it_is() {
    // "a#b" has a code of 12 bits, "/<" one that begins like padding. Then come a value that is cut
    // off within its last code, a code that there is not, and nothing but padding.
    for bits in
        [b"\x1f\xfd\x47", b"\x63\xff\xe7", &URL_BITS[..14], b"\xff\xff\xff\xff", b"\xff", b""]
    {
        assert_eq!(patched(&huffman_authority(bits)), huffman_authority(bits));
    }
    assert_eq!(patched(&authority(b"")), authority(b""));
}

#[test]
fn the_authority_is_found_among_other_headers() {
    // As etcdctl 3.4 sends it: POST, http, the path, and then the authority; then the rest.
    let before = [&b"\x83\x86\x44"[..], &text(false, b"/etcdserverpb.Maintenance/Status")].concat();
    let after = [
        &b"\x5f"[..],
        &text(false, b"application/grpc"),
        b"\x40",
        &text(false, b"te"),
        &text(false, b"trailers"),
    ]
    .concat();
    let block = |authority: &[u8]| [&before, authority, &after].concat();
    check_block(&block(&authority(URL)), &block(&authority(HARMLESS)));
    check_block(&block(&huffman_authority(URL_BITS)), &block(&huffman_authority(HARMLESS_BITS)));
}

#[test]
fn the_authority_is_found_in_each_representation() {
    for first in [
        &b"\x41"[..],
        b"\x01",
        b"\x11",
        b"\x40\x0a:authority",
        b"\x00\x0a:authority",
        b"\x10\x88\xb8\x3b\x53\x39\xec\x32\x7d\x7f",
    ] {
        // A new size of the table and an index before it, of several bytes each.
        let block =
            |value: &[u8]| [b"\x3f\xe1\x1f\xff\x80\x01", first, &text(false, value)].concat();
        check_block(&block(URL), &block(HARMLESS));
    }
}

#[test]
fn other_headers_stay_as_they_are() {
    // The second has the index of `:path`, the fifth a longer index that ends like the authority's.
    for first in
        [&b"\x42"[..], b"\x44", b"\x04", b"\x40\x04name", b"\x7f\x01", b"\x40\x0a:Authority"]
    {
        let block = [first, &text(false, URL)].concat();
        check_block(&block, &block);
    }
    // Cut off.
    check_block(&authority(URL)[..10], &authority(URL)[..10]);
    // A length of 127 that takes more bytes than the library allows.
    let block = [&b"\x41\x7f\x80\x80\x80\x80\x00"[..], &[b'/'; 127]].concat();
    check_block(&block, &block);
}

#[test]
fn blocks_are_found_in_frames() {
    let check = |kind, flags, payload: fn(&[u8]) -> Vec<u8>, is_block: bool| {
        let around = |value: &[u8]| {
            let frames = [
                frame(4, 0, b""),
                frame(kind, flags, &payload(&authority(value))),
                frame(0, 1, &authority(URL)),
                frame(1, 4, &authority(value)),
            ];
            connection(&frames)
        };
        let expect = if is_block {
            around(HARMLESS)
        } else {
            let mut expect = around(URL);
            let at = expect.len() - HARMLESS.len();
            expect[at..].copy_from_slice(HARMLESS);
            expect
        };
        assert_eq!(fed(&around(URL)), expect, "type {kind}, flags {flags:x}");
    };
    let bare = |block: &[u8]| block.to_vec();
    check(1, 0x04, bare, true);
    check(1, 0x01, bare, true);
    check(1, 0x0c, |block| [b"\x03", block, b"\0\0\0"].concat(), true);
    check(1, 0x24, |block| [b"\0\0\0\0\x10", block].concat(), true);
    check(1, 0x2c, |block| [b"\x03\0\0\0\0\x10", block, b"\0\0\0"].concat(), true);
    // More padding than there is payload; less than a priority.
    check(1, 0x0c, |block| [b"\xff", block].concat(), false);
    check(1, 0x24, |_| b"\x41\x01/".to_vec(), false);
    // DATA, SETTINGS, PUSH_PROMISE and CONTINUATION are not headers.
    for kind in [0, 4, 5, 9] {
        check(kind, 0x04, bare, false);
    }
}

#[test]
fn a_frame_that_is_too_long_stays_as_it_is() {
    let long = |len| {
        let mut block = authority(URL);
        block.resize(len, 0x80);
        connection(&[frame(1, 4, &block)])
    };
    assert_ne!(fed(&long(16_384)), long(16_384));
    assert_eq!(fed(&long(16_385)), long(16_385));
}

#[test]
fn what_is_not_http2_stays_as_it_is() {
    let headers = frame(1, 4, &authority(URL));
    let http1 = b"GET http://127.0.0.1:2379/health HTTP/1.1\r\nhost: http://127.0.0.1:2379\r\n\r\n";
    for begin in [&http1[..], b"", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"] {
        let connection = [begin, &headers].concat();
        assert_eq!(fed(&connection), connection);
        assert_eq!(read(&connection, &[], &[7]), connection);
    }
}

/// A connection whose bytes come in pieces, with some waiting in between.
struct Pieces(VecDeque<Vec<u8>>);

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(mut piece) = self.0.pop_front() else { return Poll::Ready(Ok(())) };
        if piece.is_empty() {
            return Poll::Pending;
        }
        let rest = piece.split_off(piece.len().min(buf.remaining()));
        buf.put_slice(&piece);
        if !rest.is_empty() {
            self.0.push_front(rest);
        }
        Poll::Ready(Ok(()))
    }
}

/// What is read of a connection that comes in pieces of these lengths and then in one, where 0 is
/// to wait, by a reader whose buffers have these sizes, one after the other and again.
fn read(mut connection: &[u8], pieces: &[usize], sizes: &[usize]) -> Vec<u8> {
    let mut queue = VecDeque::new();
    for len in pieces {
        let (piece, rest) = connection.split_at((*len).min(connection.len()));
        queue.push_back(piece.to_vec());
        connection = rest;
    }
    queue.push_back(connection.to_vec());
    let mut reader = AnyAuthority::new(Pieces(queue));
    let mut all = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    for size in sizes.iter().cycle() {
        let mut buffer = vec![0; *size];
        let mut buf = ReadBuf::new(&mut buffer);
        match Pin::new(&mut reader).poll_read(&mut cx, &mut buf) {
            Poll::Ready(read) => {
                read.expect("the pieces are without errors");
                if buf.filled().is_empty() {
                    break;
                }
                all.extend_from_slice(buf.filled());
            }
            Poll::Pending => assert!(buf.filled().is_empty()),
        }
    }
    all
}

/// Values, many of which are no authorities, of symbols that have rows.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let symbols = &b"ab01.-:/ %?@[]|\"X&B"[..];
    vec(prop::sample::select(symbols), 1..40)
}

/// Connections of HTTP/2 with frames of many kinds.
fn any_connection() -> impl Strategy<Value = Vec<u8>> {
    let header = prop_oneof![
        value().prop_map(|value| authority(&value)),
        value().prop_map(|value| huffman_authority(&encode(&value))),
        value().prop_map(|value| [&b"\x44"[..], &text(false, &value)].concat()),
        Just(b"\x83\xc2".to_vec()),
        vec(any::<u8>(), 0..4),
    ];
    let block = vec(header, 0..6).prop_map(|headers| headers.concat());
    let frame = (0..3_u8, prop::sample::select(&[0, 4, 4, 0x0c, 0x2c][..]), block)
        .prop_map(|(kind, flags, block)| frame(kind, flags, &block));
    vec(frame, 0..6).prop_map(|frames| connection(&frames))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn each_value_becomes_an_authority(value in value()) {
        let raw = patched(&authority(&value)).split_off(2);
        prop_assert!(is_authority(&raw));
        prop_assert_eq!(raw.len(), value.len());
        if is_authority(&value) {
            prop_assert_eq!(&raw, &value);
        }
        // The same in its Huffman form, of the same length.
        let bits = encode(&value);
        let patched = patched(&huffman_authority(&bits)).split_off(2);
        prop_assert_eq!(patched.len(), bits.len());
        prop_assert_eq!(patched, encode(&raw));
    }

    #[test]
    fn the_pieces_do_not_matter(
        connection in any_connection(),
        cut in any::<prop::sample::Index>(),
        pieces in vec(0..40_usize, 0..40),
        sizes in vec(1..60_usize, 1..5),
    ) {
        let whole = &connection[..=cut.index(connection.len())];
        let expect = fed(whole);
        prop_assert_eq!(expect.len(), whole.len());
        prop_assert_eq!(read(whole, &pieces, &sizes), expect);
    }

    #[test]
    fn any_bytes_will_do(bytes in vec(any::<u8>(), 0..300), pieces in vec(0..40_usize, 0..20)) {
        for begin in [connection(&[]), Vec::new()] {
            let connection = [&begin, &bytes[..]].concat();
            prop_assert_eq!(read(&connection, &pieces, &[50]), fed(&connection));
        }
        prop_assert_eq!(patched(&bytes).len(), bytes.len());
        let block = [authority(b"/"), bytes].concat();
        prop_assert_eq!(patched(&block).len(), block.len());
        prop_assert_eq!(&patched(&block)[..3], b"\x41\x01-");
    }
}

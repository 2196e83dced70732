//! Requests whose `:authority` is none, which etcd answers like any other. The client of the other
//! tests cannot send them, so these are by hand, and by the real `etcdctl` 3.4.

use std::process::Command;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::etcd;
use crate::local::{Local, Server};

/// The types of the frames.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;

/// Flags, of DATA and of HEADERS.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).expect("it is short");
    [&[0, 0, len, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// A literal header: what says how its name is told, the name's length and the name if it is spelt
/// out, and its value.
fn header(name: &[u8], value: &[u8]) -> Vec<u8> {
    let len = u8::try_from(value.len()).expect("it is short");
    [name, &[len], value].concat()
}

/// Asks for the status twice, first with the given `:authority`, an HPACK representation, and then
/// with its index in the dynamic table. Both must be answered.
async fn check(authority: &[u8]) {
    let server = Server::start(&Local::new()).await;
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    // POST, http; 62 is the authority, which is to be the newest in the table.
    let begin = [&b"\x83\x86"[..], &header(b"\x04", b"/etcdserverpb.Maintenance/Status")].concat();
    let end =
        [header(b"\x0f\x10", b"application/grpc"), header(b"\x00\x02te", b"trailers")].concat();
    let first = [&begin, authority, &end].concat();
    let second = [&begin, &b"\xbe"[..], &end].concat();
    let request = [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        &frame(SETTINGS, 0, 0, b""),
        &frame(HEADERS, END_HEADERS, 1, &first),
        &frame(DATA, END_STREAM, 1, &[0; 5]),
        &frame(HEADERS, END_HEADERS, 3, &second),
        &frame(DATA, END_STREAM, 3, &[0; 5]),
    ];
    stream.write_all(&request.concat()).await.expect("the server reads");

    let answers = timeout(Duration::from_secs(10), async {
        let mut answers = Vec::new();
        let mut ended = 0;
        while ended < 2 {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.expect("the server goes on");
            let [high, middle, low, kind, flags, ..] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, high, middle, low]) as usize];
            stream.read_exact(&mut payload).await.expect("the server goes on");
            match kind {
                DATA => answers.push(payload),
                HEADERS => ended += u8::from(flags & END_STREAM != 0),
                // RST_STREAM and GOAWAY.
                3 | 7 => panic!("refused: {head:?} {payload:?}"),
                _ => {}
            }
        }
        answers
    });
    let answers = answers.await.expect("it does not take long");
    assert_eq!(answers.len(), 2);
    for answer in answers {
        assert!(String::from_utf8_lossy(&answer).contains(server::ETCD_VERSION), "{answer:?}");
    }
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn any_authority_is_accepted() {
    check(&header(b"\x41", b"127.0.0.1:1")).await;
    check(&header(b"\x41", b"http://127.0.0.1:1")).await;
    check(&header(b"\x41", b"http://[::1]:1/a b")).await;
    // The Huffman form of `http://127.0.0.1:1`.
    check(b"\x41\x8d\x9d\x29\xae\xe3\x0c\x04\x4e\xae\x05\xc0\xb8\x6e\x07").await;
}

#[tokio::test]
async fn etcdctl_may_name_its_endpoints_by_url() {
    let server = Server::start(&Local::new()).await;
    for (endpoint, command) in [
        (format!("http://{}", server.address), "status"),
        (format!("http://{}", server.address), "health"),
        (format!("http://{}/", server.address), "status"),
        (server.address.to_string(), "status"),
    ] {
        let mut etcdctl = Command::new("etcdctl");
        etcdctl.env("ETCDCTL_API", "3").env_remove("ETCDCTL_ENDPOINTS");
        etcdctl.args(["--endpoints", &endpoint, "endpoint", command]);
        let run = tokio::task::spawn_blocking(move || etcdctl.output());
        match run.await.expect("it does not panic") {
            Ok(output) => assert!(output.status.success(), "{endpoint} {command}: {output:?}"),
            Err(error) => {
                etcd::skip("etcdctl", &error);
                break;
            }
        }
    }
    server.stop().await;
}

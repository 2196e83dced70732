//! What a member, or the demo, refuses: in one line that says what to do, and without harm.

mod support;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tonic::Code;

use support::client;
use support::cluster::{Cluster, Member};
use support::mount::Mount;
use support::process::Process;
use support::tools::quorate;
use support::{PATIENCE, free_addresses, free_base_port};

/// The exit code of a command line that makes no sense.
const USAGE: i32 = 2;
/// The exit code of everything else.
const FAILED: i32 = 1;

/// A flag, a value that it cannot have, and what is said then.
const BAD_FLAGS: &[(&str, &str, &[&str])] = &[
    ("--bogus", "1", &["'--bogus'", "--help"]),
    ("--listen-client-url", "http://127.0.0.1:1", &["similar", "'--listen-client-urls'"]),
    ("--initial-cluster", "m1", &["--initial-cluster", "name=url"]),
    ("--initial-cluster", "m1=127.0.0.1:1", &["--initial-cluster", "http://host:port"]),
    ("--initial-cluster", "", &["--initial-cluster", "no member"]),
    ("--initial-cluster", "m1=http://h:1,m2=http://h:1", &["--initial-cluster", "twice"]),
    ("--initial-cluster", "m2=http://127.0.0.1:1", &["--name m1", "add m1=http://"]),
    ("--name", "m2", &["--name m2", "add m2=http://"]),
    (
        "--initial-advertise-peer-urls",
        "http://127.0.0.1:1",
        &["--initial-cluster", "make them equal"],
    ),
    ("--initial-cluster-state", "existing", &["no other member", "--initial-cluster-state new"]),
    ("--initial-cluster-state", "bogus", &["'bogus'", "new, existing"]),
    ("--heartbeat-interval", "0", &["--heartbeat-interval"]),
    ("--heartbeat-interval", "50ms", &["--heartbeat-interval"]),
    ("--heartbeat-interval", "18446744073709551615", &["--heartbeat-interval", "50000"]),
    ("--election-timeout", "18446744073709551615", &["--election-timeout", "50000"]),
    ("--listen-client-urls", "https://127.0.0.1:1", &["https://", "--cert-file", "--auto-tls"]),
    ("--listen-peer-urls", "https://127.0.0.1:1", &["https://", "--peer-cert-file"]),
    ("--cert-file", "cert.pem", &["--cert-file and --key-file belong together"]),
    ("--peer-key-file", "key.pem", &["--peer-cert-file and --peer-key-file belong together"]),
    ("--client-cert-auth", "maybe", &["--client-cert-auth", "maybe"]),
    ("--listen-client-urls", "127.0.0.1:1", &["--listen-client-urls", "http://host:port"]),
    ("--listen-peer-urls", "http://127.0.0.1", &["--listen-peer-urls", "http://host:port"]),
    ("--listen-peer-urls", "http://no.such.host.invalid:1", &["--listen-peer-urls", "no address"]),
    ("--advertise-client-urls", "nonsense", &["--advertise-client-urls", "http://host:port"]),
    ("--log-level", "loud", &["--log-level", "loud", "info"]),
    ("--log-level", "host=loud", &["--log-level"]),
];

#[test]
fn flags_that_make_no_sense() {
    for (flag, value, says) in BAD_FLAGS {
        let mut cluster = Cluster::of(1);
        let member = &mut cluster.members[0];
        member.flags.set(flag, *value);
        refuses(&mut member.command(), USAGE, says);
        assert!(!member.data_dir.exists(), "{flag} {value}: the directory was touched");
    }
}

#[test]
fn timers_that_do_not_fit() {
    let mut cluster = Cluster::of(1);
    let member = &mut cluster.members[0];
    member.flags.set("--heartbeat-interval", "80");
    member.flags.set("--election-timeout", "150");
    let says = ["--heartbeat-interval", "--election-timeout", "at least twice"];
    refuses(&mut member.command(), FAILED, &says);
    assert!(!member.data_dir.exists(), "the directory was touched");
}

#[test]
fn ports_that_are_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (flag, whom) in [("--listen-client-urls", "clients"), ("--listen-peer-urls", "members")] {
        let mut cluster = Cluster::of(1);
        let member = &mut cluster.members[0];
        member.flags.set(flag, format!("http://{address}"));
        refuses(&mut member.command(), FAILED, &[whom, &address, "another process", flag]);
        assert!(!member.data_dir.exists(), "{flag}: the directory was touched");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_a_member_has() {
    let mut cluster = Cluster::start(1).await;
    let member = &mut cluster.members[0];
    let own = member.flags.clone();
    let [client, peer] = free_addresses();
    member.flags.set("--listen-client-urls", format!("http://{client}"));
    member.flags.set("--listen-peer-urls", format!("http://{peer}"));
    let directory = own.value("--data-dir");
    refuses(&mut member.command(), FAILED, &[directory, "another process", "--data-dir"]);
    member.flags = own;

    put(&cluster.members[0]).await;
    cluster.members[0].kill();
    cluster.start_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn directories_of_others() {
    let mut cluster = Cluster::start(3).await;
    put(&cluster.members[0]).await;
    cluster.members.iter_mut().for_each(Member::stop);
    let segment = cluster.members[0].data_dir.join("member/wal/wal-0000000000000001.log");
    let before = fs::read(&segment).unwrap();

    let [first, second, _] = &mut cluster.members[..] else { unreachable!("there are three") };
    let directory = first.flags.value("--data-dir").to_owned();
    let own = second.flags.clone();
    second.flags.set("--data-dir", &directory);
    refuses(&mut second.command(), FAILED, &[&directory, "belongs to member", "its own directory"]);
    second.flags = own;

    let own = first.flags.clone();
    first.flags.set("--initial-cluster-token", "another");
    refuses(&mut first.command(), FAILED, &[&directory, "of cluster", "its own directory"]);
    first.flags = own;

    assert!(fs::read(&segment).unwrap() == before, "the log of another member was changed");
    cluster.start_all().await;
}

#[test]
fn directories_that_cannot_be_used() {
    let mut cluster = Cluster::of(1);
    let file = cluster.directory().join("file");
    fs::write(&file, "not a directory").unwrap();
    for path in [file.clone(), file.join("below")] {
        let path = path.to_str().unwrap();
        cluster.members[0].flags.set("--data-dir", path);
        refuses(&mut cluster.members[0].command(), FAILED, &[path, "--data-dir"]);
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "not a directory");

    let (writable, read_only) = (cluster.directory().join("rw"), cluster.directory().join("ro"));
    fs::create_dir(&writable).unwrap();
    let Some(_mount) = Mount::read_only(&writable, &read_only) else { return };
    let path = read_only.to_str().unwrap();
    cluster.members[0].flags.set("--data-dir", path);
    let says = [path, "Read-only file system", "--data-dir"];
    refuses(&mut cluster.members[0].command(), FAILED, &says);
}

/// A member that was started with another token tries to join, again and again.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_of_another_cluster() {
    let mut cluster = Cluster::of(3);
    cluster.members[2].flags.set("--initial-cluster-token", "another");
    for member in &mut cluster.members {
        member.start();
    }
    cluster.members[0].ready().await;
    cluster.members[1].ready().await;
    put(&cluster.members[0]).await;
    // Both sides try at least twice a second.
    sleep(Duration::from_secs(3)).await;
    put(&cluster.members[1]).await;

    let lines = |member: &mut Member, text: &str| {
        let log = member.process().output();
        let lines = log.lines().filter(|line| line.contains(text)).map(str::to_owned);
        lines.collect::<Vec<_>>()
    };
    let (dialing, listening) = ("the peer is another one", "refused a connection");
    // The stranger dials two members, which are of one cluster and at one address.
    for (number, dialed) in [(0, 1), (1, 1), (2, 2)] {
        let member = &mut cluster.members[number];
        let dialing = lines(member, dialing);
        let listening = lines(member, listening);
        assert_eq!((dialing.len(), listening.len()), (dialed, 1), "{dialing:?} {listening:?}");
        for line in dialing.iter().chain(&listening) {
            assert!(
                line.contains("compare --initial-cluster and --initial-cluster-token"),
                "{line}"
            );
        }
    }
}

/// Bytes that no client of ours sends.
const NONSENSE: &[&[u8]] = &[
    b"nonsense\r\n\r\n",
    b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    // The beginning of a TLS handshake.
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on, which nobody understands\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnothing of HTTP/2 follows, but enough for a frame",
];

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_request() {
    let mut cluster = Cluster::start(1).await;
    let (client, peer) = (cluster.members[0].client, cluster.members[0].peer);
    for bytes in NONSENSE {
        let answer = answer_to(client, bytes).await;
        let text = String::from_utf8_lossy(&answer);
        let is_http_2 = bytes.starts_with(b"PRI");
        let is_refused = answer.is_empty() || text.starts_with("HTTP/1.1 400 ") || is_http_2;
        assert!(is_refused, "{:?} got {text:?}", String::from_utf8_lossy(bytes));
        assert_eq!(answer_to(peer, bytes).await, b"", "members say nothing to strangers");
    }
    // Half a request, and no request, for as long as they like.
    let mut open = Vec::new();
    for bytes in [&b"POST /etcdserverpb.KV/Put HTTP/1.1\r\nhost: a\r\n"[..], b"PRI * HT", b""] {
        let mut stream = TcpStream::connect(client).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        open.push(stream);
    }
    put(&cluster.members[0]).await;
    drop(open);
    put(&cluster.members[0]).await;
    let log = cluster.members[0].process().output();
    assert!(!log.contains("panicked"), "{log}");
    assert_eq!(log.matches("it does not speak the protocol between members").count(), 1, "{log}");
}

/// What comes back until the connection is closed.
async fn answer_to(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("somebody listens");
    stream.write_all(bytes).await.expect("somebody reads");
    let mut answer = Vec::new();
    // A connection that is reset is closed too: there was more than anybody wanted to read.
    let closed = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(closed.is_ok(), "{:?} leave the connection open", String::from_utf8_lossy(bytes));
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_too_large() {
    const COMMAND_BYTES_MAX: usize = 1536 * 1024;
    let cluster = Cluster::start(3).await;
    for member in &cluster.members {
        let mut kv = client::kv(&member.url());
        let refused = kv.put(client::put("a", vec![b'v'; COMMAND_BYTES_MAX])).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
        assert_eq!(refused.message(), "etcdserver: request is too large");
        // So large that nobody even reads it.
        kv.put(client::put("a", vec![b'v'; 4 * COMMAND_BYTES_MAX])).await.unwrap_err();

        let fits = vec![b'v'; COMMAND_BYTES_MAX - 64];
        kv.put(client::put("a", fits.clone())).await.unwrap();
        let found = kv.range(client::key("a")).await.unwrap().into_inner();
        assert!(found.kvs[0].value == fits, "it is another value");
    }
    cluster.agree().await;
}

#[test]
fn demos_that_cannot_be() {
    let (base, page) = (free_base_port(), free_addresses::<1>()[0].port());
    refuses(&mut demo(&["--members", "0"], base, page), USAGE, &["--members", "1..=9"]);
    refuses(&mut demo(&["--members", "10"], base, page), USAGE, &["--members", "1..=9"]);
    refuses(&mut demo(&[], 65_001, page), USAGE, &["--base-port", "65000"]);

    let taken = TcpListener::bind(("127.0.0.1", page)).unwrap();
    refuses(&mut demo(&[], base, page), FAILED, &[&page.to_string(), "--page-port"]);
    drop(taken);
    // The ports of the clients, and of the members.
    for offset in [10, 11] {
        let taken = TcpListener::bind(("127.0.0.1", base + offset)).unwrap();
        let port = (base + offset).to_string();
        refuses(&mut demo(&[], base, page), FAILED, &[&port, "--base-port"]);
        drop(taken);
    }

    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "not a directory").unwrap();
    let file = file.to_str().unwrap();
    refuses(&mut demo(&["--data-dir", file], base, page), FAILED, &["--data-dir", file]);
}

fn demo(arguments: &[&str], base: u16, page: u16) -> Command {
    let mut command = quorate();
    command.arg("demo").args(arguments);
    command.args(["--base-port", &base.to_string(), "--page-port", &page.to_string()]);
    command
}

/// The program ends by itself, with one line on stderr that says all that.
fn refuses(command: &mut Command, code: i32, says: &[&str]) {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let mut process = Process::start(command, &directory.path().join("output"));
    let status = process.wait();
    let output = process.output();
    assert_eq!(status.code(), Some(code), "{command:?}:\n{output}");
    assert_eq!(output.lines().count(), 1, "{command:?}:\n{output}");
    assert!(output.starts_with("Error: "), "{command:?}:\n{output}");
    for text in says {
        assert!(output.contains(text), "{text:?} is not said: {command:?}:\n{output}");
    }
}

/// The member serves.
async fn put(member: &Member) {
    let put = client::kv(&member.url()).put(client::put("still", "here")).await;
    put.unwrap_or_else(|error| panic!("{}: {error}", member.name));
}

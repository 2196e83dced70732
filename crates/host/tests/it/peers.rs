//! What comes over the peer port, from members and from others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::{BufMut, BytesMut};
use host::Cluster;
use raft::{Envelope, Index, Message, NodeId, Position, Term};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Runner, Town, closes, eventually, frame, hello, soon};

/// More bytes than these are many.
const MUCH: usize = 1 << 20;

/// Two members of three run, so that the third may be whatever a test wants.
async fn two_of_three() -> (Town, Runner, Runner) {
    let town = Town::new(&["a", "b", "c"]).await;
    let (a, b) = (town.start("a").await, town.start("b").await);
    (town, a, b)
}

fn vote(from: NodeId, to: NodeId) -> Envelope {
    let last = Position::new(u64::MAX, u64::MAX);
    Envelope {
        from,
        to,
        term: Term(1_000_000),
        message: Message::RequestVote { last, forced: false },
    }
}

/// A member that was set up with another token is of another cluster.
#[tokio::test]
async fn another_cluster_is_refused() {
    let (town, a, b) = two_of_three().await;
    let stranger = town.start_with_token("c", "another token").await;
    for number in 0..20 {
        a.propose(&format!("a{number}")).await;
        b.propose(&format!("b{number}")).await;
    }
    assert_eq!(stranger.leader(), None);
    assert_eq!(stranger.journal.commands(), Vec::<bytes::Bytes>::new());
}

/// Who does not shake hands as a member does is not listened to.
#[tokio::test]
async fn strangers_are_refused() {
    let (town, a, b) = two_of_three().await;
    let (cluster, own) = (town.cluster.id.0, town.id("a"));
    let (from, nobody) = (town.id("c"), NodeId(7));
    let hellos = [
        ("another magic", hello(*b"quorate", 1, cluster, from, own)),
        ("another version", hello(*b"QUORATE", 2, cluster, from, own)),
        ("another cluster", hello(*b"QUORATE", 1, cluster + 1, from, own)),
        ("an unknown member", hello(*b"QUORATE", 1, cluster, nobody, own)),
        ("the member itself", hello(*b"QUORATE", 1, cluster, own, own)),
        ("a call for another", hello(*b"QUORATE", 1, cluster, from, town.id("b"))),
        ("garbage", vec![0xa5; 100]),
        ("another protocol", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()),
    ];
    for (what, hello) in hellos {
        let mut stream = TcpStream::connect(town.address("a")).await.unwrap();
        stream.write_all(&hello).await.unwrap();
        // A message that would end the leader's term, were it heard.
        let _ = stream.write_all(&frame(&vote(from, own))).await;
        soon(what, closes(&mut stream)).await;
    }
    check_unharmed(&a, &b).await;
}

/// A member that says what no member says is not listened to any longer.
#[tokio::test]
async fn nonsense_ends_a_connection() {
    let (town, a, b) = two_of_three().await;
    let (own, peer) = (town.id("a"), town.id("c"));
    let good = frame(&vote(peer, own));
    let mut wrong_checksum = good.clone();
    wrong_checksum[4] ^= 1;
    let mut oversized = BytesMut::new();
    oversized.put_u32_le((64 << 20) + 1);
    oversized.put_slice(&[0; 1000]);
    let mut half_a_message = BytesMut::new();
    half_a_message.put_u32_le(9);
    half_a_message.put_u32_le(crc32c::crc32c(&[1; 9]));
    half_a_message.put_slice(&[1; 9]);
    let frames = [
        ("a forged sender", frame(&vote(town.id("b"), own))),
        ("a wrong checksum", wrong_checksum),
        ("an oversized frame", oversized),
        ("half a message", half_a_message),
        ("garbage", BytesMut::from([0xa5; 1000].as_slice())),
    ];
    for (what, bytes) in frames {
        let mut stream = town.dial("c", "a").await;
        stream.write_all(&bytes).await.unwrap();
        soon(what, closes(&mut stream)).await;
    }
    check_unharmed(&a, &b).await;
}

/// A frame that announces much holds up nobody, and takes no memory until it comes.
#[tokio::test]
async fn half_a_frame_holds_up_nobody() {
    let (town, a, b) = two_of_three().await;
    let mut stream = town.dial("c", "a").await;
    stream.write_all(&(64u32 << 20).to_le_bytes()).await.unwrap();
    stream.write_all(&[0; 100]).await.unwrap();
    check_unharmed(&a, &b).await;
}

/// A member that dials again has lost its earlier connection, though nobody may have told the
/// listener: only the newest is kept.
#[tokio::test]
async fn a_member_has_one_connection() {
    let (town, a, b) = two_of_three().await;
    let mut first = town.dial("c", "a").await;
    let mut second = town.dial("c", "a").await;
    closes(&mut first).await;
    let ask = Message::RequestPreVote { last: Position::default() };
    let (from, to) = (town.id("c"), town.id("a"));
    second.write_all(&frame(&Envelope { from, to, term: Term(0), message: ask })).await.unwrap();
    check_unharmed(&a, &b).await;
    // The second was not closed meanwhile.
    let mut byte = [0];
    let read = second.try_read(&mut byte);
    assert!(read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
}

/// A peer with several addresses is reached at any, though another swallows what it gets.
#[tokio::test]
async fn a_dead_address_hides_no_other() {
    let mut town = Town::new(&["a"]).await;
    let mut listeners = Vec::new();
    for _ in 0..2 {
        listeners.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
    }
    listeners.sort_by_key(|listener| listener.local_addr().unwrap().to_string());
    let [silent, good] = [0, 1].map(|place: usize| listeners[place].local_addr().unwrap());
    let own = town.address("a");
    let members = format!("a=http://{own},b=http://{silent},b=http://{good}");
    town.cluster = Cluster::parse(&members, "token").unwrap();
    let _runner = town.start("a").await;
    soon("a call", town.take_call(&listeners[1], "b")).await;
}

/// A peer that takes the connection and reads nothing is not waited for.
#[tokio::test]
async fn a_peer_that_does_not_listen_holds_up_nobody() {
    let town = Town::new(&["a", "b", "c"]).await;
    let listener = TcpListener::bind(town.address("c")).await.unwrap();
    let (a, b) = (town.start("a").await, town.start("b").await);
    let mut deaf = Vec::new();
    for _ in 0..2 {
        deaf.push(soon("a call", town.take_call(&listener, "c")).await);
    }
    // It follows, and so is sent what there is, as much as may be on its way at a time.
    a.propose("first").await;
    let leader = if a.leader() == Some(town.id("a")) { "a" } else { "b" };
    let term = a.host.handle.standing().term;
    let mut voice = town.dial("c", leader).await;
    let message = Message::Appended { matched: Index(1) };
    let (from, to) = (town.id("c"), town.id(leader));
    voice.write_all(&frame(&Envelope { from, to, term, message })).await.unwrap();
    let long = "x".repeat(1 << 20);
    // Few, for who does not listen for two seconds is hung up on.
    for number in 0..10 {
        a.propose(&format!("{number} {long}")).await;
    }
    b.read_index().await;
    assert_eq!(a.journal.commands().len(), b.journal.commands().len());
    assert!(a.journal.commands().len() > 10);

    // There was much to hear; or it was given up meanwhile, as only one is that has not taken all.
    let heard = Arc::new(AtomicUsize::new(0));
    for mut stream in deaf {
        let heard = heard.clone();
        tokio::spawn(async move {
            let mut buffer = vec![0; 1 << 16];
            let end = loop {
                match stream.read(&mut buffer).await {
                    Ok(0) => break 0,
                    Ok(bytes) => heard.fetch_add(bytes, Relaxed),
                    Err(_) => break MUCH + 1,
                };
            };
            heard.fetch_add(end, Relaxed);
        });
    }
    eventually("it was sent much", || heard.load(Relaxed) > MUCH).await;
}

async fn check_unharmed(a: &Runner, b: &Runner) {
    a.propose("unharmed").await;
    b.read_index().await;
    assert!(b.journal.holds("unharmed"));
    let term = a.host.handle.standing().term;
    assert!(term < Term(1000), "somebody was listened to: the term is {term}");
}

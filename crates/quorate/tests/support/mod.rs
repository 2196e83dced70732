//! Real programs for the tests: members, clusters of them, clients, and etcd to compare with.
//!
//! ```ignore
//! let mut cluster = Cluster::start(3).await;
//! let leader = cluster.leader().await;
//! cluster.members[leader].kill();
//! ```
//!
//! Whatever a test starts ends with the test, also if it fails; then the members' logs are printed.
//! Addresses are free ports of the loopback interface. No time decides whether a test passes: what
//! should come is waited for, far longer than it needs.

#![allow(dead_code, reason = "each test file is a program of its own, and uses a part of this")]

pub(crate) mod any_call;
pub(crate) mod client;
pub(crate) mod cluster;
pub(crate) mod load;
pub(crate) mod mount;
pub(crate) mod process;
pub(crate) mod tools;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// How long to wait for what should come soon. Only a test that fails waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Tries until it succeeds.
///
/// # Panics
/// With `what` and the last reason, when patience ends.
pub(crate) async fn eventually<T>(
    what: &str,
    mut attempt: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(reason) => assert!(Instant::now() < deadline, "{what}: {reason}"),
        }
        sleep(PAUSE).await;
    }
}

/// Says something to whoever runs the tests. (What is said by `eprintln!`, the test runner keeps to
/// itself.)
pub(crate) fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// So many addresses that nobody uses, as far as one can know.
///
/// They are not taken from the ports that the system gives to whoever connects somewhere (32768 and
/// above): by the time a member listens, a client's connection could have one of those.
pub(crate) fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 22_000;
    // A demo has more ports after its first one. It has no divisor in common with the count.
    const APART: u32 = 37;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Programs that run at once begin far from each other.
    let start = std::process::id().wrapping_mul(7_919);
    let listen = |_| {
        let mut tries =
            (0..COUNT).map(|_| NEXT.fetch_add(APART, Relaxed).wrapping_add(start) % COUNT);
        let listener = tries.find_map(|number| {
            let port = u16::try_from(FIRST + number).expect("it is below 2^15");
            TcpListener::bind(("127.0.0.1", port)).ok()
        });
        listener.expect("loopback has a free port")
    };
    // All are open at once, so they differ.
    let listeners: [TcpListener; N] = std::array::from_fn(listen);
    listeners.map(|listener| listener.local_addr().expect("a bound socket has an address"))
}

/// A port for a demo of three: client ports from there in steps of 10, peer ports one above.
pub(crate) fn free_base_port() -> u16 {
    let is_free = |base: u16| {
        let ports = (0..3).flat_map(|member| [base + 10 * member, base + 10 * member + 1]);
        ports.map(|port| TcpListener::bind(("127.0.0.1", port))).all(|bound| bound.is_ok())
    };
    let mut bases = std::iter::repeat_with(|| free_addresses::<1>()[0].port());
    bases.find(|base| *base <= 65_000 && is_free(*base)).expect("it goes on for ever")
}

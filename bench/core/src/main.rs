//! CPU time per proposal of three members in one thread: this project's core beside raft-rs.
//!
//! Both are driven in the same way. A round proposes until 256 are in flight, then lets the
//! members hand each other messages until all is quiet. What is to be persisted is appended to a
//! list in memory and reported durable at once. At the end each member must have applied all
//! proposals, in order, with equal bytes.
//!
//! `cargo run --release -- [PROPOSALS] [ROUNDS]`; the two take turns, so that both see the same
//! machine.

mod ours;
mod theirs;

use bytes::Bytes;
use rustix::time::{ClockId, clock_gettime};

const MEMBERS: u64 = 3;
const IN_FLIGHT: usize = 256;
const PAYLOAD: usize = 256;

/// A cluster that elected member 1.
trait Cluster {
    /// Hands proposals to the leader.
    fn propose(&mut self, commands: &[Bytes]);
    /// Carries out what is to be done until nothing is.
    fn settle(&mut self);
    /// What each member applied.
    fn applied(&self) -> [&[Bytes]; MEMBERS as usize];
}

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse().expect("a number"));
    let proposals = args.next().unwrap_or(200_000);
    let rounds = args.next().unwrap_or(5);
    assert!(proposals > 0 && rounds > 0, "there must be something to measure");
    let commands: Vec<Bytes> = (0..proposals as u64).map(command).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(measure(ours::Trio::new(), &commands));
        theirs.push(measure(theirs::Trio::new(), &commands));
    }
    let ours = report("quorate", &mut ours);
    let theirs = report("raft-rs", &mut theirs);
    println!("raft-rs / quorate: {:.2}", theirs as f64 / ours as f64);
}

/// Numbered, so that one that is lost, doubled or out of order is seen.
fn command(number: u64) -> Bytes {
    let mut bytes = vec![b'x'; PAYLOAD];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes.into()
}

/// CPU nanoseconds of this thread per proposal. Election and comparison are not counted.
fn measure(mut cluster: impl Cluster, commands: &[Bytes]) -> u64 {
    let start = cpu_nanoseconds();
    for batch in commands.chunks(IN_FLIGHT) {
        cluster.propose(batch);
        cluster.settle();
    }
    let spent = cpu_nanoseconds() - start;
    for applied in cluster.applied() {
        assert!(applied == commands, "a member did not apply what was proposed");
    }
    spent / commands.len() as u64
}

fn cpu_nanoseconds() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Prints the spread and returns the median.
fn report(name: &str, figures: &mut [u64]) -> u64 {
    figures.sort_unstable();
    let median = figures[figures.len() / 2];
    let (min, max) = (figures[0], figures[figures.len() - 1]);
    println!("{name}: min {min}, median {median}, max {max} ns of CPU per proposal");
    median
}

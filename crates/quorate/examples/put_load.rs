//! Loads one server with puts, and says how they went.
//!
//! ```text
//! put_load URL PUTS KEYS VALUE_BYTES
//! ```
//!
//! The keys are written round and round. It prints, in one line of numbers: the bytes of keys and
//! values that were acknowledged; the seconds that took; the microseconds of the longest put; those
//! that 99.9 % of the puts took at most; and the longest time in which none was acknowledged, in
//! microseconds. If a put fails, so does it.

#![allow(clippy::print_stdout, reason = "it prints what it has measured")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use etcdpb::etcdserverpb::PutRequest;
use etcdpb::etcdserverpb::kv_client::KvClient;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

type Failure = Box<dyn Error + Send + Sync>;

/// Clients, each with one put under way at a time.
const CLIENTS: usize = 200;
const CLIENTS_PER_CONNECTION: usize = 50;

/// When a put began and ended, in microseconds since the beginning.
type Put = (u64, u64);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [url, numbers @ ..] = &words[..] else { return Err("URL PUTS KEYS VALUE_BYTES".into()) };
    let numbers = numbers.iter().map(|word| word.parse()).collect::<Result<Vec<usize>, _>>()?;
    let [puts, keys, value_bytes] = numbers[..] else { return Err("three numbers".into()) };
    let endpoint = Endpoint::from_shared(url.clone())?.tcp_nodelay(true);
    let mut channel = endpoint.connect().await?;
    let (next, begin) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        if client % CLIENTS_PER_CONNECTION == 0 {
            channel = endpoint.connect().await?;
        }
        clients.spawn(write(channel.clone(), next.clone(), begin, [puts, keys, value_bytes]));
    }
    let mut all = Vec::with_capacity(puts);
    while let Some(written) = clients.join_next().await {
        all.extend(written??);
    }
    let seconds = begin.elapsed().as_secs_f64();
    let mut took = all.iter().map(|(start, end)| end - start).collect::<Vec<_>>();
    took.sort_unstable();
    let mut ends = all.into_iter().map(|(_, end)| end).collect::<Vec<_>>();
    ends.sort_unstable();
    let silence = ends.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default();
    let longest = took.last().copied().unwrap_or_default();
    let most = took[(took.len() - 1) * 999 / 1000];
    let bytes = puts * (key(0).len() + value_bytes);
    println!("{bytes} {seconds:.3} {longest} {most} {silence}");
    Ok(())
}

/// Puts what comes next, until there is nothing more.
async fn write(
    channel: Channel,
    next: Arc<AtomicUsize>,
    begin: Instant,
    [puts, keys, value_bytes]: [usize; 3],
) -> Result<Vec<Put>, Failure> {
    let mut kv = KvClient::new(channel);
    let mut written = Vec::new();
    let since_begin = || u64::try_from(begin.elapsed().as_micros());
    loop {
        let number = next.fetch_add(1, Relaxed);
        if number >= puts {
            return Ok(written);
        }
        let start = since_begin()?;
        let (key, value) = (key(number % keys).into(), value(number, value_bytes).into());
        kv.put(PutRequest { key, value, ..Default::default() }).await?;
        written.push((start, since_begin()?));
    }
}

fn key(number: usize) -> String {
    format!("things/{number:09}")
}

/// Bytes that do not compress well, and differ from put to put.
fn value(number: usize, bytes: usize) -> Vec<u8> {
    let mut state = number as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let mut word = || {
        // <https://www.jstatsoft.org/article/view/v008i14> (xorshift64)
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let words = std::iter::from_fn(|| Some(word()));
    words.flatten().take(bytes).collect()
}

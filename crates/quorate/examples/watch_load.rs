//! Loads one server with watchers, and checks what each of them hears.
//!
//! ```text
//! watch_load URL PID WATCHERS EVENTS_PER_SECOND SECONDS
//! ```
//!
//! Each watcher watches one of a thousand keys; a hundred share a stream, and ten streams a
//! connection. Each event must be heard by its watchers once and in order, or the program fails. It
//! prints how much memory the process with that number takes, before, with watchers, and after the
//! load, and how long events took from the start of their put until they were heard.

#![allow(clippy::print_stdout, reason = "it prints what it has measured")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::watch_client::WatchClient;
use etcdpb::etcdserverpb::watch_request::RequestUnion;
use etcdpb::etcdserverpb::{PutRequest, WatchCreateRequest, WatchRequest};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_stream::StreamExt;
use tonic::transport::{Channel, Endpoint};

type Failure = Box<dyn Error + Send + Sync>;

const KEYS: usize = 1000;
const WATCHERS_PER_STREAM: usize = 100;
const STREAMS_PER_CONNECTION: usize = 10;
/// Puts that are under way at a time.
const PUTS_MAX: usize = 200;
/// The last events have come by then, or never do.
const PATIENCE: Duration = Duration::from_secs(30);
/// What comes twice has come by then.
const AFTERWARDS: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [url, pid, numbers @ ..] = &words[..] else {
        return Err("URL PID WATCHERS RATE SECONDS".into());
    };
    let numbers = numbers.iter().map(|word| word.parse()).collect::<Result<Vec<usize>, _>>()?;
    let [watchers, rate, seconds] = numbers[..] else { return Err("three numbers".into()) };
    let endpoint = Endpoint::from_shared(url.clone())?.tcp_nodelay(true);

    let puts = endpoint.connect().await?;
    // Both sides have their buffers by then.
    put_all(&puts, 0, PUTS_MAX, rate).await?;
    let before = resident_kib(pid)?;
    let origin = Instant::now();
    let streams = watchers / WATCHERS_PER_STREAM;
    let events = rate * seconds;
    let (ready, mut all_ready) = mpsc::channel(streams);
    let mut listeners = JoinSet::new();
    let mut connection = endpoint.connect().await?;
    for stream in 0..streams {
        if stream % STREAMS_PER_CONNECTION == 0 {
            connection = endpoint.connect().await?;
        }
        listeners.spawn(listen(connection.clone(), stream, events, ready.clone(), origin));
    }
    for _ in 0..streams {
        if all_ready.recv().await.is_none() {
            return Err("a listener ended".into());
        }
        // A listener that fails says so at the end, but only it knows why.
        if let Some(ended) = listeners.try_join_next() {
            ended??;
        }
    }
    let with = resident_kib(pid)?;
    let start = Instant::now();
    put_timed(&puts, events, rate, origin).await?;
    let took = start.elapsed();
    let mut delays = Vec::new();
    while let Some(heard) = timeout(PATIENCE, listeners.join_next()).await? {
        delays.extend(heard??);
    }
    let after = resident_kib(pid)?;
    delays.sort_unstable();
    let delay = |part: usize| delays[(delays.len() - 1) * part / 1000].as_micros();
    let per_watcher = |kib: usize| kib.saturating_sub(before) * 1024 / watchers;
    println!(
        "{watchers} watchers, {events} events in {:.1} s, {} deliveries, each once and in order",
        took.as_secs_f64(),
        delays.len()
    );
    println!("memory: {before} KiB before, {with} KiB with watchers, {after} KiB after");
    println!("  per watcher: {} bytes, {} after", per_watcher(with), per_watcher(after));
    println!("delay: median {} us, 99% {} us, 99.9% {} us", delay(500), delay(990), delay(999));
    Ok(())
}

/// Opens a stream of watchers, and checks what they hear until it is all. How long each took.
async fn listen(
    channel: Channel,
    stream: usize,
    events: usize,
    ready: mpsc::Sender<()>,
    origin: Instant,
) -> Result<Vec<Duration>, Failure> {
    let key_of = |watcher: usize| (stream * WATCHERS_PER_STREAM + watcher) % KEYS;
    let requests: Vec<_> = (0..WATCHERS_PER_STREAM)
        .map(|watcher| {
            let create =
                WatchCreateRequest { key: key(key_of(watcher)).into(), ..Default::default() };
            WatchRequest { request_union: Some(RequestUnion::CreateRequest(create)) }
        })
        .collect();
    let requests = tokio_stream::iter(requests).chain(tokio_stream::pending());
    let mut responses = WatchClient::new(channel).watch(requests).await?.into_inner();
    let mut created = 0;
    // The number of the next event of each watcher.
    let mut next: BTreeMap<i64, usize> = (0..).zip((0..WATCHERS_PER_STREAM).map(key_of)).collect();
    let expected: usize =
        next.values().map(|first| events.saturating_sub(*first).div_ceil(KEYS)).sum();
    let mut delays = Vec::with_capacity(expected);
    while delays.len() < expected {
        let response = responses.message().await?.ok_or("the stream has ended")?;
        if response.created {
            created += 1;
            if created == WATCHERS_PER_STREAM {
                ready.send(()).await?;
            }
        }
        let next = next.get_mut(&response.watch_id).ok_or("who is that?")?;
        for event in response.events {
            let kv = event.kv.ok_or("an event without a key")?;
            let text = std::str::from_utf8(&kv.value)?;
            let (number, at_us) = text.split_once(' ').ok_or("that is none of our values")?;
            if number.parse::<usize>()? != *next {
                return Err(format!("event {number} came, and {next} should").into());
            }
            *next += KEYS;
            let at = origin + Duration::from_micros(at_us.parse()?);
            delays.push(at.elapsed());
        }
    }
    match timeout(AFTERWARDS, responses.message()).await {
        Err(_) => Ok(delays),
        Ok(more) => Err(format!("all was heard, and then came {more:?}").into()),
    }
}

/// Puts that nobody listens to.
async fn put_all(
    channel: &Channel,
    first: usize,
    count: usize,
    rate: usize,
) -> Result<(), Failure> {
    paced(channel, rate, (first..first + count).map(|number| (format!("warm-{number}"), None)))
        .await
}

/// Puts the numbered events, each to its key, at that rate.
async fn put_timed(
    channel: &Channel,
    events: usize,
    rate: usize,
    origin: Instant,
) -> Result<(), Failure> {
    let events = (0..events).map(|number| (key(number % KEYS), Some((number, origin))));
    paced(channel, rate, events).await
}

/// Puts at a rate. Those of one key are a second apart, so that they keep their order.
async fn paced(
    channel: &Channel,
    rate: usize,
    puts: impl Iterator<Item = (String, Option<(usize, Instant)>)>,
) -> Result<(), Failure> {
    let mut ticks = interval(Duration::from_secs(1) / u32::try_from(rate)?);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let room = Arc::new(Semaphore::new(PUTS_MAX));
    let mut under_way = JoinSet::new();
    for (key, numbered) in puts {
        ticks.tick().await;
        let place = room.clone().acquire_owned().await?;
        let mut kv = KvClient::new(channel.clone());
        under_way.spawn(async move {
            let value = numbered.map_or_else(String::new, |(number, origin)| {
                format!("{number} {}", origin.elapsed().as_micros())
            });
            let put = PutRequest { key: key.into(), value: value.into(), ..Default::default() };
            let put = kv.put(put).await;
            drop(place);
            put.map(drop)
        });
        while let Some(done) = under_way.try_join_next() {
            done??;
        }
    }
    while let Some(done) = under_way.join_next().await {
        done??;
    }
    Ok(())
}

fn key(number: usize) -> String {
    format!("registry/things/{number:04}")
}

/// How much memory a process takes.
fn resident_kib(pid: &str) -> Result<usize, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("the process has no memory")?.parse()?)
}

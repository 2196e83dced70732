//! A load: clients that write keys, and how long each write took.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use etcdpb::etcdserverpb::PutRequest;
use futures_util::future::try_join_all;
use tokio::time::sleep;
use tonic::Response;

use crate::client::endpoints::{Endpoints, kv_client};
use crate::client::usage::Failure;

/// How much to write.
pub(super) struct Load<'a> {
    pub(super) prefix: &'a str,
    /// The bytes of a key, after its prefix.
    pub(super) key_bytes: usize,
    pub(super) value_bytes: usize,
    /// So many at once, each with a connection of its own.
    pub(super) clients: usize,
    pub(super) writes: u64,
    /// No more in each second than that, and no longer than these writes should take.
    pub(super) rate: Option<u32>,
}

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// How long each write took that succeeded, in seconds.
    pub(super) took: Vec<f64>,
    /// Why others failed, and how many did.
    pub(super) errors: BTreeMap<String, u64>,
    /// Seconds from the first write to the last.
    pub(super) elapsed: f64,
}

impl Load<'_> {
    pub(super) async fn run(&self, endpoints: &Endpoints) -> Result<Outcome, Failure> {
        let (next, outcome) = (Cell::new(0), RefCell::new(Outcome::default()));
        let start = Instant::now();
        let deadline = self.due(self.writes).map(|time| start + time);
        let client = async || {
            let call = async |channel| {
                let mut client = kv_client(channel);
                loop {
                    let number = next.replace(next.get() + 1);
                    if number >= self.writes {
                        return Ok(Response::new(()));
                    }
                    if let Some(due) = self.due(number) {
                        sleep((start + due).saturating_duration_since(Instant::now())).await;
                    }
                    let sent = Instant::now();
                    if deadline.is_some_and(|deadline| sent >= deadline) {
                        return Ok(Response::new(()));
                    }
                    let answer = client.put(self.put(number)).await;
                    let mut outcome = outcome.borrow_mut();
                    match answer {
                        Ok(_) => outcome.took.push(sent.elapsed().as_secs_f64()),
                        Err(status) => {
                            *outcome.errors.entry(status.message().to_owned()).or_default() += 1;
                        }
                    }
                }
            };
            endpoints.wait(call).await
        };
        try_join_all((0..self.clients).map(|_| client())).await?;
        let mut outcome = outcome.into_inner();
        outcome.elapsed = start.elapsed().as_secs_f64();
        Ok(outcome)
    }

    /// When a write is due, counted from the start.
    fn due(&self, number: u64) -> Option<Duration> {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.rate.map(|rate| Duration::from_secs(1) * number / rate)
    }

    fn put(&self, number: u64) -> PutRequest {
        let width = self.key_bytes;
        // Scattered, as keys of many clients are.
        let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let key = format!("{}{scattered:0width$x}", self.prefix);
        let value = Bytes::from(vec![0; self.value_bytes]);
        PutRequest { key: key.into(), value, ..PutRequest::default() }
    }
}

impl Outcome {
    /// Writes in a second.
    #[expect(clippy::cast_precision_loss, reason = "nobody has so many writes")]
    pub(super) fn rate(&self) -> f64 {
        self.took.len() as f64 / self.elapsed.max(f64::MIN_POSITIVE)
    }

    pub(super) fn slowest(&self) -> f64 {
        self.took.iter().copied().fold(0.0, f64::max)
    }

    /// The standard deviation of the times.
    #[expect(clippy::cast_precision_loss, reason = "nobody has so many writes")]
    pub(super) fn deviation(&self) -> f64 {
        let count = self.took.len().max(1) as f64;
        let mean = self.took.iter().sum::<f64>() / count;
        let squares = self.took.iter().map(|took| (took - mean).powi(2)).sum::<f64>();
        (squares / count).sqrt()
    }

    /// Says which errors there were. Nothing, if there were none.
    pub(super) fn complaint(&self) -> String {
        if self.errors.is_empty() {
            return String::new();
        }
        let errors = self.errors.iter();
        let lines = errors.map(|(error, count)| format!("FAIL: ERROR({error}) -> {count}\n"));
        format!("FAIL: too many errors\n{}", lines.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_times_say() {
        let outcome = Outcome { took: vec![1.0, 3.0], elapsed: 4.0, ..Outcome::default() };
        assert_eq!((outcome.rate(), outcome.slowest(), outcome.deviation()), (0.5, 3.0, 1.0));
        assert_eq!(outcome.complaint(), "");
        let none = Outcome::default();
        assert_eq!((none.rate(), none.slowest(), none.deviation()), (0.0, 0.0, 0.0));
    }
}

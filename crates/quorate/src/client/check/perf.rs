//! `quorate check perf`: whether the cluster takes so many writes, soon enough.

use clap::Args;

use super::load::{Load, Outcome};
use super::{Cleanup, Size, make_sure_of_room};
use crate::client::endpoints::Endpoints;
use crate::client::output::print;
use crate::client::usage::Failure;

const KEY_BYTES: usize = 256;
const VALUE_BYTES: usize = 1024;
/// What part of the writes that were asked for is enough.
const ENOUGH: f64 = 0.9;
/// No write may take longer, in seconds.
const SLOWEST_MAX: f64 = 0.5;
const DEVIATION_MAX: f64 = 0.1;

/// Which load.
#[derive(Args)]
pub(crate) struct Perf {
    /// How many writes a second, by how many clients: s 150 by 50, m 1000 by 200, l 8000 by 500,
    /// xl 15000 by 1000
    #[arg(long, default_value = "s")]
    load: Size,
    /// What the keys of the check begin with
    #[arg(long, default_value = "/etcdctl-check-perf/")]
    prefix: String,
    /// For how long, in seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    #[command(flatten)]
    cleanup: Cleanup,
}

impl Perf {
    pub(super) async fn run(self, endpoints: &Endpoints) -> Result<(), Failure> {
        make_sure_of_room(endpoints, &self.prefix).await?;
        let (rate, clients) = match self.load {
            Size::Small => (150, 50),
            Size::Medium => (1000, 200),
            Size::Large => (8000, 500),
            Size::ExtraLarge => (15_000, 1000),
        };
        let load = Load {
            prefix: &self.prefix,
            key_bytes: KEY_BYTES,
            value_bytes: VALUE_BYTES,
            clients,
            writes: u64::from(rate) * self.seconds,
            rate: Some(rate),
        };
        let outcome = load.run(endpoints).await?;
        self.cleanup.run(endpoints, &self.prefix).await?;
        let (text, passes) = judge(&outcome, rate);
        print(text.as_bytes())?;
        if passes { Ok(()) } else { Err(Failure::Told) }
    }
}

/// What is said of it, and whether it is good enough.
fn judge(outcome: &Outcome, rate: u32) -> (String, bool) {
    let (writes, slowest, deviation) = (outcome.rate(), outcome.slowest(), outcome.deviation());
    let mut text = outcome.complaint();
    let mut passes = text.is_empty();
    let mut judge = |is_good: bool, good: String, bad: String| {
        passes &= is_good;
        text.push_str(if is_good { &good } else { &bad });
    };
    judge(
        writes / f64::from(rate) > ENOUGH,
        format!("PASS: Throughput is {writes:.0} writes/s\n"),
        format!("FAIL: Throughput too low: {writes:.0} writes/s\n"),
    );
    judge(
        slowest <= SLOWEST_MAX,
        format!("PASS: Slowest request took {slowest:.6}s\n"),
        format!("Slowest request took too long: {slowest:.6}s\n"),
    );
    judge(
        deviation <= DEVIATION_MAX,
        format!("PASS: Stddev is {deviation:.6}s\n"),
        format!("Stddev too high: {deviation:.6}s\n"),
    );
    text.push_str(if passes { "PASS\n" } else { "FAIL\n" });
    (text, passes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(took: &[f64], elapsed: f64) -> Outcome {
        Outcome { took: took.to_vec(), elapsed, ..Outcome::default() }
    }

    #[test]
    fn enough_and_soon_enough() {
        let (text, passes) = judge(&of(&[0.1, 0.1], 1.0), 2);
        let expected = "PASS: Throughput is 2 writes/s\nPASS: Slowest request took 0.100000s\n\
                        PASS: Stddev is 0.000000s\nPASS\n";
        assert_eq!((text.as_str(), passes), (expected, true));
    }

    #[test]
    fn too_few_too_slow_or_wrong() {
        assert!(!judge(&of(&[0.1], 1.0), 2).1);
        assert!(!judge(&of(&[0.6, 0.6], 1.0), 2).1);
        assert!(!judge(&of(&[0.0, 0.4], 1.0), 2).1);
        let mut failed = of(&[0.1, 0.1], 1.0);
        failed.errors.insert("no".to_owned(), 3);
        let (text, passes) = judge(&failed, 2);
        assert!(text.starts_with("FAIL: too many errors\nFAIL: ERROR(no) -> 3\n") && !passes);
    }
}

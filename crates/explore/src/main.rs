//! `cargo run -p explore`: explores the scenarios of the check, or `long` ones, or those named;
//! with `--seconds S` before them, each for no longer than that.

use std::process::ExitCode;
use std::time::Duration;

use explore::scenario::{self, Scenario};
use explore::search::{End, Limits};
use explore::{replay, search};

/// Beyond this, memory runs short: a state at the frontier takes about 300 bytes, one that was
/// visited about 40.
const STATES_MAX: usize = 20_000_000;

const TIME_MAX: Duration = Duration::from_mins(10);

#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn main() -> ExitCode {
    let mut names = std::env::args().skip(1).collect::<Vec<_>>();
    let Some(time) = time(&mut names) else {
        println!("usage: explore [--seconds S] [long | NAMES OF SCENARIOS]");
        return ExitCode::FAILURE;
    };
    let scenarios = chosen(&names);
    if scenarios.is_empty() {
        println!("no such scenario: {}", names.join(" "));
        return ExitCode::FAILURE;
    }
    for scenario in scenarios {
        let report = search::explore(&scenario, Limits { states: STATES_MAX, time });
        println!("{report}");
        if let End::Broken { fault, path } = &report.end {
            println!("\n{}\n---\n\n{fault}", replay::script(&scenario, path));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// How long each scenario is explored. Takes the words that say so; `None` if they cannot be read.
fn time(words: &mut Vec<String>) -> Option<Duration> {
    if words.first().is_none_or(|word| word != "--seconds") {
        return Some(TIME_MAX);
    }
    let seconds = words.get(1)?.parse().ok()?;
    words.drain(..2);
    Some(Duration::from_secs(seconds))
}

fn chosen(names: &[String]) -> Vec<Scenario> {
    let mut short = scenario::short();
    let long = scenario::long();
    match names {
        [] => short,
        [name] if name == "long" => long,
        names => {
            short.extend(long);
            short.retain(|scenario| names.iter().any(|name| name == scenario.name));
            short
        }
    }
}

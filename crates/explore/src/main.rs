//! `cargo run -p explore`: explores the scenarios of the check, or `long` ones, or those named.

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
    let names = std::env::args().skip(1).collect::<Vec<_>>();
    let scenarios = chosen(&names);
    if scenarios.is_empty() {
        println!("no such scenario: {}", names.join(" "));
        return ExitCode::FAILURE;
    }
    for scenario in scenarios {
        let report = search::explore(&scenario, Limits { states: STATES_MAX, time: TIME_MAX });
        println!("{report}");
        if let End::Broken { fault, path } = &report.end {
            println!("\n{}\n---\n\n{fault}", replay::script(&scenario, path));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
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

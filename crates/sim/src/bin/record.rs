//! Records a run on the stage of a core that was made wrong: `cargo xtask story-traces` builds this
//! with such a core.
//!
//! ```text
//! record SCENARIO SEED ACTIONS UNTIL RULE TITLE CMD
//! ```
//!
//! writes the trace, and fails if the rule holds in it; with `-` in the place of a rule, if one is
//! broken. With `SEED..END` in the place of the seed
//! it looks for the first seed in which the rule is broken, and says which that was; the trace is
//! that of the last seed that was tried.
#![allow(clippy::print_stderr, reason = "a command-line tool says what is wrong")]

use std::io::{self, Write};
use std::process::ExitCode;

use sim::{Mutant, Play};

fn main() -> ExitCode {
    let words = std::env::args().skip(1).collect::<Vec<_>>();
    match record(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn record(words: &[String]) -> Result<(), String> {
    let [scenario, seeds, actions, until, rule, title, cmd] = words else {
        return Err("usage: record SCENARIO SEED[..END] ACTIONS UNTIL RULE TITLE CMD".to_owned());
    };
    let number = |word: &str| word.parse::<u64>().map_err(|error| format!("{word:?}: {error}"));
    let (first, end) = match seeds.split_once("..") {
        Some((first, end)) => (number(first)?, number(end)?),
        None => (number(seeds)?, number(seeds)? + 1),
    };
    let breaks = (rule != "-").then(|| rule.clone());
    let is_wrong = breaks.is_some();
    let mutant = Mutant { title: title.clone(), breaks, cmd: cmd.clone() };
    let mut trace = Vec::new();
    let mut violation = None;
    for seed in first..end {
        let play = Play::new(scenario, Some(seed), actions, Some(number(until)?));
        let play = play.map_err(|error| error.to_string())?.of(mutant.clone());
        trace.clear();
        let outcome = play.write_trace(&mut trace).map_err(|error| error.to_string())?;
        violation = outcome.violation.map(|violation| format!("seed {seed}: {violation}"));
        if violation.is_some() == is_wrong {
            break;
        }
    }
    io::stdout().write_all(&trace).map_err(|error| error.to_string())?;
    match violation {
        Some(violation) if !is_wrong => return Err(violation),
        Some(violation) => eprintln!("{violation}"),
        None if is_wrong => return Err(format!("{rule} holds in all of {seeds}")),
        None => {}
    }
    Ok(())
}

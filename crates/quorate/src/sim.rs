//! `quorate sim`: one run of the simulator, the same as often as it is asked for.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sim::{Outcome, Play, Scenario, Setup};

use crate::client::usage::Failure;

/// The flags are those that a soak prints with a violation.
#[derive(clap::Args)]
pub(crate) struct Sim {
    /// Which run; a scenario of the stage has a seed of its own
    #[arg(long, required_unless_present = "scenario")]
    seed: Option<u64>,
    /// Which kinds of faults there may be: storm, calm, network, crashes or disks; or a scenario of
    /// the stage, in which nothing goes wrong by itself: docs/scenarios.md
    #[arg(long)]
    scenario: Option<String>,
    /// End the faults after so many milliseconds, if the seed does not say sooner; on the stage,
    /// end the run
    #[arg(long, value_name = "MS")]
    until: Option<u64>,
    /// Do this to the members of a scenario of the stage, as in 900stop:lead,1500start:n1
    #[arg(long, conflicts_with_all = ["clients", "without", "skip"])]
    actions: Option<String>,
    /// So many clients, in place of what the seed says
    #[arg(long)]
    clients: Option<u64>,
    /// Leave out these kinds of faults, with commas between
    #[arg(long, value_name = "KINDS")]
    without: Option<String>,
    /// Leave out these faults, by their numbers in the run, as in 1-3,7
    #[arg(long, value_name = "NUMBERS")]
    skip: Option<String>,
    /// Write the trace of the run to this file, for the page to open; - is the standard output
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

impl Sim {
    /// Prints what came of it. Fails if anything was wrong.
    pub(crate) fn main(self) -> ExitCode {
        match self.run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.report(),
        }
    }

    fn run(mut self) -> Result<(), Failure> {
        let trace = self.trace.take();
        let outcome = if let Some(play) = self.play()? {
            play.show(trace.as_deref())?
        } else {
            let unread = |word| Failure::Usage(format!("cannot read {word:?} in the flags"));
            Setup::from_words(&self.words()).map_err(unread)?.show(trace.as_deref())?
        };
        outcome.violation.map_or(Ok(()), |violation| Err(Failure::Failed(violation.to_string())))
    }

    /// The run, if it is one of the stage.
    fn play(&self) -> Result<Option<Play>, Failure> {
        let scenario = self.scenario.as_deref().unwrap_or_default();
        let is_storm = Scenario::ALL.iter().any(|known| known.name() == scenario);
        if self.actions.is_none() && (is_storm || scenario.is_empty()) {
            return Ok(None);
        }
        let actions = self.actions.as_deref().unwrap_or_default();
        let play = Play::new(scenario, self.seed, actions, self.until);
        play.map(Some).map_err(|error| Failure::Usage(error.to_string()))
    }

    /// The flags as the simulator reads them.
    fn words(self) -> Vec<String> {
        let text = |number: Option<u64>| number.map(|number| number.to_string());
        let flags = [
            ("--seed", text(self.seed)),
            ("--scenario", self.scenario),
            ("--until", text(self.until)),
            ("--clients", text(self.clients)),
            ("--without", self.without),
            ("--skip", self.skip),
        ];
        let given = flags.into_iter().filter_map(|(flag, value)| Some([flag.into(), value?]));
        given.flatten().collect()
    }
}

/// A run that can be seen.
trait Show: fmt::Display {
    /// Runs it, and writes its trace.
    fn write_trace(&self, out: &mut dyn Write) -> io::Result<Outcome>;

    /// Runs it.
    fn run(&self) -> io::Result<Outcome> {
        self.write_trace(&mut io::sink())
    }

    /// Runs it, and says what came of it; and the trace, if that is wanted.
    fn show(&self, trace: Option<&Path>) -> Result<Outcome, Failure> {
        let Some(path) = trace else {
            let outcome = self.run()?;
            summarise(&self.to_string(), &outcome, io::stdout().lock())?;
            return Ok(outcome);
        };
        let unwritten = |error: io::Error| Failure::Failed(format!("{}: {error}", path.display()));
        let is_piped = path.as_os_str() == "-";
        let out: Box<dyn Write> = if is_piped {
            Box::new(io::stdout().lock())
        } else {
            Box::new(File::create(path).map_err(unwritten)?)
        };
        let mut out = BufWriter::new(out);
        let outcome = self.write_trace(&mut out).map_err(unwritten)?;
        out.flush().map_err(unwritten)?;
        drop(out);
        if is_piped {
            // Whoever reads the trace there wants nothing else.
            summarise(&self.to_string(), &outcome, io::stderr().lock())?;
        } else {
            summarise(&self.to_string(), &outcome, io::stdout().lock())?;
        }
        Ok(outcome)
    }
}

impl Show for Setup {
    fn write_trace(&self, out: &mut dyn Write) -> io::Result<Outcome> {
        sim::write_trace(self, out)
    }

    // Quicker, for nobody listens.
    fn run(&self) -> io::Result<Outcome> {
        Ok(sim::run(self))
    }
}

impl Show for Play {
    fn write_trace(&self, out: &mut dyn Write) -> io::Result<Outcome> {
        Self::write_trace(self, out)
    }
}

fn summarise(run: &str, outcome: &Outcome, mut out: impl Write) -> io::Result<()> {
    let (events, answered, failed) = (outcome.events, outcome.answered, outcome.failed);
    writeln!(out, "{run}: {events} events, {answered} requests answered, {failed} not")?;
    for (fault, count) in &outcome.faults {
        writeln!(out, "  fault {} {count}", fault.name())?;
    }
    writeln!(out, "trace {:016x}", outcome.trace_hash)
}

//! `quorate sim`: one run of the simulator, the same as often as it is asked for.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sim::{Outcome, Setup};

use crate::client::usage::Failure;

/// The flags are those that a soak prints with a violation.
#[derive(clap::Args)]
pub(crate) struct Sim {
    /// Which run
    #[arg(long)]
    seed: u64,
    /// Which kinds of faults there may be: storm, calm, network, crashes or disks
    #[arg(long)]
    scenario: Option<String>,
    /// End the faults after so many milliseconds, if the seed does not say sooner
    #[arg(long, value_name = "MS")]
    until: Option<u64>,
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
        let unread = |word| Failure::Usage(format!("cannot read {word:?} in the flags of a run"));
        let setup = Setup::from_words(&self.words()).map_err(unread)?;
        let outcome = match &trace {
            None => sim::run(&setup),
            Some(path) => tell(&setup, path)?,
        };
        // Whoever reads the trace from the standard output gets nothing else there.
        if trace.is_some_and(|path| path.as_os_str() == "-") {
            summarise(&setup, &outcome, io::stderr().lock())?;
        } else {
            summarise(&setup, &outcome, io::stdout().lock())?;
        }
        outcome.violation.map_or(Ok(()), |violation| Err(Failure::Failed(violation.to_string())))
    }

    /// The flags as the simulator reads them.
    fn words(self) -> Vec<String> {
        let text = |number: Option<u64>| number.map(|number| number.to_string());
        let flags = [
            ("--seed", Some(self.seed.to_string())),
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

/// Runs it, and writes its trace.
fn tell(setup: &Setup, path: &Path) -> Result<Outcome, Failure> {
    let unwritten = |error: io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    let out: Box<dyn Write> = if path.as_os_str() == "-" {
        Box::new(io::stdout().lock())
    } else {
        Box::new(File::create(path).map_err(unwritten)?)
    };
    let mut out = BufWriter::new(out);
    let outcome = sim::write_trace(setup, &mut out).map_err(unwritten)?;
    out.flush().map_err(unwritten)?;
    Ok(outcome)
}

fn summarise(setup: &Setup, outcome: &Outcome, mut out: impl Write) -> io::Result<()> {
    let (events, answered, failed) = (outcome.events, outcome.answered, outcome.failed);
    writeln!(out, "{setup}: {events} events, {answered} requests answered, {failed} not")?;
    for (fault, count) in &outcome.faults {
        writeln!(out, "  fault {} {count}", fault.name())?;
    }
    writeln!(out, "trace {:016x}", outcome.trace_hash)
}

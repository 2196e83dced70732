//! `quorate sim`: one run of the simulator, the same as often as it is asked for.

use std::io::Write as _;
use std::process::ExitCode;

use sim::Setup;

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
}

impl Sim {
    /// Prints what came of it. Fails if anything was wrong.
    pub(crate) fn main(self) -> ExitCode {
        match self.run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.report(),
        }
    }

    fn run(self) -> Result<(), Failure> {
        let unread = |word| Failure::Usage(format!("cannot read {word:?} in the flags of a run"));
        let setup = Setup::from_words(&self.words()).map_err(unread)?;
        let outcome = sim::run(&setup);
        let mut out = std::io::stdout().lock();
        let (events, answered, failed) = (outcome.events, outcome.answered, outcome.failed);
        writeln!(out, "{setup}: {events} events, {answered} requests answered, {failed} not")?;
        for (fault, count) in &outcome.faults {
            writeln!(out, "  fault {} {count}", fault.name())?;
        }
        writeln!(out, "trace {:016x}", outcome.trace_hash)?;
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

//! The stage: small clusters on a quiet network, in which nothing goes wrong but what somebody asks
//! for.
//!
//! The members, their disks and their network are those of every other run, and so is what must
//! hold. A [`Play`] is a pure function: its words give the same trace, byte for byte, each time.
//!
//! ```
//! let play = sim::Play::new("three", Some(1), "800stop:lead", Some(1500))?;
//! let (mut once, mut again) = (Vec::new(), Vec::new());
//! play.write_trace(&mut once)?;
//! play.write_trace(&mut again)?;
//! assert_eq!(once, again);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `scenario` is which cluster, `action` what is done to it, which `grammar` reads, and the world
//! carries out (`world/acts.rs`). `timers` is what the members wait, if not what they usually do.

pub(crate) mod action;
mod grammar;
mod scenario;
mod timers;

use std::fmt;
use std::io;

use crate::outcome::Outcome;
use crate::swarm::Swarm;
use crate::world::World;

pub(crate) use action::Action;
pub(crate) use scenario::Kind;
pub use scenario::Scenario;
use timers::Timers;

/// A run of a small cluster: all that there is to say to have it again.
#[derive(Clone, Debug)]
pub struct Play {
    pub(crate) scenario: &'static Scenario,
    timers: Timers,
    /// The scenario and its timers, as they were written.
    name: String,
    pub(crate) seed: u64,
    /// What is done beside what the scenario asks for, as it was written.
    text: String,
    /// All that is done, in order.
    pub(crate) actions: Vec<Action>,
    pub(crate) until_ms: u64,
    /// What is wrong with its core, if something is.
    pub(crate) mutant: Option<Mutant>,
}

/// What a run tells of a core that was made wrong, to show why a rule is there.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// What is wrong with it.
    pub title: String,
    /// The only rule that is watched. A core that is worse but not wrong breaks none.
    pub breaks: Option<String>,
    /// The command that records the run again.
    pub cmd: String,
}

/// Why there is no such run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no scenario of that name.
    Scenario(String),
    /// Its members could not keep these timers.
    Timers(String),
    /// It would take longer than is allowed.
    Until(u64),
    /// There are more actions than are allowed.
    Actions(usize),
    /// That action cannot be read.
    Action {
        /// The action.
        word: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Play {
    /// It may take so long.
    pub const UNTIL_MS_MAX: u64 = 60_000;
    /// So much may be done in it.
    pub const ACTIONS_MAX: usize = 500;
    /// So much of it is told.
    pub const RECORDS_MAX: u64 = 200_000;

    /// The run of these words. Without a seed or an end it is the scenario's own. `five:60:20` is
    /// the scenario `five` with timers of its own.
    ///
    /// # Errors
    ///
    /// What cannot be read, or is too much.
    pub fn new(
        scenario: &str,
        seed: Option<u64>,
        actions: &str,
        until_ms: Option<u64>,
    ) -> Result<Self, Error> {
        let name = scenario.to_owned();
        let (scenario, timers) = Timers::split(scenario)?;
        let found = Scenario::named(scenario);
        let scenario = found.ok_or_else(|| Error::Scenario(scenario.to_owned()))?;
        let until_ms = until_ms.unwrap_or(scenario.until_ms);
        if until_ms > Self::UNTIL_MS_MAX {
            return Err(Error::Until(until_ms));
        }
        let mut all = grammar::parse(scenario.actions)?;
        all.extend(grammar::parse(actions)?);
        if all.len() > Self::ACTIONS_MAX {
            return Err(Error::Actions(all.len()));
        }
        all.sort_by_key(|action| action.at_ms);
        let seed = seed.unwrap_or(scenario.seed);
        let text = actions.to_owned();
        let mutant = None;
        Ok(Self { scenario, timers, name, seed, text, actions: all, until_ms, mutant })
    }

    /// The same, told as a run of a core that is wrong. This says so; it does not make it wrong.
    #[must_use]
    pub fn of(self, mutant: Mutant) -> Self {
        Self { mutant: Some(mutant), ..self }
    }

    /// What its world is like.
    pub(crate) fn swarm(&self) -> Swarm {
        self.scenario.swarm(self.timers)
    }

    /// Runs it, and writes its trace: a record a line, as docs/trace.md says.
    ///
    /// # Errors
    ///
    /// If the trace cannot be written.
    pub fn write_trace(&self, out: &mut dyn io::Write) -> io::Result<Outcome> {
        crate::write(World::staged(self), self.run(), out)
    }

    /// The arguments of `quorate sim` that give it again.
    pub fn words(&self) -> Vec<String> {
        let mut words = vec!["--scenario".to_owned(), self.name.clone()];
        words.extend(["--seed".to_owned(), self.seed.to_string()]);
        if !self.text.is_empty() {
            words.extend(["--actions".to_owned(), self.text.clone()]);
        }
        words.extend(["--until".to_owned(), self.until_ms.to_string()]);
        words
    }

    fn run(&self) -> trace::Run {
        let own = || format!("quorate sim {self} --trace -");
        trace::Run {
            cmd: self.mutant.as_ref().map_or_else(own, |mutant| mutant.cmd.clone()),
            seed: self.seed,
            scenario: self.name.clone(),
            actions: Some(self.text.clone()),
            until: Some(self.until_ms),
            mutant: self.mutant.as_ref().map(|mutant| mutant.title.clone()),
        }
    }
}

impl fmt::Display for Play {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scenario(name) => {
                let known = Scenario::ALL.iter().map(|scenario| scenario.name);
                let known = known.collect::<Vec<_>>().join(", ");
                write!(f, "there is no scenario {name:?}: there are {known}")
            }
            Self::Timers(text) => write!(
                f,
                "cannot read the timers {text:?}: they are an election time-out, a heartbeat, at \
                 most half as long, and perhaps what chance may add to the first, in milliseconds \
                 and tens of them, as in five:150:50:150"
            ),
            Self::Until(until) => {
                write!(f, "{until} ms is too long: a run may take {} ms", Play::UNTIL_MS_MAX)
            }
            Self::Actions(count) => {
                write!(f, "{count} actions are too many: there may be {}", Play::ACTIONS_MAX)
            }
            Self::Action { word, why } => write!(f, "cannot read the action {word:?}: {why}"),
        }
    }
}

//! Which run: all that there is to say to have it again.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

use crate::faults::FaultKind;

/// Which run. The seed says almost everything; the rest takes things away from it, to find out what
/// a violation needs. Prints as the arguments that give the run again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// Decides everything.
    pub seed: u64,
    /// Which kinds of faults there may be.
    pub scenario: Scenario,
    /// Kinds of faults that are left out.
    pub without: BTreeSet<FaultKind>,
    /// How many clients, in place of what the seed says.
    pub clients: Option<u64>,
    /// When the faults end, if it is earlier than the seed says.
    pub until_ms: Option<u64>,
    /// Faults that are left out, by their number in the run.
    pub skip: BTreeSet<u32>,
    /// How wrong clocks go, in thousandths, in place of what the seed says; and there are leases.
    /// They hold up to [`DRIFT_PERMILLE_MAX`](Self::DRIFT_PERMILLE_MAX).
    pub drift_permille: Option<u64>,
}

/// Which kinds of faults there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scenario {
    /// All of them.
    #[default]
    Storm,
    /// None.
    Calm,
    /// Those of the network.
    Network,
    /// Crashes.
    Crashes,
    /// Those of the disk, and crashes.
    Disks,
    /// Changes of the members and transfers, crashes, and those of the network.
    Members,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Storm, Self::Calm, Self::Network, Self::Crashes, Self::Disks, Self::Members];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Storm => "storm",
            Self::Calm => "calm",
            Self::Network => "network",
            Self::Crashes => "crashes",
            Self::Disks => "disks",
            Self::Members => "members",
        }
    }
}

impl Setup {
    /// The bound on what clocks may err, in thousandths: leases are as much shorter than election
    /// time-outs.
    pub const DRIFT_PERMILLE_MAX: u64 = 50;

    /// The run of that seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// Reads what [`Display`](fmt::Display) prints.
    ///
    /// # Errors
    ///
    /// The word that cannot be read.
    pub fn from_words(words: &[String]) -> Result<Self, String> {
        let mut setup = Self::default();
        for pair in words.chunks(2) {
            let [name, value] = pair else { return Err(pair.concat()) };
            let unread = || value.clone();
            match name.as_str() {
                "--seed" => setup.seed = value.parse().map_err(|_| unread())?,
                "--clients" => setup.clients = Some(value.parse().map_err(|_| unread())?),
                "--until" => setup.until_ms = Some(value.parse().map_err(|_| unread())?),
                "--drift" => setup.drift_permille = Some(value.parse().map_err(|_| unread())?),
                "--scenario" => {
                    let known = Scenario::ALL.into_iter().find(|it| it.name() == value);
                    setup.scenario = known.ok_or_else(unread)?;
                }
                "--without" => {
                    let kind = |name| FaultKind::ALL.into_iter().find(|kind| kind.name() == name);
                    let kinds = value.split(',').map(kind).collect::<Option<_>>();
                    setup.without = kinds.ok_or_else(unread)?;
                }
                "--skip" => {
                    let spans = value.split(',').map(read_span).collect::<Option<Vec<_>>>();
                    setup.skip = spans.ok_or_else(unread)?.into_iter().flatten().collect();
                }
                _ => return Err(name.clone()),
            }
        }
        Ok(setup)
    }

    /// How a trace of it says what it is a trace of.
    pub(crate) fn run(&self) -> trace::Run {
        trace::Run {
            cmd: format!("quorate sim {self} --trace -"),
            seed: self.seed,
            scenario: self.scenario.name().to_owned(),
            actions: None,
            until: None,
            mutant: None,
        }
    }

    pub(crate) fn allows(&self, kind: FaultKind) -> bool {
        let is_asked_for = kind == FaultKind::Drift && self.drift_permille.is_some();
        let in_scenario = match self.scenario {
            Scenario::Storm => true,
            Scenario::Calm => false,
            _ if is_asked_for => true,
            Scenario::Network => kind.is_of_network(),
            Scenario::Crashes => kind.is_crash(),
            Scenario::Disks => kind.is_crash() || kind.is_of_disk(),
            Scenario::Members => kind.is_of_members() || kind.is_crash() || kind.is_of_network(),
        };
        in_scenario && !self.without.contains(&kind)
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--seed {}", self.seed)?;
        if self.scenario != Scenario::default() {
            write!(f, " --scenario {}", self.scenario.name())?;
        }
        if !self.without.is_empty() {
            let names = self.without.iter().map(|kind| kind.name()).collect::<Vec<_>>();
            write!(f, " --without {}", names.join(","))?;
        }
        if let Some(clients) = self.clients {
            write!(f, " --clients {clients}")?;
        }
        if let Some(until) = self.until_ms {
            write!(f, " --until {until}")?;
        }
        if !self.skip.is_empty() {
            write!(f, " --skip {}", spans(&self.skip))?;
        }
        if let Some(drift) = self.drift_permille {
            write!(f, " --drift {drift}")?;
        }
        Ok(())
    }
}

/// Numbers, as `1-3,7`.
fn spans(numbers: &BTreeSet<u32>) -> String {
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => spans.push((*number, *number)),
        }
    }
    let written = spans.into_iter().map(|(first, last)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    });
    written.collect::<Vec<_>>().join(",")
}

fn read_span(written: &str) -> Option<RangeInclusive<u32>> {
    let (first, last) = written.split_once('-').unwrap_or((written, written));
    Some(first.parse().ok()?..=last.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_read() {
        let setup = Setup {
            seed: 7,
            scenario: Scenario::Disks,
            without: BTreeSet::from([FaultKind::Rot, FaultKind::SlowDisk]),
            clients: Some(2),
            until_ms: Some(3000),
            skip: BTreeSet::from([1, 4, 5, 6]),
            drift_permille: Some(300),
        };
        let line = setup.to_string();
        assert!(line.ends_with("--skip 1,4-6 --drift 300"), "{line}");
        let words = line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(Setup::from_words(&words), Ok(setup));
    }
}

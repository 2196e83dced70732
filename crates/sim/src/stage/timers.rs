//! A scenario's timers, which may be other than usual: `five:60:20`, `five:60:20:30`.

use std::ops::RangeInclusive;

use super::Error;

/// How long a tick of a member is.
const TICK_MS: u64 = 10;
/// In less than that there is no room for a lease, and in more no story.
const ELECTION_MS: RangeInclusive<u64> = 40..=2_000;

/// How long members wait, in ticks: for a leader, from an election time-out to so much longer; and
/// to beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timers {
    pub(crate) election: u32,
    /// What chance may add to an election time-out.
    pub(crate) spread: u32,
    pub(crate) heartbeat: u32,
}

impl Timers {
    /// From 150 to 300 ms, and every 50 ms.
    pub(crate) const USUAL: Self = Self { election: 15, spread: 15, heartbeat: 5 };

    /// The name of a scenario, and the timers that may follow it, in milliseconds.
    pub(crate) fn split(text: &str) -> Result<(&str, Self), Error> {
        let Some((name, timers)) = text.split_once(':') else { return Ok((text, Self::USUAL)) };
        let read = || {
            let mut words = timers.split(':');
            let election = ticks(words.next()?, ELECTION_MS)?;
            let timers = Self {
                election,
                heartbeat: ticks(words.next()?, TICK_MS..=*ELECTION_MS.end())?,
                spread: match words.next() {
                    None => election,
                    Some(spread) => ticks(spread, 0..=*ELECTION_MS.end())?,
                },
            };
            // One lost heartbeat is no reason to elect anybody.
            let is_patient = 2 * timers.heartbeat <= timers.election;
            (is_patient && words.next().is_none()).then_some(timers)
        };
        read().map(|timers| (name, timers)).ok_or_else(|| Error::Timers(timers.to_owned()))
    }
}

/// Whole ticks, within bounds.
fn ticks(ms: &str, bounds: RangeInclusive<u64>) -> Option<u32> {
    let ms = ms.parse::<u64>().ok()?;
    let is_whole = ms % TICK_MS == 0 && bounds.contains(&ms);
    is_whole.then(|| u32::try_from(ms / TICK_MS).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_follow_the_name() {
        let other = Timers { election: 6, spread: 6, heartbeat: 2 };
        assert_eq!(Timers::split("five"), Ok(("five", Timers::USUAL)));
        assert_eq!(Timers::split("five:60:20"), Ok(("five", other)));
        assert_eq!(Timers::split("five:150:50"), Ok(("five", Timers::USUAL)));
        let alike = Timers { spread: 0, ..other };
        assert_eq!(Timers::split("five:60:20:0"), Ok(("five", alike)));
    }

    #[test]
    fn what_no_cluster_could_keep_is_refused() {
        for text in [
            "five:",
            "five:60",
            "five:60:40",
            "five:65:20",
            "five:60:0",
            "five:20:10",
            "five:9990:50",
            "five:60:20:",
            "five:60:20:25",
            "five:60:20:9990",
            "five:60:20:30:10",
        ] {
            let (_, timers) = text.split_once(':').expect("each has a colon");
            assert_eq!(Timers::split(text), Err(Error::Timers(timers.to_owned())), "{text}");
        }
    }
}

//! The scenarios: small clusters, and what happens to them even if nobody does anything.
//!
//! Those of the story have a seed that was found by search, in which the run shows by itself what
//! the chapter tells. No timer is set by hand.

use super::timers::Timers;
use crate::client::Workload;
use crate::listener::Audience;
use crate::swarm::{Swarm, lease_ticks};

/// A small cluster, and what happens to it.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub says: &'static str,
    /// How many members there are at first.
    pub members: u64,
    /// The seed that shows it well.
    pub seed: u64,
    /// When it ends, in milliseconds.
    pub until_ms: u64,
    /// What happens to it: docs/scenarios.md.
    pub actions: &'static str,
    pub(crate) kind: Kind,
}

/// What its members are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As everywhere.
    Usual,
    /// Each is a cluster of its own, and knows nothing of the others.
    Apart,
    /// They serve reads under a lease.
    Lease,
    /// They take a snapshot every few entries.
    Snapshots,
    /// Their messages hold one entry each.
    Narrow,
}

impl Scenario {
    /// All of them.
    pub const ALL: &[Self] = &[
        plain("one", "A cluster of one member.", 1),
        plain("three", "A cluster of three members.", 3),
        plain("four", "A cluster of four members.", 4),
        plain("five", "A cluster of five members.", 5),
        plain("seven", "A cluster of seven members.", 7),
        Self {
            kind: Kind::Lease,
            ..plain("lease", "Three members that serve reads under a lease.", 3)
        },
        Self {
            kind: Kind::Snapshots,
            ..plain("compact", "Three members that take a snapshot every few entries.", 3)
        },
        Self {
            kind: Kind::Narrow,
            ..plain("narrow", "Five members whose messages hold one entry each.", 5)
        },
        Self {
            kind: Kind::Apart,
            actions: "300put:n1:x:1:c1,310put:n2:x:2:c2,320put:n3:x:2:c2",
            until_ms: 600,
            ..plain("apart", "Three members that know nothing of each other; two clients write.", 3)
        },
    ];

    /// The one of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|scenario| scenario.name == name)
    }

    /// What its world is like.
    pub(crate) fn swarm(&self, timers: Timers) -> Swarm {
        let Timers { election, spread, heartbeat } = timers;
        let members = self.members;
        let workload = Workload {
            members,
            pause_us: 1,
            keys: 1,
            weights: [0; 6],
            past_permille: 0,
            has_users: false,
        };
        Swarm {
            members,
            apart: self.kind == Kind::Apart,
            clients: 0,
            workload,
            audience: Audience { listeners: 0, pause_us: 1 },
            storm_us: 0,
            fault_every_us: 0,
            weights: Vec::new(),
            delay_us: 19_000,
            jitter_us: 7_000,
            write_us: 4_000,
            keeping_us: 0,
            drift_permille: 0,
            election_ticks: election,
            spread_ticks: spread,
            heartbeat_ticks: heartbeat,
            append_bytes_max: if self.kind == Kind::Narrow { 1 } else { 1 << 10 },
            inflight_appends_max: 16,
            request_ticks: 50,
            lease_ticks: (self.kind == Kind::Lease).then(|| lease_ticks(election)),
            snapshot_bytes: if self.kind == Kind::Snapshots { 600 } else { 1 << 30 },
            keep_bytes: 0,
        }
    }
}

const fn plain(name: &'static str, says: &'static str, members: u64) -> Scenario {
    Scenario { name, says, members, seed: 1, until_ms: 2000, actions: "", kind: Kind::Usual }
}

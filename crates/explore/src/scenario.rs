//! Which cluster is explored, and how often what may happen to it.

use bytes::Bytes;
use raft::{Change, Config, Configuration, NodeId};

/// An election time-out. No more heartbeats are sent in a scenario, so no leader runs out of
/// patience with its followers.
const ELECTION_TICKS: u32 = 10;

/// A cluster, and bounds to what may happen to it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// How many members the cluster begins with: n1, n2, ...
    pub voters: u8,
    /// How many more members wait to be added.
    pub spare: u8,
    /// Whether n1 leads already when the search begins, its first entry is committed, and everybody
    /// knows.
    pub is_led: bool,
    /// How many bytes of commands one append may carry.
    pub append_bytes: usize,
    /// How often what may happen.
    pub bounds: Bounds,
    /// The changes of the members that a leader may be asked for.
    pub changes: Vec<Vec<Change>>,
}

/// How often what may happen, on a whole path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// Followers and candidates that run out of patience.
    pub time_outs: u8,
    /// Commands that a leader is given.
    pub proposals: u8,
    /// Losses of power, after which the member starts again.
    pub crashes: u8,
    /// Messages that get lost.
    pub losses: u8,
    /// Messages that arrive once more, late.
    pub doubles: u8,
    /// Heartbeats.
    pub heartbeats: u8,
    /// Changes of the members.
    pub changes: u8,
    /// Transfers of leadership.
    pub transfers: u8,
}

impl Bounds {
    /// No bounds to speak of.
    pub const ALL: Self = Self {
        time_outs: u8::MAX,
        proposals: u8::MAX,
        crashes: u8::MAX,
        losses: u8::MAX,
        doubles: u8::MAX,
        heartbeats: u8::MAX,
        changes: u8::MAX,
        transfers: u8::MAX,
    };
}

impl Scenario {
    /// Three voters and nobody else, without a leader.
    pub fn of_three(name: &'static str, bounds: Bounds) -> Self {
        let (spare, is_led, append_bytes, changes) = (0, false, 1 << 10, Vec::new());
        Self { name, voters: 3, spare, is_led, append_bytes, bounds, changes }
    }

    /// What a member is told when it starts. It has no choice of time-outs, and so nothing to draw.
    pub fn config(&self, id: NodeId) -> Config {
        let voters = (1..=u64::from(self.voters)).map(NodeId);
        let begins = id.0 <= u64::from(self.voters);
        let known = if begins { Configuration::new(voters) } else { Configuration::unknown() };
        Config {
            election_ticks: ELECTION_TICKS..=ELECTION_TICKS,
            heartbeat_ticks: 1,
            append_bytes_max: self.append_bytes,
            promotion_lag_max: 0,
            seed: 0,
            ..Config::new(id, known)
        }
    }

    /// All members, those that wait included.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (1..=u64::from(self.voters + self.spare)).map(NodeId)
    }

    /// The command of a golden script that makes this cluster.
    pub fn command(&self) -> String {
        let spare = if self.spare > 0 { format!(" spare={}", self.spare) } else { String::new() };
        let (voters, batch) = (self.voters, self.append_bytes);
        format!("cluster {voters} heartbeat=1 election={ELECTION_TICKS} batch={batch} lag=0{spare}")
    }
}

/// The scenarios of the check: less than a minute.
pub fn short() -> Vec<Scenario> {
    let doubles = Bounds { time_outs: 1, proposals: 1, doubles: 2, ..Bounds::default() };
    let crashes = Bounds { time_outs: 2, crashes: 1, ..Bounds::default() };
    let elections = Bounds { time_outs: 2, proposals: 1, ..Bounds::default() };
    vec![
        Scenario::of_three("doubles", doubles),
        Scenario::of_three("crashes", crashes),
        Scenario::of_three("elections", elections),
        old_terms("old-terms", 2),
        adding(),
        replacing("replacing", 1),
    ]
}

/// Larger ones, for the soak: minutes each.
pub fn long() -> Vec<Scenario> {
    let losses = Bounds { time_outs: 2, proposals: 1, losses: 1, ..Bounds::default() };
    let crashes = Bounds { time_outs: 2, crashes: 1, proposals: 1, ..Bounds::default() };
    vec![
        old_terms("three-old-terms", 3),
        Scenario::of_three("losses", losses),
        Scenario::of_three("crash-of-proposal", crashes),
        replacing("replacing-contested", 2),
        handing_over(),
    ]
}

/// A led cluster, and elections enough to commit an entry of an old term by counting (figure 8).
/// Entries travel one by one.
fn old_terms(name: &'static str, time_outs: u8) -> Scenario {
    let bounds = Bounds { time_outs, proposals: 1, ..Bounds::default() };
    Scenario { is_led: true, append_bytes: 0, ..Scenario::of_three(name, bounds) }
}

/// A led cluster whose leader hands over, while another member campaigns.
fn handing_over() -> Scenario {
    let bounds = Bounds { time_outs: 1, transfers: 1, proposals: 1, ..Bounds::default() };
    Scenario { is_led: true, ..Scenario::of_three("handing-over", bounds) }
}

/// A led cluster that is given a fourth voter, while others campaign.
fn adding() -> Scenario {
    let bounds = Bounds { time_outs: 1, changes: 1, crashes: 1, ..Bounds::default() };
    Scenario {
        spare: 1,
        is_led: true,
        changes: vec![vec![Change::AddVoter { id: NodeId(4), address: Bytes::new() }]],
        ..Scenario::of_three("adding", bounds)
    }
}

/// A led cluster in which a member takes the place of another, by a joint configuration.
fn replacing(name: &'static str, time_outs: u8) -> Scenario {
    let bounds = Bounds { time_outs, changes: 1, ..Bounds::default() };
    let add = Change::AddVoter { id: NodeId(4), address: Bytes::new() };
    Scenario {
        spare: 1,
        is_led: true,
        changes: vec![vec![add, Change::Remove(NodeId(3))]],
        ..Scenario::of_three(name, bounds)
    }
}

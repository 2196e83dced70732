//! What a member is told once, when it starts.

use std::fmt;
use std::ops::RangeInclusive;

use crate::configuration::Configuration;
use crate::types::NodeId;

/// What a member is told once, when it starts. Times are in ticks.
#[derive(Clone, Debug, Hash)]
pub struct Config {
    /// The member's own id.
    pub id: NodeId,
    /// Who belonged to the cluster when it began. What the log and a snapshot say of it counts
    /// for more. A member that joins a cluster knows of [nobody](Configuration::unknown).
    pub configuration: Configuration,
    /// An election time-out is drawn from this range each time the timer is set. The range must be
    /// wide, so that two members seldom run out of patience together (§5.2).
    pub election_ticks: RangeInclusive<u32>,
    /// So much is added to each election time-out: of members with different delays, those with
    /// the shorter one campaign first, and usually win. A delay is no promise.
    pub campaign_delay_ticks: u32,
    /// A leader sends heartbeats this often.
    pub heartbeat_ticks: u32,
    /// One append carries entries of at most this many bytes, and one forward commands; what is
    /// larger travels alone.
    pub append_bytes_max: usize,
    /// So many appends may be on their way to one follower, unanswered.
    pub inflight_appends_max: usize,
    /// So many bytes of entries may be on their way to one follower, unanswered.
    pub inflight_bytes_max: usize,
    /// Proposals are refused while so many bytes of commands are uncommitted.
    pub uncommitted_bytes_max: usize,
    /// While committed entries take so many bytes in memory, a leader refuses proposals, and a
    /// follower takes no entries: a snapshot has to make room first. (Uncommitted ones are bounded
    /// by themselves: they must not keep a leader from committing them.)
    pub log_bytes_max: usize,
    /// When a snapshot is taken, so many bytes of entries before it are kept, so that a follower
    /// which lags a little need not be sent the snapshot.
    pub keep_bytes: usize,
    /// A learner may be promoted when no more than so many entries are missing in its log.
    pub promotion_lag_max: u64,
    /// A leader whose disk has not answered for so long gives up, if there are other voters. Disks
    /// pause for longer than networks do: this is more than an election time-out.
    pub disk_ticks: u32,
    /// If set, a leader serves reads without asking a quorum for so long after one has confirmed
    /// that it leads (dissertation §6.4.1). All members must have the same setting, and it is safe
    /// only while clocks keep it: with clocks that run up to a fraction `d` too fast or too slow,
    /// it must be at most `(1 - d) / (1 + d)` of the shortest election time-out, less two ticks.
    pub lease_ticks: Option<u32>,
    /// The number of the first message by which this member forwards commands. It must be greater
    /// than any that the member used before it was restarted; a time serves well. If it is not,
    /// what it forwards may be taken for old and ignored until the next term.
    pub first_forward: u64,
    /// Seeds the time-outs. Members of one cluster need different seeds.
    pub seed: u64,
}

impl Config {
    /// A configuration with time-outs for ticks of 10 ms: elections after 150 to 300 ms of
    /// silence, heartbeats every 50 ms.
    pub fn new(id: NodeId, configuration: Configuration) -> Self {
        Self {
            id,
            configuration,
            election_ticks: 15..=30,
            campaign_delay_ticks: 0,
            heartbeat_ticks: 5,
            append_bytes_max: 1 << 20,
            inflight_appends_max: 256,
            inflight_bytes_max: 16 << 20,
            uncommitted_bytes_max: 256 << 20,
            log_bytes_max: 1 << 30,
            keep_bytes: 16 << 20,
            promotion_lag_max: 1000,
            disk_ticks: 100,
            lease_ticks: None,
            first_forward: 1,
            seed: id.0,
        }
    }

    /// Whether a cluster can work with these numbers.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.heartbeat_ticks == 0 {
            return Err(ConfigError::NoHeartbeat);
        }
        if *self.election_ticks.start() < 2 * self.heartbeat_ticks {
            return Err(ConfigError::Impatient);
        }
        if self.election_ticks.start() > self.election_ticks.end() {
            return Err(ConfigError::EmptyRange);
        }
        if self.inflight_appends_max == 0 || self.inflight_bytes_max == 0 {
            return Err(ConfigError::NoWindow);
        }
        if self.lease_ticks.is_some_and(|lease| lease + 2 > *self.election_ticks.start()) {
            return Err(ConfigError::LongLease);
        }
        Ok(())
    }
}

/// Why a cluster cannot work with these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// The heartbeat interval is zero.
    NoHeartbeat,
    /// One lost heartbeat would start an election.
    Impatient,
    /// The range of election time-outs is empty.
    EmptyRange,
    /// Nothing may be on its way to a follower.
    NoWindow,
    /// Another member could be elected while the lease lasts.
    LongLease,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHeartbeat => "the heartbeat interval must be at least one tick",
            Self::Impatient => "the election timeout must be at least twice the heartbeat interval",
            Self::EmptyRange => "the range of election timeouts is empty",
            Self::NoWindow => "the in-flight window must allow at least one append",
            Self::LongLease => "the lease must be shorter than the shortest election timeout",
        })
    }
}

//! What a run is like: drawn from its seed, and very different from one to the next.
//!
//! Runs that are all alike find rare bugs rarely. So each run draws how large the cluster is, how
//! quick its disks are and how far its clocks go wrong, and gives most kinds of faults no weight at
//! all: some runs are all crashes, others all partitions, and a few are what nobody would think of.

use crate::client::Workload;
use crate::faults::FaultKind;
use crate::listener::Audience;
use crate::random::Random;
use crate::setup::Setup;

#[derive(Clone, Debug)]
pub(crate) struct Swarm {
    pub(crate) members: u64,
    /// Each member is a cluster of its own.
    pub(crate) apart: bool,
    pub(crate) clients: u64,
    pub(crate) workload: Workload,
    pub(crate) audience: Audience,
    /// When the faults end.
    pub(crate) storm_us: u64,
    /// A fault begins about this often.
    pub(crate) fault_every_us: u64,
    pub(crate) weights: Vec<(FaultKind, u64)>,
    pub(crate) delay_us: u64,
    pub(crate) jitter_us: u64,
    pub(crate) write_us: u64,
    /// So much longer takes each step of what some members do with snapshots.
    pub(crate) keeping_us: u64,
    /// How wrong clocks go, in thousandths.
    pub(crate) drift_permille: u64,
    pub(crate) election_ticks: u32,
    /// What chance may add to that.
    pub(crate) spread_ticks: u32,
    pub(crate) heartbeat_ticks: u32,
    pub(crate) append_bytes_max: usize,
    pub(crate) inflight_appends_max: usize,
    pub(crate) request_ticks: u64,
    pub(crate) lease_ticks: Option<u32>,
    pub(crate) snapshot_bytes: u64,
    pub(crate) keep_bytes: usize,
}

impl Swarm {
    pub(crate) fn draw(setup: &Setup) -> Self {
        let mut random = Random::stream(setup.seed, "swarm", 0);
        let members = random.pick(&[1, 2, 3, 3, 3, 3, 4, 5, 5]);
        let clients = random.pick(&[1, 2, 4, 8]);
        let clients = setup.clients.unwrap_or(clients);
        let workload = Workload {
            members,
            pause_us: random.pick(&[10_000, 30_000, 100_000]),
            keys: random.pick(&[1, 3, 8]),
            weights: [
                random.pick(&[5, 10]),
                random.pick(&[1, 5, 10]),
                random.pick(&[0, 1, 3]),
                random.pick(&[0, 2, 5]),
                random.pick(&[0, 0, 1]),
                Random::stream(setup.seed, "leases", 0).pick(&[0, 0, 3, 10]),
            ],
            past_permille: Random::stream(setup.seed, "past", 0).pick(&[0, 0, 0, 300]),
            has_users: Random::stream(setup.seed, "users", 0).chance(150),
        };
        let election_ticks = random.pick(&[10, 15, 15]);
        let drift_permille = random.pick(&[0, 0, 10, Setup::DRIFT_PERMILLE_MAX]);
        let has_lease = random.chance(250) || setup.drift_permille.is_some();
        let storm_ms = random.pick(&[3_000, 6_000, 10_000]);
        let storm_us = 1000 * setup.until_ms.map_or(storm_ms, |until| until.min(storm_ms));
        let mut swarm = Self {
            members,
            apart: false,
            clients,
            workload,
            audience: Self::draw_audience(setup),
            storm_us,
            fault_every_us: random.pick(&[50_000, 150_000, 400_000, 1_000_000]),
            weights: draw_weights(&mut random, setup),
            delay_us: random.pick(&[100, 1_000, 5_000]),
            jitter_us: random.pick(&[0, 500, 5_000, 20_000]),
            write_us: random.pick(&[200, 2_000, 2_000, 15_000]),
            keeping_us: Random::stream(setup.seed, "keeping", 0).pick(&[0, 0, 50_000, 3_000_000]),
            drift_permille: setup.drift_permille.unwrap_or(drift_permille),
            election_ticks,
            spread_ticks: election_ticks,
            heartbeat_ticks: random.pick(&[2, 5]),
            append_bytes_max: random.pick(&[1, 64, 1 << 10, 1 << 20]),
            inflight_appends_max: random.pick(&[4, 16, 256]),
            request_ticks: random.pick(&[100, 200]),
            lease_ticks: has_lease.then_some(lease_ticks(election_ticks)),
            snapshot_bytes: random.pick(&[500, 2_000, 10_000, 1 << 30]),
            keep_bytes: random.pick(&[0, 300, 3_000]),
        };
        if setup.drift_permille.is_some() {
            swarm.try_leases();
        }
        swarm
    }

    fn draw_audience(setup: &Setup) -> Audience {
        let mut random = Random::stream(setup.seed, "audience", 0);
        let listeners = random.pick(&[0, 1, 1, 2, 3]);
        Audience { listeners, pause_us: random.pick(&[20_000, 50_000, 200_000]) }
    }

    /// Makes it a run about leases: their leader is cut off or stands still, and is asked for
    /// reads. (Who waits for a write asks for nothing.)
    fn try_leases(&mut self) {
        self.members = self.members.max(3);
        self.workload.members = self.members;
        self.clients = self.clients.max(4);
        (self.workload.pause_us, self.workload.weights[1]) = (10_000, 200);
        for (kind, weight) in &mut self.weights {
            if matches!(kind, FaultKind::LeaderIsolation | FaultKind::Drift | FaultKind::Pause) {
                *weight = 30;
            }
        }
    }
}

fn draw_weights(random: &mut Random, setup: &Setup) -> Vec<(FaultKind, u64)> {
    let weights = FaultKind::ALL.map(|kind| {
        // Each change lasts, and much is to be seen only while there is one, or after it.
        let often = if kind.is_of_members() { 3 } else { 1 };
        (kind, often * random.pick(&[0, 0, 1, 3, 10]))
    });
    let wanted = weights.into_iter().filter(|(kind, _)| setup.allows(*kind));
    wanted.collect()
}

/// The longest lease that clocks within the bound allow, with these election time-outs.
pub(crate) fn lease_ticks(election_ticks: u32) -> u32 {
    let drift = u32::try_from(Setup::DRIFT_PERMILLE_MAX).expect("it is small");
    election_ticks * (1000 - drift) / (1000 + drift) - 2
}

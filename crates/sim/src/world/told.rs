//! How the trace of a run begins, and what in it only the network knows.

use raft::Envelope;
use trace::{Event, NodeInfo, Timing};

use super::{Phase, World};
use crate::clock::TICK_US;
use crate::event::Moment;
use crate::teller::Teller;

impl World {
    /// The same world, but somebody listens.
    pub(crate) fn heard(mut self, run: trace::Run) -> Self {
        self.teller = Teller::heard(self.hello(run), self.members.keys().copied());
        self
    }

    /// A message left, and arrives so often.
    pub(super) fn tell_sent(&mut self, number: u64, envelope: &Envelope, arrivals: &[Moment]) {
        let now = self.now;
        let usual = self.network.usual_arrival(now);
        let first = arrivals.iter().min().copied();
        self.teller.sent(now, number, envelope, first.unwrap_or(usual));
        if first.is_none() {
            let is_cut = self.network.is_cut(envelope.from, envelope.to);
            let half_way = now + (usual - now) / 2;
            self.teller.lost(half_way, number, envelope, if is_cut { "cut" } else { "lost" });
        }
    }

    /// The network changed.
    pub(super) fn tell_network(&mut self) {
        let cuts = self.network.cuts(&self.ids());
        self.teller.cut(self.now, cuts);
    }

    /// The run is over: which rules held, and why it ended.
    pub(super) fn tell_end(&mut self) {
        let broken = self.violation.as_ref().map(|violation| violation.check);
        for check in self.checks.iter().filter(|check| Some(check.name()) != broken) {
            self.teller.held(self.now, check.name());
        }
        let why = match self.phase {
            _ if broken.is_some() => "violation",
            Phase::Over => "over",
            _ => "full",
        };
        self.teller.end(self.now, why);
    }

    fn hello(&self, run: trace::Run) -> Event {
        let names = self.members.keys().map(ToString::to_string).collect::<Vec<_>>();
        let least_us = u64::from(self.swarm.election_ticks) * TICK_US;
        let spread_us = u64::from(self.swarm.spread_ticks) * TICK_US;
        Event::Hello {
            v: trace::VERSION,
            src: "sim".into(),
            cluster: String::new(),
            nodes: names
                .iter()
                .map(|id| NodeInfo { id: id.clone(), ..NodeInfo::default() })
                .collect(),
            voters: names,
            timing: Timing {
                election_us: (least_us, least_us + spread_us),
                heartbeat_us: u64::from(self.swarm.heartbeat_ticks) * TICK_US,
            },
            build: env!("CARGO_PKG_VERSION").into(),
            can: Vec::new(),
            run: Some(run),
        }
    }
}

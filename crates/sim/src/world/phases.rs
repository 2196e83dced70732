//! The storm, and what must come after it.

use raft::{Loss, NodeId};

use super::{Phase, REST_US, World};
use crate::clock::TICK_US;
use crate::coverage::Situation;
use crate::event::Event;
use crate::faults::Strike;
use crate::random::Random;

impl World {
    pub(super) fn strike(&mut self, number: u32) {
        if self.phase > Phase::Storm {
            return;
        }
        let mut random = Random::stream(self.setup.seed, "fault", number.into());
        let every = self.swarm.fault_every_us;
        let next = self.now + random.within(every / 4..=2 * every);
        self.queue.push(next, Event::Fault(number + 1));
        let weights = &self.swarm.weights;
        let drawn = random.weighted(weights.iter().map(|(_, weight)| *weight));
        let Some(kind) = drawn.map(|place| weights[place].0) else { return };
        if !self.setup.skip.contains(&number) && (Strike { number, kind, random }).hit(self) {
            *self.faults.entry(kind).or_default() += 1;
            self.tell_network();
        }
    }

    pub(super) fn relieve(&mut self, fault: u32) {
        self.network.end(fault);
        self.tell_network();
        for member in self.members.values_mut() {
            member.disk.slowness = 1;
            member.disk.limit(None);
        }
    }

    pub(super) fn heal(&mut self) {
        self.phase = Phase::Healing;
        self.network.heal();
        self.tell_network();
        for (id, member) in &mut self.members {
            member.disk.slowness = 1;
            member.disk.keeping_us = 0;
            member.disk.stuck_until = 0;
            member.disk.limit(None);
            self.queue.push(self.now, Event::Start(*id));
        }
    }

    /// The cluster was well for a while: it has to have served everybody.
    pub(super) fn calm(&mut self) {
        let is_served = self.clients.is_empty() || !self.served.is_empty();
        if !is_served && self.now < self.swarm.storm_us + REST_US {
            // A new voter that has much to catch up with may hold up the others for a while.
            self.queue.push(self.now + 1_000_000, Event::Calm);
            return;
        }
        if !is_served && self.may_nobody_be_elected() {
            self.coverage.add(Situation::NobodyMayVote);
            self.phase = Phase::Over;
            return;
        }
        self.phase = Phase::Calm;
        let well = if is_served {
            Ok(())
        } else {
            let standings = self.members.values().map(|it| {
                let process = it.process.as_ref();
                process.map(|process| process.replica.status().raft.standing.to_string())
            });
            Err(format!("no client is served: {:?}", standings.collect::<Vec<_>>()))
        };
        let patience = (self.swarm.request_ticks + 50) * TICK_US * 11 / 10;
        self.queue.push(self.now + patience, Event::End);
        self.settle("healing", well);
    }

    /// Whether so many members may have lost something that no candidate can win: neither by a
    /// quorum of those that have lost nothing, nor by the votes of all. Then an operator has to
    /// decide.
    fn may_nobody_be_elected(&self) -> bool {
        let running = |id: &NodeId| self.members[id].process.as_ref();
        let statuses = self.members.keys().filter_map(running).map(|it| it.replica.status().raft);
        let Some(newest) = statuses.max_by_key(|status| status.last) else { return false };
        let configuration = newest.configuration.1;
        let loss = |id: &NodeId| running(id).map(|it| it.replica.status().raft.loss);
        let is_whole = |id: &NodeId| loss(id) == Some(None);
        let gives_a_vote = |id: &NodeId| matches!(loss(id), Some(None | Some(Loss::Tail)));
        let has_quorum = |voters: Vec<NodeId>| {
            voters.is_empty() || 2 * voters.iter().filter(|id| is_whole(id)).count() > voters.len()
        };
        let (voters, outgoing) = (configuration.voters(), configuration.outgoing());
        let by_all = configuration.voters().chain(configuration.outgoing());
        let can_be_won = has_quorum(voters.collect()) && has_quorum(outgoing.collect());
        !can_be_won && !by_all.into_iter().all(|id| gives_a_vote(&id))
    }

    /// All is at rest: members agree, nobody waits, and no lease goes on.
    pub(super) fn end(&mut self) {
        let behind = self.who_is_behind();
        let is_resting = behind.is_none() && !self.has_leases();
        if !is_resting && self.now < self.swarm.storm_us + 2 * REST_US {
            self.queue.push(self.now + 1_000_000, Event::End);
            return;
        }
        self.phase = Phase::Over;
        self.settle("healing", behind.map_or(Ok(()), Err));
        let last = self.leader().and_then(|leader| self.configuration_of(leader));
        if let Some(joint) = last.filter(|configuration| configuration.is_joint()) {
            self.settle("healing", Err(format!("nobody leads out of {joint}")));
        }
        self.hear_all();
        let mut checks = std::mem::take(&mut self.checks);
        for check in &mut checks {
            let result = check.end(&self.ghost);
            self.settle(check.name(), result);
        }
    }

    /// Whether leases go on that nobody renews any more.
    fn has_leases(&self) -> bool {
        let leader = self.leader().and_then(|id| self.members[&id].process.as_ref());
        leader.is_some_and(|process| !process.replica.machine().store().leases().is_empty())
    }

    /// A running member that has not applied all that is committed.
    pub(super) fn who_is_behind(&self) -> Option<String> {
        let configuration = self.configuration_of(self.leader()?)?;
        let commit = self.ghost.committed_index();
        self.members.iter().find_map(|(id, member)| {
            let applied = member.process.as_ref()?.replica.status().applied;
            let is_behind = configuration.is_member(*id) && applied < commit;
            is_behind.then(|| format!("{id} has applied {applied} of {commit}"))
        })
    }
}

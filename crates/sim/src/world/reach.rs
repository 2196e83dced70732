//! What a fault can reach: members, their disks and clocks, and the network between them.

use std::sync::Arc;

use raft::{Change, Configuration, NodeId, Ticket};

use super::World;
use crate::checks::Fact;
use crate::client::Answer;
use crate::event::{Event, Moment};
use crate::faults::Loss;
use crate::member::{Member, Process};
use crate::network::Network;

impl World {
    pub(crate) fn now(&self) -> Moment {
        self.now
    }

    pub(crate) fn schedule(&mut self, at: Moment, event: Event) {
        self.queue.push(at, event);
    }

    pub(crate) fn ids(&self) -> Vec<NodeId> {
        self.members.keys().copied().collect()
    }

    /// That member.
    ///
    /// # Panics
    ///
    /// If there is none: messages and faults only concern members.
    pub(crate) fn member(&mut self, id: NodeId) -> &mut Member {
        self.members.get_mut(&id).expect("only members are asked for")
    }

    /// How many thousandths clocks may err.
    pub(crate) fn drift_permille(&self) -> i64 {
        self.swarm.drift_permille.cast_signed()
    }

    pub(crate) fn network(&mut self) -> &mut Network {
        &mut self.network
    }

    pub(crate) fn is_up(&self, id: NodeId) -> bool {
        self.members.get(&id).is_some_and(|member| member.process.is_some())
    }

    /// The leader of the latest term.
    pub(crate) fn leader(&self) -> Option<NodeId> {
        self.ghost.leaders().max_by_key(|(_, standing)| standing.term).map(|(id, _)| id)
    }

    pub(crate) fn configuration_of(&self, id: NodeId) -> Option<Arc<Configuration>> {
        Some(self.ghost.members.get(&id)?.status.as_ref()?.configuration.1.clone())
    }

    /// The configuration in force, if it is committed and no other can come instead: nobody asked
    /// for one in the last seconds, and the leader has committed in its term.
    pub(crate) fn settled_configuration(&self) -> Option<Arc<Configuration>> {
        /// What was asked for before has arrived and been answered, or never will.
        const LATELY_US: u64 = 6_000_000;
        if self.changed_at.is_some_and(|at| self.now < at + LATELY_US) {
            return None;
        }
        let status = self.ghost.members.get(&self.leader()?)?.status.as_ref()?;
        let (index, configuration) = &status.configuration;
        let committed = self.ghost.committed_at(status.commit)?;
        let is_settled = committed.position.term == status.standing.term
            && *index <= status.commit
            && !configuration.is_joint();
        is_settled.then(|| configuration.clone())
    }

    pub(crate) fn crash(&mut self, id: NodeId, loss: Loss) {
        let member = self.member(id);
        let Some(process) = member.process.take() else { return };
        member.clock.let_go();
        // The disk may have been in the middle of something.
        let Process { mut log, mut keeper, batch, .. } = process;
        let disk = &mut member.disk;
        if !batch.is_empty() && disk.random.chance(500) {
            if loss == Loss::OfPower {
                disk.log.fail(disk.random.below(4), wal::Fault::Stop);
            }
            drop(log.append(&batch));
        }
        if !keeper.is_idle() && disk.random.chance(500) {
            if loss == Loss::OfPower {
                disk.snapshots.fail(disk.random.below(16), wal::Fault::Stop);
            }
            drop(keeper.work());
        }
        match loss {
            Loss::OfProcess => disk.restart(),
            Loss::OfPower => disk.lose_power(),
        }
        self.see(&Fact::Crashed { id, batch: &batch });
        let lost = self.operations.range((id, Ticket(0))..=(id, Ticket(u64::MAX)));
        let lost = lost.map(|(key, _)| key.1).collect::<Vec<_>>();
        for ticket in lost {
            self.answer(id, ticket, &Answer::Lost);
        }
    }

    pub(crate) fn pause(&mut self, id: NodeId, us: u64) -> bool {
        let until = self.now + us;
        let member = self.member(id);
        let Some(process) = &member.process else { return false };
        let run = process.run;
        member.clock.pause(until);
        self.queue.push(until, Event::Resume(run, us));
        self.teller.suffered(self.now, id, trace::Fault::Pause);
        true
    }

    pub(crate) fn transfer(&mut self, to: NodeId) -> bool {
        let Some(leader) = self.leader() else { return false };
        if !self.is_up(leader) || leader == to {
            return false;
        }
        let Some(process) = &mut self.member(leader).process else { return false };
        process.replica.transfer(to);
        self.carry_out(leader);
        true
    }

    pub(crate) fn change_members(&mut self, asked: NodeId, change: Vec<Change>) -> bool {
        if !self.is_up(asked) {
            return false;
        }
        for step in &change {
            if let Change::AddVoter { id, .. } | Change::AddLearner { id, .. } = step
                && !self.members.contains_key(id)
            {
                self.add_member(*id);
            }
        }
        let Some(process) = &mut self.member(asked).process else { return false };
        process.replica.change_members(change);
        self.changed_at = Some(self.now);
        self.carry_out(asked);
        true
    }
}

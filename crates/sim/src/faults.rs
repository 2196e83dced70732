//! The faults: what may go wrong, and how it begins and ends.
//!
//! The *atlas* keeps count of what is lost. Death and rot come only to a minority of the voters at
//! a time: a cluster whose last good copy is destroyed can only be wrong or stop, and neither
//! proves anything.

use std::collections::BTreeSet;

use raft::{Change, Configuration, NodeId};
use wal::Fault;

use crate::event::Event;
use crate::network::{Shape, Weather};
use crate::random::Random;
use crate::world::World;

/// What may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// A process ends; the machine stays up.
    Crash,
    /// A machine loses power, and with it what was not synced.
    PowerLoss,
    /// A machine loses power in the middle of its next write.
    PowerLossInWrite,
    /// All machines lose power at once.
    Blackout,
    /// The leader's machine loses power.
    LeaderLoss,
    /// A machine is gone for good. The others must do without it, after the storm, too.
    Death,
    /// An operation of the disk fails.
    DiskError,
    /// A disk is full for a while.
    DiskFull,
    /// A disk is slow for a while.
    SlowDisk,
    /// A disk does not answer for a while.
    StuckDisk,
    /// A part of a log changes while it is at rest.
    Rot,
    /// A member is cut off.
    Isolation,
    /// The leader is cut off.
    LeaderIsolation,
    /// A member hears, and is not heard; or the other way round.
    Deafness,
    /// The members fall into two parts.
    Split,
    /// One part does not hear the other.
    HalfSplit,
    /// Two parts, and one member between them.
    Bridge,
    /// Each member reaches only its neighbours.
    Ring,
    /// One directed link is cut.
    LinkCut,
    /// Messages get lost.
    Loss,
    /// Messages arrive twice.
    Doubling,
    /// Messages overtake each other.
    Disorder,
    /// A process stands still, often the leader's.
    Pause,
    /// A wall clock jumps ahead, or back.
    Jump,
    /// Clocks go faster or slower from now on; or as wrong as they may against the leader, which
    /// is cut off.
    Drift,
    /// The members are changed.
    Membership,
    /// The members are changed, and fall into two parts before that is over.
    SplitInChange,
    /// A member is removed, and is added again before all of its old messages have arrived.
    Return,
    /// Leadership is transferred.
    Transfer,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 29] = [
        Self::Crash,
        Self::PowerLoss,
        Self::PowerLossInWrite,
        Self::Blackout,
        Self::LeaderLoss,
        Self::Death,
        Self::DiskError,
        Self::DiskFull,
        Self::SlowDisk,
        Self::StuckDisk,
        Self::Rot,
        Self::Isolation,
        Self::LeaderIsolation,
        Self::Deafness,
        Self::Split,
        Self::HalfSplit,
        Self::Bridge,
        Self::Ring,
        Self::LinkCut,
        Self::Loss,
        Self::Doubling,
        Self::Disorder,
        Self::Pause,
        Self::Jump,
        Self::Drift,
        Self::Membership,
        Self::SplitInChange,
        Self::Return,
        Self::Transfer,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::PowerLoss => "power-loss",
            Self::PowerLossInWrite => "power-loss-in-write",
            Self::Blackout => "blackout",
            Self::LeaderLoss => "leader-loss",
            Self::Death => "death",
            Self::DiskError => "disk-error",
            Self::DiskFull => "disk-full",
            Self::SlowDisk => "slow-disk",
            Self::StuckDisk => "stuck-disk",
            Self::Rot => "rot",
            Self::Isolation => "isolation",
            Self::LeaderIsolation => "leader-isolation",
            Self::Deafness => "deafness",
            Self::Split => "split",
            Self::HalfSplit => "half-split",
            Self::Bridge => "bridge",
            Self::Ring => "ring",
            Self::LinkCut => "link-cut",
            Self::Loss => "loss",
            Self::Doubling => "doubling",
            Self::Disorder => "disorder",
            Self::Pause => "pause",
            Self::Jump => "jump",
            Self::Drift => "drift",
            Self::Membership => "membership",
            Self::SplitInChange => "split-in-change",
            Self::Return => "return",
            Self::Transfer => "transfer",
        }
    }

    pub(crate) fn is_crash(self) -> bool {
        matches!(
            self,
            Self::Crash
                | Self::PowerLoss
                | Self::PowerLossInWrite
                | Self::Blackout
                | Self::LeaderLoss
                | Self::Death
        )
    }

    pub(crate) fn is_of_disk(self) -> bool {
        matches!(
            self,
            Self::DiskError | Self::DiskFull | Self::SlowDisk | Self::StuckDisk | Self::Rot
        )
    }

    pub(crate) fn is_of_members(self) -> bool {
        matches!(self, Self::Membership | Self::SplitInChange | Self::Return | Self::Transfer)
    }

    pub(crate) fn is_of_network(self) -> bool {
        (Self::Isolation..=Self::Disorder).contains(&self)
    }
}

/// A fault that is to begin now: its number, its kind, and numbers of its own to draw from.
pub(crate) struct Strike {
    pub(crate) number: u32,
    pub(crate) kind: FaultKind,
    pub(crate) random: Random,
}

impl Strike {
    /// Lets it happen. False if there is nothing that it could happen to.
    pub(crate) fn hit(mut self, world: &mut World) -> bool {
        let target = self.any_member(world);
        match self.kind {
            FaultKind::Crash => self.crash(world, target, Loss::OfProcess),
            FaultKind::PowerLoss => self.crash(world, target, Loss::OfPower),
            FaultKind::PowerLossInWrite => self.fail_disk(world, target, Fault::Stop),
            FaultKind::DiskError => self.fail_disk(world, target, Fault::Io),
            FaultKind::Blackout => {
                let members = world.ids();
                members.into_iter().filter(|id| self.crash(world, *id, Loss::OfPower)).count() > 0
            }
            FaultKind::LeaderLoss => {
                world.leader().is_some_and(|leader| self.crash(world, leader, Loss::OfPower))
            }
            FaultKind::Death => {
                let can_go = can_be_lost(world, target);
                if can_go {
                    world.crash(target, Loss::OfPower);
                    world.member(target).is_gone = true;
                }
                can_go
            }
            FaultKind::DiskFull => self.fill_disk(world, target),
            FaultKind::SlowDisk => {
                world.member(target).disk.slowness = self.random.within(5..=50);
                self.last(world)
            }
            FaultKind::StuckDisk => {
                let until = world.now() + self.random.within(100_000..=3_000_000);
                world.member(target).disk.stuck_until = until;
                true
            }
            FaultKind::Rot => self.rot(world, target),
            FaultKind::Isolation => self.cut(world, Shape::Around(target)),
            FaultKind::LeaderIsolation => {
                world.leader().is_some_and(|leader| self.cut(world, Shape::Around(leader)))
            }
            FaultKind::Deafness => {
                let deaf = self.random.chance(500);
                self.cut(world, if deaf { Shape::To(target) } else { Shape::From(target) })
            }
            FaultKind::Split => {
                let side = self.side(world);
                self.cut(world, Shape::Across(side))
            }
            FaultKind::HalfSplit => {
                let side = self.side(world);
                self.cut(world, Shape::OutOf(side))
            }
            FaultKind::Bridge => {
                let side = self.side(world);
                self.cut(world, Shape::Bridge(side, target))
            }
            FaultKind::Ring => {
                let count = world.ids().len() as u64;
                count > 3 && self.cut(world, Shape::Ring(count))
            }
            FaultKind::LinkCut => {
                let other = self.any_member(world);
                other != target && self.cut(world, Shape::Link(target, other))
            }
            FaultKind::Loss => {
                let permille = self.random.pick(&[20, 100, 400]);
                self.weather(world, Weather::Loss { permille })
            }
            FaultKind::Doubling => {
                let permille = self.random.pick(&[50, 300, 1000]);
                self.weather(world, Weather::Doubling { permille })
            }
            FaultKind::Disorder => {
                let max_us = self.random.pick(&[20_000, 100_000, 1_000_000]);
                self.weather(world, Weather::Delay { max_us })
            }
            FaultKind::Pause => {
                let us = self.random.pick(&[50_000, 300_000, 2_000_000]);
                let leader = world.leader().filter(|_| self.random.chance(300));
                world.pause(leader.unwrap_or(target), us)
            }
            FaultKind::Jump => {
                const HOUR_US: i64 = 3_600_000_000;
                world.member(target).clock.jump(self.random.around(HOUR_US));
                true
            }
            FaultKind::Drift => self.drift(world),
            FaultKind::Membership => self.change_members(world),
            FaultKind::SplitInChange => {
                self.change_members(world) && {
                    let side = self.side(world);
                    self.cut(world, Shape::Across(side))
                }
            }
            FaultKind::Return => self.remove_and_add(world, target),
            FaultKind::Transfer => world.transfer(target),
        }
    }

    fn any_member(&mut self, world: &World) -> NodeId {
        self.random.pick(&world.ids())
    }

    /// Some members, at least one and not all, if there is more than one.
    fn side(&mut self, world: &World) -> BTreeSet<NodeId> {
        let ids = world.ids();
        let count = self.random.within(1..=(ids.len() as u64 / 2).max(1));
        (0..count).map(|_| self.random.pick(&ids)).collect()
    }

    /// Ends after a while.
    fn last(&mut self, world: &mut World) -> bool {
        let us = self.random.pick(&[100_000, 500_000, 500_000, 2_000_000]);
        let until = world.now() + self.random.within(us / 4..=us);
        world.schedule(until, Event::Relief(self.number));
        true
    }

    fn cut(&mut self, world: &mut World, shape: Shape) -> bool {
        world.network().begin(self.number, shape, Weather::Cut);
        self.last(world)
    }

    fn weather(&mut self, world: &mut World, weather: Weather) -> bool {
        let shape = if self.random.chance(500) {
            Shape::All
        } else {
            Shape::Around(self.any_member(world))
        };
        world.network().begin(self.number, shape, weather);
        self.last(world)
    }

    fn crash(&mut self, world: &mut World, id: NodeId, loss: Loss) -> bool {
        if !world.is_up(id) {
            return false;
        }
        let back_after = self.random.pick(&[10_000, 300_000, 2_000_000]);
        world.crash(id, loss);
        world.schedule(world.now() + back_after, Event::Start(id));
        true
    }

    /// One of the next operations of the disk fails.
    fn fail_disk(&mut self, world: &mut World, id: NodeId, fault: Fault) -> bool {
        let skip = self.random.below(6);
        let of_log = self.random.chance(700);
        let disk = &world.member(id).disk;
        let directory = if of_log { &disk.log } else { &disk.snapshots };
        directory.fail(skip, fault);
        true
    }

    fn fill_disk(&mut self, world: &mut World, id: NodeId) -> bool {
        let bytes = self.random.pick(&[0, 1 << 16, 1 << 18]);
        world.member(id).disk.limit(Some(bytes));
        self.last(world)
    }

    /// A bit flips, or a sector turns to zeros, in a log or in a snapshot.
    fn rot(&mut self, world: &mut World, id: NodeId) -> bool {
        if !can_be_lost(world, id) {
            return false;
        }
        self.crash(world, id, Loss::OfPower);
        let zeros = self.random.chance(300);
        let disk = &mut world.member(id).disk;
        let Some(place) = disk.place_to_damage(&mut self.random) else { return false };
        disk.is_damaged = true;
        if zeros {
            place.clear();
        } else {
            place.flip();
        }
        // What the member has lost is missed when it has to elect another leader with others.
        let leader = world.leader().filter(|leader| *leader != id && self.random.chance(500));
        leader.is_none_or(|leader| self.cut(world, Shape::Around(leader)))
    }

    fn drift(&mut self, world: &mut World) -> bool {
        let (most, now) = (world.drift_permille(), world.now());
        for id in world.ids() {
            world.member(id).clock.drift(now, self.random.around(most));
        }
        if let Some(leader) = world.leader()
            && self.random.chance(500)
        {
            for id in world.ids() {
                world.member(id).clock.drift(now, if id == leader { most } else { -most });
            }
            return self.cut(world, Shape::Around(leader));
        }
        most > 0
    }

    fn change_members(&mut self, world: &mut World) -> bool {
        let Some(leader) = world.leader() else { return false };
        let Some(configuration) = world.configuration_of(leader) else { return false };
        let changes = self.possible_changes(world, &configuration);
        if changes.is_empty() {
            return false;
        }
        let place = self.random.below(changes.len() as u64);
        let mut change = changes[usize::try_from(place).expect("they are few")].clone();
        let learner = configuration.learners().next();
        if let Some(learner) = learner.filter(|learner| !change.contains(&Change::Remove(*learner)))
            && self.random.chance(300)
            && change != [Change::Promote(learner)]
        {
            change.push(Change::Promote(learner));
        }
        let asked = if self.random.chance(700) { leader } else { self.any_member(world) };
        world.change_members(asked, change)
    }

    /// Its messages come once more and late meanwhile.
    fn remove_and_add(&mut self, world: &mut World, id: NodeId) -> bool {
        let max_us = self.random.pick(&[300_000, 1_000_000]);
        world.network().begin(self.number, Shape::From(id), Weather::Echo { max_us });
        let removed_at = world.now() + self.random.within(0..=300_000);
        let added_at = removed_at + self.random.within(20_000..=300_000);
        world.schedule(removed_at, Event::ComeOrGo(id));
        world.schedule(added_at, Event::ComeOrGo(id));
        self.last(world)
    }

    /// What may be changed, if nothing else is being changed.
    fn possible_changes(
        &mut self,
        world: &mut World,
        configuration: &Configuration,
    ) -> Vec<Vec<Change>> {
        /// Whoever was a member once goes on running.
        const MEMBERS_MAX: u64 = 12;
        let ids = world.ids();
        let last = ids.last().map_or(0, |id| id.0);
        let members = configuration.members().into_iter().collect::<Vec<_>>();
        let mut outsiders = ids.clone();
        outsiders.retain(|id| !members.contains(id) && !world.member(*id).is_lost());
        let newcomer = if !outsiders.is_empty() && self.random.chance(500) {
            Some(self.random.pick(&outsiders))
        } else {
            (last < MEMBERS_MAX).then_some(NodeId(last + 1))
        };
        let address = bytes::Bytes::new;
        let target = self.random.pick(&members);
        let (voters, learners) = (configuration.voters().len(), configuration.learners().len());
        // Who is healthy must stay when somebody is not, or no quorum may be left.
        let any_lost = members.iter().any(|id| world.member(*id).is_lost());
        let may_go = !any_lost || world.member(target).is_lost();
        let mut changes = Vec::new();
        changes.extend(configuration.learners().map(|learner| vec![Change::Promote(learner)]));
        if let Some(id) = newcomer {
            if voters < 5 {
                changes.push(vec![Change::AddVoter { id, address: address() }]);
            }
            if learners < 2 {
                changes.push(vec![Change::AddLearner { id, address: address() }]);
            }
            // Two voters at once take the way through a joint configuration.
            if may_go && voters > 2 {
                let add = Change::AddVoter { id, address: address() };
                changes.push(vec![Change::Remove(target), add]);
            }
        }
        if may_go && voters > 1 && configuration.is_voter(target) {
            changes.push(vec![Change::Demote(target)]);
        }
        if may_go && (voters > 2 || !configuration.is_voter(target)) {
            changes.push(vec![Change::Remove(target)]);
        }
        changes
    }
}

/// Removes a member, if the others can do without it; adds it as a learner, if it is none.
pub(crate) fn come_or_go(world: &mut World, id: NodeId) {
    let Some(leader) = world.leader().filter(|leader| *leader != id) else { return };
    let Some(configuration) = world.configuration_of(leader) else { return };
    let members = configuration.members();
    let any_lost = members.iter().any(|id| world.member(*id).is_lost());
    let change = if !members.contains(&id) {
        Change::AddLearner { id, address: bytes::Bytes::new() }
    } else if !any_lost && (configuration.voters().len() > 2 || !configuration.is_voter(id)) {
        Change::Remove(id)
    } else {
        return;
    };
    world.change_members(leader, vec![change]);
}

/// Whether a quorum is left without it, and without whoever is lost already.
fn can_be_lost(world: &mut World, id: NodeId) -> bool {
    let Some(configuration) = world.settled_configuration() else { return false };
    let voters = configuration.voters().collect::<Vec<_>>();
    let lost = voters.iter().filter(|id| world.member(**id).is_lost()).count();
    2 * (lost + 1) < voters.len() && !world.member(id).is_lost()
}

/// What a crash takes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// What was in memory.
    OfProcess,
    /// That, and what was not synced.
    OfPower,
}

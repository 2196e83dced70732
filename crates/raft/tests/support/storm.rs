//! One random run: first everything goes wrong, then nothing does.
//!
//! Each run draws its own weights for what may happen, many of them zero. Some runs are thus all
//! crashes and no loss, others all partitions; what needs a rare mixture turns up in one of a few
//! hundred runs, where runs that are all alike would not show it in millions of steps.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use raft::{Change, Config, Configuration, Input, Loss, NodeId, RoleName, WriteId};

use crate::random::Random;
use crate::support::invariants::Checked;
use crate::support::world::World;

/// How much a run may have on its way, so that weights which starve the network end somewhere.
const NETWORK_MAX: usize = 200;

/// So many messages and writes in one tick of the calm are an endless conversation.
const MOVES_MAX: usize = 20_000;

/// A world, and the weather in it.
pub(crate) struct Storm {
    pub(crate) world: World,
    random: Random,
    ids: Vec<NodeId>,
    /// Each member as often as its clock is fast.
    clocks: Vec<NodeId>,
    election_ticks_max: u32,
    /// What may happen, each with its weight in this run.
    weights: Vec<(Act, usize)>,
    /// The member whose disk may rot while it is down, if one does.
    rotten: Option<(NodeId, Loss)>,
    /// How often a member is not asked at once what is to be done, in percent.
    batching: usize,
    proposed: u64,
}

/// What may happen.
#[derive(Clone, Copy)]
enum Act {
    Tick,
    Deliver,
    DeliverOldest,
    DeliverAgain,
    Lose,
    Persist,
    Drain,
    Propose,
    Read,
    Crash,
    Restart,
    Rot,
    Isolate,
    IsolateLeader,
    CutLink,
    Heal,
    ChangeMembers,
    Transfer,
    Snapshot,
    Store,
    Spoil,
    SkipTicks,
}

impl Storm {
    /// The weather of that seed.
    pub(crate) fn new(seed: u64, traced: bool) -> Self {
        let mut random = Random(seed);
        let begin = random.pick(&[1, 2, 3, 3, 3, 3, 4, 5, 5]);
        let spare = random.pick(&[0, 0, 1, 2]);
        let ids = (1..=begin + spare).map(NodeId).collect::<Vec<_>>();
        let heartbeat_ticks = random.pick(&[1, 1, 2]);
        let election_ticks = random.pick(&[4, 4, 6]);
        let config = Config {
            heartbeat_ticks,
            election_ticks: election_ticks..=3 * election_ticks,
            append_bytes_max: random.pick(&[1, 4, 16, 1 << 10]),
            inflight_appends_max: random.pick(&[1, 2, 16]),
            inflight_bytes_max: random.pick(&[1, 8, 1 << 10]),
            uncommitted_bytes_max: random.pick(&[8, 1 << 10, 1 << 20]),
            keep_bytes: random.pick(&[0, 0, 200, 1 << 10]),
            promotion_lag_max: random.pick(&[0, 2, 1000]),
            disk_ticks: random.pick(&[10, 100]),
            ..Config::new(NodeId(1), Configuration::new((1..=begin).map(NodeId)))
        };
        let configs = ids.iter().map(|id| {
            let knows = id.0 <= begin;
            let known = if knows { config.configuration.clone() } else { Configuration::unknown() };
            let campaign_delay_ticks = random.pick(&[0, 0, election_ticks]);
            let seed = seed ^ id.0;
            Config { id: *id, seed, configuration: known, campaign_delay_ticks, ..config.clone() }
        });
        let mut world = World::new(configs.collect::<Vec<_>>());
        world.trace = traced.then(String::new);
        let pace = |id: &NodeId| vec![*id; random.pick(&[1, 5, 5, 10])];
        let clocks = ids.iter().flat_map(pace).collect();
        let mut weights = Self::draw_weights(&mut random);
        let batching = random.pick(&[0, 0, 20, 60]);
        let election_ticks_max = *config.election_ticks.end();
        // The others must be a majority, in every configuration.
        let may_rot = begin >= 3 && random.percent(40);
        let loss = random.pick(&[Loss::Tail, Loss::Damage]);
        let rotten = may_rot.then(|| (random.pick(&ids), loss));
        if may_rot {
            weights.retain(|(act, _)| !matches!(act, Act::ChangeMembers));
            weights.push((Act::Rot, random.pick(&[1, 2])));
        }
        Self {
            world,
            random,
            ids,
            clocks,
            election_ticks_max,
            weights,
            rotten,
            batching,
            proposed: 0,
        }
    }

    fn draw_weights(random: &mut Random) -> Vec<(Act, usize)> {
        // What must happen often for anything to happen, and what must not, lest nothing else does.
        let work = [20, 40, 100];
        let noise = [0, 0, 2, 10];
        let fault = [0, 0, 1, 2];
        vec![
            (Act::Tick, random.pick(&[5, 10, 20, 40])),
            (Act::Deliver, random.pick(&[0, 20, 60])),
            (Act::DeliverOldest, random.pick(&work)),
            (Act::DeliverAgain, random.pick(&noise)),
            (Act::Lose, random.pick(&noise)),
            (Act::Persist, random.pick(&work)),
            (Act::Drain, random.pick(&work)),
            (Act::Propose, random.pick(&[1, 3, 10])),
            (Act::Read, random.pick(&noise)),
            (Act::Crash, random.pick(&fault)),
            (Act::Restart, random.pick(&[2, 5, 20])),
            (Act::Isolate, random.pick(&fault)),
            (Act::IsolateLeader, random.pick(&fault)),
            (Act::CutLink, random.pick(&fault)),
            (Act::Heal, random.pick(&[1, 1, 3])),
            (Act::ChangeMembers, random.pick(&[0, 0, 1, 5])),
            (Act::Transfer, random.pick(&[0, 0, 1, 3])),
            (Act::Snapshot, random.pick(&[0, 2, 5])),
            (Act::Store, random.pick(&[1, 5, 20])),
            (Act::Spoil, random.pick(&[0, 0, 0, 1])),
            (Act::SkipTicks, random.pick(&[0, 0, 1])),
        ]
    }

    /// Lets so many things happen.
    pub(crate) fn rage(&mut self, steps: usize) -> Checked {
        (0..steps).try_for_each(|_| self.act())
    }

    /// Ends all faults. A leader must be found, and an entry of it be applied by every member,
    /// within a bounded time.
    pub(crate) fn calm(&mut self) -> Checked {
        self.world.cuts.clear();
        for id in self.ids.clone() {
            if self.world.member(id).node.is_none() {
                self.world.restart(id)?;
            }
        }
        let patience = 20 * self.election_ticks_max;
        self.wait(patience, "no leader", |storm| storm.leader().is_some())?;
        // The old leader of a healed partition may still think that it leads: let them settle it.
        self.wait(patience, "no agreement", Self::agree)?;
        let leader = self.leader().ok_or("the leader is gone")?;
        self.propose(leader)?;
        self.wait(patience, "no progress", |storm| storm.agree() && storm.all_is_applied())
    }

    fn act(&mut self) -> Checked {
        let total = self.weights.iter().map(|(_, weight)| weight).sum();
        let mut at = self.random.below(total);
        let chosen = self.weights.iter().find(|(_, weight)| {
            let here = at < *weight;
            at = at.saturating_sub(*weight);
            here
        });
        let (act, _) = *chosen.expect("below the sum of the weights");
        let id = self.random.pick(&self.ids);
        let is_up = self.world.member(id).node.is_some();
        match act {
            Act::Tick => self.tick(),
            Act::Deliver => self.deliver_any(),
            Act::DeliverOldest => self.deliver(0),
            Act::DeliverAgain => {
                self.repeat();
                Ok(())
            }
            Act::Lose => {
                self.lose();
                Ok(())
            }
            Act::Persist if is_up => self.persist_some(id),
            Act::Drain => self.world.drain(id),
            Act::Propose if is_up => self.propose(id),
            Act::Read if is_up => {
                let read = self.world.read();
                self.step(id, read)
            }
            Act::Crash if is_up => {
                let pending = self.world.member(id).disk.pending.len();
                let kept = self.random.below(pending + 1);
                self.world.crash(id, kept)
            }
            Act::Restart if !is_up => self.world.restart(id),
            Act::Rot if self.random.percent(30) => self.rot(),
            Act::Isolate => {
                self.isolate(id);
                Ok(())
            }
            Act::IsolateLeader => {
                let leader = self.leader();
                self.isolate(leader.unwrap_or(id));
                Ok(())
            }
            Act::CutLink => {
                let other = self.random.pick(&self.ids);
                self.world.cuts.insert((id, other));
                Ok(())
            }
            Act::Heal => {
                self.world.cuts.clear();
                Ok(())
            }
            Act::ChangeMembers if is_up => {
                let asked = self.leader().filter(|_| self.random.percent(70)).unwrap_or(id);
                let change = self.draw_change(asked);
                let change = self.world.change(change);
                self.step(asked, change)
            }
            Act::Transfer if is_up => {
                let to = self.random.pick(&self.ids);
                let transfer = self.world.transfer(to);
                self.step(self.leader().unwrap_or(id), transfer)
            }
            Act::Snapshot if is_up => self.snapshot(id),
            Act::Store if is_up => self.store(id),
            Act::Spoil if is_up => match self.world.member(id).disk.received.take() {
                Some(snapshot) => self.step(id, Input::SnapshotSpoiled(snapshot)),
                None => Ok(()),
            },
            Act::SkipTicks if is_up => self.step(id, Input::Skipped(3)),
            // It needs a member that is up, or one that is down.
            Act::Persist
            | Act::Propose
            | Act::Read
            | Act::Crash
            | Act::Restart
            | Act::Rot
            | Act::ChangeMembers
            | Act::Transfer
            | Act::Snapshot
            | Act::Store
            | Act::Spoil
            | Act::SkipTicks => Ok(()),
        }
    }

    fn tick(&mut self) -> Checked {
        let id = self.random.pick(&self.clocks);
        let is_up = self.world.member(id).node.is_some();
        if is_up { self.step(id, Input::Tick) } else { Ok(()) }
    }

    /// Gives an input, and asks what is to be done now or later.
    fn step(&mut self, id: NodeId, input: Input) -> Checked {
        self.world.input(id, input)?;
        if self.random.percent(self.batching) { Ok(()) } else { self.world.drain(id) }
    }

    // The network.

    fn deliver_any(&mut self) -> Checked {
        let count = self.world.network.len();
        if count == 0 {
            return Ok(());
        }
        let place = self.random.below(count);
        self.deliver(place)
    }

    fn deliver(&mut self, place: usize) -> Checked {
        if place < self.world.network.len()
            && let Some((to, input)) = self.world.take_message(place)
        {
            self.step(to, input)?;
        }
        while self.world.network.len() > NETWORK_MAX {
            self.lose();
        }
        Ok(())
    }

    fn repeat(&mut self) {
        if !self.world.network.is_empty() {
            let place = self.random.below(self.world.network.len());
            let copy = self.world.network[place].clone();
            self.world.network.push(copy);
        }
    }

    /// The member whose disk may rot crashes, if it is up, and loses some of its log.
    fn rot(&mut self) -> Checked {
        let Some((id, loss)) = self.rotten else { return Ok(()) };
        let entries = &self.world.member(id).disk.durable.entries;
        let indexes = entries.iter().map(|entry| entry.position.index).collect::<Vec<_>>();
        if indexes.is_empty() {
            return Ok(());
        }
        if self.world.member(id).node.is_some() {
            self.world.crash(id, 0)?;
        }
        self.world.lose(id, self.random.pick(&indexes), loss);
        Ok(())
    }

    fn lose(&mut self) {
        if !self.world.network.is_empty() {
            self.world.network.remove(self.random.below(self.world.network.len()));
        }
    }

    /// Cuts a member off. It may be that what is on its way from it and to it is lost, too.
    fn isolate(&mut self, id: NodeId) {
        let others = self.ids.iter().filter(|other| **other != id);
        self.world.cuts.extend(others.flat_map(|other| [(id, *other), (*other, id)]));
        if self.random.percent(50) {
            self.world.network.retain(|envelope| envelope.from != id && envelope.to != id);
        }
    }

    // Disks and clients.

    fn persist_some(&mut self, id: NodeId) -> Checked {
        let pending = &self.world.member(id).disk.pending;
        if pending.is_empty() {
            return Ok(());
        }
        let place = self.random.below(pending.len());
        let until = self.world.member(id).disk.pending[place].id;
        self.persist(id, until)
    }

    fn persist(&mut self, id: NodeId, until: WriteId) -> Checked {
        let persisted = self.world.write(id, until)?;
        self.step(id, persisted)
    }

    fn propose(&mut self, id: NodeId) -> Checked {
        self.proposed += 1;
        let proposal = self.world.proposal(self.proposed.to_string());
        self.step(id, proposal)
    }

    // Members and snapshots.

    /// One step of a change most often, and now and then several.
    fn draw_change(&mut self, asked: NodeId) -> Vec<Change> {
        let known = self.configuration(asked);
        let steps = self.random.pick(&[1, 1, 1, 2, 3]);
        (0..steps).map(|_| self.draw_step(known.as_deref())).collect()
    }

    /// A step that could be taken; and now and then one that cannot.
    fn draw_step(&mut self, known: Option<&Configuration>) -> Change {
        let (id, address) = (self.random.pick(&self.ids), Bytes::new());
        let is_voter = known.is_some_and(|known| known.is_voter(id));
        let is_member = known.is_some_and(|known| known.is_member(id));
        match (self.random.below(10), is_member, is_voter) {
            (0, ..) | (5.., false, _) => Change::AddVoter { id, address },
            (1, ..) | (2..5, false, _) => Change::AddLearner { id, address },
            (2..8, true, false) => Change::Promote(id),
            (2..4, true, true) => Change::Demote(id),
            (8, true, _) => Change::Move { id, address },
            (4.., true, _) => Change::Remove(id),
        }
    }

    fn snapshot(&mut self, id: NodeId) -> Checked {
        let snapshotted = self.world.snapshot(id);
        snapshotted.map_or(Ok(()), |snapshotted| self.step(id, snapshotted))
    }

    fn store(&mut self, id: NodeId) -> Checked {
        let stored = self.world.store(id);
        stored.map_or(Ok(()), |stored| self.step(id, stored))
    }

    // The calm.

    /// Lets time pass, in which all that can happen happens at once, until something is so.
    fn wait(&mut self, ticks: u32, otherwise: &str, is_so: impl Fn(&Self) -> bool) -> Checked {
        self.batching = 0;
        for _ in 0..ticks {
            for id in self.ids.clone() {
                self.step(id, Input::Tick)?;
            }
            let mut moves = 0;
            while self.move_something()? {
                moves += 1;
                if moves > MOVES_MAX {
                    return Err(format!("not quiet after {moves} moves"));
                }
            }
            if is_so(self) {
                return Ok(());
            }
        }
        let standings = self.world.members.iter().map(|(id, member)| {
            let status = member.node.as_ref().map(raft::Node::status);
            status.map_or_else(String::new, |status| {
                let (index, configuration) = &status.configuration;
                let (standing, last, commit) = (status.standing, status.last, status.commit);
                format!("\n{id} {standing} last {last} commit {commit} {index}:{{{configuration}}}")
            })
        });
        Err(format!("{otherwise} after {ticks} ticks:{}", standings.collect::<String>()))
    }

    fn move_something(&mut self) -> Result<bool, String> {
        if !self.world.network.is_empty() {
            self.deliver(0)?;
            return Ok(true);
        }
        let unwritten = self.world.members.iter();
        let unwritten = unwritten.filter_map(|(id, it)| Some((*id, it.disk.pending.back()?.id)));
        if let Some((id, until)) = unwritten.min() {
            self.persist(id, until)?;
            return Ok(true);
        }
        let mut members = self.world.members.iter();
        let unstored = members.find_map(|(id, it)| it.disk.received.is_some().then_some(*id));
        unstored.map_or(Ok(false), |id| self.store(id).map(|()| true))
    }

    /// The leader of the latest term that has one.
    fn leader(&self) -> Option<NodeId> {
        let standings = self.world.members.iter().filter_map(|(id, member)| {
            let standing = member.node.as_ref()?.standing();
            (standing.role == RoleName::Leader).then_some((standing.term, *id))
        });
        standings.max().map(|(_, id)| id)
    }

    /// Whether every member of the leader's configuration follows it, the leader votes, and no
    /// change of the members is under way.
    fn agree(&self) -> bool {
        let Some(leader) = self.leader() else { return false };
        let configuration = self.configuration(leader);
        let is_settled = |it: &Configuration| it.is_voter(leader) && !it.is_joint();
        configuration.is_some_and(|it| is_settled(&it))
            && self.cluster(leader).into_iter().all(|id| {
                let node = self.world.members[&id].node.as_ref();
                node.is_some_and(|node| node.standing().leader == Some(leader))
            })
    }

    /// Who belongs to the cluster, as its leader has it.
    fn cluster(&self, leader: NodeId) -> BTreeSet<NodeId> {
        self.configuration(leader).map(|it| it.members()).unwrap_or_default()
    }

    /// The configuration in force at a member that is up.
    fn configuration(&self, id: NodeId) -> Option<Arc<Configuration>> {
        self.world.members[&id].node.as_ref().map(|node| node.status().configuration.1)
    }

    /// Whether what was proposed last at the leader is committed and durable everywhere.
    fn all_is_applied(&self) -> bool {
        let Some(leader) = self.leader() else { return false };
        self.cluster(leader).into_iter().all(|id| {
            self.world.members[&id].node.as_ref().is_some_and(|node| {
                let status = node.status();
                status.commit == status.last.index && status.durable == status.commit
            })
        })
    }
}

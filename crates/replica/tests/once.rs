//! Whatever the network and the power do, a proposal takes effect at most once, one that was
//! answered exactly once, and a read sees all that was answered before it was asked.
//!
//! Seeded random runs of three replicas; `QUORATE_SEEDS=10000` runs more of them.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::collections::BTreeMap;

use bytes::Bytes;
use raft::{Configuration, Entry, Envelope, Index, NodeId, Restored, Ticket, Write};
use replica::{Config, Output, Replica, StateMachine};

const MEMBERS: u64 = 3;

/// Remembers every command, in order.
#[derive(Default)]
struct Journal(Vec<Bytes>);

impl StateMachine for Journal {
    /// How many commands there are now.
    type Reply = usize;
    type Image = Vec<Bytes>;
    type State = Vec<Bytes>;

    fn apply(&mut self, _: Index, command: Bytes) -> usize {
        self.0.push(command);
        self.0.len()
    }

    fn image(&self) -> Vec<Bytes> {
        self.0.clone()
    }

    fn replace(&mut self, state: Vec<Bytes>) {
        self.0 = state;
    }
}

#[test]
fn each_answered_proposal_is_there_once() {
    let seeds = std::env::var("QUORATE_SEEDS").map_or(150, |seeds| seeds.parse().unwrap());
    let mut answered = 0;
    for seed in 0..seeds {
        let run = std::panic::catch_unwind(|| run(seed));
        answered += run.unwrap_or_else(|_| panic!("seed {seed}"));
    }
    assert!(answered as u64 > seeds, "{answered} proposals were answered in {seeds} runs");
}

/// What a follower sent to a leader that is gone is sent to the next one, long before it would time
/// out; whether the first one had replicated it or not.
#[test]
fn a_proposal_survives_its_leader() {
    for heard in [false, true] {
        let mut world = World::new(7);
        world.settle(100);
        let leader = world.members[&NodeId(1)].replica.status().raft.standing.leader.unwrap();
        let follower = NodeId(if leader == NodeId(1) { 2 } else { 1 });
        world.propose(follower);
        world.drain(follower);
        if heard {
            let forward = world.network.pop().unwrap();
            world.member(leader).replica.receive(forward);
            world.drain(leader);
            for append in std::mem::take(&mut world.network) {
                let to = append.to;
                world.member(to).replica.receive(append);
                world.drain(to);
            }
        }
        world.cut = Some(leader);
        world.settle(100);
        assert_eq!(world.answered.len(), 1, "heard by the first leader: {heard}");
        world.make_peace();
        world.check_all_equal();
    }
}

/// A run under faults, and then in peace. How many proposals were answered.
fn run(seed: u64) -> usize {
    let mut world = World::new(seed);
    for _ in 0..4000 {
        world.act();
    }
    world.make_peace();
    world.check_all_equal();
    world.answered.len()
}

struct World {
    random: Random,
    members: BTreeMap<NodeId, Member>,
    network: Vec<Envelope>,
    /// How likely each kind of step is in this run.
    weights: [u64; 7],
    cut: Option<NodeId>,
    /// A member whose time passes slowly in this run: it does not notice that it leads no more.
    slow: Option<NodeId>,
    proposed: u64,
    /// The commands that took effect, in order.
    history: Vec<Bytes>,
    /// The commands that were answered, with how many the journal held then.
    answered: BTreeMap<Bytes, usize>,
    runs: u64,
}

struct Member {
    replica: Replica<Journal>,
    disk: Restored,
    writing: Vec<Write>,
    proposals: BTreeMap<Ticket, Bytes>,
    /// The reads, with how many commands were answered when they were asked.
    reads: BTreeMap<Ticket, usize>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let weights = [40, 60, 30, 10, 6, random.below(4), random.below(3)];
        let slow = NodeId(1 + random.below(2 * MEMBERS));
        let mut world = Self {
            random,
            members: BTreeMap::new(),
            network: Vec::new(),
            weights,
            cut: None,
            slow: (slow.0 <= MEMBERS).then_some(slow),
            proposed: 0,
            history: Vec::new(),
            answered: BTreeMap::new(),
            runs: 0,
        };
        for id in (1..=MEMBERS).map(NodeId) {
            world.start(id, Restored::default());
        }
        world
    }

    fn start(&mut self, id: NodeId, disk: Restored) {
        self.runs += 1;
        let configuration = Configuration::new((1..=MEMBERS).map(NodeId));
        let raft = raft::Config {
            seed: self.random.next(),
            first_forward: self.runs << 32,
            ..raft::Config::new(id, configuration)
        };
        let config = Config::new(raft, self.runs << 32);
        let replica = Replica::new(config, disk.clone(), Journal::default());
        let member = Member {
            replica,
            disk,
            writing: Vec::new(),
            proposals: BTreeMap::new(),
            reads: BTreeMap::new(),
        };
        self.members.insert(id, member);
    }

    fn act(&mut self) {
        let id = NodeId(1 + self.random.below(MEMBERS));
        let sum = self.weights.iter().sum();
        let mut choice = self.random.below(sum);
        let step = self.weights.iter().position(|weight| {
            let is_it = choice < *weight;
            choice = choice.saturating_sub(*weight);
            is_it
        });
        match step.unwrap() {
            0 if self.slow != Some(id) || self.random.below(8) == 0 => {
                self.member(id).replica.tick();
            }
            0 => {}
            1 => self.deliver(),
            2 => self.persist(id),
            3 => self.propose(id),
            4 => self.read(id),
            5 => self.crash(id),
            _ if self.cut.is_none() => self.cut = Some(id),
            // Long enough for the others to elect another leader.
            _ if self.random.below(12) == 0 => self.cut = None,
            _ => {}
        }
        self.drain(id);
    }

    /// Delivers any message, and sometimes keeps it to deliver it again, or loses it.
    fn deliver(&mut self) {
        if self.network.is_empty() {
            return;
        }
        let place = usize::try_from(self.random.below(self.network.len() as u64)).unwrap();
        let fate = self.random.below(20);
        let envelope = match fate {
            0 => self.network[place].clone(),
            _ => self.network.swap_remove(place),
        };
        let is_cut = self.cut.is_some_and(|cut| cut == envelope.from || cut == envelope.to);
        if fate != 1 && !is_cut {
            let to = envelope.to;
            self.member(to).replica.receive(envelope);
            self.drain(to);
        }
    }

    fn persist(&mut self, id: NodeId) {
        let member = self.member(id);
        if !member.writing.is_empty() {
            let write = member.writing.remove(0);
            if let Some(hard_state) = write.hard_state {
                member.disk.hard_state = hard_state;
            }
            replace_tail(&mut member.disk.entries, write.entries);
            member.disk.commit = member.disk.commit.max(write.commit);
            member.replica.persisted(write.id);
        }
    }

    fn propose(&mut self, id: NodeId) {
        self.proposed += 1;
        let command = Bytes::from(format!("c{}", self.proposed));
        let member = self.member(id);
        let ticket = member.replica.propose(&command);
        member.proposals.insert(ticket, command);
    }

    fn read(&mut self, id: NodeId) {
        let answered = self.answered.values().max().copied().unwrap_or(0);
        let member = self.member(id);
        let ticket = member.replica.read();
        member.reads.insert(ticket, answered);
    }

    /// The power fails, and comes back at once.
    fn crash(&mut self, id: NodeId) {
        let disk = self.members.remove(&id).unwrap().disk;
        self.start(id, disk);
    }

    fn drain(&mut self, id: NodeId) {
        let member = self.members.get_mut(&id).unwrap();
        for output in member.replica.drain() {
            match output {
                Output::Persist(write) => member.writing.push(write),
                Output::Send(envelope) => self.network.push(envelope),
                Output::Applied { ticket: Some(ticket), reply } => {
                    let command = member.proposals.remove(&ticket).expect("answered twice");
                    assert_eq!(member.replica.machine().0[reply - 1], command, "another's answer");
                    self.answered.insert(command, reply);
                }
                Output::ReadReady(ticket) => {
                    let answered = member.reads.remove(&ticket).expect("answered twice");
                    let seen = member.replica.machine().0.len();
                    assert!(seen >= answered, "a read saw {seen} commands of {answered}");
                }
                Output::Failed { ticket, .. } => {
                    member.proposals.remove(&ticket);
                    member.reads.remove(&ticket);
                }
                _ => {}
            }
        }
        self.check_each_once(id);
    }

    /// No command took effect twice, and all members tell the same story, also those that have
    /// forgotten it since.
    fn check_each_once(&mut self, id: NodeId) {
        let journal = &self.members[&id].replica.machine().0;
        let known = self.history.len().min(journal.len());
        assert_eq!(self.history[..known], journal[..known], "members differ");
        for command in &journal[known..] {
            assert!(!self.history.contains(command), "{command:?} took effect twice");
            self.history.push(command.clone());
        }
    }

    /// No more faults: everybody catches up.
    fn make_peace(&mut self) {
        self.cut = None;
        self.settle(200);
    }

    /// Lets time pass, with a quick disk and a quick network, but for the cut.
    fn settle(&mut self, ticks: u32) {
        for _ in 0..ticks {
            for id in (1..=MEMBERS).map(NodeId) {
                self.member(id).replica.tick();
                self.drain(id);
                while !self.member(id).writing.is_empty() {
                    self.persist(id);
                    self.drain(id);
                }
            }
            let cut = self.cut;
            for envelope in std::mem::take(&mut self.network) {
                let to = envelope.to;
                if cut.is_some_and(|cut| cut == envelope.from || cut == to) {
                    continue;
                }
                self.member(to).replica.receive(envelope);
                self.drain(to);
            }
        }
    }

    fn check_all_equal(&self) {
        for (id, member) in &self.members {
            assert_eq!(member.replica.machine().0, self.history, "{id} differs");
            assert!(member.reads.is_empty(), "{id} waits for {:?}", member.reads);
            let status = member.replica.status();
            assert_eq!(status.applied, status.raft.last.index, "{id} has not caught up");
        }
    }

    fn member(&mut self, id: NodeId) -> &mut Member {
        self.members.get_mut(&id).unwrap()
    }
}

fn replace_tail(log: &mut Vec<Entry>, entries: Vec<Entry>) {
    if let Some(first) = entries.first() {
        log.truncate(usize::try_from(first.position.index.0 - 1).unwrap());
        log.extend(entries);
    }
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.next() % end }
    }
}

//! Whatever befalls a member, the fold of what its observer told is what it would say in a key.
//!
//! Seeded random runs of three members, each with an observer that is fed as the host feeds it;
//! `QUORATE_SEEDS=10000` runs more of them.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::collections::BTreeMap;

use bytes::Bytes;
use raft::{
    Config, Configuration, Effect, Entry, Envelope, Index, Input, Node, NodeId, Payload, Restored,
    RoleName, Ticket, Write,
};
use trace::{Change, Event, Member, Observer, Phase, Sight};

const MEMBERS: u64 = 3;

/// After so many microseconds at most a gap is made good.
const SPAN_US: u64 = 100_000;

#[test]
fn the_fold_of_what_is_told_is_the_key() {
    let seeds = std::env::var("QUORATE_SEEDS").map_or(20, |seeds| seeds.parse().unwrap());
    let mut seen = Seen::default();
    for seed in 0..seeds {
        let run = std::panic::catch_unwind(|| run(seed));
        seen.add(&run.unwrap_or_else(|_| panic!("seed {seed}")));
    }
    // A run in which nothing happens proves nothing.
    let Seen { events, keys, gaps, truncations, deletions } = seen;
    assert!(events > 100 * seeds && keys > seeds, "{seen:?}");
    assert!(gaps > seeds && truncations > seeds / 10 && deletions > seeds, "{seen:?}");
}

/// What the viewers of a run were told.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    events: u64,
    keys: u64,
    gaps: u64,
    truncations: u64,
    deletions: u64,
}

impl Seen {
    fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.keys += other.keys;
        self.gaps += other.gaps;
        self.truncations += other.truncations;
        self.deletions += other.deletions;
    }
}

fn run(seed: u64) -> Seen {
    let mut world = World::new(seed);
    for _ in 0..8000 {
        world.act();
    }
    world.seen
}

struct World {
    random: Random,
    members: BTreeMap<NodeId, Watched>,
    network: Vec<(u64, Envelope)>,
    /// How likely each kind of step is in this run.
    weights: [u64; 7],
    cut: Option<NodeId>,
    now: u64,
    /// The longest time between two steps. If it is long, no viewer misses anything.
    pause_us: u64,
    runs: u64,
    tickets: u64,
    seen: Seen,
}

/// A member that may have a viewer.
struct Watched {
    node: Node,
    disk: Restored,
    writing: Vec<Write>,
    applied: Index,
    observer: Observer,
    sent: u64,
    /// What the viewer knows, if there is one.
    viewer: Option<Viewer>,
}

struct Viewer {
    member: Member,
    /// Since when it is not what the observer knows: something was left out.
    wrong_since: Option<u64>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut world = Self {
            weights: [60, 200, 60, 12, random.below(3), 2 + random.below(8), 6],
            pause_us: [200, 2_000, 40_000][usize::try_from(random.below(3)).unwrap()],
            random,
            members: BTreeMap::new(),
            network: Vec::new(),
            cut: None,
            now: 1_000_000,
            runs: 0,
            tickets: 0,
            seen: Seen::default(),
        };
        for id in (1..=MEMBERS).map(NodeId) {
            world.start(id, Restored::default());
        }
        world
    }

    fn start(&mut self, id: NodeId, disk: Restored) {
        self.runs += 1;
        let configuration = Configuration::new((1..=MEMBERS).map(NodeId));
        let config = Config {
            seed: self.random.next(),
            first_forward: self.runs << 32,
            ..Config::new(id, configuration)
        };
        let watched = Watched {
            observer: Observer::new(sight(id), &disk),
            node: Node::new(config, disk.clone()),
            disk,
            writing: Vec::new(),
            applied: Index(0),
            sent: 0,
            viewer: None,
        };
        self.members.insert(id, watched);
    }

    fn act(&mut self) {
        self.now += self.random.below(self.pause_us);
        let id = NodeId(1 + self.random.below(MEMBERS));
        let sum = self.weights.iter().sum();
        let mut choice = self.random.below(sum);
        let step = self.weights.iter().position(|weight| {
            let is_it = choice < *weight;
            choice = choice.saturating_sub(*weight);
            is_it
        });
        match step.unwrap() {
            0 => self.member(id).node.step(Input::Tick),
            1 => self.deliver(),
            2 => self.persist(id),
            3 => self.propose(id),
            4 => self.crash(id),
            5 if self.cut.is_none() && self.leads(id) => self.cut_off(id),
            // Long enough for the others to elect another leader.
            5 if self.random.below(12) == 0 => self.cut = None,
            5 => {}
            _ => self.change_viewer(id),
        }
        self.turn(id);
    }

    fn deliver(&mut self) {
        if self.network.is_empty() {
            return;
        }
        let place = usize::try_from(self.random.below(self.network.len() as u64)).unwrap();
        let (number, envelope) = self.network.swap_remove(place);
        let is_cut = self.cut.is_some_and(|cut| cut == envelope.from || cut == envelope.to);
        if !is_cut {
            let (now, to) = (self.now, envelope.to);
            let member = self.member(to);
            member.observer.received(now, &envelope, number);
            member.node.step(Input::Receive(envelope));
            self.turn(to);
        }
    }

    fn persist(&mut self, id: NodeId) {
        let now = self.now;
        let member = self.member(id);
        if !member.writing.is_empty() {
            let write = member.writing.remove(0);
            if let Some(hard_state) = write.hard_state {
                member.disk.hard_state = hard_state;
            }
            replace_tail(&mut member.disk.entries, write.entries);
            member.disk.commit = member.disk.commit.max(write.commit);
            member.observer.persisted(now, write.id);
            member.node.step(Input::Persisted(write.id));
        }
    }

    /// Some commands at once, often of the same few keys.
    fn propose(&mut self, id: NodeId) {
        let count = [1, 1, 2, 40][usize::try_from(self.random.below(4)).unwrap()];
        for _ in 0..count {
            self.tickets += 1;
            let (now, ticket) = (self.now, Ticket(self.tickets));
            let key = "k".repeat(55 + usize::try_from(self.random.below(16)).unwrap());
            let value =
                if self.random.below(4) == 0 { String::new() } else { ticket.0.to_string() };
            let command = Bytes::from(format!("{key}={value}"));
            let member = self.member(id);
            member.observer.asked(now, ticket, &command);
            member.node.step(Input::Propose { ticket, command });
        }
    }

    /// A leader loses the others, just when it is asked for something: they will not have it.
    fn cut_off(&mut self, id: NodeId) {
        self.cut = Some(id);
        self.propose(id);
    }

    fn leads(&self, id: NodeId) -> bool {
        self.members[&id].node.standing().role == RoleName::Leader
    }

    /// The power fails, and comes back at once. Its viewer loses the connection.
    fn crash(&mut self, id: NodeId) {
        let disk = self.members.remove(&id).unwrap().disk;
        self.start(id, disk);
    }

    /// A viewer comes, goes, or is joined by another, which takes its place here.
    fn change_viewer(&mut self, id: NodeId) {
        let now = self.now;
        let comes = self.random.below(3) > 0;
        self.seen.keys += u64::from(comes);
        let member = self.member(id);
        member.viewer = comes.then(|| {
            // As the host does it: what was told before is in the key.
            member.observer.take();
            let mut viewer = Member::default();
            viewer.fold(&member.observer.key());
            // The observer may be in a gap that the new viewer does not know of.
            Viewer { member: viewer, wrong_since: None }
        });
        member.observer.set_watched(now, comes);
    }

    /// Carries out what the member wants, and looks at it, as the host's driver does.
    fn turn(&mut self, id: NodeId) {
        let now = self.now;
        let member = self.members.get_mut(&id).unwrap();
        let effects = member.node.drain_effects().collect::<Vec<_>>();
        for effect in effects {
            match effect {
                Effect::Persist(write) => {
                    member.observer.wrote(now, &write);
                    member.writing.push(write);
                }
                Effect::Send(envelope) => {
                    member.sent += 1;
                    member.observer.sent(now, &envelope, member.sent, None);
                    if self.random.below(10) == 0 {
                        member.observer.dropped(now, member.sent, "not connected");
                    } else {
                        self.network.push((member.sent, envelope));
                    }
                }
                Effect::Apply(entries) => {
                    for entry in entries {
                        member.applied = entry.position.index;
                        if let Payload::Command(command) = entry.payload {
                            member.observer.applied(change(&command));
                        }
                    }
                }
                Effect::Refuse { ticket, .. } => member.observer.answered(now, ticket, Phase::Fail),
                Effect::ReadReady { .. } | Effect::Became(_) => {}
                other => unreachable!("nobody asked for {other}"),
            }
        }
        member.observer.look(now, &member.node.status(), member.applied);
        let told = member.observer.take();
        let Watched { observer, viewer, .. } = member;
        match viewer {
            Some(viewer) => viewer.show(now, told, observer, &mut self.seen),
            None => assert_eq!(told, []),
        }
    }

    fn member(&mut self, id: NodeId) -> &mut Watched {
        self.members.get_mut(&id).unwrap()
    }
}

impl Viewer {
    fn show(&mut self, now: u64, told: Vec<(u64, Event)>, observer: &Observer, seen: &mut Seen) {
        let mut told = told.into_iter().peekable();
        while let Some((moment, event)) = told.next() {
            assert!(moment <= now);
            seen.events += 1;
            match &event {
                Event::Gap { lost } => {
                    seen.gaps += 1;
                    assert!(*lost > 0);
                    assert!(matches!(told.peek(), Some((_, Event::Key(_)))), "no key after a gap");
                }
                Event::Truncated { from, lost } => {
                    seen.truncations += 1;
                    let held = self.member.log.iter().filter(|entry| entry.0 >= *from);
                    if self.wrong_since.is_none() {
                        assert!(held.eq(lost), "lost {lost:?} from {from} of {:?}", self.member);
                    }
                }
                Event::Applied { set, .. } => {
                    seen.deletions +=
                        set.iter().filter(|(_, value)| value.is_none()).count() as u64;
                }
                _ => {}
            }
            self.member.fold(&event);
        }
        let Event::Key(key) = observer.key() else { panic!("a key is a key") };
        let standing =
            |member: &Member| (member.role, member.term, member.vote.clone(), member.lead.clone());
        assert_eq!(standing(&self.member), standing(&key), "that is never left out");
        if self.member == key {
            self.wrong_since = None;
            return;
        }
        let since = *self.wrong_since.get_or_insert(now);
        assert!(
            now < since + SPAN_US,
            "wrong for {} us, and no gap was told:\n{:?}\n{key:?}",
            now - since,
            self.member
        );
    }
}

/// What `key=value` changes; no value deletes.
fn change(command: &Bytes) -> Option<Change> {
    let place = command.iter().position(|byte| *byte == b'=')?;
    let value = command.slice(place + 1..);
    Some((command.slice(..place), (!value.is_empty()).then_some(value)))
}

fn sight(own: NodeId) -> Sight {
    let text = |command: &Bytes| String::from_utf8_lossy(command).into_owned();
    Sight {
        own,
        names: (1..=MEMBERS).map(|id| (NodeId(id), format!("m{id}"))).collect(),
        tick_us: 10_000,
        command: text,
        logged: text,
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

//! The world: members, a network between them, clients, and what goes wrong; one event at a time.
//!
//! ```text
//!            ┌────────────────────── events, by time ──────────────────────┐
//!            ▼                                                             │
//!   tick, message, disk done, client, fault ──▶ a member ──▶ outputs ──▶ more events
//!                                                   │
//!                                                   └──▶ facts ──▶ ghost ──▶ checks
//! ```
//!
//! A run has two phases. While the storm lasts, faults come and go, and nothing may be wrong. Then
//! everything is mended, and the cluster has to heal: within a bound it serves every client.

mod acts;
mod clients;
mod keeping;
mod listening;
mod phases;
mod reach;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use raft::{Configuration, Index, NodeId, Ticket, Write};
use replica::{Output, Replica, Task};
use trace::{Fault, Record};
use wal::Opened;

use crate::auditor::Auditor;
use crate::checks::{self, Check, Checked, Fact, Ghost};
use crate::client::{Answer, Client, Operation};
use crate::clock::{Clock, TICK_US};
use crate::coverage::{Coverage, Situation};
use crate::event::{Event, Moment, Queue, Run};
use crate::faults::{self, FaultKind, Loss};
use crate::hub::Hub;
use crate::keeper::{Keeper, Unreadable};
use crate::listener::Listener;
use crate::machine::{Applied, Image, Machine};
use crate::member::{Found, Member, Process};
use crate::network::Network;
use crate::outcome::{Outcome, Violation};
use crate::random::Random;
use crate::rolling::Rolling;
use crate::setup::Setup;
use crate::stage::Action;
use crate::swarm::Swarm;
use crate::teller::Teller;

/// After the storm the cluster has so long to get well before it must serve.
const HEAL_US: u64 = 2_000_000;
/// Then clients ask so long.
const SERVE_US: u64 = 2_000_000;

/// A disk that has had nothing to do for so long seals its log.
const SEAL_US: u64 = 5_000;

/// So long after the storm even the slowest member must have caught up.
const REST_US: u64 = 60_000_000;

/// Everything there is.
pub(crate) struct World {
    setup: Setup,
    swarm: Swarm,
    now: Moment,
    queue: Queue,
    members: BTreeMap<NodeId, Member>,
    network: Network,
    clients: Vec<Client>,
    listeners: Vec<Listener>,
    auditor: Option<Auditor>,
    operations: BTreeMap<(NodeId, Ticket), Operation>,
    ghost: Ghost,
    checks: Vec<Box<dyn Check>>,
    coverage: Coverage,
    hash: Rolling,
    events: u64,
    faults: BTreeMap<FaultKind, u64>,
    answered: u64,
    failed: u64,
    phase: Phase,
    /// Which clients were served since the world should be well again.
    served: BTreeSet<usize>,
    violation: Option<Violation>,
    /// When a change of the members was asked for last.
    changed_at: Option<Moment>,
    /// It is to be seen what comes of a violation.
    goes_on: bool,
    /// What is done on a stage, and which links are cut by that.
    actions: Vec<Action>,
    cut: BTreeSet<(NodeId, NodeId)>,
    /// A run of which more is told ends.
    records_max: u64,
    teller: Teller,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Storm,
    Healing,
    Serving,
    Calm,
    Over,
}

impl World {
    pub(crate) fn new(setup: &Setup) -> Self {
        let mut world = Self::with(setup, Swarm::draw(setup));
        for number in 0..world.swarm.clients {
            let mut client = Client::new(setup.seed, number, &world.swarm.workload);
            world.queue.push(client.pause(), Event::Ask { client: world.clients.len() });
            world.clients.push(client);
        }
        world.invite();
        let storm = world.swarm.storm_us;
        world.queue.push(world.swarm.fault_every_us, Event::Fault(0));
        world.queue.push(storm, Event::Heal);
        world.queue.push(storm + HEAL_US, Event::Serve);
        world.queue.push(storm + HEAL_US + SERVE_US, Event::Calm);
        world
    }

    /// A world of such members, in which nothing is going to happen but what they do.
    fn with(setup: &Setup, swarm: Swarm) -> Self {
        let mut world = Self {
            now: 0,
            queue: Queue::default(),
            members: BTreeMap::new(),
            network: Network::new(setup.seed, swarm.delay_us, swarm.jitter_us),
            clients: Vec::new(),
            listeners: Vec::new(),
            auditor: None,
            operations: BTreeMap::new(),
            ghost: Ghost::default(),
            checks: checks::all(),
            coverage: Coverage::default(),
            hash: Rolling::default(),
            events: 0,
            faults: BTreeMap::new(),
            answered: 0,
            failed: 0,
            phase: Phase::Storm,
            served: BTreeSet::new(),
            violation: None,
            changed_at: None,
            goes_on: false,
            actions: Vec::new(),
            cut: BTreeSet::new(),
            records_max: u64::MAX,
            teller: Teller::default(),
            setup: setup.clone(),
            swarm,
        };
        for number in 1..=world.swarm.members {
            world.add_member(NodeId(number));
        }
        world
    }

    /// Runs to the end, and gives away each record of it; there are none if nobody listens.
    pub(crate) fn run(mut self, give: &mut dyn FnMut(&Record)) -> Outcome {
        while (self.violation.is_none() || self.goes_on)
            && self.phase < Phase::Over
            && self.teller.count() < self.records_max
        {
            let Some((at, event)) = self.queue.pop() else { break };
            self.now = at;
            self.events += 1;
            self.happen(event);
            self.teller.take().iter().for_each(&mut *give);
        }
        self.tell_end();
        self.teller.take().iter().for_each(&mut *give);
        Outcome {
            seed: self.setup.seed,
            events: self.events,
            duration_us: self.now,
            faults: self.faults,
            situations: self.coverage.counts,
            answered: self.answered,
            failed: self.failed,
            trace_hash: self.hash.finish(),
            violation: self.violation,
        }
    }

    fn happen(&mut self, event: Event) {
        self.hash.write_u64(self.now);
        match event {
            Event::Tick(run) => self.tick(run),
            Event::Deliver { number, envelope } => self.deliver(number, envelope),
            Event::Halfway { number, envelope, at } => self.cross(number, envelope, at),
            Event::DiskDone(run) => self.disk_done(run),
            Event::Persisted(run, write) => {
                let again = Event::Persisted(run, write);
                if self.hears(run) {
                    self.teller.persisted(self.now, run.id, write);
                }
                self.tell(run, again, |replica| replica.persisted(write));
            }
            Event::Kept(run) => self.kept(run),
            Event::Seal(run) => self.seal(run),
            Event::Start(id) => self.start(id),
            Event::Resume(run, us) => {
                if let Some(member) = self.members.get_mut(&run.id) {
                    let ticks = member.clock.ticks_in(us);
                    if let Some(process) = member.in_run(run) {
                        process.replica.skipped(ticks);
                        self.teller.suffered(self.now, run.id, Fault::Resume);
                    }
                }
            }
            Event::Ask { client } => self.ask(client),
            Event::Listen { listener } => self.listen(listener),
            Event::Audit => self.audit(),
            Event::Fault(number) => self.strike(number),
            Event::Relief(fault) => self.relieve(fault),
            Event::ComeOrGo(id) if self.phase == Phase::Storm => faults::come_or_go(self, id),
            Event::ComeOrGo(_) => {}
            Event::Heal => self.heal(),
            Event::Serve => self.phase = Phase::Serving,
            Event::Calm => self.calm(),
            Event::End => self.end(),
            Event::Act(place) => self.act(place),
            Event::Curtain => self.phase = Phase::Over,
        }
    }

    // Members.

    fn add_member(&mut self, id: NodeId) {
        let seed = self.setup.seed;
        let mut random = Random::stream(seed, "member", id.0);
        let clock = Clock::new(random.around(self.drift_permille()));
        let member = Member::new(id, seed, clock, &self.swarm);
        self.members.insert(id, member);
        self.queue.push(self.now + random.below(TICK_US), Event::Start(id));
    }

    fn start(&mut self, id: NodeId) {
        let first = self.first_configuration(id);
        let Some(member) = self.members.get_mut(&id) else { return };
        if member.process.is_some() || member.is_gone {
            return;
        }
        let found = match member.open(&first) {
            Ok(found) => found,
            Err(Unreadable::Disk) => {
                if member.disk.is_stopped() {
                    member.disk.lose_power();
                } else {
                    member.disk.restart();
                }
                self.queue.push(self.now + 300_000, Event::Start(id));
                return;
            }
            Err(Unreadable::Damaged(_)) if member.disk.is_damaged => {
                self.coverage.add(Situation::DamageRefused);
                return;
            }
            Err(Unreadable::Damaged(error)) => {
                self.settle("recovery", Err(format!("{id} refuses what it wrote: {error}")));
                return;
            }
        };
        let Found { opened, machine } = found;
        let Opened { log, snapshots, restored, recovery, damage } = opened;
        member.runs += 1;
        let run = Run { id, number: member.runs };
        let wall = member.clock.wall(self.now);
        let next_tick = member.clock.next_tick(self.now);
        let config = self.config(run, wall);
        if recovery.torn.is_some() {
            self.coverage.add(Situation::TornWrite);
        }
        let (hash, latest) = (machine.store().hash(), Teller::latest(&machine));
        self.see(&Fact::Started { id, restored: &restored, hash });
        self.teller.start(self.now, id, next_tick - self.now, &restored, latest);
        let replica = Replica::new(config, restored, machine);
        let keeper = Keeper::new(id, self.swarm.append_bytes_max.max(200), snapshots);
        let is_mending = damage.is_some();
        let (hub, waiting, batch) = (Hub::default(), Vec::new(), Vec::new());
        let process = Process { run, replica, log, keeper, hub, waiting, batch, is_mending };
        self.members.get_mut(&id).expect("it was there").process = Some(process);
        self.queue.push(next_tick, Event::Tick(run));
        self.carry_out(id);
    }

    /// The configuration before any entry, as that member knows it.
    fn first_configuration(&self, id: NodeId) -> Configuration {
        if self.swarm.apart {
            Configuration::new([id])
        } else if id.0 <= self.swarm.members {
            Configuration::new((1..=self.swarm.members).map(NodeId))
        } else {
            Configuration::unknown()
        }
    }

    fn config(&self, run: Run, wall: u64) -> replica::Config {
        let swarm = &self.swarm;
        let configuration = self.first_configuration(run.id);
        let ticks = swarm.election_ticks;
        let raft = raft::Config {
            election_ticks: ticks..=ticks + swarm.spread_ticks,
            heartbeat_ticks: swarm.heartbeat_ticks,
            append_bytes_max: swarm.append_bytes_max,
            inflight_appends_max: swarm.inflight_appends_max,
            keep_bytes: swarm.keep_bytes,
            lease_ticks: swarm.lease_ticks,
            first_forward: wall + 1,
            seed: Random::stream(self.setup.seed, "timer", (run.id.0 << 32) | run.number).next(),
            ..raft::Config::new(run.id, configuration)
        };
        replica::Config {
            request_ticks: swarm.request_ticks,
            snapshot_bytes: swarm.snapshot_bytes,
            ..replica::Config::new(raft, run.number << 32)
        }
    }

    fn tick(&mut self, run: Run) {
        let Some(member) = self.members.get_mut(&run.id) else { return };
        let now = self.now;
        let next = member.clock.next_tick(now);
        if member.in_run(run).is_none() {
            return;
        }
        if let Some(until) = member.clock.paused_until(now) {
            self.queue.push(until, Event::Tick(run));
            return;
        }
        self.queue.push(next, Event::Tick(run));
        self.teller.ticked(now, run.id);
        let passed_ms = self.member(run.id).clock.passed_ms(now);
        self.tell(run, Event::Tick(run), |replica| {
            replica.tick();
            replica.advance(passed_ms);
        });
    }

    /// Whether a process is there, and does not stand still.
    fn hears(&mut self, run: Run) -> bool {
        let now = self.now;
        self.members.get_mut(&run.id).is_some_and(|member| {
            member.clock.paused_until(now).is_none() && member.in_run(run).is_some()
        })
    }

    /// Tells a process something, unless it stands still: then it hears it later.
    fn tell(&mut self, run: Run, again: Event, what: impl FnOnce(&mut Replica<Machine>)) {
        let Some(member) = self.members.get_mut(&run.id) else { return };
        if let Some(until) = member.clock.paused_until(self.now) {
            self.queue.push(until, again);
            return;
        }
        let Some(process) = member.in_run(run) else { return };
        what(&mut process.replica);
        self.carry_out(run.id);
    }

    fn deliver(&mut self, number: u64, envelope: raft::Envelope) {
        self.hash.write_u64(number);
        let Some(process) = self.members.get(&envelope.to).and_then(|it| it.process.as_ref())
        else {
            self.teller.missed(self.now, number, &envelope);
            return;
        };
        let run = process.run;
        if self.hears(run) {
            self.teller.received(self.now, number, &envelope);
        }
        let again = Event::Deliver { number, envelope: envelope.clone() };
        self.tell(run, again, |replica| replica.receive(envelope));
    }

    /// A message comes to the middle of its link, and goes on if there is no cut.
    fn cross(&mut self, number: u64, envelope: raft::Envelope, at: Moment) {
        if self.network.is_cut(envelope.from, envelope.to) {
            self.teller.lost(self.now, number, &envelope, "cut");
        } else {
            self.queue.push(at, Event::Deliver { number, envelope });
        }
    }

    /// The disk has written what it was given; unless it failed, which ends the process.
    fn disk_done(&mut self, run: Run) {
        let Some(member) = self.members.get_mut(&run.id) else { return };
        let Some(process) = member.in_run(run) else { return };
        let batch = std::mem::take(&mut process.batch);
        if process.log.append(&batch).is_err() {
            process.batch = batch;
            self.die_of_disk(run.id);
            return;
        }
        for write in &batch {
            self.see(&Fact::Durable { id: run.id, write });
        }
        let Some(last) = batch.last() else { return };
        self.queue.push(self.now + self.swarm.write_us / 8, Event::Persisted(run, last.id));
        self.write(run.id);
        self.queue.push(self.now + SEAL_US, Event::Seal(run));
        let Some(process) = self.members.get_mut(&run.id).and_then(|it| it.in_run(run)) else {
            return;
        };
        // What a full disk refuses here it refuses again when the space is needed.
        let prepared = process.log.prepare_next();
        if prepared.is_err_and(|error| !error.is_storage_full()) {
            self.die_of_disk(run.id);
        }
    }

    /// The disk was given something to do a while ago. If it rests now, its log is sealed.
    fn seal(&mut self, run: Run) {
        let Some(process) = self.members.get_mut(&run.id).and_then(|it| it.in_run(run)) else {
            return;
        };
        if process.batch.is_empty() && process.log.seal().is_err() {
            self.die_of_disk(run.id);
        }
    }

    /// An operation failed: the process ends. If everything had stopped there, power is lost too.
    fn die_of_disk(&mut self, id: NodeId) {
        self.coverage.add(Situation::DiskDeath);
        let disk = &mut self.member(id).disk;
        let power = disk.is_stopped() || disk.random.chance(500);
        self.crash(id, if power { Loss::OfPower } else { Loss::OfProcess });
        self.queue.push(self.now + 200_000, Event::Start(id));
    }

    /// Gives the disk what waits, if it is idle.
    fn write(&mut self, id: NodeId) {
        let now = self.now;
        let Some(Member { disk, process: Some(process), .. }) = self.members.get_mut(&id) else {
            return;
        };
        if process.batch.is_empty() && !process.waiting.is_empty() {
            process.batch = std::mem::take(&mut process.waiting);
            self.queue.push(disk.done_at(now), Event::DiskDone(process.run));
        }
    }

    /// Does what a replica wants done.
    fn carry_out(&mut self, id: NodeId) {
        let Some(Member { process: Some(process), .. }) = self.members.get_mut(&id) else { return };
        let outputs = process.replica.drain();
        let status = process.replica.status();
        let matched = process.replica.matched();
        for output in &outputs {
            if let Output::Persist(write) = output {
                self.see(&Fact::Wrote { id, write });
            }
        }
        self.see(&Fact::Stands { id, status: &status.raft });
        if status.raft.loss.is_none() {
            self.mend(id);
        }
        if !matched.is_empty() {
            self.see(&Fact::Leads { id, term: status.raft.standing.term, matched: &matched });
        }
        for output in outputs {
            self.carry_out_one(id, output, status.applied);
        }
        self.see(&Fact::Drained { id, status: &status });
        self.write(id);
    }

    /// A member lacks nothing. If something was damaged, it is as good as new.
    fn mend(&mut self, id: NodeId) {
        let Member { disk, process: Some(process), .. } = self.member(id) else { return };
        if std::mem::take(&mut process.is_mending) {
            disk.is_damaged = false;
            self.coverage.add(Situation::Recovered);
        }
    }

    fn carry_out_one(&mut self, id: NodeId, output: Output<Applied, Image>, applied: Index) {
        match output {
            Output::Persist(write) => self.queue_write(id, write),
            Output::Send(envelope) => self.send(&envelope),
            Output::Applied { ticket, reply } => self.applied(id, ticket, &reply),
            Output::ReadReady(ticket) => self.serve_read(id, ticket, applied),
            Output::Failed { ticket, failure } => self.answer(id, ticket, &Answer::Failed(failure)),
            Output::TakeSnapshot { position, configuration, image } => {
                // To hash a store costs as much as to read it.
                if position.index.0.is_multiple_of(4)
                    && let Some(process) = &self.member(id).process
                {
                    let hash = process.replica.machine().store().hash();
                    self.see(&Fact::Taken { id, position, hash });
                }
                self.keep(id, Task::Take { position, configuration, image });
            }
            Output::SendChunk { to, term, snapshot, offset } => {
                self.keep(id, Task::Read { to, term, snapshot, offset });
            }
            Output::StoreChunk { snapshot, offset, data } => {
                self.keep(id, Task::Store { snapshot, offset, data });
            }
            Output::Restore(snapshot) => self.keep(id, Task::Restore(snapshot)),
            Output::Done(_) | Output::Became(_) => {}
        }
    }

    fn queue_write(&mut self, id: NodeId, write: Write) {
        write.hash(&mut self.hash);
        if let Some(process) = &mut self.member(id).process {
            process.waiting.push(write);
        }
    }

    fn send(&mut self, envelope: &raft::Envelope) {
        self.see(&Fact::Sent { envelope });
        envelope.hash(&mut self.hash);
        let member = self.member(envelope.from);
        member.sent += 1;
        let number = member.sent;
        let arrivals = self.network.send(self.now, envelope);
        self.tell_sent(number, envelope, &arrivals);
        for at in arrivals {
            let envelope = envelope.clone();
            if self.network.is_cut_in_the_middle {
                let halfway = self.now + (at - self.now) / 2;
                self.queue.push(halfway, Event::Halfway { number, envelope, at });
            } else {
                self.queue.push(at, Event::Deliver { number, envelope });
            }
        }
    }

    // What checks see.

    fn see(&mut self, fact: &Fact<'_>) {
        if self.violation.is_none() || self.goes_on {
            self.teller.see(self.now, fact);
        }
        if self.violation.is_some() {
            return;
        }
        self.ghost.see(self.now, fact);
        self.coverage.see(fact, &self.ghost, &self.network);
        for check in &mut self.checks {
            if let Err(text) = check.see(fact, &self.ghost) {
                let name = check.name();
                return self.settle(name, Err(text));
            }
        }
    }

    fn settle(&mut self, check: &'static str, result: Checked) {
        if let (Err(text), None) = (result, &self.violation) {
            let violation = Violation { check, text, at: self.now };
            self.teller.violated(&violation);
            self.violation = Some(violation);
        }
    }
}

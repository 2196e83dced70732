//! The driver: one thread that owns the replica.
//!
//! A turn of its loop is: take what came, tell the replica, carry out what it wants. It waits
//! only for its inbox and its timer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use raft::{Envelope, NodeId, RoleName, Ticket, Write, WriteId};
use replica::{Output, Replica, Task};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval};
use trace::{Observer, Phase};

use crate::clock::Clock;
use crate::handle::{Failure, Request, Status};
use crate::leaving::Leaving;
use crate::links::Links;
use crate::machine::Machine;
use crate::meters::Meters;
use crate::recruits::promotion;
use crate::snapshots::Done;
use crate::traffic::Pulse;
use crate::viewers::Viewers;
use crate::wire::Numbered;

/// Requests, or batches of messages, that are taken in one turn.
const TURN_MAX: usize = 512;

/// All that the driver's thread owns.
pub(crate) struct Driver<S: Machine> {
    pub(crate) replica: Replica<S>,
    pub(crate) observer: Observer,
    pub(crate) links: Links,
    pub(crate) leaving: Leaving,
    /// Not bounded here: what may be unwritten is bounded by the proposals that the replica takes
    /// and by the window that a leader has for a follower.
    pub(crate) writes: std::sync::mpsc::Sender<Write>,
    /// Not bounded here: one snapshot is taken at a time, and one chunk waits for each follower.
    pub(crate) tasks: std::sync::mpsc::Sender<Task<S::Image>>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) meters: Arc<Meters>,
    pub(crate) pulse: Pulse,
    pub(crate) waiting: Waiting<S::Reply>,
    pub(crate) viewers: Viewers,
    /// The number of the last message. It begins with the time, so that a member that is started
    /// again does not use a number twice.
    pub(crate) sent: u64,
    pub(crate) clock: Clock,
}

/// Where what comes in comes in.
pub(crate) struct Inbox<R, T> {
    pub(crate) requests: mpsc::Receiver<Request<R>>,
    pub(crate) snapshots: mpsc::Receiver<Done<T>>,
    pub(crate) messages: mpsc::Receiver<Vec<Numbered>>,
    pub(crate) persisted: watch::Receiver<WriteId>,
}

/// A thread that the driver needs is gone.
struct Gone;

/// Why a driver ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Nobody needs it any more, or a thread is gone that it needs, which has the reason.
    Stopped,
    /// The member belongs to the cluster no more.
    Removed,
}

/// The clients that wait for an answer.
#[derive(Debug)]
pub(crate) struct Waiting<R> {
    proposals: BTreeMap<Ticket, oneshot::Sender<Result<R, Failure>>>,
    reads: BTreeMap<Ticket, oneshot::Sender<Result<(), Failure>>>,
    /// Changes of the members, and transfers of leadership.
    changes: BTreeMap<Ticket, oneshot::Sender<Result<(), Failure>>>,
}

impl<R> Default for Waiting<R> {
    fn default() -> Self {
        Self { proposals: BTreeMap::new(), reads: BTreeMap::new(), changes: BTreeMap::new() }
    }
}

impl<S: Machine> Driver<S> {
    /// Runs until all handles are gone, or a thread that it needs is, or the member has left its
    /// cluster.
    pub(crate) async fn run(mut self, mut inbox: Inbox<S::Reply, S::State>, tick: Duration) -> End {
        let mut ticks = interval(tick);
        // A member that was held up must not start an election for the time that it missed.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut requests = Vec::new();
        let mut messages = Vec::new();
        // A member that listens to nobody hears nothing, and runs all the same.
        let mut listens = true;
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    self.observer.ticked(self.clock.now_us());
                    if self.observer.wants_figures() {
                        let (linked, matched) = (self.links.connected(), self.replica.matched());
                        self.observer.reached(&linked, &matched);
                    }
                    self.replica.tick();
                    self.replica.advance(self.clock.since_start_ms());
                    self.promote_recruits();
                    self.name_members();
                    if self.leaving.is_due(tick) {
                        return End::Removed;
                    }
                }
                count = inbox.messages.recv_many(&mut messages, TURN_MAX), if listens => {
                    listens = count > 0;
                    messages.drain(..).flatten().for_each(|message| self.receive(message));
                }
                changed = inbox.persisted.changed() => {
                    if changed.is_err() {
                        return End::Stopped;
                    }
                    let write = *inbox.persisted.borrow_and_update();
                    self.observer.persisted(self.clock.now_us(), write);
                    self.replica.persisted(write);
                }
                done = inbox.snapshots.recv() => match done {
                    Some(done) => self.on_snapshot(done),
                    None => return End::Stopped,
                },
                count = inbox.requests.recv_many(&mut requests, TURN_MAX) => {
                    if count == 0 {
                        return End::Stopped;
                    }
                    requests.drain(..).for_each(|request| self.take(request));
                }
            }
            if self.carry_out().is_err() {
                return End::Stopped;
            }
        }
    }

    fn receive(&mut self, (number, envelope): Numbered) {
        let now = self.clock.now_us();
        self.observer.received(now, &envelope, number);
        if let Some(took) = self.pulse.received(now, &envelope) {
            self.meters.traffic_with(envelope.from).round_trip(took);
        }
        self.replica.receive(envelope);
    }

    fn take(&mut self, request: Request<S::Reply>) {
        match request {
            Request::Propose { command, reply } => {
                let ticket = self.replica.propose(&command);
                self.waiting.proposals.insert(ticket, reply);
                let now = self.clock.now_us();
                self.observer.asked(now, ticket, &command);
            }
            Request::Read { reply } => {
                let ticket = self.replica.read();
                self.waiting.reads.insert(ticket, reply);
            }
            Request::Change { change, reply } => {
                let ticket = self.replica.change_members(change);
                self.waiting.changes.insert(ticket, reply);
            }
            Request::Transfer { to, reply } => {
                let ticket = self.replica.transfer(to);
                self.waiting.changes.insert(ticket, reply);
            }
            Request::Watch { viewer } => {
                self.viewers.add(viewer, self.clock.now_us(), &mut self.observer);
            }
            Request::RenewFiles => self.replica.renew_files(),
            // Who hung up does not hear it, and that is all right.
            Request::Recall { reply } => drop(reply.send(self.observer.recall())),
        }
    }

    /// Passes on what became of a snapshot.
    fn on_snapshot(&mut self, done: Done<S::State>) {
        match done {
            Done::Taken(snapshot) => self.replica.snapshotted(snapshot),
            Done::TakeFailed => self.replica.snapshot_failed(),
            Done::Received(snapshot) => self.replica.snapshot_received(snapshot),
            Done::Spoiled(snapshot) => self.replica.snapshot_spoiled(snapshot),
            Done::Restored(snapshot, state, latest) => {
                if self.replica.restored(&snapshot, state) {
                    self.observer.restored(latest);
                }
            }
            Done::Chunk(envelope) => {
                let now = self.clock.now_us();
                let numbered = self.number(now, envelope);
                self.send(now, numbered.1.to, vec![numbered]);
            }
        }
    }

    /// Does what the replica wants done. Fails when a thread is gone that it needs.
    fn carry_out(&mut self) -> Result<(), Gone> {
        let now = self.clock.now_us();
        let mut messages = BTreeMap::<NodeId, Vec<Numbered>>::new();
        let outputs = self.replica.drain();
        // Before the answers: who has one sees in the status what it rests on.
        let status = self.publish();
        for output in outputs {
            match output {
                Output::Persist(write) => {
                    self.observer.wrote(now, &write);
                    self.writes.send(write).map_err(|_| Gone)?;
                }
                Output::Send(envelope) => {
                    let numbered = self.number(now, envelope);
                    messages.entry(numbered.1.to).or_default().push(numbered);
                }
                Output::Applied { ticket, reply } => {
                    self.observer.applied(S::changes(&reply));
                    // The machine's own proposals are here too, and nobody waits for them.
                    if let Some(ticket) = ticket
                        && self.waiting.proposals.contains_key(&ticket)
                    {
                        self.observer.answered(now, ticket, Phase::Ok);
                        self.waiting.answer(ticket, reply);
                    }
                }
                Output::ReadReady(ticket) => self.waiting.let_read(ticket),
                Output::Failed { ticket, failure } => {
                    if self.waiting.proposals.contains_key(&ticket) {
                        self.observer.answered(now, ticket, Phase::Fail);
                    }
                    self.waiting.fail(ticket, failure.into());
                }
                Output::TakeSnapshot { position, configuration, image } => {
                    self.ask(Task::Take { position, configuration, image })?;
                }
                Output::SendChunk { to, term, snapshot, offset } => {
                    self.ask(Task::Read { to, term, snapshot, offset })?;
                }
                Output::StoreChunk { snapshot, offset, data } => {
                    self.ask(Task::Store { snapshot, offset, data })?;
                }
                Output::Restore(snapshot) => self.ask(Task::Restore(snapshot))?,
                Output::Done(ticket) => self.waiting.finish(ticket),
                Output::Became(standing) => {
                    tracing::info!("{}: {standing}", self.observer.name());
                }
            }
        }
        for (to, messages) in messages {
            self.send(now, to, messages);
        }
        // After the last words to those who are removed.
        self.follow_configuration(&status);
        self.observer.look(now, &status.raft, status.applied);
        let told = self.observer.take();
        self.viewers.show(told, now, &mut self.observer);
        Ok(())
    }

    fn ask(&self, task: Task<S::Image>) -> Result<(), Gone> {
        self.tasks.send(task).map_err(|_| Gone)
    }

    fn number(&mut self, now: u64, envelope: Envelope) -> Numbered {
        self.sent += 1;
        self.pulse.sent(now, &envelope);
        self.observer.sent(now, &envelope, self.sent, None);
        (self.sent, envelope)
    }

    /// Gives a link all its messages of this turn at once. What it does not take is lost.
    fn send(&mut self, now: u64, to: NodeId, messages: Vec<Numbered>) {
        if let Err(lost) = self.links.send(to, messages) {
            for (number, _) in lost {
                self.observer.dropped(now, number, "not connected");
            }
        }
    }

    /// Tries to let those vote who were added for that. Nobody waits for the answer.
    fn promote_recruits(&mut self) {
        let promotion = promotion(&self.status.borrow());
        if let Some(promotion) = promotion {
            self.replica.change_members(vec![promotion]);
        }
    }

    /// Calls members by name that came later, as soon as they have said how they are called.
    fn name_members(&mut self) {
        for id in self.observer.nameless() {
            if let Some(name) = self.replica.machine().name_of(id) {
                self.observer.call(id, name);
            }
        }
    }

    /// Has links to the members that there are now, and notices when this one is none any more.
    fn follow_configuration(&mut self, status: &Status) {
        let (index, configuration) = &status.raft.configuration;
        let is_committed = *index <= status.raft.commit;
        self.links.follow(configuration, is_committed);
        self.leaving.look(configuration, is_committed);
    }

    /// Lets everybody see how the member is doing.
    fn publish(&self) -> Status {
        let status = self.replica.status();
        let standing = status.raft.standing;
        let before = self.status.borrow().raft.standing;
        if standing.leader.is_some() && standing.leader != before.leader {
            self.meters.leader_changes.fetch_add(1, Relaxed);
        }
        if self.status.borrow().raft.loss.is_some() && status.raft.loss.is_none() {
            tracing::info!("holds again all that it may have lost, and votes again");
        }
        if standing.role == RoleName::Leader && before.role != RoleName::Leader {
            tracing::info!("{} leads term {}", self.observer.name(), standing.term);
        }
        self.status.send_if_modified(|published| {
            let is_new = *published != status;
            published.clone_from(&status);
            is_new
        });
        status
    }
}

impl<R> Waiting<R> {
    // A client that hung up does not hear the answer, and that is all right.

    fn answer(&mut self, ticket: Ticket, reply: R) {
        if let Some(client) = self.proposals.remove(&ticket) {
            let _ = client.send(Ok(reply));
        }
    }

    fn let_read(&mut self, ticket: Ticket) {
        if let Some(client) = self.reads.remove(&ticket) {
            let _ = client.send(Ok(()));
        }
    }

    fn finish(&mut self, ticket: Ticket) {
        if let Some(client) = self.changes.remove(&ticket) {
            let _ = client.send(Ok(()));
        }
    }

    fn fail(&mut self, ticket: Ticket, failure: Failure) {
        if let Some(client) = self.proposals.remove(&ticket) {
            let _ = client.send(Err(failure));
        } else if let Some(client) = self.reads.remove(&ticket) {
            let _ = client.send(Err(failure));
        } else if let Some(client) = self.changes.remove(&ticket) {
            let _ = client.send(Err(failure));
        }
    }
}

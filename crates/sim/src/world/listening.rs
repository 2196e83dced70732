//! Who only looks: the listeners, with their watches, and the auditor. No member does anything else
//! because of them.

use std::hash::Hasher;

use mvcc::{AuthRefusal, Store, WatchRequest, WatchResponse};
use raft::NodeId;

use super::World;
use super::clients::admit;
use crate::admin::Asker;
use crate::auditor::Auditor;
use crate::checks::Fact;
use crate::coverage::Situation;
use crate::event::Event;
use crate::listener::{Listener, Turn};
use crate::member::Process;

impl World {
    /// Lets them come.
    pub(super) fn invite(&mut self) {
        let (seed, audience) = (self.setup.seed, self.swarm.audience);
        for number in 0..audience.listeners {
            let mut listener = Listener::new(seed, number, &self.swarm.workload, audience.pause_us);
            let event = Event::Listen { listener: self.listeners.len() };
            self.queue.push(listener.pause(), event);
            self.listeners.push(listener);
        }
        let mut auditor = Auditor::new(seed, 4 * audience.pause_us);
        self.queue.push(auditor.pause(), Event::Audit);
        self.auditor = Some(auditor);
    }

    // The auditor.

    pub(super) fn audit(&mut self) {
        let Some(mut auditor) = self.auditor.take() else { return };
        self.queue.push(self.now + auditor.pause(), Event::Audit);
        let running = self.members.iter().filter(|(_, member)| member.process.is_some());
        let mut revision = None;
        for id in running.map(|(id, _)| *id).collect::<Vec<_>>() {
            let Some(process) = &self.members[&id].process else { continue };
            let store = process.replica.machine().store();
            let revision = *revision.get_or_insert_with(|| auditor.choose(&store));
            let audit = auditor.look(&store, revision);
            drop(store);
            let applied = process.applied();
            self.see(&Fact::Audited { id, applied, audit: &audit });
        }
        self.auditor = Some(auditor);
    }

    // The listeners.

    pub(super) fn listen(&mut self, number: usize) {
        let again = self.now + self.listeners[number].pause();
        self.queue.push(again, Event::Listen { listener: number });
        let id = self.listeners[number].member;
        let is_paused = |world: &Self| {
            let member = world.members.get(&id);
            member.is_some_and(|it| it.clock.paused_until(world.now).is_some())
        };
        if is_paused(self) {
            return;
        }
        if !self.is_connected(number) {
            if !self.is_up(id) || self.is_outside(id) {
                self.turn_away(number);
                return;
            }
            self.connect(number, id);
        }
        match self.listeners[number].turn() {
            Turn::Take { steps, responses } => {
                self.serve_watchers(number, steps);
                for _ in 0..responses {
                    if !self.take_response(number) {
                        break;
                    }
                }
            }
            Turn::RequestProgress => {
                self.with_stream(number, |Process { replica, hub, .. }, stream| {
                    hub.ask(replica.machine(), |watchers| watchers.request_progress(stream));
                });
            }
            Turn::NotifyProgress => {
                self.with_stream(number, |Process { replica, hub, .. }, stream| {
                    hub.ask(replica.machine(), |watchers| watchers.notify_progress(stream));
                });
            }
            Turn::Watch => {
                let request = self.listeners[number].watch();
                self.watch(number, &request);
            }
            Turn::Cancel(name) => {
                self.with_stream(number, |Process { replica, hub, .. }, stream| {
                    hub.ask(replica.machine(), |watchers| watchers.cancel(stream, name));
                });
            }
            Turn::Leave => {
                self.with_stream(number, |Process { replica, hub, .. }, stream| {
                    hub.close(replica.machine(), stream);
                });
                self.turn_away(number);
            }
        }
    }

    /// All is at rest: each listener takes what there is, so that it is seen whether that is all.
    pub(super) fn hear_all(&mut self) {
        let leader = self.leader().filter(|leader| self.is_up(*leader));
        for number in 0..self.listeners.len() {
            if !self.is_connected(number)
                && let Some(leader) = leader
            {
                self.connect(number, leader);
            }
            let Some(applied) = self.with_stream(number, |process, _| process.applied()) else {
                continue;
            };
            loop {
                let has_more = self.serve_watchers(number, 1);
                if !self.take_response(number) && !has_more {
                    break;
                }
            }
            self.see(&Fact::HeardAll { listener: number, applied });
        }
    }

    /// Whether its stream is there. The process that had it may have ended.
    fn is_connected(&mut self, number: usize) -> bool {
        self.with_stream(number, |_, _| ()).is_some()
    }

    fn turn_away(&mut self, number: usize) {
        let members = self.members.len() as u64;
        self.listeners[number].turn_away(members);
    }

    fn connect(&mut self, number: usize, id: NodeId) {
        let Some(process) = &mut self.member(id).process else { return };
        let (run, stream) = (process.run, process.hub.open(process.replica.machine()));
        let listener = &mut self.listeners[number];
        listener.connect(run, stream);
        let requests = listener.watches.values().cloned().collect::<Vec<_>>();
        self.see(&Fact::Connected { listener: number });
        for request in &requests {
            if request.start_revision > 0 {
                self.coverage.add(Situation::WatchResumed);
            }
            self.watch(number, request);
        }
    }

    fn watch(&mut self, number: usize, request: &WatchRequest) {
        let who = self.listeners[number].who;
        let Some((applied, refusal)) = self.with_stream(number, |process, stream| {
            let Process { replica, hub, .. } = &mut *process;
            let refusal = permit(&replica.machine().store(), who, request).err();
            hub.ask(replica.machine(), |watchers| match refusal {
                None => watchers.create(stream, request),
                Some(refusal) => watchers.refuse(stream, refusal.into()),
            });
            (process.applied(), refusal)
        }) else {
            return;
        };
        self.see(&Fact::Watched { listener: number, who, applied, request, refusal });
        if refusal.is_some() {
            self.listeners[number].forget(request.watch_id);
        }
    }

    /// Its member reads history for those who watch. Whether there is more.
    fn serve_watchers(&mut self, number: usize, steps: u64) -> bool {
        let served = self.with_stream(number, |Process { replica, hub, .. }, _| {
            let has_more = hub.serve(replica.machine(), steps);
            (has_more, hub.slow_watchers() > 0)
        });
        let (has_more, has_slow) = served.unwrap_or_default();
        if has_slow {
            self.coverage.add(Situation::WatchFellBehind);
        }
        has_more
    }

    /// Takes one response, if there is one.
    fn take_response(&mut self, number: usize) -> bool {
        let taken = self.with_stream(number, |process, stream| {
            Some((process.hub.take(stream)?, process.applied()))
        });
        let Some((response, applied)) = taken.flatten() else { return false };
        self.see(&Fact::Told { listener: number, applied, response: &response });
        self.note(&response);
        if self.listeners[number].hear(&response) {
            self.coverage.add(Situation::WatchCompacted);
            let newest = self.listeners[number].watches.last_key_value();
            if let Some(request) = newest.map(|(_, request)| request.clone()) {
                self.watch(number, &request);
            }
        }
        true
    }

    fn note(&mut self, response: &WatchResponse) {
        let (id, revision) = match response {
            WatchResponse::Events { watch_id, revision, .. }
            | WatchResponse::Created { watch_id, revision }
            | WatchResponse::Canceled { watch_id, revision } => (*watch_id, *revision),
            WatchResponse::Progress { watch_id, revision } => (watch_id.unwrap_or(0), *revision),
            WatchResponse::Compacted { watch_id, compacted } => (*watch_id, *compacted),
            WatchResponse::Refused { revision, .. } => (0, *revision),
        };
        self.hash.write_i64(id);
        self.hash.write_i64(revision);
    }

    /// Does something with the process that has the listener's stream, if it still runs.
    fn with_stream<T>(
        &mut self,
        number: usize,
        act: impl FnOnce(&mut Process, mvcc::StreamId) -> T,
    ) -> Option<T> {
        let (run, stream) = self.listeners[number].stream?;
        let process = self.members.get_mut(&run.id)?.in_run(run)?;
        Some(act(process, stream))
    }
}

/// Whether somebody may have that watch.
fn permit(store: &Store, who: Asker, request: &WatchRequest) -> Result<(), AuthRefusal> {
    let key = if request.key.is_empty() { b"\0" } else { &request.key[..] };
    admit(store, who, |user| store.auth().may_read(user, key, &request.range_end))
}

//! The teller: says what happens in the world as records of the trace, of which the page draws it.
//!
//! It hears the same facts as the checks do. What a member does is put into words by a
//! [`trace::Observer`], the one that a real member has too; what only a world can know (when a
//! message will arrive, that it got lost, who asked for what) is added here.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use mvcc::{Change, Stamped};
use raft::{Envelope, NodeId, Restored, WriteId};
use trace::{Asked, Event, Fault, Observer, Phase, Record, Sight};

use crate::checks::Fact;
use crate::client::Operation;
use crate::event::Moment;
use crate::machine::Machine;
use crate::outcome::Violation;

/// Tells the run, if somebody listens.
#[derive(Debug, Default)]
pub(crate) struct Teller {
    is_heard: bool,
    observers: BTreeMap<NodeId, Observer>,
    /// Those that ran before.
    known: BTreeSet<NodeId>,
    /// What will happen, unseen by any member: by the moment, the message and its sender.
    later: BTreeMap<(Moment, u64, NodeId), Event>,
    /// The links that are cut.
    cut: BTreeSet<(NodeId, NodeId)>,
    /// What was told, and not yet taken.
    records: Vec<Record>,
    count: u64,
}

impl Teller {
    /// A teller who is listened to, and begins so. Any other tells nothing.
    pub(crate) fn heard(hello: Event, members: impl Iterator<Item = NodeId>) -> Self {
        let mut teller = Self { is_heard: true, ..Self::default() };
        teller.push(0, None, hello);
        for id in members {
            let empty = trace::Member { first: 1, ..trace::Member::default() };
            teller.push(0, Some(id), Event::Key(empty));
        }
        teller
    }

    /// The records since the last call.
    pub(crate) fn take(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.records)
    }

    /// The keys that changed last in what a machine holds.
    pub(crate) fn latest(machine: &Machine) -> Vec<trace::Change> {
        let latest = machine.store().latest(trace::Member::KEYS);
        latest.into_iter().map(|kv| (kv.key, Some(kv.value))).collect()
    }

    /// A member starts with a state in which these keys changed last; its clock takes so long for a
    /// tick.
    pub(crate) fn start(
        &mut self,
        now: Moment,
        id: NodeId,
        tick_us: u64,
        restored: &Restored,
        latest: Vec<trace::Change>,
    ) {
        if !self.is_heard {
            return;
        }
        let text = |command: &Bytes| {
            let command = Stamped::decode(replica::command_of(command));
            command.map_or_else(|error| error.to_string(), |it| mvcc::describe(&it.command))
        };
        // Both texts are of commands in the log: clients ask in words of the simulator.
        let sight = Sight { own: id, names: BTreeMap::new(), tick_us, command: text, logged: text };
        let mut observer = Observer::new(sight, restored);
        observer.tell_all();
        observer.restored(latest);
        if !self.known.insert(id) {
            self.push(now, Some(id), Event::Fault { f: Fault::Start });
        }
        self.push(now, Some(id), observer.key());
        self.observers.insert(id, observer);
    }

    /// A snapshot took the place of the member's state, in which these keys changed last.
    pub(crate) fn restored(&mut self, id: NodeId, latest: Vec<trace::Change>) {
        self.observe(id, |observer| observer.restored(latest));
    }

    pub(crate) fn ticked(&mut self, now: Moment, id: NodeId) {
        self.observe(id, |observer| observer.ticked(now));
    }

    /// A message leaves, as the sender's message of that number, and arrives at that moment.
    pub(crate) fn sent(&mut self, now: Moment, number: u64, envelope: &Envelope, eta: Moment) {
        self.observe(envelope.from, |observer| observer.sent(now, envelope, number, Some(eta)));
    }

    /// The message gets lost at that moment, on its way.
    pub(crate) fn lost(&mut self, now: Moment, number: u64, envelope: &Envelope, why: &str) {
        if self.is_heard {
            let from = envelope.from.to_string();
            let lost = Event::Dropped { from, id: number, why: why.to_owned() };
            self.later.insert((now, number, envelope.from), lost);
        }
    }

    pub(crate) fn persisted(&mut self, now: Moment, id: NodeId, write: WriteId) {
        self.observe(id, |observer| observer.persisted(now, write));
    }

    pub(crate) fn received(&mut self, now: Moment, number: u64, envelope: &Envelope) {
        self.observe(envelope.to, |observer| observer.received(now, envelope, number));
    }

    /// A message arrives where nobody is.
    pub(crate) fn missed(&mut self, now: Moment, number: u64, envelope: &Envelope) {
        let from = envelope.from.to_string();
        let lost = Event::Dropped { from, id: number, why: "stopped".into() };
        self.push(now, Some(envelope.to), lost);
    }

    pub(crate) fn suffered(&mut self, now: Moment, id: NodeId, f: Fault) {
        self.push(now, Some(id), Event::Fault { f });
    }

    /// These links are cut from now on, and no others.
    pub(crate) fn cut(&mut self, now: Moment, links: BTreeSet<(NodeId, NodeId)>) {
        if links != self.cut {
            let cut = links.iter().map(|(from, to)| (from.to_string(), to.to_string())).collect();
            self.cut = links;
            self.push(now, None, Event::Network { cut });
        }
    }

    pub(crate) fn see(&mut self, now: Moment, fact: &Fact<'_>) {
        if !self.is_heard {
            return;
        }
        match fact {
            Fact::Wrote { id, write } => self.observe(*id, |observer| observer.wrote(now, write)),
            Fact::Applied { id, applied } => {
                let changes = applied.reply.iter().flat_map(|reply| &reply.changes);
                self.observe(*id, |observer| observer.applied(changes.map(pair)));
            }
            Fact::Drained { id, status } => {
                self.observe(*id, |observer| observer.look(now, &status.raft, status.applied));
                self.take_from(*id);
            }
            Fact::Crashed { id, .. } => {
                self.take_from(*id);
                self.observers.remove(id);
                self.suffered(now, *id, Fault::Stop);
            }
            Fact::Invoked { operation } => {
                let cmd = Some(words::describe(&operation.request));
                let by = Some(format!("c{}", operation.client + 1));
                self.tell_operation(now, operation, Phase::Invoked, Asked { cmd, by, val: None });
            }
            Fact::Answered { operation, answer } => {
                let (phase, val) = words::outcome(answer);
                self.tell_operation(now, operation, phase, Asked { val, ..Asked::default() });
            }
            Fact::Started { .. }
            | Fact::Durable { .. }
            | Fact::Stands { .. }
            | Fact::Leads { .. }
            | Fact::Sent { .. }
            | Fact::Taken { .. }
            | Fact::Restored { .. }
            | Fact::Denied { .. }
            | Fact::ReadReady { .. }
            | Fact::Connected { .. }
            | Fact::Watched { .. }
            | Fact::Told { .. }
            | Fact::HeardAll { .. }
            | Fact::Audited { .. } => {}
        }
    }

    /// Somebody does something. What is told of it can still be completed.
    pub(crate) fn act(&mut self, now: Moment, a: String) -> usize {
        self.push(now, None, Event::Action { a, on: Vec::new(), why: None });
        self.records.len().saturating_sub(1)
    }

    /// What that record told was done to these members, or could not be done.
    pub(crate) fn acted(&mut self, place: usize, done: Result<Vec<NodeId>, String>) {
        let Some(Record { event: Event::Action { on, why, .. }, .. }) = self.records.get_mut(place)
        else {
            return;
        };
        match done {
            Ok(ids) => *on = ids.iter().map(ToString::to_string).collect(),
            Err(text) => *why = Some(text),
        }
    }

    /// A client reads what a member has.
    pub(crate) fn read_local(
        &mut self,
        now: Moment,
        id: NodeId,
        client: usize,
        key: &str,
        value: String,
    ) {
        let op = format!("{id}:local:{}", self.count);
        let (cmd, by) = (Some(format!("get {key} local")), Some(format!("c{}", client + 1)));
        let asked = Asked { cmd, by, val: None };
        self.push(now, Some(id), Event::Operation { op: op.clone(), ph: Phase::Invoked, asked });
        let asked = Asked { val: Some(value), ..Asked::default() };
        self.push(now, Some(id), Event::Operation { op, ph: Phase::Ok, asked });
    }

    /// From now on the member's clock takes so long for a tick.
    pub(crate) fn retick(&mut self, id: NodeId, tick_us: u64) {
        self.observe(id, |observer| observer.retick(tick_us));
    }

    /// How many records there were.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn held(&mut self, now: Moment, check: &str) {
        self.push(now, None, Event::Invariant { name: check.to_owned(), ok: true, wit: None });
    }

    pub(crate) fn end(&mut self, now: Moment, why: &str) {
        self.push(now, None, Event::End { why: why.to_owned() });
    }

    pub(crate) fn violated(&mut self, violation: &Violation) {
        let ids = self.observers.keys().copied().collect::<Vec<_>>();
        for id in ids {
            self.take_from(id);
        }
        let Violation { check, text, at } = violation;
        let wit = Some(text.clone());
        self.push(*at, None, Event::Invariant { name: (*check).to_owned(), ok: false, wit });
    }

    fn tell_operation(&mut self, now: Moment, operation: &Operation, ph: Phase, asked: Asked) {
        let Operation { member, ticket, .. } = operation;
        let op = format!("{member}:{:x}", ticket.0);
        let event = Event::Operation { op, ph, asked };
        if let Some(observer) = self.observers.get_mut(member) {
            observer.tell(now, event);
        } else {
            // The member is gone, and its last records with it.
            self.push(now, Some(*member), event);
        }
    }

    fn observe(&mut self, id: NodeId, see: impl FnOnce(&mut Observer)) {
        if let Some(observer) = self.observers.get_mut(&id) {
            see(observer);
        }
    }

    fn take_from(&mut self, id: NodeId) {
        let told = self.observers.get_mut(&id).map(Observer::take).unwrap_or_default();
        for (t, event) in told {
            self.push(t, Some(id), event);
        }
    }

    fn push(&mut self, t: Moment, id: Option<NodeId>, event: Event) {
        if !self.is_heard {
            return;
        }
        while let Some(first) = self.later.first_entry()
            && first.key().0 <= t
        {
            let ((at, _, from), event) = first.remove_entry();
            self.record(at, Some(from), event);
        }
        self.record(t, id, event);
    }

    fn record(&mut self, t: Moment, id: Option<NodeId>, event: Event) {
        let n = id.map(|id| id.to_string());
        self.records.push(Record { i: self.count, t, n, event });
        self.count += 1;
    }
}

/// A key that changed, and its new value.
fn pair(change: &Change) -> trace::Change {
    match change {
        Change::Put { kv, .. } => (kv.key.clone(), Some(kv.value.clone())),
        Change::Delete { key, .. } => (key.clone(), None),
    }
}

//! The observer: sees what goes into one member's core and comes out of it, and tells it.
//!
//! It is called with what the host or the simulator has in its hands anyway, so that both tell the
//! same story in the same words. While nobody watches it keeps just enough to begin a story at any
//! moment. While somebody does, it tells at most so much in each span of time: what goes beyond is
//! left out, said in a `gap`, and made good by a `key`; what is rare is never left out, and figures
//! of all that happened are told every second. A simulated run, for which nobody waits, is told
//! whole, and without figures.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use raft::{
    ElectionTimer, Entry, Envelope, HardState, Index, NodeId, Payload, Position, Restored,
    RoleName, Standing, Status, Ticket, Write, WriteId,
};

use crate::disk::Disk;
use crate::flight::{Flight, is_of_elections};
use crate::gauge::Gauge;
use crate::message::{self, EntryText, Kind};
use crate::record::{Asked, Configuration, Durable, Event, Member, Phase, Role, Snapshot};

/// A key that changed, and its new value; none if it was deleted.
pub type Change = (Bytes, Option<Bytes>);

/// What an observer needs to know of its member to find words.
#[derive(Clone, Debug)]
pub struct Sight {
    /// The member.
    pub own: NodeId,
    /// The names of all members.
    pub names: BTreeMap<NodeId, String>,
    /// How long a tick is, in microseconds.
    pub tick_us: u64,
    /// Says a command in one short line, as a client gives it.
    pub command: fn(&Bytes) -> String,
    /// Says a command in one short line, as it stands in the log.
    pub logged: fn(&Bytes) -> String,
}

/// Sees one member, and tells.
#[derive(Debug)]
pub struct Observer {
    sight: Sight,
    tail: VecDeque<Entry>,
    last: Index,
    disk: Disk,
    snapshot: Snapshot,
    configuration: Configuration,
    /// Of what that was made.
    configuration_seen: Option<(Index, Arc<raft::Configuration>)>,
    /// The keys that changed last, named as they are told.
    changes: VecDeque<NamedChange>,
    /// Those of them that changed since the last look.
    unsaid: VecDeque<NamedChange>,
    seen: Option<Seen>,
    /// A snapshot took the place of what was known of the member.
    key_due: bool,
    timer: Option<(u64, u64)>,
    timer_told: u64,
    /// The timer was set since it was told.
    timer_due: bool,
    ticked: Option<u64>,
    watched: bool,
    told: Vec<(u64, Event)>,
    allowance: Allowance,
    gauge: Gauge,
    flight: Flight,
    /// When the last message came.
    heard: u64,
}

type NamedChange = (String, Option<Bytes>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    standing: Standing,
    commit: Index,
    applied: Index,
    timer: Option<ElectionTimer>,
}

/// How much more may be told in this span of time.
#[derive(Debug, Default)]
struct Allowance {
    is_boundless: bool,
    until: u64,
    left: usize,
    lost: u64,
}

/// A span of time, in microseconds, and how many details are told in it.
const SPAN_US: u64 = 100_000;
const DETAILS_PER_SPAN: usize = 150;

/// So many entries in a record count as one more detail.
const ENTRIES_PER_DETAIL: usize = 16;

/// A timer that is set again within this many microseconds is not told again.
const TIMER_PAUSE_US: u64 = 20_000;

/// The characters of a text that are told.
const TEXT_CHARS: usize = 64;

impl Observer {
    /// An observer of a member that starts.
    pub fn new(sight: Sight, restored: &Restored) -> Self {
        let skipped = restored.entries.len().saturating_sub(Member::TAIL);
        Self {
            sight,
            tail: restored.entries[skipped..].iter().cloned().collect(),
            last: last_of(restored),
            disk: Disk::new(restored, last_of(restored)),
            snapshot: Snapshot::default(),
            configuration: Configuration::default(),
            configuration_seen: None,
            changes: VecDeque::new(),
            unsaid: VecDeque::new(),
            seen: None,
            key_due: false,
            timer: None,
            timer_told: 0,
            timer_due: false,
            ticked: None,
            watched: false,
            told: Vec::new(),
            allowance: Allowance::default(),
            gauge: Gauge::default(),
            flight: Flight::default(),
            heard: 0,
        }
    }

    /// Tells everything from now on, however much it is.
    pub fn tell_all(&mut self) {
        self.watched = true;
        self.allowance.is_boundless = true;
    }

    /// The member's name.
    pub fn name(&self) -> String {
        self.name_of(self.sight.own)
    }

    /// The members of the configuration in force of which only the number is known.
    pub fn nameless(&self) -> Vec<NodeId> {
        let Some((_, configuration)) = &self.configuration_seen else { return Vec::new() };
        let all = configuration.voters().chain(configuration.outgoing());
        let all = all.chain(configuration.learners());
        all.filter(|id| !self.sight.names.contains_key(id)).collect()
    }

    /// From now on that member is called so. The configuration will be told again.
    pub fn call(&mut self, id: NodeId, name: String) {
        self.sight.names.insert(id, name);
        self.configuration_seen = None;
    }

    /// Begins or ends to tell. Who begins to watch needs a [`key`](Self::key) first.
    pub fn set_watched(&mut self, now: u64, watched: bool) {
        if self.watched != watched {
            self.told.clear();
            self.unsaid.clear();
            self.allowance.lost = 0;
            self.gauge.rest(now);
        }
        self.watched = watched;
    }

    /// Elections, lost entries and changes of the members, also of times in which nobody watched:
    /// as far back as there is room for.
    pub fn recall(&self) -> Vec<(u64, Event)> {
        let mut events = self.flight.events().cloned().collect::<Vec<_>>();
        events.sort_by_key(|(t, _)| *t);
        events
    }

    /// Whether somebody is told figures, for which the host has to say who is
    /// [reached](Self::reached).
    pub fn wants_figures(&self) -> bool {
        self.watched && !self.allowance.is_boundless
    }

    /// These members can be sent to now, and those are known to hold so much of this leader's log.
    pub fn reached(&mut self, linked: &[NodeId], matched: &[(NodeId, Index)]) {
        let others = matched.iter().filter(|(id, _)| *id != self.sight.own);
        self.gauge.reached(linked, others.copied());
    }

    /// What there is to tell since the last call: moments and events. What one drain brought is in
    /// the order of `rank`, which is the order in which it is understood.
    pub fn take(&mut self) -> Vec<(u64, Event)> {
        self.told.sort_by_key(|(t, event)| (*t, rank(event)));
        std::mem::take(&mut self.told)
    }

    /// Something that the member's core does not know of, but whoever runs it.
    pub fn tell(&mut self, now: u64, event: Event) {
        if self.may_tell(now) {
            self.told.push((now, event));
        }
    }

    /// The member's clock takes so long for a tick from now on. Its timer will be told again.
    pub fn retick(&mut self, tick_us: u64) {
        self.sight.tick_us = tick_us;
        self.timer_due = true;
    }

    /// The member's clock ticked.
    pub fn ticked(&mut self, now: u64) {
        self.ticked = Some(now);
    }

    /// A message of that number, among all that its sender sends, arrived.
    pub fn received(&mut self, now: u64, envelope: &Envelope, id: u64) {
        self.heard = now;
        let is_rare = is_of_elections(&envelope.message);
        if is_rare || self.may_tell(now) {
            let event = Event::Received { from: self.name_of(envelope.from), id };
            self.tell_or_note(now, event, is_rare);
        }
        if self.wants_figures() {
            self.gauge.received(now, envelope);
        }
    }

    /// A message leaves, as the member's message number `id`. In a simulated run it is known when
    /// it will be there.
    pub fn sent(&mut self, now: u64, envelope: &Envelope, id: u64, eta: Option<u64>) {
        let Envelope { to, term, message, .. } = envelope;
        if self.wants_figures() {
            self.gauge.sent(now, envelope);
        }
        let is_rare = is_of_elections(message);
        if is_rare || self.may_tell_entries(now, message::entries_in(message)) {
            let m = Kind::of(message);
            let b = message::tell(
                message,
                |entry| self.entry_text(entry),
                |command| cut(&(self.sight.logged)(command)),
            );
            let to = self.name_of(*to);
            self.tell_or_note(now, Event::Sent { id, to, m, term: term.0, b, eta }, is_rare);
        }
    }

    /// The member's message number `id` cannot be delivered.
    pub fn dropped(&mut self, now: u64, id: u64, why: &str) {
        let is_rare = self.flight.has_sent(id);
        if is_rare || self.may_tell(now) {
            let event = Event::Dropped { from: self.name(), id, why: why.to_owned() };
            self.tell_or_note(now, event, is_rare);
        }
    }

    /// The log changed, and is being written.
    pub fn wrote(&mut self, now: u64, write: &Write) {
        self.rebase(write.base);
        self.append(now, write);
        self.disk.ask(write, self.last);
        if self.wants_figures() {
            self.gauge.wrote(now, write.id);
            if !write.entries.is_empty() {
                self.gauge.appended(now, self.last);
            }
        }
    }

    /// That write is durable, and each before it.
    pub fn persisted(&mut self, now: u64, write: WriteId) {
        if self.disk.report(write) && self.may_tell(now) {
            self.told.push((now, Event::Durable(self.durable())));
        }
        self.gauge.persisted(now, write);
    }

    fn append(&mut self, now: u64, write: &Write) {
        let (Some(first), Some(last)) = (write.entries.first(), write.entries.last()) else {
            return;
        };
        let from = first.position.index;
        if from <= self.last {
            let lost = self.tail.iter().filter(|entry| entry.position.index >= from);
            let lost = lost.map(|entry| self.entry_text(entry)).collect();
            self.tell_or_note(now, Event::Truncated { from: from.0, lost }, true);
            self.tail.retain(|entry| entry.position.index < from);
        }
        if self.may_tell_entries(now, write.entries.len()) {
            let e = write.entries.iter().map(|entry| self.entry_text(entry)).collect();
            self.told.push((now, Event::Appended { e }));
        }
        self.last = last.position.index;
        let kept = write.entries.len().saturating_sub(Member::TAIL);
        self.tail.extend(write.entries[kept..].iter().cloned());
        let extra = self.tail.len().saturating_sub(Member::TAIL);
        self.tail.drain(..extra);
    }

    /// The log begins after that position, and ends there if it did not hold it.
    fn rebase(&mut self, base: Option<Position>) {
        let Some(base) = base else { return };
        let there = self.tail.iter().find(|entry| entry.position.index == base.index);
        if base.index > self.last || there.is_some_and(|entry| entry.position != base) {
            self.tail.clear();
            self.last = base.index;
        }
    }

    /// A command was applied and changed these keys.
    pub fn applied(&mut self, changes: impl IntoIterator<Item = Change>) {
        for (key, value) in changes {
            let key = lossy(&key);
            if self.watched {
                remember(&mut self.unsaid, (key.clone(), value.clone()));
            }
            remember(&mut self.changes, (key, value));
        }
    }

    /// The state of a snapshot took the place of the member's own, and these are the keys that
    /// changed last in it. Who watches is told anew where the member stands.
    pub fn restored(&mut self, latest: impl IntoIterator<Item = Change>) {
        self.changes.clear();
        self.unsaid.clear();
        for (key, value) in latest {
            remember(&mut self.changes, (lossy(&key), value));
        }
        self.key_due = self.seen.is_some();
    }

    /// A client's request came: `command`, as the state machine gets it.
    pub fn asked(&mut self, now: u64, ticket: Ticket, command: &Bytes) {
        if self.wants_figures() {
            self.gauge.asked(now, ticket);
        }
        if self.may_tell(now) {
            let cmd = cut(&(self.sight.command)(command));
            self.told.push((now, self.operation(ticket, Phase::Invoked, Some(cmd))));
        }
    }

    /// A client's request was answered.
    pub fn answered(&mut self, now: u64, ticket: Ticket, phase: Phase) {
        self.gauge.answered(now, ticket);
        if self.may_tell(now) {
            self.told.push((now, self.operation(ticket, phase, None)));
        }
    }

    fn operation(&self, ticket: Ticket, ph: Phase, cmd: Option<String>) -> Event {
        let asked = Asked { cmd, ..Asked::default() };
        Event::Operation { op: format!("{}:{:x}", self.name(), ticket.0), ph, asked }
    }

    /// Looks at how the member is doing. Called after each drain.
    pub fn look(&mut self, now: u64, status: &Status, applied: Index) {
        let seen =
            Seen { standing: status.standing, commit: status.commit, applied, timer: status.timer };
        let is_new_role = self.seen.map(|before| before.standing) != Some(seen.standing);
        if is_new_role && self.seen.is_some() && !self.allowance.is_boundless {
            // A replay may begin where it had last been quiet.
            let quiet = if self.heard == 0 { now } else { self.heard };
            self.flight.note(quiet, self.key());
        }
        let before = self.seen.replace(seen);
        if is_new_role {
            self.gauge.became(now);
            let event = self.standing(seen.standing);
            self.tell_or_note(now, event, true);
        }
        self.look_at_timer(now, status, before, is_new_role);
        self.look_at_cluster(now, status);
        if before.is_none_or(|before| before.commit < seen.commit) && self.may_tell(now) {
            self.told.push((now, Event::Committed { ci: seen.commit.0 }));
        }
        if before.is_none_or(|before| before.applied < seen.applied) {
            let set = std::mem::take(&mut self.unsaid);
            if self.may_tell(now) {
                let set = set.iter().map(told_change).collect();
                self.told.push((now, Event::Applied { ai: seen.applied.0, set }));
            }
        }
        self.make_good(now);
        if std::mem::take(&mut self.key_due) && self.may_tell(now) {
            self.told.push((now, self.key()));
        }
        if self.wants_figures() {
            let name = |id| name_in(&self.sight, id);
            if let Some(figures) = self.gauge.read(now, self.last, name) {
                self.told.push((now, Event::Aggregate(figures)));
            }
        }
    }

    /// All that is known of the member.
    pub fn key(&self) -> Event {
        let mut member = Member {
            log: self.tail.iter().map(|entry| self.entry_text(entry)).collect(),
            first: self.tail.front().map_or(self.last.0 + 1, |entry| entry.position.index.0),
            kv: self.changes.iter().map(told_change).collect(),
            tm: self.timer,
            du: self.durable(),
            sn: self.snapshot.clone(),
            cf: self.configuration.clone(),
            ..Member::default()
        };
        if let Some(Seen { standing, commit, applied, .. }) = self.seen {
            member.fold(&self.standing(standing));
            member.ci = commit.0;
            member.ai = applied.0;
        }
        Event::Key(member)
    }

    /// Tells of a snapshot and of a configuration. Both are rare, and never left out.
    fn look_at_cluster(&mut self, now: u64, status: &Status) {
        let position = status.snapshot.unwrap_or_default();
        let (si, st) = (position.index.0, position.term.0);
        let snapshot = Snapshot { si, st, bi: status.base.index.0 };
        if snapshot != self.snapshot {
            self.snapshot = snapshot.clone();
            self.tell_or_note(now, Event::Snapshot(snapshot), true);
        }
        let (index, configuration) = &status.configuration;
        if self.configuration_seen.as_ref() != Some(&status.configuration) {
            self.configuration_seen = Some(status.configuration.clone());
            let names = |ids: &mut dyn Iterator<Item = NodeId>| {
                ids.map(|id| self.name_of(id)).collect::<Vec<_>>()
            };
            self.configuration = Configuration {
                idx: index.0,
                voters: names(&mut configuration.voters()),
                out: names(&mut configuration.outgoing()),
                learners: names(&mut configuration.learners()),
            };
            let event = Event::Configuration(self.configuration.clone());
            self.tell_or_note(now, event, true);
        }
    }

    fn durable(&self) -> Durable {
        let held = self.disk.held();
        let HardState { term, vote } = held.hard_state;
        Durable { di: held.last.0, term: term.0, vote: vote.map(|id| self.name_of(id)) }
    }

    /// Tells of a timer that was set again, but not of each time: every append of a busy leader
    /// sets it.
    fn look_at_timer(&mut self, now: u64, status: &Status, before: Option<Seen>, new_role: bool) {
        let Some(timer) = status.timer else {
            (self.timer, self.timer_due) = (None, false);
            return;
        };
        let was_set = before
            .and_then(|before| before.timer)
            .is_none_or(|before| timer.elapsed < before.elapsed || timer.timeout != before.timeout);
        self.timer_due |= was_set || new_role;
        let may_again = self.allowance.is_boundless || now >= self.timer_told + TIMER_PAUSE_US;
        if self.timer_due && (new_role || may_again) {
            (self.timer_told, self.timer_due) = (now, false);
            let left = u64::from(timer.timeout.saturating_sub(timer.elapsed));
            let dur = u64::from(timer.timeout) * self.sight.tick_us;
            let dl = self.ticked.unwrap_or(now) + left * self.sight.tick_us;
            self.timer = Some((dur, dl));
            if self.may_tell(now) {
                self.told.push((now, Event::Timer { dur, dl }));
            }
        }
    }

    /// After a span in which something was left out, says so, and where the member stands.
    fn make_good(&mut self, now: u64) {
        if self.allowance.lost > 0 && now >= self.allowance.until {
            let lost = std::mem::take(&mut self.allowance.lost);
            self.told.push((now, Event::Gap { lost }));
            self.told.push((now, self.key()));
            self.unsaid.clear();
        }
    }

    /// Tells it, if somebody watches. What is rare is noted for those who ask later, too.
    fn tell_or_note(&mut self, now: u64, event: Event, is_rare: bool) {
        if is_rare && !self.allowance.is_boundless {
            self.flight.note(now, event.clone());
        }
        if self.watched {
            self.told.push((now, event));
        }
    }

    /// Whether one more detail may be told. Once one was left out in a span of time, all are: the
    /// fold of what is left would be wrong until the next key.
    fn may_tell(&mut self, now: u64) -> bool {
        self.may_tell_entries(now, 0)
    }

    /// Whether a detail may be told that lists so many entries.
    fn may_tell_entries(&mut self, now: u64, entries: usize) -> bool {
        if !self.watched {
            return false;
        }
        let allowance = &mut self.allowance;
        if allowance.is_boundless {
            return true;
        }
        if now >= allowance.until && allowance.lost == 0 {
            allowance.until = now + SPAN_US;
            allowance.left = DETAILS_PER_SPAN;
        }
        let cost = 1 + entries / ENTRIES_PER_DETAIL;
        if allowance.lost > 0 || allowance.left < cost {
            allowance.lost += 1;
            return false;
        }
        allowance.left -= cost;
        true
    }

    fn standing(&self, standing: Standing) -> Event {
        Event::Standing {
            role: role(standing.role),
            term: standing.term.0,
            vote: standing.vote.map(|id| self.name_of(id)),
            lead: standing.leader.map(|id| self.name_of(id)),
        }
    }

    fn name_of(&self, id: NodeId) -> String {
        name_in(&self.sight, id)
    }

    fn entry_text(&self, entry: &Entry) -> EntryText {
        let text = match &entry.payload {
            Payload::Noop => "noop".to_owned(),
            Payload::Command(command) => cut(&(self.sight.logged)(command)),
            Payload::Configuration(configuration) => cut(&format!("members {configuration}")),
        };
        (entry.position.index.0, entry.position.term.0, text)
    }
}

fn name_in(sight: &Sight, id: NodeId) -> String {
    sight.names.get(&id).cloned().unwrap_or_else(|| id.to_string())
}

/// The place of an event among those of one drain: what came, what the member became by it, what it
/// wrote, what that committed, what it says to others, what it applied, and whom it answered.
fn rank(event: &Event) -> u8 {
    match event {
        Event::Hello { .. } | Event::Unknown | Event::Network { .. } | Event::Action { .. } => 0,
        Event::Fault { .. }
        | Event::Received { .. }
        | Event::Operation { ph: Phase::Invoked, .. }
        | Event::Durable(_) => 1,
        Event::Standing { .. } => 2,
        Event::Timer { .. } => 3,
        Event::Truncated { .. } => 4,
        Event::Appended { .. } | Event::Snapshot(_) | Event::Configuration(_) => 5,
        Event::Committed { .. } => 6,
        Event::Sent { .. } | Event::Dropped { .. } => 7,
        Event::Applied { .. } => 8,
        Event::Operation { .. } => 9,
        Event::Gap { .. } => 10,
        Event::Key(_) => 11,
        Event::Invariant { .. } | Event::End { .. } | Event::Aggregate(_) => 12,
    }
}

/// Where the log ends that was found on the disk, or the snapshot beside it.
fn last_of(restored: &Restored) -> Index {
    let last = restored.entries.last().map_or(restored.base, |entry| entry.position).index;
    restored.snapshot.as_ref().map_or(last, |snapshot| last.max(snapshot.position.index))
}

fn role(name: RoleName) -> Role {
    match name {
        RoleName::Follower => Role::Follower,
        RoleName::PreCandidate => Role::PreCandidate,
        RoleName::Candidate => Role::Candidate,
        RoleName::Leader => Role::Leader,
    }
}

/// Puts a change at the end, in place of an earlier one of the same key.
fn remember(changes: &mut VecDeque<NamedChange>, change: NamedChange) {
    changes.retain(|(key, _)| *key != change.0);
    changes.push_back(change);
    if changes.len() > Member::KEYS {
        changes.pop_front();
    }
}

fn told_change((key, value): &NamedChange) -> (String, Option<String>) {
    (key.clone(), value.as_ref().map(|value| lossy(value)))
}

fn lossy(bytes: &[u8]) -> String {
    // A character has at most four bytes.
    cut(&String::from_utf8_lossy(&bytes[..bytes.len().min(4 * TEXT_CHARS)]))
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS).collect()
}

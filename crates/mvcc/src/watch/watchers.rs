//! All watchers of a member.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::feed::News;
use super::intervals::{Intervals, WatcherId};
use super::limits::WatchLimits;
use super::response::{WatchRefusal, WatchRequest, WatchResponse};
use super::stream::{Queued, Stream};
use super::watcher::{GroupId, Place, Watcher};
use crate::Store;
use crate::history::{Events, History};
use crate::interval::Interval;

/// The name of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId(u64);

impl StreamId {
    /// A number below 16; the streams have each in turn.
    pub fn sixteenth(self) -> u32 {
        u32::try_from(self.0 % 16).expect("it is below 16")
    }
}

/// All watchers of a member.
///
/// - The host tells what happens, as it comes from a [`Feed`](crate::Feed):
///   [`hear`](Self::hear). It calls [`catch_up`](Self::catch_up) again and again while that says
///   that there is more to read.
/// - A client has a stream, from [`open`](Self::open) to [`close`](Self::close). Its requests are
///   [`create`](Self::create), [`cancel`](Self::cancel) and
///   [`request_progress`](Self::request_progress); its responses come from [`take`](Self::take).
///   Which streams have some, [`take_ready`](Self::take_ready) says.
#[derive(Debug)]
pub struct Watchers {
    limits: WatchLimits,
    /// The live ones were told of all changes up to here.
    revision: i64,
    streams: BTreeMap<StreamId, Stream>,
    by_id: BTreeMap<WatcherId, Watcher>,
    live: Intervals,
    /// Those behind, in groups that have read equally far.
    groups: BTreeMap<GroupId, Intervals>,
    /// The groups by the revision that they are to read next, which is not after `revision`.
    behind: BTreeMap<i64, GroupId>,
    /// Where the group stood whose turn it was last.
    turn: i64,
    ready: BTreeSet<StreamId>,
    next_stream: u64,
    next_watcher: u64,
    next_group: u64,
}

/// A piece of history to be read for watchers that are behind.
#[derive(Debug)]
pub struct HistoryReader<'a> {
    from: i64,
    until: i64,
    budget: usize,
    group: &'a Intervals,
}

/// What a [`HistoryReader`] has read.
#[derive(Debug)]
pub struct Reading(History);

impl HistoryReader<'_> {
    /// Reads it. The store is needed for a bounded time: that of
    /// [`step_changes`](WatchLimits::step_changes), or of the largest revision.
    pub fn read(&self, store: &Store) -> Reading {
        let wanted = |key: &[u8]| self.group.covers(key);
        Reading(store.history((self.from, self.until), self.budget, wanted))
    }
}

impl Watchers {
    /// No watchers, at that revision of the store.
    pub fn new(revision: i64, limits: WatchLimits) -> Self {
        Self {
            limits,
            revision,
            streams: BTreeMap::new(),
            by_id: BTreeMap::new(),
            live: Intervals::default(),
            groups: BTreeMap::new(),
            behind: BTreeMap::new(),
            turn: 0,
            ready: BTreeSet::new(),
            next_stream: 0,
            next_watcher: 0,
            next_group: 0,
        }
    }

    // What happens.

    /// This has happened since the last time.
    pub fn hear(&mut self, News { lost, events }: News) {
        if let Some(revision) = lost {
            self.skipped_to(revision);
        }
        for events in &events {
            self.applied(events);
        }
    }

    /// Something was applied.
    pub fn applied(&mut self, events: &Arc<Events>) {
        if events.revision <= self.revision {
            return;
        }
        if events.revision > self.revision + 1 {
            self.skipped_to(events.revision);
            return;
        }
        self.revision = events.revision;
        let mut live = std::mem::take(&mut self.live);
        self.deliver(&mut live, events);
        self.live = live;
    }

    /// The store is at that revision, and what led there was not told: too much was applied at
    /// once, or a snapshot took the place of the store. Who has not heard of it reads it.
    pub fn skipped_to(&mut self, revision: i64) {
        if revision <= self.revision {
            return;
        }
        let next = self.revision + 1;
        self.revision = revision;
        let (live, group) = (std::mem::take(&mut self.live), self.new_group());
        let group_now = self.unite(Intervals::default(), live, Place::Behind(group));
        self.put_group(group, group_now, next);
    }

    /// Lets the next group of those behind read a piece of history. Whether there is more to read.
    ///
    /// `read` is to give what [`HistoryReader::read`] makes of the store, which is at the revision
    /// that was last told of, or later.
    pub fn catch_up(&mut self, read: impl FnOnce(&HistoryReader<'_>) -> Reading) -> bool {
        let later = (Bound::Excluded(self.turn), Bound::Unbounded);
        let next = self.behind.range(later).next().or_else(|| self.behind.first_key_value());
        let Some((&from, &id)) = next else { return false };
        self.turn = from;
        self.behind.remove(&from);
        let mut group = self.groups.remove(&id).expect("it is listed as behind");
        // Where the next group stands, both become one.
        let meeting = self.behind.range(from..).next().map_or(self.revision + 1, |(next, _)| *next);
        let Reading(history) = read(&HistoryReader {
            from,
            until: meeting - 1,
            budget: self.limits.step_changes,
            group: &group,
        });
        let next = match history {
            History::Read { found, next } => {
                for events in found {
                    self.deliver(&mut group, &events);
                }
                next
            }
            History::Compacted(compacted) => {
                self.end_before(compacted, &mut group);
                compacted
            }
        };
        self.put_group(id, group, next);
        !self.behind.is_empty()
    }

    // Streams, and what their clients ask for.

    /// Opens a stream.
    pub fn open(&mut self) -> StreamId {
        let id = StreamId(self.next_stream);
        self.next_stream += 1;
        self.streams.insert(id, Stream::new(self.limits));
        id
    }

    /// Closes a stream, with all its watchers.
    pub fn close(&mut self, stream: StreamId) {
        let Some(closed) = self.streams.remove(&stream) else { return };
        self.ready.remove(&stream);
        for id in closed.watchers() {
            self.displace(id);
            self.by_id.remove(&id);
        }
        for id in closed.canceled() {
            self.by_id.remove(&id);
        }
    }

    /// Makes a watcher, or says why not.
    pub fn create(&mut self, stream: StreamId, request: &WatchRequest) {
        match self.try_create(stream, request) {
            Ok(watch_id) => {
                let revision = self.revision;
                self.say(stream, WatchResponse::Created { watch_id, revision });
            }
            Err(reason) => self.refuse(stream, reason),
        }
    }

    /// Says that there is no watcher, where something else than the watchers decided so.
    pub fn refuse(&mut self, stream: StreamId, reason: WatchRefusal) {
        let revision = self.revision;
        self.say(stream, WatchResponse::Refused { revision, reason });
    }

    fn try_create(
        &mut self,
        stream: StreamId,
        request: &WatchRequest,
    ) -> Result<i64, WatchRefusal> {
        if request.start_revision < 0 {
            return Err(WatchRefusal::NegativeRevision);
        }
        let interval = Interval::new(&request.key, &request.range_end);
        let interval = interval.ok_or(WatchRefusal::EmptyRange)?;
        let id = WatcherId(self.next_watcher);
        let name = self.stream(stream).name(request.watch_id, id);
        let name = name.ok_or(WatchRefusal::DuplicateId)?;
        self.next_watcher += 1;
        let start =
            if request.start_revision == 0 { self.revision + 1 } else { request.start_revision };
        let watcher = Watcher::new(stream, name, interval.clone(), start, request);
        self.by_id.insert(id, watcher);
        self.join(id, &interval, start);
        Ok(name)
    }

    /// Ends a watcher. Nothing more is said of one that there is not.
    pub fn cancel(&mut self, stream: StreamId, watch_id: i64) {
        let revision = self.revision;
        let Some(id) = self.stream(stream).cancel(watch_id, revision) else { return };
        self.ready.insert(stream);
        self.displace(id);
        self.watcher(id).place = Place::Ended;
    }

    /// Says how far the watchers of the stream are, if they have all heard all there is, and none
    /// waits for a revision yet to come.
    pub fn request_progress(&mut self, stream: StreamId) {
        let watchers = self.streams[&stream].watchers().map(|id| &self.by_id[&id]);
        let there: Vec<_> = watchers.filter(|watcher| watcher.place != Place::Ended).collect();
        if !there.is_empty() && there.iter().all(|watcher| self.is_up_to_date(watcher)) {
            self.say_progress(stream, None);
        }
    }

    /// Time has passed: says how far those watchers of the stream are that want to know, and have
    /// not heard anything since the last time.
    pub fn notify_progress(&mut self, stream: StreamId) {
        let ids: Vec<WatcherId> = self.streams[&stream].watchers().collect();
        for id in ids {
            let watcher = &self.by_id[&id];
            if !watcher.progress_notify {
                continue;
            }
            if watcher.is_quiet && self.is_up_to_date(watcher) {
                let name = watcher.name;
                self.say_progress(stream, Some(name));
            }
            self.watcher(id).is_quiet = true;
        }
    }

    /// Takes what the client of the stream is to hear next. Its watchers that were parked may then
    /// be behind, so that [`catch_up`](Self::catch_up) has something to do.
    pub fn take(&mut self, stream: StreamId) -> Option<WatchResponse> {
        let response = match self.stream(stream).pop()? {
            Queued::Said(response) => response,
            Queued::Canceled { watcher, watch_id, revision } => {
                self.by_id.remove(&watcher);
                WatchResponse::Canceled { watch_id, revision }
            }
            Queued::Events { watcher, revision, events, .. } => {
                self.gather(stream, watcher, revision, &events)
            }
        };
        self.unpark(stream);
        Some(response)
    }

    /// The streams that have responses since the last call, and had none before.
    pub fn take_ready(&mut self) -> BTreeSet<StreamId> {
        std::mem::take(&mut self.ready)
    }

    // How it is.

    /// Whether so much waits to be taken from the stream that its client is to listen before it
    /// asks for more.
    pub fn is_backed_up(&self, stream: StreamId) -> bool {
        self.streams[&stream].is_backed_up()
    }

    /// Whether no stream is open.
    pub fn is_idle(&self) -> bool {
        self.streams.is_empty()
    }

    /// Whether there is something to [`catch_up`](Self::catch_up) with.
    pub fn has_behind(&self) -> bool {
        !self.behind.is_empty()
    }

    /// How many streams there are.
    pub fn stream_count(&self) -> usize {
        self.streams.len()
    }

    /// How many watchers there are.
    pub fn watcher_count(&self) -> usize {
        self.by_id.len()
    }

    /// How many of them have not heard all there is.
    pub fn slow_watcher_count(&self) -> usize {
        let behind: usize = self.groups.values().map(Intervals::len).sum();
        let parked: usize = self.streams.values().map(|stream| stream.parked.len()).sum();
        behind + parked
    }

    /// How many responses wait to be taken.
    pub fn pending_count(&self) -> usize {
        self.streams.values().map(Stream::len).sum()
    }

    // Helpers.

    fn stream(&mut self, id: StreamId) -> &mut Stream {
        self.streams.get_mut(&id).expect("the stream is open")
    }

    fn watcher(&mut self, id: WatcherId) -> &mut Watcher {
        self.by_id.get_mut(&id).expect("a watcher that has a name, or a place, is there")
    }

    fn say(&mut self, stream: StreamId, response: WatchResponse) {
        self.stream(stream).say(response);
        self.ready.insert(stream);
    }

    /// A client that takes nothing is not told its progress again and again.
    fn say_progress(&mut self, stream: StreamId, watch_id: Option<i64>) {
        if !self.stream(stream).is_full() {
            let revision = self.revision;
            self.say(stream, WatchResponse::Progress { watch_id, revision });
        }
    }

    /// Whether the watcher has heard of all there is, and waits for what comes next.
    fn is_up_to_date(&self, watcher: &Watcher) -> bool {
        watcher.place == Place::Live && watcher.start <= self.revision + 1
    }

    /// Queues a revision for those of the group that it matters to. Who has no room is parked.
    fn deliver(&mut self, group: &mut Intervals, events: &Arc<Events>) {
        let mut ids = Vec::new();
        for change in &events.changes {
            group.watchers_of(change.key(), &mut ids);
        }
        if events.changes.len() > 1 {
            ids.sort_unstable();
            ids.dedup();
        }
        for id in ids {
            let watcher = self.by_id.get_mut(&id).expect("who is in a group is there");
            if !watcher.wants_any(events) {
                continue;
            }
            let stream = self.streams.get_mut(&watcher.stream).expect("its stream is open");
            if stream.is_full() {
                group.remove(&watcher.interval, id);
                watcher.start = events.revision;
                watcher.place = Place::Parked;
                stream.parked.insert(id);
            } else {
                stream.push_events(id, self.revision, events);
                self.ready.insert(watcher.stream);
            }
        }
    }

    /// Makes a response of a revision, and of those that wait behind it for the same watcher.
    fn gather(
        &mut self,
        stream: StreamId,
        id: WatcherId,
        mut revision: i64,
        events: &Events,
    ) -> WatchResponse {
        let watcher = self.by_id.get_mut(&id).expect("it is there until its last word is taken");
        let stream = self.streams.get_mut(&stream).expect("the stream is open");
        watcher.is_quiet = false;
        let (mut changes, mut bytes) = (watcher.wanted(events), events.size_bytes());
        for _ in 1..self.limits.response_revisions {
            if bytes >= self.limits.response_bytes {
                break;
            }
            let Some((later, events)) = stream.pop_events_of(id) else { break };
            revision = later;
            changes.extend(watcher.wanted(&events));
            bytes += events.size_bytes();
        }
        let (watch_id, fragment) = (watcher.name, watcher.fragment);
        WatchResponse::Events { watch_id, revision, changes, fragment }
    }

    /// Serves those again that were parked, if there is room.
    fn unpark(&mut self, stream: StreamId) {
        let stream = self.stream(stream);
        if !stream.has_room() {
            return;
        }
        for id in std::mem::take(&mut stream.parked) {
            let Watcher { interval, start, .. } = &self.by_id[&id];
            let (interval, start) = (interval.clone(), *start);
            self.join(id, &interval, start);
        }
    }

    /// Puts a watcher where those are who have heard as much: all before `next`.
    fn join(&mut self, id: WatcherId, interval: &Interval, next: i64) {
        if next > self.revision {
            self.live.insert(interval, id);
            self.set_place(id, Place::Live);
            return;
        }
        let group = if let Some(group) = self.behind.get(&next) {
            *group
        } else {
            let group = self.new_group();
            self.behind.insert(next, group);
            group
        };
        self.groups.entry(group).or_default().insert(interval, id);
        self.set_place(id, Place::Behind(group));
    }

    /// Puts a group where it has come to. If another one is there, the smaller joins the larger.
    fn put_group(&mut self, id: GroupId, group: Intervals, next: i64) {
        if group.is_empty() {
            return;
        }
        if next > self.revision {
            let live = std::mem::take(&mut self.live);
            self.live = self.unite(live, group, Place::Live);
            return;
        }
        let Some(&other) = self.behind.get(&next) else {
            self.behind.insert(next, id);
            self.groups.insert(id, group);
            return;
        };
        let theirs = self.groups.remove(&other).expect("it is listed as behind");
        let (kept, kept_id, joining) =
            if theirs.len() >= group.len() { (theirs, other, group) } else { (group, id, theirs) };
        let united = self.unite(kept, joining, Place::Behind(kept_id));
        self.groups.insert(kept_id, united);
        self.behind.insert(next, kept_id);
    }

    /// Adds the watchers of a group to those at that place.
    fn unite(&mut self, mut group: Intervals, joining: Intervals, place: Place) -> Intervals {
        for (interval, id) in joining.into_watchers() {
            group.insert(&interval, id);
            self.set_place(id, place);
        }
        group
    }

    fn new_group(&mut self) -> GroupId {
        self.next_group += 1;
        GroupId(self.next_group - 1)
    }

    fn set_place(&mut self, id: WatcherId, place: Place) {
        self.watcher(id).place = place;
    }

    /// Ends the watchers of a group for which something is forgotten.
    fn end_before(&mut self, compacted: i64, group: &mut Intervals) {
        for (interval, id) in std::mem::take(group).into_watchers() {
            let watcher = self.watcher(id);
            if watcher.start >= compacted {
                group.insert(&interval, id);
                continue;
            }
            watcher.place = Place::Ended;
            let (stream, watch_id) = (watcher.stream, watcher.name);
            self.say(stream, WatchResponse::Compacted { watch_id, compacted });
        }
    }

    /// Removes a watcher from where it stands.
    fn displace(&mut self, id: WatcherId) {
        let Watcher { interval, place, .. } = &self.by_id[&id];
        match place {
            Place::Live => self.live.remove(interval, id),
            Place::Behind(group) => {
                let group = self.groups.get_mut(group).expect("who is behind is in a group");
                group.remove(interval, id);
            }
            Place::Parked | Place::Ended => {}
        }
    }
}

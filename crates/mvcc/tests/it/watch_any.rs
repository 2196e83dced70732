//! Whatever happens in whatever order, each watcher hears what it is to hear: compared with a plain
//! list of all that ever happened.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use mvcc::{
    Change, Command, Events, Restorer, Store, StreamId, TXN_OPS_MAX, WatchLimits, WatchRequest,
    WatchResponse, Watchers,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::generate;

/// Streams that there can be at a time.
const STREAMS: usize = 3;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Act {
    Apply(Command),
    /// Applied, but the watchers are told later only that something was.
    Lose(Command),
    Skip,
    CatchUp,
    Take(usize),
    Create(usize, WatchRequest),
    Cancel(usize, i64),
    Progress(usize),
    Notify(usize),
    Close(usize),
    /// The store is replaced by one that is made of a snapshot of itself.
    Restore,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        20 => generate::command().prop_map(Act::Apply),
        1 => generate::command().prop_map(Act::Lose),
        1 => Just(Act::Skip),
        6 => Just(Act::CatchUp),
        12 => (0..STREAMS).prop_map(Act::Take),
        6 => (0..STREAMS, request()).prop_map(|(stream, request)| Act::Create(stream, request)),
        1 => (0..STREAMS, 0..3_i64).prop_map(|(stream, name)| Act::Cancel(stream, name)),
        2 => (0..STREAMS).prop_map(Act::Progress),
        2 => (0..STREAMS).prop_map(Act::Notify),
        1 => (0..STREAMS).prop_map(Act::Close),
        1 => Just(Act::Restore),
    ]
}

fn request() -> impl Strategy<Value = WatchRequest> {
    let key = select(vec!["", "\0", "a", "ab", "b", "c"]).prop_map(Bytes::from);
    let range_end = select(vec!["", "\0", "\0", "ab", "c", "f"]).prop_map(Bytes::from);
    let start = prop_oneof![3 => Just(0), 4 => 1..15_i64, 1 => 15..60_i64, 1 => Just(-1)];
    let id = prop_oneof![3 => Just(0), 1 => 1..4_i64];
    (key, range_end, start, id, any::<[bool; 5]>()).prop_map(
        |(key, range_end, start_revision, watch_id, [notify, puts, deletes, prev_kv, fragment])| {
            WatchRequest {
                key,
                range_end,
                start_revision,
                watch_id,
                progress_notify: notify,
                no_puts: puts && !deletes,
                no_deletes: deletes && !puts,
                prev_kv,
                fragment,
            }
        },
    )
}

/// What there is, and all that ever happened.
struct World {
    store: Store,
    watchers: Watchers,
    history: Vec<Change>,
    clients: Vec<Client>,
    /// Something was applied that the watchers were not told of.
    is_lost: bool,
}

/// One stream's client.
struct Client {
    stream: StreamId,
    /// Requests that were not answered.
    asked: Vec<WatchRequest>,
    followed: BTreeMap<i64, Followed>,
}

/// A watcher, as its client sees it.
struct Followed {
    request: WatchRequest,
    /// All before this place in history was told.
    place: usize,
    is_over: bool,
}

impl Followed {
    fn new(request: WatchRequest, revision: i64, history: &[Change]) -> Self {
        let start = if request.start_revision == 0 { revision + 1 } else { request.start_revision };
        let mut place = history.partition_point(|change| change.mod_revision() < start);
        if start > revision {
            // The revisions in between may not have happened yet.
            place = place.min(history.len());
        }
        Self { request: WatchRequest { start_revision: start, ..request }, place, is_over: false }
    }

    /// The next change that it is to hear of, and its place.
    fn next<'a>(&self, history: &'a [Change]) -> Option<(usize, &'a Change)> {
        let later = history.iter().enumerate().skip(self.place);
        later.into_iter().find(|(_, change)| self.wants(change))
    }

    /// The same, but for what a compaction has forgotten. A nested transaction may put a key and
    /// delete it in one revision, as in etcd; a compaction at that very revision keeps the last
    /// change of the key, as in etcd.
    fn next_kept<'a>(
        &self,
        (store, history): (&Store, &'a [Change]),
    ) -> Option<(usize, &'a Change)> {
        let is_forgotten = |place: usize, change: &Change| {
            let rest = history[place + 1..].iter();
            let mut same = rest.take_while(|later| later.mod_revision() == change.mod_revision());
            store.compacted_revision() >= Some(change.mod_revision())
                && same.any(|later| later.key() == change.key())
        };
        let mut later = history.iter().enumerate().skip(self.place);
        later.find(|(place, change)| self.wants(change) && !is_forgotten(*place, change))
    }

    fn wants(&self, change: &Change) -> bool {
        let WatchRequest { key, range_end, start_revision, no_puts, no_deletes, .. } =
            &self.request;
        let key = if key.is_empty() { Bytes::from_static(b"\0") } else { key.clone() };
        let is_in_range = match &range_end[..] {
            [] => *change.key() == key,
            [0] => *change.key() >= key,
            end => *change.key() >= key && &change.key()[..] < end,
        };
        let is_left_out = match change {
            Change::Put { .. } => *no_puts,
            Change::Delete { .. } => *no_deletes,
        };
        is_in_range && !is_left_out && change.mod_revision() >= *start_revision
    }

    fn hears(&mut self, told: &[Change], world: (&Store, &[Change])) {
        let (store, history) = world;
        assert!(!told.is_empty());
        for told in told {
            let exact = self.next(history);
            let exact = exact.filter(|(_, it)| without_before(it) == without_before(told));
            let (place, change) =
                exact.or_else(|| self.next_kept((store, history))).expect("it happened");
            let before = change.prev_kv().filter(|_| self.request.prev_kv);
            let is_forgotten = told.prev_kv().is_none()
                && store.compacted_revision().is_some_and(|at| told.mod_revision() <= at);
            assert!(told.prev_kv() == before || is_forgotten, "{told:?} or {change:?}");
            assert_eq!(without_before(told), without_before(change));
            self.place = place + 1;
        }
        let last = told.last().unwrap().mod_revision();
        let next = self.next_kept((store, history)).map(|(_, change)| change.mod_revision());
        assert!(next.is_none_or(|next| next > last), "a revision was split");
    }
}

fn without_before(change: &Change) -> Change {
    let mut change = change.clone();
    match &mut change {
        Change::Put { prev_kv, .. } | Change::Delete { prev_kv, .. } => *prev_kv = None,
    }
    change
}

impl World {
    fn new(limits: WatchLimits) -> Self {
        let store = Store::new();
        let mut watchers = Watchers::new(store.revision(), limits);
        let mut client =
            || Client { stream: watchers.open(), asked: Vec::new(), followed: BTreeMap::new() };
        let clients = (0..STREAMS).map(|_| client()).collect();
        Self { store, watchers, history: Vec::new(), clients, is_lost: false }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Apply(command) => self.apply(&command, true),
            Act::Lose(command) => self.apply(&command, false),
            Act::Skip => self.skip(),
            Act::CatchUp => drop(self.watchers.catch_up(|history| history.read(&self.store))),
            Act::Take(client) => drop(self.take(client)),
            Act::Create(client, request) => {
                let client = &mut self.clients[client];
                self.watchers.create(client.stream, &request);
                client.asked.push(request);
            }
            Act::Cancel(client, name) => self.watchers.cancel(self.clients[client].stream, name),
            Act::Progress(client) => self.watchers.request_progress(self.clients[client].stream),
            Act::Notify(client) => self.watchers.notify_progress(self.clients[client].stream),
            Act::Close(client) => {
                self.watchers.close(self.clients[client].stream);
                let stream = self.watchers.open();
                self.clients[client] =
                    Client { stream, asked: Vec::new(), followed: BTreeMap::new() };
            }
            Act::Restore => self.restore(),
        }
    }

    fn apply(&mut self, command: &Command, is_told: bool) {
        // What changes a key twice never gets into the log, and forgets its first change early.
        if command.validate(TXN_OPS_MAX).is_err() {
            return;
        }
        let reply = self.store.apply(command);
        self.history.extend_from_slice(&reply.changes);
        if let Some(events) = Events::of(&reply.changes) {
            if is_told {
                // After one that was lost, the watchers find the gap themselves.
                self.watchers.applied(&events);
            } else {
                self.is_lost = true;
            }
        }
    }

    fn skip(&mut self) {
        self.watchers.skipped_to(self.store.revision());
        self.is_lost = false;
    }

    fn restore(&mut self) {
        let mut image = self.store.image();
        let mut bytes = BytesMut::new();
        while self.store.read_image(&mut image, 10, &mut bytes) {}
        self.store.release(image);
        let mut restorer = Restorer::default();
        restorer.feed(&bytes).unwrap();
        self.store = restorer.finish().unwrap();
        self.skip();
    }

    /// Takes a response and checks it. Whether there was one.
    fn take(&mut self, client: usize) -> bool {
        let client = &mut self.clients[client];
        let Some(response) = self.watchers.take(client.stream) else { return false };
        let now = self.store.revision();
        match response {
            WatchResponse::Created { watch_id, revision } => {
                assert!(revision <= now);
                let request = client.asked.remove(0);
                assert!(request.watch_id == 0 || request.watch_id == watch_id);
                let followed = Followed::new(request, revision, &self.history);
                assert!(client.followed.insert(watch_id, followed).is_none());
            }
            WatchResponse::Refused { .. } => {
                client.asked.remove(0);
            }
            WatchResponse::Events { watch_id, revision, changes, fragment } => {
                let followed = client.followed.get_mut(&watch_id).expect("it was created");
                assert!(!followed.is_over);
                followed.hears(&changes, (&self.store, &self.history));
                assert!(revision >= changes.last().unwrap().mod_revision() && revision <= now);
                assert_eq!(fragment, followed.request.fragment);
            }
            WatchResponse::Progress { watch_id, revision } => {
                let is_meant = |name: i64| watch_id.is_none_or(|id| id == name);
                for (_, followed) in client.followed.iter().filter(|(name, _)| is_meant(**name)) {
                    let next = followed.next_kept((&self.store, &self.history));
                    let is_ahead =
                        next.is_some_and(|(_, change)| change.mod_revision() <= revision);
                    assert!(followed.is_over || !is_ahead, "progress before the events");
                    assert!(followed.is_over || followed.request.start_revision <= revision + 1);
                }
            }
            WatchResponse::Canceled { watch_id, revision } => {
                assert!(revision <= now);
                client.followed.remove(&watch_id).expect("it was created");
            }
            WatchResponse::Compacted { watch_id, compacted } => {
                let followed = client.followed.get_mut(&watch_id).expect("it was created");
                assert!(Some(compacted) <= self.store.compacted_revision());
                assert!(followed.request.start_revision < compacted);
                assert!(!std::mem::replace(&mut followed.is_over, true));
            }
        }
        true
    }

    /// Everything is told in the end.
    fn finish(&mut self) {
        self.skip();
        loop {
            let taken = (0..STREAMS).filter(|client| self.take(*client)).count();
            let has_more = self.watchers.catch_up(|history| history.read(&self.store));
            if taken == 0 && !has_more && self.watchers.pending_count() == 0 {
                break;
            }
        }
        assert_eq!(self.watchers.pending_count() + self.watchers.slow_watcher_count(), 0);
        for client in &self.clients {
            assert!(client.asked.is_empty());
            for followed in client.followed.values().filter(|followed| !followed.is_over) {
                let next = followed.next_kept((&self.store, &self.history));
                assert_eq!(next, None, "{:?}", followed.request);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn watchers_hear_all_once_and_in_order(
        acts in vec(act(), 1..250),
        stream_responses in 1..6_usize,
        step_changes in 1..4_usize,
        response_revisions in 1..4_usize,
    ) {
        let limits = WatchLimits {
            stream_responses,
            step_changes,
            response_revisions,
            ..WatchLimits::default()
        };
        let mut world = World::new(limits);
        for act in acts {
            world.act(act);
        }
        world.finish();
    }
}

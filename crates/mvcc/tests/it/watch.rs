//! The rules of watches, one by one.

use bytes::Bytes;
use mvcc::{
    Change, Command, Compact, DeleteRange, Events, Op, Put, Store, StreamId, Txn, WatchLimits,
    WatchRefusal, WatchRequest, WatchResponse, Watchers,
};

/// A store, its watchers, and one stream.
struct World {
    store: Store,
    watchers: Watchers,
    stream: StreamId,
}

impl World {
    fn new() -> Self {
        let store = Store::new();
        let mut watchers = Watchers::new(store.revision(), WatchLimits::default());
        let stream = watchers.open();
        Self { store, watchers, stream }
    }

    fn apply(&mut self, command: &Command) {
        let reply = self.store.apply(command);
        if let Some(events) = Events::of(&reply.changes) {
            self.watchers.applied(&events);
        }
    }

    fn put(&mut self, key: &str, value: &str) {
        self.apply(&Command::Put(put(key, value)));
    }

    fn compact(&mut self, revision: i64) {
        self.apply(&Command::Compact(Compact { revision }));
    }

    fn watch(&mut self, key: &str, start_revision: i64) {
        self.create(&WatchRequest { start_revision, ..request(key, "") });
    }

    fn create(&mut self, request: &WatchRequest) {
        self.watchers.create(self.stream, request);
    }

    /// All that the stream is told by now, one line each.
    fn told(&mut self) -> Vec<String> {
        while self.watchers.catch_up(|history| history.read(&self.store)) {}
        let mut told = Vec::new();
        while let Some(response) = self.watchers.take(self.stream) {
            told.push(line(&response));
            while self.watchers.catch_up(|history| history.read(&self.store)) {}
        }
        told
    }
}

fn put(key: &str, value: &str) -> Put {
    let [key, value] = [key, value].map(|text| Bytes::copy_from_slice(text.as_bytes()));
    Put { key, value, ..Put::default() }
}

fn request(key: &str, range_end: &str) -> WatchRequest {
    let [key, range_end] = [key, range_end].map(|text| Bytes::copy_from_slice(text.as_bytes()));
    WatchRequest { key, range_end, ..WatchRequest::default() }
}

fn line(response: &WatchResponse) -> String {
    let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
    let change = |change: &Change| {
        let now = match change {
            Change::Put { kv, .. } => {
                format!("{}={}@{}", text(&kv.key), text(&kv.value), kv.mod_revision)
            }
            Change::Delete { key, mod_revision, .. } => format!("-{}@{mod_revision}", text(key)),
        };
        match change.prev_kv() {
            Some(kv) => format!("{now} was {}", text(&kv.value)),
            None => now,
        }
    };
    match response {
        WatchResponse::Created { watch_id, revision } => format!("{watch_id} created @{revision}"),
        WatchResponse::Refused { revision, reason } => format!("refused @{revision}: {reason}"),
        WatchResponse::Events { watch_id, revision, changes, .. } => {
            let changes: Vec<_> = changes.iter().map(change).collect();
            format!("{watch_id} {} @{revision}", changes.join(", "))
        }
        WatchResponse::Progress { watch_id: Some(id), revision } => format!("{id} at {revision}"),
        WatchResponse::Progress { watch_id: None, revision } => format!("all at {revision}"),
        WatchResponse::Canceled { watch_id, revision } => {
            format!("{watch_id} canceled @{revision}")
        }
        WatchResponse::Compacted { watch_id, compacted } => {
            format!("{watch_id} compacted at {compacted}")
        }
    }
}

#[test]
fn a_watch_starts_in_the_past_now_or_in_the_future() {
    let mut world = World::new();
    world.put("a", "1");
    world.put("a", "2");
    world.watch("a", 0);
    world.watch("a", 2);
    world.watch("a", 5);
    world.put("a", "3");
    let told = world.told();
    assert_eq!(told[..3], ["0 created @3", "1 created @3", "2 created @3"]);
    assert_eq!(told[3..], ["0 a=3@4 @4", "1 a=1@2, a=2@3, a=3@4 @4"]);
    world.put("a", "4");
    assert_eq!(world.told(), ["0 a=4@5 @5", "1 a=4@5 @5", "2 a=4@5 @5"]);
}

#[test]
fn the_events_of_a_transaction_come_together() {
    let mut world = World::new();
    world.create(&request("a", "c"));
    let success = ["a", "b", "c"].map(|key| Op::Put(put(key, "1"))).to_vec();
    world.apply(&Command::Txn(Txn { success, ..Txn::default() }));
    let delete = DeleteRange { key: "a".into(), range_end: "\0".into(), prev_kv: false };
    world.apply(&Command::DeleteRange(delete));
    assert_eq!(world.told()[1..], ["0 a=1@2, b=1@2, -a@3, -b@3 @3"]);
}

#[test]
fn what_is_left_out_is_not_told() {
    let mut world = World::new();
    world.create(&WatchRequest { no_puts: true, prev_kv: true, ..request("a", "") });
    world.create(&WatchRequest { no_deletes: true, prev_kv: true, ..request("a", "") });
    world.put("a", "1");
    world.put("a", "2");
    world.apply(&Command::DeleteRange(DeleteRange { key: "a".into(), ..Default::default() }));
    let told = world.told();
    assert_eq!(told[2..], ["1 a=1@2, a=2@3 was 1 @3", "0 -a@4 was 2 @4"]);
}

#[test]
fn names_are_chosen_or_given_and_never_given_twice() {
    let mut world = World::new();
    let named = |watch_id| WatchRequest { watch_id, ..request("a", "") };
    for id in [1, 0, 0, 1, 2, 7] {
        world.create(&named(id));
    }
    let duplicate = "mvcc: duplicate watch ID provided on the WatchStream";
    let told = world.told();
    assert_eq!(told[..3], ["1 created @1", "0 created @1", "2 created @1"]);
    assert_eq!(told[3..5], [duplicate, duplicate].map(|text| format!("refused @1: {text}")));
    assert_eq!(told[5], "7 created @1");
    world.watchers.cancel(world.stream, 1);
    world.watchers.cancel(world.stream, 1);
    world.create(&named(1));
    world.put("a", "1");
    let told = world.told();
    assert_eq!(told[..2], ["1 canceled @1", "1 created @1"]);
    assert_eq!(told.len(), 2 + 4, "{told:?}");
}

#[test]
fn what_can_never_be_watched_is_refused() {
    let mut world = World::new();
    world.create(&request("b", "a"));
    world.create(&request("b", "b"));
    world.watch("b", -1);
    let empty = WatchRefusal::EmptyRange.to_string();
    assert_eq!(empty, "mvcc: watcher range is empty");
    let past = "etcdserver: mvcc: required revision has been compacted";
    let expected = [&empty, &empty, past].map(|text| format!("refused @1: {text}"));
    assert_eq!(world.told(), expected);
    assert_eq!(world.watchers.watcher_count(), 0);
}

#[test]
fn who_asks_for_what_is_forgotten_is_told() {
    let mut world = World::new();
    for value in ["1", "2", "3", "4"] {
        world.put("a", value);
    }
    world.compact(4);
    world.watch("a", 3);
    world.create(&WatchRequest { prev_kv: true, start_revision: 4, ..request("a", "") });
    let told = world.told();
    assert_eq!(told[..2], ["0 created @5", "1 created @5"]);
    assert_eq!(told[2..], ["0 compacted at 4", "1 a=3@4, a=4@5 was 3 @5"]);
    // The name is taken until the client gives it back.
    world.create(&WatchRequest { watch_id: 0, ..request("a", "") });
    world.watchers.cancel(world.stream, 0);
    assert_eq!(world.told(), ["2 created @5", "0 canceled @5"]);
}

/// A delete at the compacted revision is still an event (etcd's issue 19179).
#[test]
fn a_delete_is_told_to_who_starts_where_it_was_compacted() {
    let mut world = World::new();
    world.put("a", "1");
    world.apply(&Command::DeleteRange(DeleteRange { key: "a".into(), ..Default::default() }));
    world.put("b", "1");
    world.compact(3);
    world.create(&WatchRequest { start_revision: 3, ..request("", "\0") });
    assert_eq!(world.told()[1..], ["0 -a@3, b=1@4 @4"]);
}

#[test]
fn a_compaction_does_not_hurt_who_has_heard_all() {
    let mut world = World::new();
    world.watch("a", 0);
    for n in 2..200 {
        world.put("a", "x");
        world.compact(n);
    }
    let told = world.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].ends_with("a=x@199 @199"), "{}", told[1]);
}

#[test]
fn progress_is_told_when_all_is_heard_and_never_before() {
    let mut world = World::new();
    let ask = |world: &mut World| world.watchers.request_progress(world.stream);
    ask(&mut world);
    assert!(world.told().is_empty(), "nobody watches");

    world.put("a", "1");
    world.watch("a", 2);
    ask(&mut world);
    assert_eq!(world.told(), ["0 created @2", "0 a=1@2 @2"], "it was behind");
    world.put("b", "1");
    world.put("a", "2");
    ask(&mut world);
    assert_eq!(world.told(), ["0 a=2@4 @4", "all at 4"]);

    world.watch("a", 9);
    ask(&mut world);
    assert_eq!(world.told(), ["1 created @4"], "one waits for the future");
}

#[test]
fn progress_is_told_now_and_then_to_who_hears_nothing_else() {
    let mut world = World::new();
    world.create(&WatchRequest { progress_notify: true, ..request("a", "") });
    world.watch("a", 0);
    assert_eq!(world.told().len(), 2);
    let notify = |world: &mut World| world.watchers.notify_progress(world.stream);
    world.put("b", "1");
    notify(&mut world);
    assert_eq!(world.told(), ["0 at 2"]);
    world.put("a", "1");
    assert_eq!(world.told().len(), 2);
    notify(&mut world);
    assert!(world.told().is_empty(), "it has just heard something");
    notify(&mut world);
    assert_eq!(world.told(), ["0 at 3"]);
    // A client that takes nothing gets no heap of them.
    for _ in 0..10_000 {
        notify(&mut world);
    }
    assert!(world.watchers.pending_count() < 300);
}

#[test]
fn a_slow_client_holds_little_and_misses_nothing() {
    let mut world = World::new();
    world.watch("a", 0);
    let other = world.watchers.open();
    world.watchers.create(other, &request("a", ""));
    let value = "x".repeat(10_000);
    for _ in 0..1000 {
        world.put("a", &value);
        while world.watchers.take(other).is_some() {}
    }
    assert!(world.watchers.pending_count() < 300, "{}", world.watchers.pending_count());
    assert_eq!(world.watchers.slow_watcher_count(), 1);
    assert!(world.told().len() < 50, "many revisions are told together");
    assert_eq!(world.watchers.slow_watcher_count(), 0);
    world.put("a", "end");
    assert_eq!(world.told(), ["0 a=end@1002 @1002"]);
}

#[test]
fn a_slow_client_that_a_compaction_overtakes_is_told() {
    let mut world = World::new();
    world.watch("a", 0);
    for _ in 0..1000 {
        world.put("a", "x");
    }
    world.compact(900);
    let told = world.told();
    assert!(told[1].contains("a=x@2, a=x@3") && told[1].len() > 1000, "{}", told[1]);
    assert_eq!(told.last().unwrap(), "0 compacted at 900");
}

#[test]
fn after_a_gap_history_says_what_was_missed() {
    let mut world = World::new();
    world.watch("a", 0);
    world.watch("a", 4);
    for value in ["1", "2", "3"] {
        world.store.apply(&Command::Put(put("a", value)));
    }
    world.watchers.request_progress(world.stream);
    world.watchers.skipped_to(world.store.revision());
    world.watchers.request_progress(world.stream);
    let told = world.told();
    let created = ["0 created @1", "1 created @1"];
    assert_eq!(told[..2], created);
    assert_eq!(told[2..], ["0 a=1@2, a=2@3, a=3@4 @4", "1 a=3@4 @4"]);
}

#[test]
fn a_closed_stream_leaves_nothing() {
    let mut world = World::new();
    world.put("a", "1");
    for start in [0, 1, 2, 10] {
        world.watch("a", start);
    }
    world.watchers.cancel(world.stream, 0);
    assert!(!world.watchers.take_ready().is_empty());
    world.put("a", "2");
    world.watchers.close(world.stream);
    assert!(world.watchers.is_idle() && world.watchers.take_ready().is_empty());
    assert_eq!(world.watchers.watcher_count() + world.watchers.slow_watcher_count(), 0);
    while world.watchers.catch_up(|history| history.read(&world.store)) {}
}

//! The listeners: clients that watch.
//!
//! A listener has one stream at a time, with a few watches. When the member is gone, or when it
//! feels like it, it goes to another one, and goes on there after the last revision that it heard
//! of. It never changes what others do: a run with listeners is the same run without.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use mvcc::{StreamId, WatchRequest, WatchResponse};
use raft::NodeId;

use crate::admin::{Admin, Asker};
use crate::client::Workload;
use crate::event::Run;
use crate::random::Random;

/// How many listeners a run has, and how often they listen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Audience {
    pub(crate) listeners: u64,
    pub(crate) pause_us: u64,
}

/// What a listener does next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Turn {
    /// The member reads so much of history, and then it takes so many responses.
    Take { steps: u64, responses: u64 },
    /// It asks how far its watches are.
    RequestProgress,
    /// The member thinks of telling it how far they are.
    NotifyProgress,
    /// It wants one watch more.
    Watch,
    /// It wants no more of this watch.
    Cancel(i64),
    /// It goes to another member.
    Leave,
}

#[derive(Debug)]
pub(crate) struct Listener {
    random: Random,
    pub(crate) who: Asker,
    pub(crate) member: NodeId,
    pub(crate) stream: Option<(Run, StreamId)>,
    pause_us: u64,
    keys: u64,
    /// What it watches, by names that it never uses again for another watch. The start revision is
    /// the one to go on from; 0 until it knows.
    pub(crate) watches: BTreeMap<i64, WatchRequest>,
    /// The watches that this stream has.
    there: BTreeSet<i64>,
    next_name: i64,
    /// The latest revision that it has heard of.
    revision: i64,
}

/// It watches at most so many things.
const WATCHES_MAX: usize = 3;

impl Listener {
    pub(crate) fn new(seed: u64, number: u64, workload: &Workload, pause_us: u64) -> Self {
        let mut random = Random::stream(seed, "listener", number);
        let member = NodeId(1 + random.below(workload.members));
        let who =
            if workload.has_users { Admin::new(seed, 1000 + number).who() } else { Asker::Anyone };
        Self {
            random,
            who,
            member,
            stream: None,
            pause_us,
            keys: workload.keys,
            watches: BTreeMap::new(),
            there: BTreeSet::new(),
            next_name: 1,
            revision: 1,
        }
    }

    /// How long it does something else. Now and then that is long.
    pub(crate) fn pause(&mut self) -> u64 {
        let long = if self.random.chance(50) { 20 } else { 1 };
        long * self.random.within(self.pause_us / 4..=self.pause_us)
    }

    /// It has no stream any more, and will go to another of so many members.
    pub(crate) fn turn_away(&mut self, members: u64) {
        self.stream = None;
        self.member = NodeId(1 + self.random.below(members));
    }

    /// It has a new stream, of that member.
    pub(crate) fn connect(&mut self, run: Run, stream: StreamId) {
        (self.member, self.stream) = (run.id, Some((run, stream)));
        self.there.clear();
    }

    pub(crate) fn turn(&mut self) -> Turn {
        match self.random.below(20) {
            0 => Turn::RequestProgress,
            1 => Turn::NotifyProgress,
            2 if self.watches.len() < WATCHES_MAX => Turn::Watch,
            3 if self.random.chance(300) => Turn::Leave,
            4 if self.random.chance(300) => {
                let names = self.watches.keys().copied().collect::<Vec<_>>();
                if names.is_empty() { Turn::Watch } else { Turn::Cancel(self.random.pick(&names)) }
            }
            _ => Turn::Take { steps: self.random.below(4), responses: self.random.below(6) },
        }
    }

    /// One watch more, under a name that is used for nothing else.
    pub(crate) fn watch(&mut self) -> WatchRequest {
        let request = WatchRequest { start_revision: self.start(), ..self.wish() };
        self.watches.insert(request.watch_id, request.clone());
        request
    }

    /// It may not have that watch.
    pub(crate) fn forget(&mut self, name: i64) {
        self.watches.remove(&name);
    }

    /// The watch is over; what was forgotten of it goes on from there as another one.
    fn watch_from(&mut self, over: i64, start_revision: i64) {
        let Some(old) = self.watches.remove(&over) else { return };
        let new = WatchRequest { start_revision, watch_id: self.name(), ..old };
        self.watches.insert(new.watch_id, new);
    }

    fn name(&mut self) -> i64 {
        self.next_name += 1;
        self.next_name - 1
    }

    /// Some keys, and what is to be told of them.
    fn wish(&mut self) -> WatchRequest {
        let key = |number: u64| Bytes::from(format!("k{number}"));
        let first = self.random.below(self.keys);
        let (key, range_end) = match self.random.below(10) {
            0..4 => (key(first), Bytes::new()),
            4..7 => ("k".into(), "l".into()),
            7 => (key(first), "\0".into()),
            8 => (Bytes::new(), "\0".into()),
            // Keys are ordered as texts.
            _ => (key(first), key((first + 1 + self.random.below(3)).min(9))),
        };
        WatchRequest {
            key,
            range_end,
            start_revision: 0,
            watch_id: self.name(),
            progress_notify: self.random.chance(500),
            no_puts: self.random.chance(100),
            no_deletes: self.random.chance(100),
            prev_kv: self.random.chance(500),
            fragment: false,
        }
    }

    /// Now; or some of what is past, which may be forgotten; or what is yet to come.
    fn start(&mut self) -> i64 {
        let some = i64::try_from(self.random.below(20)).expect("it is small");
        match self.random.below(5) {
            0 | 1 => 0,
            2 | 3 => (self.revision - some).max(1),
            _ => self.revision + 1 + some / 2,
        }
    }

    /// It hears a response. Whether that ended a watch for which it wants another one.
    pub(crate) fn hear(&mut self, response: &WatchResponse) -> bool {
        match response {
            WatchResponse::Created { watch_id, revision } => {
                self.revision = self.revision.max(*revision);
                self.there.insert(*watch_id);
                if let Some(watch) = self.watches.get_mut(watch_id)
                    && watch.start_revision == 0
                {
                    watch.start_revision = revision + 1;
                }
            }
            WatchResponse::Events { watch_id, changes, .. } => {
                let last = changes.last().map_or(0, mvcc::Change::mod_revision);
                self.revision = self.revision.max(last);
                self.go_on(Some(*watch_id), last);
            }
            WatchResponse::Progress { watch_id, revision } => {
                self.revision = self.revision.max(*revision);
                self.go_on(*watch_id, *revision);
            }
            WatchResponse::Compacted { watch_id, compacted } => {
                self.watch_from(*watch_id, *compacted);
                return true;
            }
            WatchResponse::Canceled { watch_id, .. } => drop(self.watches.remove(watch_id)),
            WatchResponse::Refused { .. } => {}
        }
        false
    }

    /// That watch, or each, was told all up to there.
    fn go_on(&mut self, watch_id: Option<i64>, told: i64) {
        for (name, watch) in &mut self.watches {
            if self.there.contains(name) && watch_id.is_none_or(|wanted| wanted == *name) {
                watch.start_revision = watch.start_revision.max(told + 1);
            }
        }
    }
}

//! Where the data lives: every key with its history, in memory.
//!
//! The rest of the crate knows only the methods of [`Memory`], so that an engine on disk can take
//! its place, and be checked against it.
//!
//! ```text
//!   keys      "a" -> 2.0 put  5.0 put  7.1 delete
//!             "b" -> 3.0 put
//!   journal   2.0 "a"   3.0 "b"   5.0 "a"   7.1 "a"
//! ```
//!
//! `keys` answers reads at any revision: the newest version that is not newer than the revision.
//! `journal` lists what changed in the order in which it changed. Compaction walks it instead of
//! all keys, so that it costs as much as there is to forget.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;

use crate::reply::KeyValue;
use crate::span::Span;

/// What a key and a version take beside their bytes, roughly.
const OVERHEAD_BYTES: u64 = 64;

/// A change's place in history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Revision {
    /// The store's revision.
    pub(crate) main: i64,
    /// Which change of that revision, counted from 0.
    pub(crate) sub: u32,
}

/// What a key became at some revision.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    /// When.
    pub(crate) at: Revision,
    /// What; `None` if it was deleted.
    pub(crate) live: Option<Live>,
}

/// The state of a key that exists.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) value: Bytes,
    pub(crate) create_revision: i64,
    pub(crate) version: i64,
    pub(crate) lease: i64,
}

impl Version {
    /// The key-value, if the key exists.
    pub(crate) fn key_value(&self, key: &Bytes) -> Option<KeyValue> {
        let live = self.live.as_ref()?;
        Some(KeyValue {
            key: key.clone(),
            value: live.value.clone(),
            create_revision: live.create_revision,
            mod_revision: self.at.main,
            version: live.version,
            lease: live.lease,
        })
    }

    fn size_bytes(&self, key: &Bytes) -> u64 {
        let value_bytes = self.live.as_ref().map_or(0, |live| live.value.len());
        OVERHEAD_BYTES + (key.len() + value_bytes) as u64
    }
}

/// Every key with its history.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The versions of each key, oldest first, never none.
    keys: BTreeMap<Bytes, Vec<Version>>,
    /// Which key changed when, oldest first, from the compacted revision on.
    journal: VecDeque<(Revision, Bytes)>,
    /// How many keys exist now.
    live_keys: usize,
    /// What all versions take together.
    size_bytes: u64,
    /// Shared with the images that are being read, for which nothing may be forgotten.
    pin: Arc<()>,
    /// The compaction to make up for when there are none.
    deferred: Option<i64>,
}

impl Memory {
    /// How many keys exist now.
    pub(crate) fn live_keys(&self) -> usize {
        self.live_keys
    }

    /// How many bytes all versions of all keys take, roughly.
    pub(crate) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// A key as it was at the end of revision `main`.
    pub(crate) fn get(&self, key: &[u8], main: i64) -> Option<KeyValue> {
        let (key, versions) = self.keys.get_key_value(key)?;
        newest(versions, main)?.key_value(key)
    }

    /// What a key became at that place in history.
    pub(crate) fn version(&self, key: &[u8], at: Revision) -> Option<&Version> {
        let versions = self.keys.get(key)?;
        let place = versions.binary_search_by_key(&at, |version| version.at).ok()?;
        Some(&versions[place])
    }

    /// The known keys of a span, in order, each with its state at the end of revision `main`:
    /// `None` if it did not exist then. The absent ones are yielded too so that whoever works in
    /// steps can count them as work.
    pub(crate) fn scan<'a>(
        &'a self,
        span: Span<'_>,
        main: i64,
    ) -> impl Iterator<Item = (&'a Bytes, Option<&'a Version>)> {
        self.keys.range::<[u8], _>(span).map(move |(key, versions)| {
            (key, newest(versions, main).filter(|version| version.live.is_some()))
        })
    }

    /// What changed, oldest first, from revision `main` on, which is not before the compacted one.
    pub(crate) fn changes_from(&self, main: i64) -> impl Iterator<Item = (Revision, &Bytes)> {
        let first = self.journal.partition_point(|(at, _)| at.main < main);
        self.journal.range(first..).map(|(at, key)| (*at, key))
    }

    /// What a key became at that very place.
    pub(crate) fn version_at(&self, key: &[u8], at: Revision) -> Option<&Version> {
        let versions = self.keys.get(key)?;
        let found = versions.binary_search_by_key(&at, |version| version.at).ok()?;
        Some(&versions[found])
    }

    /// All versions of all keys that a compaction at `compacted` keeps, in key order, oldest first.
    pub(crate) fn versions(&self, compacted: i64) -> impl Iterator<Item = (&Bytes, &Version)> {
        let kept = self.keys.iter().map(move |(key, versions)| (key, kept(versions, compacted)));
        kept.flat_map(|(key, versions)| versions.iter().map(move |version| (key, version)))
    }

    /// The keys that exist now and have a lease, each with its lease.
    pub(crate) fn leased(&self) -> impl Iterator<Item = (&Bytes, i64)> {
        let latest = self.keys.iter().filter_map(|(key, versions)| Some((key, versions.last()?)));
        let leases = latest.filter_map(|(key, last)| Some((key, last.live.as_ref()?.lease)));
        leases.filter(|(_, lease)| *lease != 0)
    }

    /// The keys after that one, or all, in order, each with what is there of its history.
    pub(crate) fn histories(
        &self,
        after: Option<&Bytes>,
    ) -> impl Iterator<Item = (&Bytes, &[Version])> {
        let from = after.map_or(Bound::Unbounded, |key| Bound::Excluded(&key[..]));
        let histories = self.keys.range::<[u8], _>((from, Bound::Unbounded));
        histories.map(|(key, versions)| (key, &versions[..]))
    }

    // Images.

    /// Nothing is forgotten until this is dropped.
    pub(crate) fn pin(&self) -> Arc<()> {
        self.pin.clone()
    }

    /// Whether it is a pin of this memory.
    pub(crate) fn is_pin(&self, pin: &Arc<()>) -> bool {
        Arc::ptr_eq(&self.pin, pin)
    }

    fn is_pinned(&self) -> bool {
        Arc::strong_count(&self.pin) > 1
    }

    /// Forgets what was compacted while there were pins, if there are none any more.
    pub(crate) fn compact_unpinned(&mut self) {
        if !self.is_pinned()
            && let Some(main) = self.deferred.take()
        {
            self.compact(main);
        }
    }

    /// Adds a key that is not there yet, with its history, oldest first.
    pub(crate) fn insert_history(&mut self, key: Bytes, versions: Vec<Version>) {
        let bytes = versions.iter().map(|version| version.size_bytes(&key)).sum::<u64>();
        self.size_bytes += bytes;
        self.live_keys += usize::from(versions.last().is_some_and(|last| last.live.is_some()));
        self.keys.insert(key, versions);
    }

    /// Lists again what changed from the compacted revision on. False if two changes claim to be
    /// the same.
    pub(crate) fn rebuild_journal(&mut self, compacted: i64) -> bool {
        let mut changes = Vec::new();
        for (key, versions) in &self.keys {
            let first = versions.partition_point(|version| version.at.main < compacted);
            changes.extend(versions[first..].iter().map(|version| (version.at, key.clone())));
        }
        changes.sort_unstable_by_key(|(at, _)| *at);
        let is_strict = changes.windows(2).all(|pair| pair[0].0 < pair[1].0);
        self.journal = changes.into();
        is_strict
    }

    /// Sets a key, and returns it as it is now and as it was. `at` is after every earlier change.
    pub(crate) fn put(
        &mut self,
        at: Revision,
        key: &Bytes,
        value: Bytes,
        lease: i64,
    ) -> (KeyValue, Option<KeyValue>) {
        let previous = self.get(key, i64::MAX);
        let (create_revision, version) =
            previous.as_ref().map_or((at.main, 1), |kv| (kv.create_revision, kv.version + 1));
        self.live_keys += usize::from(previous.is_none());
        let live = Live { value: value.clone(), create_revision, version, lease };
        let key = self.push(key, Version { at, live: Some(live) });
        let now = KeyValue { key, value, create_revision, mod_revision: at.main, version, lease };
        (now, previous)
    }

    /// Deletes a key, which exists. `at` is after every earlier change.
    pub(crate) fn delete(&mut self, at: Revision, key: &Bytes) {
        self.live_keys -= 1;
        self.push(key, Version { at, live: None });
    }

    /// Forgets what nobody can ask for who asks for revision `main` or later: of each key the
    /// versions before its newest one up to `main`, and that one too if it is a delete from before
    /// `main`. (A delete at `main` itself is an event that a watch from `main` must still see.)
    ///
    /// While an image is read, it is put off: nobody can ask for it any more, but the image does.
    pub(crate) fn compact(&mut self, main: i64) {
        if self.is_pinned() {
            self.deferred = Some(main);
            return;
        }
        let older = self.journal.partition_point(|(at, _)| at.main < main);
        for (_, key) in self.journal.drain(..older).collect::<Vec<_>>() {
            self.compact_key(&key, main);
        }
        // Changes at `main` stay in the journal: they are still to be seen, and a delete among them
        // is still to be forgotten by the next compaction.
        let here = self.journal.iter().take_while(|(at, _)| at.main == main);
        for key in here.map(|(_, key)| key.clone()).collect::<Vec<_>>() {
            self.compact_key(&key, main);
        }
    }

    fn compact_key(&mut self, key: &Bytes, main: i64) {
        let Some(versions) = self.keys.get_mut(key) else { return };
        let forget = versions.len() - kept(versions, main).len();
        let freed: u64 = versions.drain(..forget).map(|version| version.size_bytes(key)).sum();
        self.size_bytes -= freed;
        if versions.is_empty() {
            self.keys.remove(key);
        }
    }

    /// Appends a version to a key's history, and returns the key as it is kept.
    fn push(&mut self, key: &Bytes, version: Version) -> Bytes {
        let at = version.at;
        self.size_bytes += version.size_bytes(key);
        let kept = if let Some((kept, versions)) = self.keys.range_mut::<[u8], _>(one(key)).next() {
            versions.push(version);
            kept.clone()
        } else {
            // A copy: the given bytes are part of a whole command, which would stay in memory for
            // as long as the key does.
            let kept = Bytes::copy_from_slice(key);
            self.keys.insert(kept.clone(), vec![version]);
            kept
        };
        self.journal.push_back((at, kept.clone()));
        kept
    }
}

/// What a compaction at `main` keeps of a key's history.
pub(crate) fn kept(versions: &[Version], main: i64) -> &[Version] {
    let newer = versions.partition_point(|version| version.at.main <= main);
    let Some(newest) = newer.checked_sub(1).map(|index| &versions[index]) else { return versions };
    let is_gone = newest.live.is_none() && newest.at.main < main;
    &versions[if is_gone { newer } else { newer - 1 }..]
}

fn one(key: &[u8]) -> Span<'_> {
    (Bound::Included(key), Bound::Included(key))
}

/// The newest version that is not newer than revision `main`.
fn newest(versions: &[Version], main: i64) -> Option<&Version> {
    let last = versions.last()?;
    if last.at.main <= main {
        return Some(last);
    }
    versions[..versions.partition_point(|version| version.at.main <= main)].last()
}

//! etcd's hash of the keys at a revision, by which members are compared (`HashKV`).
//!
//! It is the CRC-32C of the word `key` and then, in the order of their revisions, of every version
//! up to the wanted revision, as etcd has it on its disk:
//!
//! ```text
//!   key      main:u64 '_' sub:u64            big-endian; a delete has a 't' behind it
//!   value    the KeyValue as a message of protocol buffers; of a delete only its key
//! ```
//!
//! What a compaction at the wanted revision would forget does not count, as far as a compaction was
//! made: so members that have not come to forget it yet have the same hash. It is the number that
//! an etcd with the same history gives.
//!
//! The order of keys and that of revisions differ, so there are two passes: the first notes which
//! versions count, the second reads them. Both go in steps, like a
//! [`RangeReader`](crate::RangeReader).

use std::cmp::Reverse;
use std::mem;

use bytes::{BufMut, Bytes};

use crate::memory::{Revision, Version, kept};
use crate::{Refusal, Store};

/// Hashes the keys at a revision, in steps.
#[derive(Debug)]
pub struct KvHasher {
    revision: i64,
    work: Option<Work>,
}

/// A hash of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KvHash {
    /// The number.
    pub hash: u32,
    /// The revision up to which it goes.
    pub revision: i64,
    /// The revision of the last compaction then, -1 if there was none.
    pub compacted: i64,
}

/// A hash, half made.
#[derive(Debug)]
struct Work {
    at: i64,
    compacted: i64,
    pass: Pass,
}

#[derive(Debug)]
enum Pass {
    /// The versions that count, of the keys up to `last`.
    Note { last: Option<Bytes>, noted: Noted },
    /// The versions that are still to be read, the next one last, and the hash so far.
    Read { left: Vec<(Revision, Bytes)>, hash: u32 },
}

#[derive(Debug, Default)]
struct Noted {
    versions: Vec<(Revision, Bytes)>,
    /// Versions from before the compaction that only count if nothing lives at the wanted revision.
    /// etcd takes having nothing to keep for having nothing to leave out.
    doubtful: Vec<(Revision, Bytes)>,
    does_anything_live: bool,
}

impl KvHasher {
    /// A hasher of the keys at that revision; 0 for the latest. It reads nothing yet.
    pub fn new(revision: i64) -> Self {
        Self { revision, work: None }
    }

    /// Looks at up to `budget` more versions, or at one key with all of its. The hash, if that was
    /// all.
    ///
    /// If something is compacted meanwhile, it begins again.
    ///
    /// # Errors
    /// [`Refusal::FutureRevision`] or [`Refusal::Compacted`], if the revision is given.
    pub fn advance(&mut self, store: &Store, budget: usize) -> Result<Option<KvHash>, Refusal> {
        let compacted = store.view().compacted;
        let mut work = match self.work.take() {
            Some(work) if work.compacted == compacted => work,
            Some(_) | None => Work::begin(self.revision, store)?,
        };
        let hash = work.advance(store, budget.max(1));
        self.work = Some(work);
        Ok(hash)
    }
}

impl Work {
    fn begin(revision: i64, store: &Store) -> Result<Self, Refusal> {
        let view = store.view();
        if revision > view.current {
            return Err(Refusal::FutureRevision { current: view.current });
        }
        if revision > 0 && revision < view.compacted {
            return Err(Refusal::Compacted { at: view.compacted });
        }
        let at = if revision == 0 { view.current } else { revision };
        let pass = Pass::Note { last: None, noted: Noted::default() };
        Ok(Self { at, compacted: view.compacted, pass })
    }

    fn advance(&mut self, store: &Store, budget: usize) -> Option<KvHash> {
        match &mut self.pass {
            Pass::Note { last, noted } => {
                let mut left = budget;
                let after = last.clone();
                for (key, versions) in store.memory().histories(after.as_ref()) {
                    if left == 0 {
                        return None;
                    }
                    noted.note(key, versions, self.at, self.compacted);
                    *last = Some(key.clone());
                    left = left.saturating_sub(versions.len());
                }
                let left = mem::take(noted).in_order();
                self.pass = Pass::Read { left, hash: crc32c::crc32c(b"key") };
                None
            }
            Pass::Read { left, hash } => {
                let mut bytes = Vec::new();
                for (at, key) in left.drain(left.len().saturating_sub(budget)..).rev() {
                    if let Some(version) = store.memory().version(&key, at) {
                        encode(&key, version, &mut bytes);
                        *hash = crc32c::crc32c_append(*hash, &bytes);
                        bytes.clear();
                    }
                }
                let whole = KvHash { hash: *hash, revision: self.at, compacted: self.compacted };
                left.is_empty().then_some(whole)
            }
        }
    }
}

impl Noted {
    fn note(&mut self, key: &Bytes, versions: &[Version], at: i64, compacted: i64) {
        let versions = kept(versions, compacted);
        let until = versions.partition_point(|version| version.at.main <= at);
        for (number, version) in versions[..until].iter().enumerate() {
            let lives = number + 1 == until && version.live.is_some();
            self.does_anything_live |= lives;
            let counts = lives || version.at.main > compacted;
            let list = if counts { &mut self.versions } else { &mut self.doubtful };
            list.push((version.at, key.clone()));
        }
    }

    /// What counts, the first one last.
    fn in_order(self) -> Vec<(Revision, Bytes)> {
        let mut versions = self.versions;
        if !self.does_anything_live {
            versions.extend(self.doubtful);
        }
        versions.sort_unstable_by_key(|(at, _)| Reverse(*at));
        versions
    }
}

/// A version as etcd has it on its disk.
fn encode(key: &Bytes, version: &Version, out: &mut Vec<u8>) {
    out.put_i64(version.at.main);
    out.put_u8(b'_');
    out.put_i64(version.at.sub.into());
    let bytes = |field: u8, bytes: &[u8], out: &mut Vec<u8>| {
        if !bytes.is_empty() {
            out.put_u8(field << 3 | 2);
            put_varint(bytes.len() as u64, out);
            out.put_slice(bytes);
        }
    };
    let number = |field: u8, number: i64, out: &mut Vec<u8>| {
        if number != 0 {
            out.put_u8(field << 3);
            // Negative ones take ten bytes, as their two's complement does.
            put_varint(number.cast_unsigned(), out);
        }
    };
    let Some(live) = &version.live else {
        out.put_u8(b't');
        bytes(1, key, out);
        return;
    };
    bytes(1, key, out);
    number(2, live.create_revision, out);
    number(3, version.at.main, out);
    number(4, live.version, out);
    bytes(5, &live.value, out);
    number(6, live.lease, out);
}

fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.put_u8(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.put_u8(number.to_le_bytes()[0]);
}

//! The auditor: looks now and then at what each member holds of some revision, past, latest or yet
//! to come. It asks each alone, and changes nothing.

use bytes::Bytes;
use mvcc::{KvHash, KvHasher, Range, RangeResponse, Refusal, SortOrder, SortTarget, Store};

use crate::random::Random;

/// What a member holds of a revision.
#[derive(Debug)]
pub(crate) struct Audit {
    /// 0 for the latest.
    pub(crate) revision: i64,
    pub(crate) found: Result<RangeResponse, Refusal>,
    pub(crate) hash: Result<KvHash, Refusal>,
}

/// All keys.
pub(crate) const WHOLE: Range = Range {
    key: Bytes::from_static(b"\0"),
    range_end: Bytes::from_static(b"\0"),
    limit: 0,
    revision: 0,
    sort_order: SortOrder::None,
    sort_target: SortTarget::Key,
    keys_only: false,
    count_only: false,
    min_mod_revision: 0,
    max_mod_revision: 0,
    min_create_revision: 0,
    max_create_revision: 0,
};

#[derive(Debug)]
pub(crate) struct Auditor {
    random: Random,
    pause_us: u64,
}

impl Auditor {
    pub(crate) fn new(seed: u64, pause_us: u64) -> Self {
        Self { random: Random::stream(seed, "auditor", 0), pause_us }
    }

    pub(crate) fn pause(&mut self) -> u64 {
        self.random.within(self.pause_us / 4..=self.pause_us)
    }

    /// Looks at a store.
    pub(crate) fn look(&mut self, store: &Store, revision: i64) -> Audit {
        let found = store.range(&Range { revision, ..WHOLE });
        let mut hasher = KvHasher::new(revision);
        let budget = 1 + usize::try_from(self.random.below(20)).expect("it is small");
        let hash = loop {
            if let Some(hash) = hasher.advance(store, budget).transpose() {
                break hash;
            }
        };
        Audit { revision, found, hash }
    }

    /// A revision to look at; more often one at which history is forgotten or made.
    pub(crate) fn choose(&mut self, store: &Store) -> i64 {
        let (first, last) = (store.compacted_revision().unwrap_or(1).max(1), store.revision());
        let some = i64::try_from(self.random.below(20)).expect("it is small");
        match self.random.below(6) {
            0 => 0,
            1 => (first - 1 - some / 10).max(1),
            2 => first,
            3 => last + some / 10,
            _ => (last - some).max(1),
        }
    }
}

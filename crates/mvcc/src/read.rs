//! Reading a range, at once or in steps.

use std::cmp::Ordering;
use std::ops::Bound;

use bytes::Bytes;

use crate::command::{Range, SortOrder, SortTarget};
use crate::memory::Memory;
use crate::reply::{KeyValue, RangeResponse};
use crate::span::span;
use crate::{Refusal, Store};

/// Reads a range in steps, so that a large one never holds the store for long.
///
/// The first step fixes the revision; the later ones read at that revision, whatever is written in
/// between. The answer is the one that [`Store::range`] would have given at the first step.
///
/// ```
/// use mvcc::{Range, RangeReader, Step, Store};
///
/// let store = Store::new();
/// let everything = Range { key: "\0".into(), range_end: "\0".into(), ..Range::default() };
/// let mut reader = RangeReader::new(everything);
/// let answer = loop {
///     // Here a server would borrow the store anew for each step.
///     if let Step::Done(answer) = reader.advance(&store, 100)? {
///         break answer;
///     }
/// };
/// assert_eq!(answer.revision, 1);
/// # Ok::<(), mvcc::Refusal>(())
/// ```
#[derive(Debug)]
pub struct RangeReader {
    range: Range,
    walk: Option<Walk>,
}

/// What came of a step of a [`RangeReader`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is more to read: call again.
    More,
    /// The answer.
    Done(RangeResponse),
}

impl RangeReader {
    /// A reader of this range. It reads nothing yet.
    pub fn new(range: Range) -> Self {
        Self { range, walk: None }
    }

    /// Looks at up to `budget_keys` more keys (at least one). A deleted key whose history is still
    /// kept counts like any other. Sorting, if it is asked for, is part of the last step. After
    /// [`Step::Done`], reading begins anew.
    ///
    /// If history was compacted beyond the revision that is being read, a read of the latest
    /// revision begins again, at what is the latest by now.
    ///
    /// # Errors
    /// [`Refusal::FutureRevision`], or [`Refusal::Compacted`] if the range names the revision.
    pub fn advance(&mut self, store: &Store, budget_keys: usize) -> Result<Step, Refusal> {
        self.advance_in(&store.view(), budget_keys)
    }

    fn advance_in(&mut self, view: &View<'_>, budget_keys: usize) -> Result<Step, Refusal> {
        let mut walk = match self.walk.take() {
            Some(walk) if walk.at >= view.compacted => walk,
            Some(_) | None => Walk::begin(&self.range, view)?,
        };
        if walk.advance(&self.range, view.memory, budget_keys.max(1)) {
            return Ok(Step::Done(walk.finish(&self.range)));
        }
        self.walk = Some(walk);
        Ok(Step::More)
    }
}

/// What a read sees: the data, and the revisions that bound it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) memory: &'a Memory,
    /// The latest revision. Inside a transaction, the one that it is making.
    pub(crate) current: i64,
    /// The oldest revision that can be read, if history was compacted; less than 0 if not.
    pub(crate) compacted: i64,
}

impl View<'_> {
    /// Reads a range at once.
    pub(crate) fn range(&self, range: &Range) -> Result<RangeResponse, Refusal> {
        let mut walk = Walk::begin(range, self)?;
        walk.advance(range, self.memory, usize::MAX);
        Ok(walk.finish(range))
    }
}

/// A range, half read.
#[derive(Debug)]
struct Walk {
    /// The revision to read at.
    at: i64,
    /// The latest revision when the walk began.
    current: i64,
    /// The last key that was looked at.
    last: Option<Bytes>,
    /// What was found so far, no more than is needed.
    kvs: Vec<KeyValue>,
    /// How many keys were found so far.
    count: i64,
}

impl Walk {
    fn begin(range: &Range, view: &View<'_>) -> Result<Self, Refusal> {
        let at = if range.revision <= 0 { view.current } else { range.revision };
        if at > view.current {
            return Err(Refusal::FutureRevision { current: view.current });
        }
        if at < view.compacted {
            return Err(Refusal::Compacted { at: view.compacted });
        }
        Ok(Self { at, current: view.current, last: None, kvs: Vec::new(), count: 0 })
    }

    /// Looks at up to `budget` keys. True when there are no more.
    fn advance(&mut self, range: &Range, memory: &Memory, budget: usize) -> bool {
        let keep_max = if range.count_only { 0 } else { keep_max(range) };
        let (first, end) = span(&range.key, &range.range_end);
        let start = self.last.take();
        let start = start.as_ref().map_or(first, |last| Bound::Excluded(last.as_ref()));
        let mut scan = memory.scan((start, end), self.at);
        for (key, version) in scan.by_ref().take(budget) {
            self.last = Some(key.clone());
            let Some(version) = version else { continue };
            self.count += 1;
            if self.kvs.len() < keep_max {
                self.kvs.extend(version.key_value(key));
            }
        }
        scan.next().is_none()
    }

    /// Filters, sorts and cuts: the order of these is etcd's.
    fn finish(self, range: &Range) -> RangeResponse {
        let mut kvs = self.kvs;
        if has_filter(range) {
            kvs.retain(|kv| passes(range, kv));
        }
        sort(&mut kvs, range.sort_order, range.sort_target);
        let more = limit(range).is_some_and(|limit| kvs.len() > limit);
        if let Some(limit) = limit(range) {
            kvs.truncate(limit);
        }
        if range.keys_only {
            for kv in &mut kvs {
                kv.value = Bytes::new();
            }
        }
        RangeResponse { revision: self.current, kvs, more, count: self.count }
    }
}

fn limit(range: &Range) -> Option<usize> {
    let limit = usize::try_from(range.limit).unwrap_or(0);
    (limit > 0).then_some(limit)
}

/// How many key-values, in key order, the answer can depend on: one more than the limit, to know
/// whether there are more. All, if what is to be cut off shows only after filtering and sorting.
fn keep_max(range: &Range) -> usize {
    match limit(range) {
        Some(limit) if range.sort_order == SortOrder::None && !has_filter(range) => {
            limit.saturating_add(1)
        }
        Some(_) | None => usize::MAX,
    }
}

fn has_filter(range: &Range) -> bool {
    range.min_mod_revision != 0
        || range.max_mod_revision != 0
        || range.min_create_revision != 0
        || range.max_create_revision != 0
}

fn passes(range: &Range, kv: &KeyValue) -> bool {
    let within = |revision: i64, min: i64, max: i64| {
        (min == 0 || revision >= min) && (max == 0 || revision <= max)
    };
    within(kv.mod_revision, range.min_mod_revision, range.max_mod_revision)
        && within(kv.create_revision, range.min_create_revision, range.max_create_revision)
}

/// Sorts what is in key order already.
fn sort(kvs: &mut [KeyValue], order: SortOrder, target: SortTarget) {
    let by_target = |a: &KeyValue, b: &KeyValue| -> Ordering {
        match target {
            SortTarget::Key => a.key.cmp(&b.key),
            SortTarget::Version => a.version.cmp(&b.version),
            SortTarget::Create => a.create_revision.cmp(&b.create_revision),
            SortTarget::Mod => a.mod_revision.cmp(&b.mod_revision),
            SortTarget::Value => a.value.cmp(&b.value),
        }
    };
    match order {
        SortOrder::None | SortOrder::Ascend => kvs.sort_by(by_target),
        SortOrder::Descend => kvs.sort_by(|a, b| by_target(b, a)),
    }
}

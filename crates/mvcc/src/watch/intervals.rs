//! Which watchers want to hear of a key.
//!
//! A watcher watches an interval of keys, and there may be thousands of them: prefixes in prefixes,
//! single keys, everything. They stand in a binary tree ordered by where they begin, and each node
//! knows how far the intervals below it reach. So the search for a key turns away from a subtree
//! that ends before the key, and from one that begins after it:
//!
//! ```text
//!              [b, e) reaches to x             who watches "d"?
//!             /                   \            [b, e) does; on the left, nothing reaches so far;
//!   [a, c) reaches to c   [f, x) reaches to x  on the right, all begins after it
//! ```
//!
//! The tree is a treap: each node has a priority, which falls from the root downwards. Priorities
//! are as good as random, so the tree is as good as balanced, whatever is watched; and they depend
//! on nothing but the watchers' numbers, so equal histories give equal trees.

use std::cmp::Ordering;

use crate::interval::{End, Interval};

/// A watcher's number. It is never used again, unlike the id that the client knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WatcherId(pub(super) u64);

/// Watchers by their intervals.
#[derive(Debug, Default)]
pub(super) struct Intervals {
    root: Tree,
    /// How many watchers there are.
    len: usize,
}

type Tree = Option<Box<Node>>;

/// The watchers of one interval.
#[derive(Debug)]
struct Node {
    interval: Interval,
    /// In order.
    watchers: Vec<WatcherId>,
    /// No node below has a higher one.
    priority: u64,
    /// The last end of this interval and of those below.
    reach: End,
    left: Tree,
    right: Tree,
}

impl Intervals {
    /// How many watchers there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a watcher, which is not here yet.
    pub(super) fn insert(&mut self, interval: &Interval, watcher: WatcherId) {
        self.len += 1;
        if let Some(node) = find(&mut self.root, interval) {
            let place = node.watchers.partition_point(|other| *other < watcher);
            node.watchers.insert(place, watcher);
        } else {
            insert(&mut self.root, Node::new(interval.clone(), watcher));
        }
    }

    /// Removes a watcher, which is here.
    pub(super) fn remove(&mut self, interval: &Interval, watcher: WatcherId) {
        let was_there = remove(&mut self.root, interval, watcher);
        assert!(was_there, "{watcher:?} is not among those of {interval:?}");
        self.len -= 1;
    }

    /// Appends to `found` who watches the key.
    pub(super) fn watchers_of(&self, key: &[u8], found: &mut Vec<WatcherId>) {
        visit(&self.root, key, &mut |node| {
            found.extend_from_slice(&node.watchers);
            true
        });
    }

    /// Whether anybody watches the key.
    pub(super) fn covers(&self, key: &[u8]) -> bool {
        !visit(&self.root, key, &mut |_| false)
    }

    /// All watchers, by interval.
    pub(super) fn into_watchers(self) -> Vec<(Interval, WatcherId)> {
        let mut all = Vec::with_capacity(self.len);
        collect(self.root, &mut all);
        all
    }
}

impl Node {
    fn new(interval: Interval, watcher: WatcherId) -> Box<Self> {
        let (priority, reach) = (scatter(watcher.0), interval.end.clone());
        let watchers = vec![watcher];
        Box::new(Self { interval, watchers, priority, reach, left: None, right: None })
    }

    /// Brings `reach` up to date, when those of the children are.
    fn look_below(&mut self) {
        let below = [&self.left, &self.right].into_iter().flatten().map(|node| &node.reach);
        let reach = below.fold(&self.interval.end, |reach, other| reach.max(other)).clone();
        self.reach = reach;
    }
}

fn find<'a>(mut tree: &'a mut Tree, interval: &Interval) -> Option<&'a mut Node> {
    while let Some(node) = tree {
        match interval.cmp(&node.interval) {
            Ordering::Less => tree = &mut node.left,
            Ordering::Greater => tree = &mut node.right,
            Ordering::Equal => return Some(node),
        }
    }
    None
}

/// Inserts a node whose interval is not in the tree.
fn insert(tree: &mut Tree, mut new: Box<Node>) {
    match tree {
        Some(node) if node.priority >= new.priority => {
            let is_left = new.interval < node.interval;
            insert(if is_left { &mut node.left } else { &mut node.right }, new);
            node.look_below();
        }
        _ => {
            (new.left, new.right) = split(tree.take(), &new.interval);
            new.look_below();
            *tree = Some(new);
        }
    }
}

/// Splits into what is before the interval and what is after it.
fn split(tree: Tree, at: &Interval) -> (Tree, Tree) {
    let Some(mut node) = tree else { return (None, None) };
    if node.interval < *at {
        let (before, after) = split(node.right.take(), at);
        node.right = before;
        node.look_below();
        (Some(node), after)
    } else {
        let (before, after) = split(node.left.take(), at);
        node.left = after;
        node.look_below();
        (before, Some(node))
    }
}

/// Joins two trees, of which the first is all before the second.
fn join(before: Tree, after: Tree) -> Tree {
    match (before, after) {
        (None, tree) | (tree, None) => tree,
        (Some(mut before), Some(after)) if before.priority >= after.priority => {
            before.right = join(before.right.take(), Some(after));
            before.look_below();
            Some(before)
        }
        (before, Some(mut after)) => {
            after.left = join(before, after.left.take());
            after.look_below();
            Some(after)
        }
    }
}

/// Removes a watcher, and its node if it was the last. Whether it was there.
fn remove(tree: &mut Tree, interval: &Interval, watcher: WatcherId) -> bool {
    let Some(node) = tree else { return false };
    let was_there = match interval.cmp(&node.interval) {
        Ordering::Less => remove(&mut node.left, interval, watcher),
        Ordering::Greater => remove(&mut node.right, interval, watcher),
        Ordering::Equal => match node.watchers.binary_search(&watcher) {
            Ok(place) => {
                node.watchers.remove(place);
                true
            }
            Err(_) => false,
        },
    };
    if node.watchers.is_empty() {
        *tree = join(node.left.take(), node.right.take());
    } else {
        node.look_below();
    }
    was_there
}

/// Shows the nodes whose intervals contain the key, until it is enough. Whether all were shown.
fn visit(tree: &Tree, key: &[u8], show: &mut impl FnMut(&Node) -> bool) -> bool {
    let Some(node) = tree else { return true };
    if !node.reach.is_after(key) {
        return true;
    }
    visit(&node.left, key, show)
        && (node.interval.start > key
            || ((!node.interval.end.is_after(key) || show(node)) && visit(&node.right, key, show)))
}

fn collect(tree: Tree, all: &mut Vec<(Interval, WatcherId)>) {
    let Some(node) = tree else { return };
    let Node { interval, watchers, left, right, .. } = *node;
    collect(left, all);
    all.extend(watchers.into_iter().map(|watcher| (interval.clone(), watcher)));
    collect(right, all);
}

/// Makes numbers that follow each other look random (the finalizer of `SplitMix64`).
fn scatter(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn interval() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let key = || prop::collection::vec(0..4u8, 0..3);
        (key(), key())
    }

    /// How deep a tree is; it holds what it promises at every node.
    fn checked_depth(tree: &Tree) -> usize {
        let Some(node) = tree else { return 0 };
        for below in [&node.left, &node.right].into_iter().flatten() {
            assert!(below.priority <= node.priority);
            assert!(below.reach <= node.reach);
        }
        assert!(node.left.as_ref().is_none_or(|left| left.interval < node.interval));
        assert!(node.right.as_ref().is_none_or(|right| right.interval > node.interval));
        1 + checked_depth(&node.left).max(checked_depth(&node.right))
    }

    proptest! {
        #[test]
        fn the_watchers_of_a_key_are_those_whose_intervals_contain_it(
            added in prop::collection::vec(interval(), 0..60),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let (mut intervals, mut plain) = (Intervals::default(), BTreeMap::new());
            for (n, (key, range_end)) in (1..).zip(&added) {
                let Some(interval) = Interval::new(key, range_end) else { continue };
                intervals.insert(&interval, WatcherId(n));
                plain.insert(WatcherId(n), interval);
            }
            for index in removed {
                if plain.is_empty() { break }
                let watcher = *plain.keys().nth(index.index(plain.len())).unwrap();
                intervals.remove(&plain.remove(&watcher).unwrap(), watcher);
            }
            checked_depth(&intervals.root);
            prop_assert_eq!(intervals.len(), plain.len());
            for key in (0..4u8).flat_map(|a| (0..5u8).map(move |b| vec![a, b])) {
                let mut found = Vec::new();
                intervals.watchers_of(&key, &mut found);
                found.sort_unstable();
                let contains = |interval: &Interval| interval.contains(&key);
                let expected: Vec<_> =
                    plain.iter().filter(|(_, i)| contains(i)).map(|(id, _)| *id).collect();
                prop_assert_eq!(intervals.covers(&key), !expected.is_empty());
                prop_assert_eq!(found, expected);
            }
            let all = intervals.into_watchers();
            prop_assert!(all.is_sorted());
            prop_assert_eq!(all.len(), plain.len());
        }
    }

    #[test]
    fn the_tree_stays_flat_whatever_is_watched() {
        let mut intervals = Intervals::default();
        for n in 0..10_000u32 {
            let interval = Interval::new(&n.to_be_bytes(), b"\0").unwrap();
            intervals.insert(&interval, WatcherId(n.into()));
        }
        let depth = checked_depth(&intervals.root);
        assert!(depth < 50, "{depth}");
    }
}

//! The arithmetic of quorums, held against its definition: a quorum is a subset of the voters with
//! more than half of them, and all subsets are tried.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use raft::{Configuration, NodeId, Tally};

/// All sets of voters that are quorums.
fn quorums(voters: &BTreeSet<NodeId>) -> Vec<BTreeSet<NodeId>> {
    let subsets = (0..1u32 << voters.len()).map(|subset| {
        let members = voters.iter().enumerate().filter(|(bit, _)| subset >> bit & 1 == 1);
        members.map(|(_, id)| *id).collect::<BTreeSet<_>>()
    });
    subsets.filter(|subset| 2 * subset.len() > voters.len()).collect()
}

/// One to seven voters, and for each what `value` makes up.
fn voters<T: std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = BTreeMap<NodeId, T>> {
    prop::collection::btree_map(any::<u64>().prop_map(NodeId), value, 1..=7)
}

proptest! {
    /// The highest value that all members of some quorum have reached. Few values, so that many are
    /// equal.
    #[test]
    fn reached_is_the_best_that_a_quorum_has(values in voters(0..6u64)) {
        let ids = values.keys().copied().collect::<BTreeSet<_>>();
        let slowest = |quorum: &BTreeSet<_>| quorum.iter().map(|id| values[id]).min();
        let expected = quorums(&ids).iter().filter_map(slowest).max();
        let reached = Configuration::new(ids).reached(|id| values[&id]);
        prop_assert_eq!(Some(reached), expected);
    }

    /// Won if a quorum granted it, lost if none can any more.
    #[test]
    fn tally_asks_all_quorums(votes in voters(any::<Option<bool>>())) {
        let ids = votes.keys().copied().collect::<BTreeSet<_>>();
        let some_quorum = |answer: fn(Option<bool>) -> bool| {
            quorums(&ids).iter().any(|quorum| quorum.iter().all(|id| answer(votes[id])))
        };
        let expected = if some_quorum(|vote| vote == Some(true)) {
            Tally::Won
        } else if some_quorum(|vote| vote != Some(false)) {
            Tally::Open
        } else {
            Tally::Lost
        };
        prop_assert_eq!(Configuration::new(ids).tally(|id| votes[&id]), expected);
    }

    /// A voter named twice is one voter.
    #[test]
    fn duplicates_do_not_count(ids in prop::collection::vec((0..5u64).prop_map(NodeId), 1..=7)) {
        let once = ids.iter().copied().collect::<BTreeSet<_>>();
        let configuration = Configuration::new(ids);
        prop_assert_eq!(configuration.voters().collect::<BTreeSet<_>>(), once.clone());
        prop_assert_eq!(configuration, Configuration::new(once));
    }
}

/// Two quorums share a member, and a quorum is no larger than it must be for that.
#[test]
fn quorums_intersect() {
    for size in 1..=7 {
        let ids = (1..=size).map(NodeId).collect::<BTreeSet<_>>();
        let quorums = quorums(&ids);
        for (left, right) in quorums.iter().flat_map(|q| quorums.iter().map(move |r| (q, r))) {
            assert!(!left.is_disjoint(right), "{left:?} and {right:?} of {size}");
        }
        let smallest = quorums.iter().map(BTreeSet::len).min();
        let needed = ids.len() / 2 + 1;
        assert_eq!(smallest, Some(needed), "of {size}");
    }
}

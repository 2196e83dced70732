//! Changes of the members, held against what makes them safe: two configurations that follow each
//! other have no disjoint quorums. All subsets of the members are tried.

use std::collections::BTreeSet;

use bytes::Bytes;
use proptest::prelude::*;
use raft::{Change, ChangeError, Configuration, NodeId, Tally};

/// No configuration here has other members.
const MEMBERS: u64 = 6;

/// A set of members, one bit each.
type Set = u32;

/// All of them.
const ALL: Set = (1 << MEMBERS) - 1;

fn bit(id: NodeId) -> Set {
    1 << id.0
}

fn set(ids: impl Iterator<Item = NodeId>) -> Set {
    ids.fold(0, |set, id| set | bit(id))
}

fn subsets() -> impl Iterator<Item = Set> {
    0..=ALL
}

/// Whether these members decide something: they are a majority of the voters, and of the voters of
/// the old half as well, if there is one.
fn decide(configuration: &Configuration, members: Set) -> bool {
    let is_most = |voters: Set| 2 * (voters & members).count_ones() > voters.count_ones();
    let old = set(configuration.outgoing());
    is_most(set(configuration.voters())) && (old == 0 || is_most(old))
}

/// Whether some members decide in the one and all others decide in the other.
fn could_disagree(one: &Configuration, other: &Configuration) -> bool {
    subsets().any(|members| decide(one, members) && decide(other, !members))
}

fn address() -> Bytes {
    Bytes::from_static(b"somewhere")
}

/// Some voters, and some learners.
fn simple() -> impl Strategy<Value = Configuration> {
    (1..=ALL, 0..=ALL).prop_map(|(voters, learners)| {
        let ids = |set: Set| (0..MEMBERS).map(NodeId).filter(move |id| set & bit(*id) != 0);
        let learners = ids(learners & !voters);
        let learners = learners.map(|id| Change::AddLearner { id, address: address() });
        let learners = learners.collect::<Vec<_>>();
        let addresses = ids(voters).map(|id| (id, address()));
        let voters = Configuration::new(ids(voters)).with_addresses(addresses);
        if learners.is_empty() { voters } else { voters.changed(&learners).expect("new members") }
    })
}

fn step() -> impl Strategy<Value = Change> {
    (0..6, 0..MEMBERS).prop_map(|(kind, id)| {
        let (id, address) = (NodeId(id), address());
        match kind {
            0 => Change::AddVoter { id, address },
            1 => Change::AddLearner { id, address },
            2 => Change::Promote(id),
            3 => Change::Demote(id),
            4 => Change::Remove(id),
            _ => Change::Move { id, address },
        }
    })
}

/// One to five steps, most of which make no sense.
fn change() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(step(), 1..=5)
}

/// A joint configuration between any two sets of voters.
fn joint() -> impl Strategy<Value = Configuration> {
    (simple(), simple()).prop_filter_map("not joint", |(old, new)| {
        let (before, after) = (set(old.voters()), set(new.voters()));
        let goes = old.members().into_iter().filter(|id| after & bit(*id) == 0).map(Change::Remove);
        let comes = new.voters().filter(|id| before & bit(*id) == 0).map(|id| {
            if old.is_member(id) {
                Change::Promote(id)
            } else {
                Change::AddVoter { id, address: address() }
            }
        });
        let change = goes.chain(comes).collect::<Vec<_>>();
        old.changed(&change).ok().filter(Configuration::is_joint)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// From the old one to the next, and from a joint one to where it leads.
    #[test]
    fn neighbours_cannot_disagree(old in simple(), change in change()) {
        if let Ok(next) = old.changed(&change) {
            prop_assert!(!could_disagree(&old, &next), "{{{old}}} and {{{next}}}");
            let last = next.without_outgoing();
            prop_assert!(!last.is_joint());
            prop_assert!(!could_disagree(&next, &last), "{{{next}}} and {{{last}}}");
        }
    }

    /// Joint configurations are between sets of voters that may have nothing in common.
    #[test]
    fn a_joint_one_agrees_with_both_halves(joint in joint()) {
        let old = Configuration::new(joint.outgoing());
        let new = joint.without_outgoing();
        prop_assert!(!could_disagree(&old, &joint), "{{{old}}} and {{{joint}}}");
        prop_assert!(!could_disagree(&joint, &new), "{{{joint}}} and {{{new}}}");
    }

    /// A new voter is no learner, and somebody votes.
    #[test]
    fn nobody_is_two_things(old in simple(), change in change()) {
        if let Ok(next) = old.changed(&change) {
            prop_assert_eq!(set(next.voters()) & set(next.learners()), 0);
            prop_assert!(next.voters().len() > 0);
        }
    }

    /// All members have one, until they are none any more. Who votes in the old half only is still
    /// one: it is sent the log and asked for votes.
    #[test]
    fn members_have_addresses(old in simple(), change in change()) {
        if let Ok(next) = old.changed(&change) {
            for configuration in [next.without_outgoing(), next] {
                let known = configuration.addresses().map(|(id, _)| id).collect::<BTreeSet<_>>();
                prop_assert_eq!(known, configuration.members(), "of {}", configuration);
            }
        }
    }

    /// While a joint one is in force there is no other change.
    #[test]
    fn a_joint_one_is_not_changed(joint in joint(), change in change()) {
        prop_assert_eq!(joint.changed(&change), Err(ChangeError::Pending));
    }

    /// The highest value that all of some members have reached who decide together.
    #[test]
    fn joint_reaches_what_both_halves_have(
        joint in joint(),
        values in prop::array::uniform6(0..5u64),
    ) {
        let value_of = |id: NodeId| values[usize::try_from(id.0).expect("few")];
        let reached_by = |level| {
            set((0..MEMBERS).map(NodeId).filter(|id| value_of(*id) >= level))
        };
        let expected = (0..5).rev().find(|level| decide(&joint, reached_by(*level)));
        prop_assert_eq!(Some(joint.reached(value_of)), expected);
    }

    /// Won if those who granted it decide, lost if they do not even with all who are still out.
    #[test]
    fn joint_elects_with_both_halves(
        joint in joint(),
        votes in prop::array::uniform6(any::<Option<bool>>()),
    ) {
        let vote_of = |id: NodeId| votes[usize::try_from(id.0).expect("few")];
        let who = |answers: &[Option<bool>]| {
            set((0..MEMBERS).map(NodeId).filter(|id| answers.contains(&vote_of(*id))))
        };
        let expected = if decide(&joint, who(&[Some(true)])) {
            Tally::Won
        } else if decide(&joint, who(&[Some(true), None])) {
            Tally::Open
        } else {
            Tally::Lost
        };
        prop_assert_eq!(joint.tally(vote_of), expected);
    }
}

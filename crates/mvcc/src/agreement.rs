//! Whether the members' stores agree, and which of them is wrong if they do not.
//!
//! Each member says what its store holds at one revision, by a [hash](crate::KvHash). Stores that
//! applied the same commands say the same, so whoever says something else than a majority of all
//! members is wrong. Without a majority nobody can tell who is.
//!
//! ```text
//!   of three members say      verdict
//!   7   7   7                 all agree
//!   7   7   (nothing)         a majority agrees
//!   7   7   3                 the third one is wrong
//!   7   3   (nothing)         split
//!   7   (nothing)  (nothing)  unknown
//! ```
//!
//! A member that has compacted other history than the one that asks cannot be compared with it, and
//! counts as one that says nothing; as does one that does not answer.

use std::collections::{BTreeMap, BTreeSet};

use crate::KvHash;

/// What a member says of its store at a revision that it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Testimony {
    /// What it holds.
    Hash(KvHash),
    /// It has applied all that led to that revision elsewhere, and has only come to this one.
    Short(i64),
}

/// What the testimonies of some members come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All members have the same.
    AllAgree,
    /// All that could be compared have the same, and they are a majority.
    MajorityAgrees,
    /// A majority has the same, and these have something else.
    Wrong(BTreeSet<u64>),
    /// They differ, and no majority has the same.
    Split,
    /// Too few can be compared.
    Unknown,
}

/// Judges what the members said, of which there are `members`. `own` is the hash of the one that
/// asks, which says what can be compared; it is among the testimonies.
pub fn judge(members: usize, own: KvHash, testimonies: &BTreeMap<u64, Testimony>) -> Verdict {
    let mut voices = BTreeMap::<Testimony, BTreeSet<u64>>::new();
    for (id, testimony) in testimonies {
        if is_comparable(own, *testimony) {
            voices.entry(*testimony).or_default().insert(*id);
        }
    }
    let is_majority = |ids: &BTreeSet<u64>| 2 * ids.len() > members;
    let most = voices.values().find(|ids| is_majority(ids)).cloned();
    match (most, voices.len()) {
        (Some(ids), 1) if ids.len() == members => Verdict::AllAgree,
        (Some(_), 1) => Verdict::MajorityAgrees,
        (Some(right), _) => {
            let all = voices.into_values().flatten();
            Verdict::Wrong(all.filter(|id| !right.contains(id)).collect())
        }
        (None, 0 | 1) => Verdict::Unknown,
        (None, _) => Verdict::Split,
    }
}

fn is_comparable(own: KvHash, testimony: Testimony) -> bool {
    match testimony {
        Testimony::Hash(KvHash { revision, compacted, .. }) => {
            (revision, compacted) == (own.revision, own.compacted)
        }
        Testimony::Short(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: KvHash = KvHash { hash: 7, revision: 20, compacted: 5 };

    fn hash(hash: u32) -> Testimony {
        Testimony::Hash(KvHash { hash, ..OWN })
    }

    /// What members 1, 2, … say; some say nothing.
    fn check(testimonies: &[Option<Testimony>], expected: &Verdict) {
        let said = (1..).zip(testimonies).filter_map(|(id, said)| Some((id, (*said)?)));
        let verdict = judge(testimonies.len(), OWN, &said.collect());
        assert_eq!(verdict, *expected, "{testimonies:?}");
    }

    fn wrong<const N: usize>(ids: [u64; N]) -> Verdict {
        Verdict::Wrong(ids.into())
    }

    #[test]
    fn a_majority_is_right() {
        let (a, b, c) = (Some(hash(7)), Some(hash(3)), Some(hash(4)));
        check(&[a, a, a], &Verdict::AllAgree);
        check(&[a, a, None], &Verdict::MajorityAgrees);
        check(&[a, a, b], &wrong([3]));
        // Also against the one that asks.
        check(&[a, b, b], &wrong([1]));
        check(&[a, a, a, b, c], &wrong([4, 5]));
        check(&[a, a, a, b, None], &wrong([4]));
        check(&[a], &Verdict::AllAgree);
    }

    #[test]
    fn without_one_nobody_is() {
        let (a, b, c) = (Some(hash(7)), Some(hash(3)), Some(hash(4)));
        check(&[a, b], &Verdict::Split);
        check(&[a, b, None], &Verdict::Split);
        check(&[a, b, c], &Verdict::Split);
        check(&[a, a, b, b], &Verdict::Split);
        check(&[a, None, None], &Verdict::Unknown);
        // Half of an even number is no majority.
        check(&[a, a, None, None], &Verdict::Unknown);
        check(&[None, None, None], &Verdict::Unknown);
    }

    #[test]
    fn who_has_compacted_otherwise_says_nothing() {
        let a = Some(hash(7));
        let later = Some(Testimony::Hash(KvHash { hash: 3, compacted: 6, ..OWN }));
        check(&[a, a, later], &Verdict::MajorityAgrees);
        check(&[a, later, None], &Verdict::Unknown);
    }

    #[test]
    fn who_has_applied_as_much_and_holds_less_is_wrong() {
        let (a, short) = (Some(hash(7)), Some(Testimony::Short(19)));
        check(&[a, a, short], &wrong([3]));
        check(&[a, short, short], &wrong([1]));
    }
}

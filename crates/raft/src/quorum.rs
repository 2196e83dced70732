//! What a quorum is, and what one has reached. Pure arithmetic, held against brute force in
//! `tests/quorum.rs`.
//!
//! A *quorum* is any majority of the voters. Any two quorums share a member, which is what makes
//! both elections and commitment safe (§5.4.3).

use std::collections::BTreeSet;

use crate::types::NodeId;

/// How an election stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tally {
    /// A quorum voted for the candidate.
    Won,
    /// The votes that are still out could not make up a quorum any more.
    Lost,
    /// Neither yet.
    Open,
}

impl Tally {
    /// How an election stands that can be won in two ways.
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Won, _) | (_, Self::Won) => Self::Won,
            (Self::Lost, Self::Lost) => Self::Lost,
            (Self::Open, _) | (_, Self::Open) => Self::Open,
        }
    }

    /// How an election stands that must be won twice.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Lost, _) | (_, Self::Lost) => Self::Lost,
            (Self::Won, Self::Won) => Self::Won,
            (Self::Open, _) | (_, Self::Open) => Self::Open,
        }
    }
}

/// How many of so many voters make a quorum.
fn quorum(voters: usize) -> usize {
    voters / 2 + 1
}

/// The highest value that every member of some quorum has reached. Nothing, if nobody votes.
pub(crate) fn reached<T: Ord + Default>(
    voters: &BTreeSet<NodeId>,
    value_of: impl FnMut(NodeId) -> T,
) -> T {
    let mut values = voters.iter().copied().map(value_of).collect::<Vec<_>>();
    values.sort_unstable_by(|left, right| right.cmp(left));
    values.into_iter().nth(quorum(voters.len()) - 1).unwrap_or_default()
}

/// How an election stands, given each voter's vote, if it is in.
pub(crate) fn tally(
    voters: &BTreeSet<NodeId>,
    vote_of: impl FnMut(NodeId) -> Option<bool>,
) -> Tally {
    let votes = voters.iter().copied().map(vote_of).collect::<Vec<_>>();
    let granted = votes.iter().filter(|vote| **vote == Some(true)).count();
    let open = votes.iter().filter(|vote| vote.is_none()).count();
    let quorum = quorum(voters.len());
    match (granted >= quorum, granted + open >= quorum) {
        (true, _) => Tally::Won,
        (false, true) => Tally::Open,
        (false, false) => Tally::Lost,
    }
}

//! Who votes, and what a quorum of them has reached. Pure arithmetic, held against brute force in
//! `tests/quorum.rs`.

use std::collections::BTreeSet;

use crate::types::NodeId;

/// The members that vote.
///
/// A *quorum* is any majority of them. Any two quorums share a member, which is what makes both
/// elections and commitment safe (§5.4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    voters: BTreeSet<NodeId>,
}

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

impl Configuration {
    /// A configuration of these voters.
    ///
    /// # Panics
    ///
    /// If there are none: nobody could ever be elected.
    pub fn new(voters: impl IntoIterator<Item = NodeId>) -> Self {
        let voters = voters.into_iter().collect::<BTreeSet<_>>();
        assert!(!voters.is_empty(), "a configuration needs at least one voter");
        Self { voters }
    }

    /// The voters, in order.
    pub fn voters(&self) -> impl ExactSizeIterator<Item = NodeId> {
        self.voters.iter().copied()
    }

    /// Whether this member votes.
    pub fn is_voter(&self, id: NodeId) -> bool {
        self.voters.contains(&id)
    }

    /// How many voters make a quorum.
    pub fn quorum(&self) -> usize {
        self.voters.len() / 2 + 1
    }

    /// The highest value that every member of some quorum has reached.
    pub fn reached<T: Ord>(&self, value_of: impl FnMut(NodeId) -> T) -> T {
        let mut values = self.voters().map(value_of).collect::<Vec<_>>();
        values.sort_unstable_by(|left, right| right.cmp(left));
        values.swap_remove(self.quorum() - 1)
    }

    /// How an election stands, given each member's vote, if it is in.
    pub fn tally(&self, vote_of: impl FnMut(NodeId) -> Option<bool>) -> Tally {
        let votes = self.voters().map(vote_of).collect::<Vec<_>>();
        let granted = votes.iter().filter(|vote| **vote == Some(true)).count();
        let open = votes.iter().filter(|vote| vote.is_none()).count();
        match (granted >= self.quorum(), granted + open >= self.quorum()) {
            (true, _) => Tally::Won,
            (false, true) => Tally::Open,
            (false, false) => Tally::Lost,
        }
    }
}

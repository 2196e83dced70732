//! Who belongs to the cluster, and how that changes (§6; dissertation §4).
//!
//! ```text
//!              one voter more or less
//!   simple ───────────────────────────▶ simple
//!     │                                    ▲
//!     │ more                               │ by itself, once the joint one is committed
//!     └──────────────▶ joint ──────────────┘
//! ```
//!
//! A configuration is an entry of the log like any other, and is in force from the moment in which
//! it is appended. Two configurations that follow each other must have no disjoint quorums. With
//! one voter more or less they cannot; for any larger change a *joint* configuration stands between
//! them, in which whatever is decided needs a quorum of the old voters and a quorum of the new.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bytes::Bytes;

use crate::quorum::{Tally, reached, tally};
use crate::types::NodeId;

/// Who belongs to the cluster, and who of them votes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Configuration {
    voters: BTreeSet<NodeId>,
    /// The voters of the configuration before, while both must agree. Empty if this is not joint.
    outgoing: BTreeSet<NodeId>,
    learners: BTreeSet<NodeId>,
    /// Where a host finds each member. The core does not look at it.
    addresses: BTreeMap<NodeId, Bytes>,
}

/// One step of a change of the members. A change is a list of them that takes effect at once.
///
<<<<<<< HEAD
/// An id is for all time: a member that lost its disk comes back under another one. What the old
/// one promised would count for it, and it does not keep that any more.
=======
/// An id is for all time: a member that lost its disk comes back under another one. Under the old
/// one, what it promised before would count, and it does not hold that any more.
>>>>>>> scripts
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// A new member that votes.
    AddVoter {
        /// The member.
        id: NodeId,
        /// Where a host finds it.
        address: Bytes,
    },
    /// A new member that is sent the log, and does not vote.
    AddLearner {
        /// The member.
        id: NodeId,
        /// Where a host finds it.
        address: Bytes,
    },
    /// A learner becomes a voter.
    Promote(NodeId),
    /// A voter becomes a learner.
    Demote(NodeId),
    /// A member leaves.
    Remove(NodeId),
    /// A member moves.
    Move {
        /// The member.
        id: NodeId,
        /// Where a host finds it from now on.
        address: Bytes,
    },
}

/// Why a change of the members is refused. It has no effect then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeError {
    /// An earlier change is not committed yet, or leads through a joint configuration; or
    /// leadership is being transferred.
    Pending,
    /// The leader has not committed an entry of its own term yet (dissertation §4, erratum of
    /// 2015: without this rule two leaders could make changes that do not know of each other).
    NotReady,
    /// The member is there already.
    AlreadyMember(NodeId),
    /// There is no such member.
    NotMember(NodeId),
    /// Only a learner can be promoted.
    NotLearner(NodeId),
    /// Only a voter can be demoted.
    NotVoter(NodeId),
    /// The learner holds too little of the log to vote.
    NotCaughtUp(NodeId),
    /// No voter would be left.
    NoVoter,
    /// The change says nothing.
    Empty,
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
        Self { voters, ..Self::default() }
    }

    /// What a member knows that is to join a cluster: nobody. It waits to be told.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// The same configuration, with these addresses of members.
    #[must_use]
    pub fn with_addresses(self, addresses: impl IntoIterator<Item = (NodeId, Bytes)>) -> Self {
        Self { addresses: addresses.into_iter().collect(), ..self }
    }

    /// Puts together what [`voters`](Self::voters), [`outgoing`](Self::outgoing),
    /// [`learners`](Self::learners) and [`addresses`](Self::addresses) took apart.
    pub(crate) fn from_parts(
        voters: BTreeSet<NodeId>,
        outgoing: BTreeSet<NodeId>,
        learners: BTreeSet<NodeId>,
        addresses: BTreeMap<NodeId, Bytes>,
    ) -> Self {
        Self { voters, outgoing, learners, addresses }
    }

    /// The voters, in order; of a joint configuration, the new ones.
    pub fn voters(&self) -> impl ExactSizeIterator<Item = NodeId> {
        self.voters.iter().copied()
    }

    /// The voters of the old half of a joint configuration, in order.
    pub fn outgoing(&self) -> impl ExactSizeIterator<Item = NodeId> {
        self.outgoing.iter().copied()
    }

    /// Those that do not vote once this configuration is simple, in order.
    pub fn learners(&self) -> impl ExactSizeIterator<Item = NodeId> {
        self.learners.iter().copied()
    }

    /// Where a host finds each member.
    pub fn addresses(&self) -> impl ExactSizeIterator<Item = (NodeId, &Bytes)> {
        self.addresses.iter().map(|(id, address)| (*id, address))
    }

    /// All members, in order.
    pub fn members(&self) -> BTreeSet<NodeId> {
        self.voters().chain(self.outgoing()).chain(self.learners()).collect()
    }

    /// Whether it is known who belongs to the cluster.
    pub fn is_known(&self) -> bool {
        !self.voters.is_empty()
    }

    /// Whether this member belongs to the cluster.
    pub fn is_member(&self, id: NodeId) -> bool {
        self.is_voter(id) || self.learners.contains(&id)
    }

    /// Whether this member votes, in either half.
    pub fn is_voter(&self, id: NodeId) -> bool {
        self.voters.contains(&id) || self.outgoing.contains(&id)
    }

    /// Whether two halves must agree.
    pub fn is_joint(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// The highest value that every member of some quorum has reached.
    pub fn reached<T: Ord + Default>(&self, mut value_of: impl FnMut(NodeId) -> T) -> T {
        let new = reached(&self.voters, &mut value_of);
        if self.is_joint() { new.min(reached(&self.outgoing, &mut value_of)) } else { new }
    }

    /// How an election stands, given each member's vote, if it is in.
    pub fn tally(&self, mut vote_of: impl FnMut(NodeId) -> Option<bool>) -> Tally {
        let new = tally(&self.voters, &mut vote_of);
        if self.is_joint() { new.and(tally(&self.outgoing, &mut vote_of)) } else { new }
    }

    /// The configuration that a change leads to: a simple one, or the joint one on the way to it.
    ///
    /// # Errors
    ///
    /// A [`ChangeError`] that depends on nothing but the configuration.
    pub fn changed(&self, change: &[Change]) -> Result<Self, ChangeError> {
        if self.is_joint() {
            return Err(ChangeError::Pending);
        }
        if change.is_empty() {
            return Err(ChangeError::Empty);
        }
        let mut next = self.clone();
        change.iter().try_for_each(|step| next.take_step(step))?;
        if next.voters.is_empty() {
            return Err(ChangeError::NoVoter);
        }
        if self.voters.symmetric_difference(&next.voters).count() > 1 {
            next.outgoing.clone_from(&self.voters);
        }
        next.forget_addresses();
        Ok(next)
    }

    /// The simple configuration that a joint one leads to.
    #[must_use]
    pub fn without_outgoing(&self) -> Self {
        let mut next = Self { outgoing: BTreeSet::new(), ..self.clone() };
        next.forget_addresses();
        next
    }

    /// Drops the addresses of those who are no members. Who votes in the old half still is one: it
    /// is sent the log and asked for votes.
    fn forget_addresses(&mut self) {
        let members = self.members();
        self.addresses.retain(|id, _| members.contains(id));
    }

    fn take_step(&mut self, step: &Change) -> Result<(), ChangeError> {
        match step {
            Change::AddVoter { id, address } => {
                self.add(*id, address)?;
                self.voters.insert(*id);
            }
            Change::AddLearner { id, address } => {
                self.add(*id, address)?;
                self.learners.insert(*id);
            }
            Change::Promote(id) => {
                self.must_have(*id)?;
                if !self.learners.remove(id) {
                    return Err(ChangeError::NotLearner(*id));
                }
                self.voters.insert(*id);
            }
            Change::Demote(id) => {
                self.must_have(*id)?;
                if !self.voters.remove(id) {
                    return Err(ChangeError::NotVoter(*id));
                }
                self.learners.insert(*id);
            }
            Change::Remove(id) => {
                self.must_have(*id)?;
                self.voters.remove(id);
                self.learners.remove(id);
            }
            Change::Move { id, address } => {
                self.must_have(*id)?;
                self.addresses.insert(*id, address.clone());
            }
        }
        Ok(())
    }

    fn add(&mut self, id: NodeId, address: &Bytes) -> Result<(), ChangeError> {
        if self.is_member(id) {
            return Err(ChangeError::AlreadyMember(id));
        }
        if !address.is_empty() {
            self.addresses.insert(id, address.clone());
        }
        Ok(())
    }

    fn must_have(&self, id: NodeId) -> Result<(), ChangeError> {
        if self.is_member(id) { Ok(()) } else { Err(ChangeError::NotMember(id)) }
    }
}

impl std::error::Error for ChangeError {}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("an earlier change or transfer is not finished"),
            Self::NotReady => f.write_str("the leader has committed nothing in its term yet"),
            Self::AlreadyMember(id) => write!(f, "{id} is a member already"),
            Self::NotMember(id) => write!(f, "{id} is not a member"),
            Self::NotLearner(id) => write!(f, "{id} is not a learner"),
            Self::NotVoter(id) => write!(f, "{id} is not a voter"),
            Self::NotCaughtUp(id) => write!(f, "{id} has not caught up with the leader"),
            Self::NoVoter => f.write_str("no voter would be left"),
            Self::Empty => f.write_str("the change is empty"),
        }
    }
}

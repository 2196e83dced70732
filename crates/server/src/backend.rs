//! What the services need of a running member.

use std::sync::Arc;

use bytes::Bytes;
use host::Traffic;
use mvcc::{Image, Lessor, Reply, Store};

use crate::watch::Feed;

/// A running member, as the services see it. Clones are handles on the same member.
pub trait Backend: Clone + Send + Sync + 'static {
    /// Gets an encoded [`mvcc::Command`] committed, wherever the leader is, and returns what came
    /// of it when it was applied *here*: after that a read here sees it.
    ///
    /// # Errors
    /// A [`Failure`]. The command may still be applied, now or later, unless the failure says that
    /// it was not even tried.
    fn propose(&self, command: Bytes) -> impl Future<Output = Result<Reply, Failure>> + Send;

    /// Returns when everything that was committed before the call is applied here, so that a
    /// [`read`](Self::read) that follows is linearizable.
    ///
    /// # Errors
    /// A [`Failure`].
    fn read_index(&self) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Gets the members changed, wherever the leader is, and returns when this member knows of it
    /// as committed.
    ///
    /// # Errors
    /// A [`ChangeFailure`].
    fn change_members(
        &self,
        change: MemberChange,
    ) -> impl Future<Output = Result<(), ChangeFailure>> + Send;

    /// Hands leadership to that member, and returns when it leads.
    ///
    /// # Errors
    /// A [`ChangeFailure`].
    fn move_leader(&self, to: u64) -> impl Future<Output = Result<(), ChangeFailure>> + Send;

    /// Looks at the store of this member. `read` holds up the applying of commands, so it is short.
    fn read<T>(&self, read: impl FnOnce(&Store) -> T) -> T;

    /// Looks at this member's count of how much time leases have left. Not for long, either.
    fn read_lessor<T>(&self, read: impl FnOnce(&Lessor) -> T) -> T;

    /// Pins the store of this member as it is now. The image is to be given back.
    fn pin(&self) -> Image;

    /// Gives an image back.
    fn release(&self, image: Image);
    /// Where what is applied here is told to those who watch. It is told while the store is held:
    /// who sees a revision with [`read`](Self::read) finds it there.
    fn feed(&self) -> &Feed;

    /// Asks another member something of its store, which it answers when it has applied the log up
    /// to `after`. `None` if it does not answer.
    fn inquire(
        &self,
        of: u64,
        after: u64,
        question: Bytes,
    ) -> impl Future<Output = Option<Bytes>> + Send;

    /// How this member is now. Asked for by every request, so it is cheap.
    fn status(&self) -> MemberStatus;

    /// The members of the cluster, in any order.
    fn members(&self) -> Vec<Peer>;

    /// The members that this one can send to now, and itself.
    fn connected(&self) -> Vec<u64>;

    /// What goes between this member and each other one.
    fn traffic(&self) -> Vec<(u64, Arc<Traffic>)>;
}

/// Why a member could not do what it was asked to. It prints as etcd's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// There is no leader to ask.
    #[error("etcdserver: no leader")]
    NoLeader,
    /// The leader that was asked leads no more. What it was asked to do may or may not happen.
    #[error("etcdserver: leader changed")]
    LeaderChanged,
    /// No answer in time. What was asked for may or may not happen.
    #[error("etcdserver: request timed out")]
    TimedOut,
    /// No answer in time, and another member has become leader meanwhile.
    #[error("etcdserver: request timed out, possibly due to previous leader failure")]
    LeaderFailed,
    /// No answer in time, and this member does not reach those whom it needs for one.
    #[error("etcdserver: request timed out, possibly due to connection lost")]
    ConnectionLost,
    /// Too much is waiting already. It was not tried.
    #[error("etcdserver: too many requests")]
    Overloaded,
    /// The command is longer than a member can pass on. It was not tried.
    #[error("etcdserver: request is too large")]
    TooLarge,
    /// The member is shutting down.
    #[error("etcdserver: server stopped")]
    Stopped,
}

/// One change of the members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// A new member, which votes unless it is a learner.
    Add(Peer),
    /// A member leaves.
    Remove(u64),
    /// A learner becomes a voter.
    Promote(u64),
    /// A member is reached elsewhere.
    Move {
        /// The member.
        id: u64,
        /// Where the others reach it from now on.
        urls: Vec<String>,
    },
}

/// Why the members are not changed, or another one does not lead. It prints as etcd's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeFailure {
    /// It failed as any request may.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// There is a member of that number.
    #[error("etcdserver: member ID already exist")]
    MemberExists,
    /// There is no such member.
    #[error("etcdserver: member not found")]
    MemberNotFound,
    /// Only a learner can be promoted.
    #[error("etcdserver: can only promote a learner member")]
    NotLearner,
    /// The learner holds too little of the log.
    #[error("etcdserver: can only promote a learner member which is in sync with leader")]
    LearnerNotReady,
    /// The members that are left, or that started, would be no quorum.
    #[error("etcdserver: re-configuration failed due to not enough started members")]
    NotEnoughStarted,
    /// The members that could be reached would be no quorum, or some cannot be reached now.
    #[error("etcdserver: unhealthy cluster")]
    Unhealthy,
    /// Only the leader can hand over.
    #[error("etcdserver: not leader")]
    NotLeader,
    /// Leadership cannot be handed to it.
    #[error("etcdserver: bad leader transferee")]
    BadTransferee,
    /// The other one did not win in time. The old leader leads on.
    #[error("etcdserver: request timed out, leader transfer took too long")]
    TransferTimedOut,
}

/// How a member is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberStatus {
    /// The cluster's id. Never changes.
    pub cluster_id: u64,
    /// The member's id. Never changes.
    pub member_id: u64,
    /// Its term.
    pub term: u64,
    /// The member that leads the term, if it knows of one.
    pub leader: Option<u64>,
    /// Whether it only learns, and does not vote.
    pub is_learner: bool,
    /// Whether its disk is full.
    pub is_disk_full: bool,
    /// Its commit index.
    pub commit: u64,
    /// The index of the last entry that it applied.
    pub applied: u64,
    /// How often it saw another leader than before, since it started.
    pub leader_changes: u64,
    /// How many proposals of its clients wait to be committed.
    pub proposals_pending: u64,
    /// How many proposals of its clients failed, since it started.
    pub proposals_failed: u64,
    /// How many bytes of files at rest it has read to see whether they are whole, since it started.
    pub scrubbed_bytes: u64,
    /// How many damages it has found so.
    pub scrub_damages: u64,
}

impl MemberStatus {
    /// Whether it leads.
    pub fn is_leader(&self) -> bool {
        self.leader == Some(self.member_id)
    }
}

/// A member of the cluster, as the configuration has it. Its name and its clients' addresses are in
/// the store, where it published them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// Its id.
    pub id: u64,
    /// Where the other members reach it.
    pub urls: Vec<String>,
    /// Whether it only learns, and does not vote.
    pub is_learner: bool,
}

//! What a role wants to become. Only `Node::transition` does it.

use crate::types::NodeId;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Transition {
    /// What it is.
    Stay,
    /// A follower of that leader, or of none yet.
    Follow(Option<NodeId>),
    /// A candidate.
    Campaign(Stage),
    /// The leader.
    Lead,
}

/// What a candidate asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// "Would you vote for me?" Changes nobody's term or vote (dissertation §9.6).
    PreVote,
    /// "Vote for me." In a new term, with its own vote (§5.2).
    Vote,
    /// "Vote for me, for the leader asked me to campaign" (dissertation §3.10).
    Forced,
}

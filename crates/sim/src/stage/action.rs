//! What somebody does to a cluster, and when.

use raft::NodeId;
use trace::Kind;

/// An action, and when it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// In milliseconds since the start.
    pub(crate) at_ms: u64,
    /// As it was written.
    pub(crate) text: String,
    pub(crate) deed: Deed,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Stop(Who),
    Power(Who),
    Start(Who),
    Pause(Who),
    Resume(Who),
    Cut(Links),
    /// All links, or these.
    Heal(Option<Links>),
    Trick(Which, Trick),
    Ask {
        who: Who,
        client: u64,
        wish: Wish,
    },
    Change(Vec<Step>),
    Lead(Who),
    Snapshot(Who),
    /// The clock goes so many thousandths slow.
    Skew(Who, i64),
    /// A write takes so many milliseconds.
    Disk(Who, u64),
}

/// A member, by its number or by what it is at that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Number(NodeId),
    Leader,
    /// The running member of that place, from 1, among those that do not lead.
    Follower(usize),
}

pub(crate) type Side = Vec<Who>;

/// Links between members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// All of these members', both ways.
    Around(Side),
    /// Between these and those, both ways.
    Between(Side, Side),
    /// From these to those.
    From(Side, Side),
}

/// Which message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The next on one of these links; of that kind, if one is named.
    Next(Side, Side, Option<Kind>),
    /// The one that is on its way, and was sent under that number.
    Sent(Who, u64),
}

/// What is done to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trick {
    Drop,
    /// So many microseconds.
    Delay(u64),
    Double,
}

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Put(String, String),
    Delete(String),
    Get(String),
    /// What the member has, right or not.
    GetLocal(String),
}

/// A step of a change of the members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Add(Who),
    Learn(Who),
    Promote(Who),
    Demote(Who),
    Remove(Who),
}

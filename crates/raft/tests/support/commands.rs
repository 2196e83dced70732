//! The language of the golden scripts.

use std::str::FromStr;

use raft::NodeId;

use crate::notation;

/// The commands. Nothing happens but what they say: no time passes, no message arrives and no disk
/// writes by itself.
///
/// What a command does is printed in the notation of the core: an input, and below it, indented,
/// the effects that it has. A member is `n1`, `n2`, and so on. Where members may be named and none
/// is, all are meant.
///
/// A line that begins with `>` is a message, made up by the script, which arrives at once:
///
/// ```text
/// > n3@2 → n1 Append after 1@1 [2@2 3@2] commit 1
/// ```
#[derive(goldenscript::Command)]
pub(crate) enum Command {
    /// Starts a cluster of so many members, with empty disks. Election time-outs are drawn from
    /// `election` to `2 * election` ticks. `batch` is how many bytes one append may carry,
    /// `window` how many appends may be unanswered, `keep` how many bytes of log stay before a
    /// snapshot, `lease` for how many ticks a leader reads without asking, `disk` how long it waits
    /// for its own disk, `uncommitted` how many bytes may be. `spare` more members belong to no
    /// cluster yet. Example: cluster 3 heartbeat=2 election=10 spare=1
    Cluster {
        members: u64,
        #[arg(key)]
        heartbeat: Option<u32>,
        #[arg(key)]
        election: Option<u32>,
        #[arg(key)]
        batch: Option<usize>,
        #[arg(key)]
        window: Option<usize>,
        #[arg(key, optional)]
        keep: usize,
        #[arg(key)]
        lease: Option<u32>,
        #[arg(key)]
        disk: Option<u32>,
        #[arg(key)]
        uncommitted: Option<usize>,
        #[arg(key)]
        lag: Option<u64>,
        /// A delay of campaigns at n1.
        #[arg(key, optional)]
        delay: u32,
        #[arg(key, optional)]
        spare: u64,
    },

    /// Starts one member again with another disk, as if it had a past.
    /// Example: disk n1 term=4 vote=n2 commit=1 log="1@1 2@1=x 3@4"
    Disk {
        member: Id,
        #[arg(key)]
        term: u64,
        #[arg(key)]
        vote: Option<Id>,
        #[arg(key, optional)]
        commit: u64,
        #[arg(key, optional)]
        log: String,
    },

    /// Lets ticks pass. A tick without an effect prints nothing. Example: tick 5 n1 n3
    Tick {
        ticks: u32,
        #[arg(optional)]
        members: Vec<Id>,
    },

    /// Lets ticks pass at one member until its election timer runs out.
    Campaign(Id),

    /// Delivers what is on its way, the first message first; what is sent meanwhile waits for the
    /// next command. `from`, `to` and `kind` choose among the messages, `count` takes only the
    /// first so many, `order=reversed` begins with the last one, and `again=true` leaves a copy of
    /// each on its way. Example: deliver from=n1 kind=Append count=2
    Deliver {
        #[arg(key)]
        from: Option<Id>,
        #[arg(key)]
        to: Option<Id>,
        #[arg(key)]
        kind: Option<String>,
        #[arg(key)]
        count: Option<usize>,
        #[arg(key, optional)]
        order: Order,
        #[arg(key, optional)]
        again: bool,
    },

    /// Loses what is on its way; chooses as `deliver` does.
    Drop {
        #[arg(key)]
        from: Option<Id>,
        #[arg(key)]
        to: Option<Id>,
        #[arg(key)]
        kind: Option<String>,
        #[arg(key)]
        count: Option<usize>,
    },

    /// Lists what is on its way.
    Network,

    /// Cuts the links between these members and the others, in both directions. What is already on
    /// its way still arrives, unless it is dropped.
    Partition(Vec<Id>),

    /// Cuts one link in one direction. Example: cut from=n1 to=n2
    Cut {
        #[arg(key)]
        from: Id,
        #[arg(key)]
        to: Id,
    },

    /// Mends all links.
    Heal,

    /// Makes a member's waiting writes durable and tells it so: all, or those up to `until`.
    /// Example: persist n2 until=3
    Persist {
        member: Id,
        #[arg(key)]
        until: Option<u64>,
    },

    /// Delivers and persists until there is nothing left to deliver or persist.
    Settle,

    /// Proposes commands at a member, all before it says what to do. Example: propose n1 x y z
    Propose { member: Id, commands: Vec<String> },

    /// Invokes reads at a member, all before it says what to do. Example: read n1 count=2
    Read {
        member: Id,
        #[arg(key)]
        count: Option<usize>,
    },

    /// Asks a member for a change of the members. Example: change n1 "add n4, remove n1"
    Change { member: Id, change: String },

    /// Asks a member to hand leadership over. Example: transfer n1 to=n2
    Transfer {
        member: Id,
        #[arg(key)]
        to: Id,
    },

    /// A member takes a snapshot of what it has applied, which is durable at once.
    Snapshot(Id),

    /// The snapshot that a member was sent becomes durable, and it is told so.
    Store(Id),

    /// The snapshot that a member was sent turns out to be spoiled, and it is told so.
    Spoil(Id),

    /// Tells a member that its host missed so many ticks.
    Skip { member: Id, ticks: u32 },

    /// Prints who belongs to the cluster, as members know it, and how far the log reaches back.
    Members(#[arg(optional)] Vec<Id>),

    /// Stops a member by power loss: what was not persisted is lost, but for the first `kept` of
    /// the waiting writes. Example: crash n1 kept=1
    Crash {
        member: Id,
        #[arg(key, optional)]
        kept: usize,
    },

    /// A member that is down loses what is on its disk from an index on, and its disk knows that it
    /// may have: the last write only, or with `damage=true` what was durable for sure.
    /// Example: lose n2 from=3 damage=true
    Lose {
        member: Id,
        #[arg(key)]
        from: u64,
        #[arg(key, optional)]
        damage: bool,
    },

    /// Starts a member that crashed, with what its disk kept.
    Restart(Id),

    /// Prints how members stand.
    Status(#[arg(optional)] Vec<Id>),

    /// Prints logs: what is durable, a bar, and what is not.
    Log(#[arg(optional)] Vec<Id>),

    /// A message that the script made up.
    #[command(other)]
    Receive(goldenscript::Command),
}

/// A member, as scripts write it.
pub(crate) struct Id(pub(crate) NodeId);

/// Which message is delivered first.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    Sent,
    Reversed,
}

impl FromStr for Id {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        notation::node(text).map(Self)
    }
}

impl FromStr for Order {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "sent" => Ok(Self::Sent),
            "reversed" => Ok(Self::Reversed),
            _ => Err(format!("no such order: {text}")),
        }
    }
}

//! What must hold, checked after every step.
//!
//! The world tells each [`Fact`] first to the [`Ghost`], which keeps what is known of all members
//! from outside, and then to every [`Check`]. A check believes no member, and looks only at what is
//! new, so that its cost does not grow with the run. Each is one file; each has been seen to find a
//! seeded bug (`docs/mutants-simulated.md`).

mod acknowledged;
mod agreement;
mod changes;
mod commitment;
mod compaction;
mod completeness;
mod configurations;
mod durability;
mod election;
mod ghost;
mod held;
mod history;
mod leases;
mod linearity;
mod machines;
mod matching;
mod model;
mod monotony;
mod outcomes;
mod permissions;
mod progress;
mod promises;
mod reads;
mod recovery;
mod revisions;
mod users;
mod watches;

use mvcc::{AuthRefusal, Command, WatchRequest, WatchResponse};
use raft::{Envelope, Index, NodeId, Position, Restored, Snapshot, Status, Term, Ticket, Write};

use crate::admin::Asker;
use crate::auditor::Audit;
use crate::client::{Answer, Operation};
use crate::machine::Applied;

pub(crate) use ghost::Ghost;
pub(crate) use revisions::told;

/// Something that happened, seen from outside.
#[derive(Debug)]
pub(crate) enum Fact<'a> {
    /// A member starts with what is on its disk; the snapshot there makes a store of this hash.
    Started { id: NodeId, restored: &'a Restored, hash: u64 },
    /// It asks for a write.
    Wrote { id: NodeId, write: &'a Write },
    /// The write is durable.
    Durable { id: NodeId, write: &'a Write },
    /// How it stands, after its writes were noted, before what else it asks for.
    Stands { id: NodeId, status: &'a Status },
    /// It leads in that term, and knows each follower's log to be equal so far.
    Leads { id: NodeId, term: Term, matched: &'a [(NodeId, Index)] },
    /// A message leaves.
    Sent { envelope: &'a Envelope },
    /// It has said all that it had to say for now.
    Drained { id: NodeId, status: &'a replica::Status },
    /// A command was applied.
    Applied { id: NodeId, applied: &'a Applied },
    /// A snapshot of the state machine was taken, which had this hash then.
    Taken { id: NodeId, position: Position, hash: u64 },
    /// A snapshot was put in the place of the state machine, whose hash is this now.
    Restored { id: NodeId, snapshot: &'a Snapshot, hash: u64 },
    /// It crashes while these writes are on their way to its disk.
    Crashed { id: NodeId, batch: &'a [Write] },
    /// A client asks.
    Invoked { operation: &'a Operation },
    /// A client has its answer, or will never have one.
    Answered { operation: &'a Operation, answer: &'a Answer<'a> },
    /// A client is refused, because of who it is, by a member that has applied this much.
    Denied { who: Asker, applied: Index, command: &'a Command, refusal: AuthRefusal },
    /// The member's read may be served: this much is applied.
    ReadReady { id: NodeId, ticket: Ticket, applied: Index },
    /// A listener has a new stream.
    Connected { listener: usize },
    /// It wants a watch on its stream, or has one go on there, of a member that has applied this
    /// much. That may be refused, because of who it is.
    Watched {
        listener: usize,
        who: Asker,
        applied: Index,
        request: &'a WatchRequest,
        refusal: Option<AuthRefusal>,
    },
    /// It is told something by a member that has applied this much.
    Told { listener: usize, applied: Index, response: &'a WatchResponse },
    /// It has taken all there was, of a member that has applied this much.
    HeardAll { listener: usize, applied: Index },
    /// The auditor looked at a member that has applied this much.
    Audited { id: NodeId, applied: Index, audit: &'a Audit },
}

/// Whether a rule holds, or how it was broken.
pub(crate) type Checked = Result<(), String>;

/// A rule.
pub(crate) trait Check {
    fn name(&self) -> &'static str;
    /// Looks at what happened.
    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked;
    /// Looks at the whole when the world has healed and come to rest.
    fn end(&mut self, ghost: &Ghost) -> Checked {
        let _ = ghost;
        Ok(())
    }
}

/// All rules.
pub(crate) fn all() -> Vec<Box<dyn Check>> {
    vec![
        Box::new(recovery::Recovery),
        Box::new(matching::Matching::default()),
        Box::new(monotony::Monotony::default()),
        Box::new(election::Election::default()),
        Box::new(commitment::Commitment),
        Box::new(durability::Durability),
        Box::new(completeness::Completeness),
        Box::new(promises::Promises::default()),
        Box::new(progress::Progress::default()),
        Box::new(configurations::Configurations::default()),
        Box::new(changes::Changes),
        Box::new(machines::Machines::default()),
        Box::new(agreement::Agreement::default()),
        Box::new(reads::Reads::default()),
        Box::new(revisions::Revisions::default()),
        Box::new(permissions::Permissions::default()),
        Box::new(linearity::Linearity::default()),
        Box::new(acknowledged::Acknowledged::default()),
        Box::new(outcomes::Outcomes::default()),
        Box::new(leases::Leases::default()),
        Box::new(watches::Watches::default()),
        Box::new(compaction::Compaction::default()),
    ]
}

fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

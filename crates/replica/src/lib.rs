//! A replica: the Raft core joined to a state machine.
//!
//! The core agrees on a list of commands; a [`StateMachine`] executes them; the replica sees to it
//! that a request becomes a command in the log once, and that its answer finds the way back. It
//! does no I/O either: a host feeds it and carries out its [`Output`]s.
//!
//! ```
//! use bytes::Bytes;
//! use raft::{Configuration, Index, NodeId, Restored};
//! use replica::{Config, Output, Replica, StateMachine};
//!
//! /// Counts.
//! struct Counter(u64);
//!
//! impl StateMachine for Counter {
//!     type Reply = u64;
//!     type Image = u64;
//!     type State = u64;
//!     fn apply(&mut self, _: Index, _: Bytes) -> u64 {
//!         self.0 += 1;
//!         self.0
//!     }
//!     fn image(&self) -> u64 {
//!         self.0
//!     }
//!     fn replace(&mut self, state: u64) {
//!         self.0 = state;
//!     }
//! }
//!
//! let id = NodeId(1);
//! let config = Config::new(raft::Config::new(id, Configuration::new([id])), 1);
//! let mut replica = Replica::new(config, Restored::default(), Counter(0));
//! let ticket = replica.propose(b"+1"); // Waits until there is a leader.
//! let mut answer = None;
//! for _ in 0..40 {
//!     replica.tick();
//!     for output in replica.drain() {
//!         match output {
//!             Output::Persist(write) => replica.persisted(write.id),
//!             Output::Applied { ticket: done, reply } if done == Some(ticket) => {
//!                 answer = Some(reply);
//!             }
//!             _ => {}
//!         }
//!     }
//! }
//! assert_eq!(answer, Some(1));
//! ```
//!
//! # Any member takes any request
//!
//! A member that does not lead forwards proposals to its leader, and learns of their fate from its
//! own log. The core accepts a forwarded command only in the very term in which it was sent, and in
//! a log no entry of a term follows one of a later term. So when a member has applied an entry of a
//! later term, whatever it sent earlier and has not seen is certainly not in the log, and is sent
//! again: a proposal takes effect once, over any number of leaders, with no sessions to keep. What
//! remains unknown is what times out.
//!
//! # Snapshots
//!
//! When the log has grown enough, the replica has the state stored as a snapshot, and the core
//! drops the log before it. A member that lags too far is sent the snapshot. What it had proposed
//! and not seen then fails as unknown: its entry may be among those that the snapshot stands for.

mod changes;
mod policy;
mod proposals;
mod reads;
mod replica;
mod tag;
mod tasks;

pub use replica::{Config, Failure, Output, Replica, StateMachine, Status};
pub use tag::command_of;
pub use tasks::{Task, Tasks};

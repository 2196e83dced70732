//! The Raft core: consensus as a function from inputs to effects.
//!
//! A [`Node`] is one member of a cluster. It is told what happened ([`Input`]) and says what to do
//! about it ([`Effect`]). It has no clock, no thread, no socket and no disk of its own, so a run
//! is its list of inputs, and can be had again: in a test, in a simulation, on a page.
//!
//! ```
//! use raft::{Config, Configuration, Effect, Input, Node, NodeId, Restored, Ticket};
//!
//! // A cluster of one agrees with itself as soon as its disk does.
//! let id = NodeId(1);
//! let mut node = Node::new(Config::new(id, Configuration::new([id])), Restored::default());
//! let mut applied = Vec::new();
//! for _ in 0..30 {
//!     node.step(Input::Tick); // 30 ticks without a leader: it elects itself.
//! }
//! node.step(Input::Propose { ticket: Ticket(1), command: "x=8".into() }); // Too early.
//! for _ in 0..3 {
//!     let effects: Vec<Effect> = node.drain_effects().collect();
//!     for effect in effects {
//!         match effect {
//!             Effect::Persist(write) => {
//!                 // Write it, sync it, and then:
//!                 node.step(Input::Persisted(write.id));
//!             }
//!             Effect::Apply(entries) => applied.extend(entries),
//!             Effect::Refuse { ticket, .. } => assert_eq!(ticket, Ticket(1)),
//!             Effect::Became(standing) => println!("{id} is {standing}"),
//!             _ => unreachable!("it is alone"),
//!         }
//!     }
//! }
//! assert_eq!(applied.len(), 1); // The entry that a leader begins its term with.
//! ```
//!
//! # Reading order
//!
//! `types` and `message` are the words, `effect` the grammar. `quorum` counts. `log` holds entries,
//! `outbox` holds back promises until the disk has answered. `node` has the rules of terms and
//! hands over to a role: `follower`, `candidate` or `leader`, which keeps a `progress` of each
//! member and a queue of `reads`. `configuration` says who belongs to the cluster, and
//! `leader/membership` changes it; `leader/transfer` hands leadership over, `leader/lease` counts
//! how long reads need no quorum; `receiving` takes in a snapshot. `notation` prints everything,
//! `codec` turns it into bytes.
//!
//! # What a host must do
//!
//! Carry out the effects, each `Persist` in order and whole. The order among the others does not
//! matter for safety: a message that binds its sender leaves the core only after the writes that it
//! rests on were reported durable, and so do entries to apply.
//!
//! Snapshots are the host's: the core knows only what one stands for, and says which piece of it to
//! send or to keep.

pub mod codec;

mod candidate;
mod common;
mod config;
mod configuration;
mod effect;
mod follower;
mod leader;
mod log;
mod message;
mod node;
mod notation;
mod outbox;
mod progress;
mod quorum;
mod random;
mod reads;
mod receiving;
mod timer;
mod transition;
mod types;

pub use config::{Config, ConfigError};
pub use configuration::{Change, ChangeError, Configuration};
pub use effect::{Effect, Input, Reason, RoleName, Standing};
pub use message::{Ballot, Envelope, Message};
pub use node::{Node, Status};
pub use quorum::Tally;
pub use timer::ElectionTimer;
pub use types::{
    Entry, HardState, Index, Loss, NodeId, Payload, Position, Restored, Snapshot, Term, Ticket,
    Write, WriteId,
};

//! The Raft core.

pub mod codec;
mod effect;
mod message;
mod types;

pub use effect::{Effect, Input, RoleName, Standing};
pub use message::{Envelope, Message};
pub use types::{
    Entry, HardState, Index, NodeId, Payload, Position, Restored, Term, Ticket, Write, WriteId,
};

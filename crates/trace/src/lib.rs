//! The trace: what members do, told in records from which any moment can be drawn again.
//!
//! One stream feeds every picture: a live cluster's, a simulated run's, a recorded incident's. Its
//! format is docs/trace.md; the types here are that page in Rust. A [`Frame`] is the fold of all
//! records up to some moment. An [`Observer`] stands beside one member's core, sees what goes in
//! and comes out, and tells it in records; the core knows nothing of being watched.
//!
//! ```
//! use trace::{Frame, Record, Role};
//!
//! let line = r#"{"i":0,"t":158000,"n":"B","k":"st","role":"C","term":1,"vote":"B","lead":null}"#;
//! let record: Record = serde_json::from_str(line)?;
//! let mut frame = Frame::default();
//! frame.fold(&record);
//! assert_eq!(frame.members["B"].role, Role::Candidate);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! A reader outlives its version: it skips fields that it does not know, and reads a record of an
//! unknown kind as [`Event::Unknown`], which changes nothing.
//!
//! # What is left out
//!
//! Messages in flight are not part of a [`Frame`] yet. When more happens than a viewer can be told,
//! details are left out, a `gap` says so, and a `key` follows; elections and the like never are.

mod disk;
mod flight;
mod frame;
mod gauge;
mod message;
mod observer;
mod record;

pub use frame::Frame;
pub use message::{Body, EntryText, Kind};
pub use observer::{Change, Observer, Sight};
pub use record::{
    Aggregate, Asked, Configuration, Durable, Event, Fault, Member, NodeInfo, PeerSight, Phase,
    Record, Role, Run, Snapshot, Times, Timing, VERSION,
};

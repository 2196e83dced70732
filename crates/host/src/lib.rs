//! The host: one replica's thread, disk, sockets and timer. It decides nothing; what decides is in
//! the crates that a simulator can run too.
//!
//! ```text
//!   clients ──▶ Handle ──▶ ┌────────┐ writes  ┌──────────────┐
//!                          │ driver │────────▶│ disk thread  │──▶ log
//!   peers ──▶ listener ──▶ │ thread │◀────────│ write + sync │
//!   peers ◀──── links ◀────│        │ durable └──────────────┘
//!                          └────────┘
//! ```
//!
//! - The *driver* owns the replica. It takes what came, tells the replica, and carries out what the
//!   replica wants. It waits for nothing but its inbox, so a slow disk delays no heartbeat.
//! - The *disk thread* owns the log. It takes all the writes that wait, makes them durable with one
//!   sync, and says so.
//! - A *link* is a connection on which this member speaks to one other; the *listener* hears all of
//!   them. Members shake hands first, and strangers are refused. There is a link to each other
//!   member of the configuration that is in force.
//! - A member may *ask* another one's state machine something, on a connection of its own.
//! - A member that is to *join* a running cluster asks its members who they are before it starts;
//!   one whose others are gone for good can be *forced* to go on alone.
//!
//! A [`Handle`] is what a server holds: it proposes, asks for reads, looks, and watches.

mod clock;
mod cluster;
mod disk;
mod driver;
mod files;
mod forced;
mod giving_up;
mod handle;
mod handshake;
mod inquiry;
mod join;
mod leaving;
mod link;
mod links;
mod listener;
mod machine;
mod meters;
mod open;
mod progress;
mod recruits;
mod restore;
mod roster;
mod scrubber;
mod security;
mod snapshots;
mod start;
mod traffic;
mod viewers;
mod wire;

pub use cluster::{
    Cluster, ClusterError, ClusterId, Peer, added_id, address_bytes, address_of, host_of,
    is_encrypted, is_recruit, recruit_address, urls_of,
};
pub use forced::ForceError;
pub use giving_up::give_up_state;
pub use handle::{Failure, Handle, Status};
pub use inquiry::Answerer;
pub use join::{JoinError, Joined, has_log, join, recall_joined};
pub use machine::{Machine, Restorer};
pub use meters::Meters;
pub use progress::Progress;
pub use restore::{RestoreError, begin_with};
pub use security::Security;
pub use snapshots::SnapshotError;
pub use start::{Config, Fatal, Host, Origin, StartError};
pub use traffic::{RoundTrips, Traffic};
pub use viewers::Batch;

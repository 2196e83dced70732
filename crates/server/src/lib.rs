//! The etcd v3 API over a running member.
//!
//! A service here only translates: it checks the request as etcd does, turns it into a command or a
//! read of the store, asks the [`Backend`] for what needs other members, and gives etcd's answer,
//! down to the text of its errors. What decides, remembers or answers is elsewhere.
//!
//! ```text
//!   gRPC ─┐                      ┌─ propose ──────▶ Raft ─▶ the store of every member
//!         ├─ one port ─ service ─┼─ read_index ───▶ Raft: "nothing newer is committed"
//!   HTTP ─┘                      └─ read ─────────▶ the store of this member
//! ```
//!
//! To serve: make a [`Frontend`] of a [`Member`], and hand its [`router`] to [`serve()`].
//!
//! Served: `KV`, `Watch`, `Lease`, `Cluster`, `Maintenance`, `Auth`, `Election`, `Lock`, gRPC
//! health; the same as JSON over HTTP; `/health`, `/version` and `/metrics`. Left out: TLS.

mod auth;
mod authority;
mod backend;
pub mod backup;
mod calls;
mod checks;
mod cluster;
mod comparison;
mod convert;
mod cors;
mod frontend;
mod gateway;
mod grpc_meter;
mod health;
mod hosts;
mod http;
mod kv;
mod lease;
mod machine;
mod maintenance;
mod member;
mod membership;
mod metrics;
pub mod page;
mod plays;
mod queue;
mod range_stream;
mod serve;
mod status;
pub mod trace;
mod upkeep;
mod watch;

pub use auth::{Jwt, JwtError};
pub use backend::{Backend, ChangeFailure, Failure, MemberChange, MemberStatus, Peer};
pub use cors::Origins;
pub use frontend::{Frontend, Options};
pub use hosts::Hosts;
pub use http::{operators, router};
pub use machine::{SharedStore, StoreImage, StoreRestorer};
pub use member::{Member, Watcher};
pub use metrics::{Detail, Metrics};
pub use plays::Player;
pub use serve::{Listener, Streams, serve};
pub use upkeep::{AutoCompaction, Differs, Doubt, check_at_start, upkeep};
pub use watch::Feed;

/// The etcd version whose behaviour this is. Clients choose what they dare to use by it.
pub const ETCD_VERSION: &str = "3.6.0";

//! Watches: from what is applied to the responses on a stream.
//!
//! ```text
//!   driver ── applied ──▶ Feed ──▶ Hub: mvcc::Watchers ──▶ a task per stream ──▶ gRPC
//!                                   ▲          │
//!                 history, in steps │          ▼
//!                                 store     what is behind catches up
//! ```
//!
//! The driver only leaves what it applied in the [`Feed`], and waits for nothing. The [`Hub`]
//! takes it from there. What decides who hears what and when is [`mvcc::Watchers`]; here are the
//! tasks, the locks and the clocks.

mod feed;
mod hub;
mod service;

pub use feed::Feed;
pub(crate) use hub::{Counts, Hub};
pub(crate) use service::WatchService;

//! Watches: telling clients what changes, each event once and in order.
//!
//! [`Watchers`] are all the watchers of a member. It is told what is applied, serves from history
//! who starts in the past or fell behind, and keeps for each stream what its client is to hear
//! next:
//!
//! ```
//! use mvcc::{Command, Events, Put, Store};
//! use mvcc::{WatchLimits, WatchRequest, WatchResponse, Watchers};
//!
//! let mut store = Store::new();
//! let mut watchers = Watchers::new(store.revision(), WatchLimits::default());
//! let stream = watchers.open();
//! watchers.create(stream, &WatchRequest { key: "color".into(), ..WatchRequest::default() });
//!
//! let put = Put { key: "color".into(), value: "red".into(), ..Put::default() };
//! let reply = store.apply(&Command::Put(put));
//! watchers.applied(&Events::of(&reply.changes).expect("a put changes something"));
//!
//! let created = WatchResponse::Created { watch_id: 0, revision: 1 };
//! assert_eq!(watchers.take(stream), Some(created));
//! let told = watchers.take(stream);
//! assert!(matches!(told, Some(WatchResponse::Events { revision: 2, .. })), "{told:?}");
//! ```
//!
//! # Where a watcher stands
//!
//! ```text
//!                    ┌──── live ◀──────────────┐ has read all there is
//!   starts in future │      │                  │
//!   or now           │      │ its stream       │
//!   ─────────────────┘      │ is full        behind ◀──── starts in the past
//!                           ▼                  │  ▲
//!                        parked ◀──────────────┘  │
//!                           └─────────────────────┘ its client has taken enough
//! ```
//!
//! *Live* watchers hear of a revision when it is applied. Those *behind* stand in groups by the
//! revision that they are to read next. [`Watchers::catch_up`] lets one group after the other read
//! a piece of history, which is bounded; groups that come to the same revision become one, so
//! that whatever many watchers missed is read once, and none waits for the way of another.
//! *Parked* watchers are those whose client takes less than happens: they keep the number of the
//! revision that they are to hear next, and nothing else. So what a stream holds is bounded, and
//! nobody is dropped, but by a compaction, and then it is said ([`WatchResponse::Compacted`]).
//!
//! # What is promised
//!
//! All events of a watcher from its start on, in the order of revisions, each once, and those of
//! one revision together. A progress response at a revision comes after all events up to it.
//!
//! Left out: time. Who wants to be told progress now and then is told when the host says so
//! ([`Watchers::notify_progress`]).

mod feed;
mod intervals;
mod limits;
mod response;
mod stream;
mod watcher;
mod watchers;

pub use feed::{Feed, News};
pub use limits::WatchLimits;
pub use response::{WatchRefusal, WatchRequest, WatchResponse};
pub use watchers::{HistoryReader, Reading, StreamId, Watchers};

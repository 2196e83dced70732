//! etcd's data model, as a deterministic state machine.
//!
//! The store maps keys to values and remembers what they were. Each [`Command`] that changes
//! something makes one *revision*, numbered from 2 (the empty store is at 1), and a [`Range`] can
//! read any revision that was not compacted:
//!
//! ```
//! use mvcc::{Command, Put, Range, Response, Store};
//!
//! let mut store = Store::new();
//! for value in ["red", "blue"] {
//!     let put = Command::Put(Put { key: "color".into(), value: value.into(), ..Put::default() });
//!     // What a server does between these lines: append the bytes to the log of a quorum.
//!     put.validate(mvcc::TXN_OPS_MAX)?;
//!     let bytes = put.encode();
//!     let reply = store.apply(&Command::decode(bytes)?);
//!     assert!(matches!(reply.result, Ok(Response::Put(_))));
//!     assert_eq!(reply.changes.len(), 1);
//! }
//!
//! let now = store.range(&Range { key: "color".into(), ..Range::default() })?;
//! assert_eq!((now.revision, &now.kvs[0].value[..]), (3, &b"blue"[..]));
//! assert_eq!((now.kvs[0].create_revision, now.kvs[0].version), (2, 2));
//!
//! let then = store.range(&Range { key: "color".into(), revision: 2, ..Range::default() })?;
//! assert_eq!(then.kvs[0].value, "red");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The way of a command through the crate:
//!
//! ```text
//!   command ── validate ── encode ──▶ log ──▶ decode ── apply ──▶ reply, changes
//!                                                         │
//!                    txn: decide all comparisons, check, then write
//!                                                         │
//!                                    memory: key ─▶ its versions
//! ```
//!
//! Members that apply the same commands hold the same store and give the same replies, refusals
//! included: there is no clock, no random number, and no setting in here. Where etcd's behaviour is
//! odd, it is kept, and the place says so.
//!
//! Keys can be attached to leases. A store knows no time, so it cannot tell when one is over: that
//! is the [`Lessor`]'s part, which each member has beside its store. The [`Watchers`], beside it
//! too, tell clients what changes.
//!
//! Users and roles ([`Auth`]) say who may do what.
//!
//! Left out, for now: a store on disk.

mod agreement;
mod alarm;
mod auth;
mod codec;
mod command;
mod describe;
mod hash;
mod history;
mod image;
mod interval;
mod kv_hash;
mod lease;
mod memory;
mod read;
mod refusal;
mod reply;
mod span;
mod store;
mod txn;
mod validate;
mod watch;
mod write;

pub use agreement::{Testimony, Verdict, judge};
pub use alarm::{Alarm, AlarmCommand, MemberAlarm};
pub use auth::{
    Auth, AuthCommand, AuthRefusal, Permission, PermissionKind, ROOT, Role, Stamp, Stamped, User,
};
pub use codec::DecodeError;
pub use command::{
    Command, Compact, Compare, CompareTarget, DeleteRange, Op, Publish, Put, Range, Relation,
    SortOrder, SortTarget, Txn,
};
pub use describe::describe;
pub use history::Events;
pub use image::{Image, RestoreError, Restorer};
pub use kv_hash::{KvHash, KvHasher};
pub use lease::{
    Checkpoint, LEASE_TTL_SECONDS_MAX, Lease, LeaseCommand, LeaseOutcome, LeaseResponse, Lessor,
};
pub use read::{RangeReader, Step};
pub use refusal::Refusal;
pub use reply::{
    AlarmResponse, Change, CompactResponse, DeleteRangeResponse, KeyValue, OpResponse, PutResponse,
    RangeResponse, Reply, Response, TxnResponse,
};
pub use store::{Member, Store};
pub use validate::{TXN_DEPTH_MAX, TXN_OPS_MAX};
pub use watch::{
    Feed, HistoryReader, News, Reading, StreamId, WatchLimits, WatchRefusal, WatchRequest,
    WatchResponse, Watchers,
};

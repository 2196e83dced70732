//! Leases: what keys can depend on.
//!
//! A lease lives for a time after it was granted, and again after each time it is renewed. When the
//! time is over, or it is revoked, the keys that are attached to it are deleted, all in one
//! revision.
//!
//! What a lease is, the members agree on like on any key: it is granted, renewed and ended by
//! commands in the log ([`LeaseCommand`]), and the store keeps the [`Lease`]s. How much of its time
//! is left, they do not agree on, for no two clocks do. Each member counts for itself, in a
//! [`Lessor`] beside its store, which is told the time; and the one that leads proposes to end what
//! it has counted down.
//!
//! ```text
//!   client   grant          keep alive               (nothing more)
//!              │                │
//!   log     [ Grant 7 ] ··· [ Renew 7 ] ····················· [ Expire 7, renewal 2 ]
//!              │                │                               ▲         │
//!   store     7: renewal 1     7: renewal 2                     │        no 7, no keys of it
//!              │                │                               │
//!   lessor     count 10 s      count 10 s ··········· 10 s later, if it leads
//! ```
//!
//! # Never early
//!
//! A renewal takes effect when it is applied, which is after it was asked for and before it is
//! acknowledged. A lessor counts from a moment after that, so it never has counted too much. What
//! it proposes names the renewal that it counted from, and if another one came into the log before,
//! it does nothing. So it does not matter who leads, or who believes so: the log decides whether
//! the renewal came first, and a renewal that was acknowledged has come first. No leader has to
//! prove that it still leads, nor to wait when it begins.
//!
//! A member that starts has not seen how long ago the last renewal was, and counts from anew. That
//! is too long, never too short. So that a long lease comes to an end even where leaders are
//! restarted often, a leader writes into the log what is left of those that live for long
//! ([`Checkpoint`]).

mod codec;
mod command;
mod leases;
mod lessor;

pub use command::{Checkpoint, LEASE_TTL_SECONDS_MAX, LeaseCommand, LeaseOutcome, LeaseResponse};
pub use leases::Lease;
pub(crate) use leases::Leases;
pub use lessor::Lessor;

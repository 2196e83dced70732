//! What the log says about leases.

use crate::Refusal;

/// The longest time that a lease can be granted for: etcd's, some 285 years.
pub const LEASE_TTL_SECONDS_MAX: i64 = 9_000_000_000;

/// A change to the leases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseCommand {
    /// A new lease.
    Grant {
        /// Its number. Whoever proposes the command has chosen one.
        id: i64,
        /// How long it lives after each renewal.
        ttl_seconds: i64,
    },
    /// End a lease now.
    Revoke {
        /// Which.
        id: i64,
    },
    /// Let leases live for their whole time again.
    Renew {
        /// Which. Those of many clients go into one command.
        ids: Vec<i64>,
    },
    /// End a lease if it was not renewed again.
    Expire {
        /// Which.
        id: i64,
        /// The renewal whose time is over.
        renewal: u64,
    },
    /// Remember how much time is left.
    Checkpoint(Vec<Checkpoint>),
}

/// How much time a lease had left at some moment before this was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which lease.
    pub id: i64,
    /// Since which renewal. If there was another one, this says nothing.
    pub renewal: u64,
    /// How much, rounded up.
    pub left_seconds: i64,
}

impl LeaseCommand {
    /// Whether the command makes sense.
    ///
    /// # Errors
    /// [`Refusal::LeaseTtlTooLarge`].
    pub fn validate(&self) -> Result<(), Refusal> {
        match self {
            Self::Grant { ttl_seconds, .. } if *ttl_seconds > LEASE_TTL_SECONDS_MAX => {
                Err(Refusal::LeaseTtlTooLarge)
            }
            Self::Grant { .. }
            | Self::Revoke { .. }
            | Self::Renew { .. }
            | Self::Expire { .. }
            | Self::Checkpoint(_) => Ok(()),
        }
    }

    /// The leases that it is about.
    pub fn ids(&self) -> Vec<i64> {
        match self {
            Self::Grant { id, .. } | Self::Revoke { id } | Self::Expire { id, .. } => vec![*id],
            Self::Renew { ids } => ids.clone(),
            Self::Checkpoint(checkpoints) => checkpoints.iter().map(|of| of.id).collect(),
        }
    }
}

/// The answer to a [`LeaseCommand`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseResponse {
    /// The revision that deleted the keys of a lease that ended; the current one if it had none.
    pub revision: i64,
    /// What came of it.
    pub outcome: LeaseOutcome,
}

/// What came of a [`LeaseCommand`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// There is a new lease.
    Granted,
    /// There is one lease less.
    Revoked,
    /// How many seconds each of the leases lives from now on, in the order in which they were
    /// named; `None` for one that does not exist.
    Renewed(Vec<Option<i64>>),
    /// Whether there is one lease less: not if it had ended, or was renewed, before.
    Expired(bool),
    /// The time that is left is written down.
    Checkpointed,
}

//! The leases that all members agree on, and which keys are attached to them.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::command::{Checkpoint, LeaseCommand, LeaseOutcome};
use crate::Refusal;

/// A lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// How long it lives after each renewal.
    pub ttl_seconds: i64,
    /// Which of all renewals of all leases was its last. The grant counts as one.
    pub renewal: u64,
    /// How much of its time was left at the last checkpoint since then; all, if there was none.
    pub left_seconds: i64,
}

/// All leases.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    by_id: BTreeMap<i64, Lease>,
    /// The keys of those that have any.
    keys: BTreeMap<i64, BTreeSet<Bytes>>,
    /// How many renewals there were.
    renewals: u64,
}

impl Leases {
    /// None, after so many renewals.
    pub(crate) fn new(renewals: u64) -> Self {
        Self { renewals, ..Self::default() }
    }

    /// Adds a lease as it was, without keys. False if it says what cannot be.
    pub(crate) fn restore(&mut self, id: i64, lease: Lease) -> bool {
        id != 0
            && (1..=self.renewals).contains(&lease.renewal)
            && self.by_id.insert(id, lease).is_none()
    }

    pub(crate) fn get(&self, id: i64) -> Option<Lease> {
        self.by_id.get(&id).copied()
    }

    pub(crate) fn all(&self) -> &BTreeMap<i64, Lease> {
        &self.by_id
    }

    pub(crate) fn renewals(&self) -> u64 {
        self.renewals
    }

    /// The keys of a lease, in order.
    pub(crate) fn keys(&self, id: i64) -> impl Iterator<Item = &Bytes> {
        self.keys.get(&id).into_iter().flatten()
    }

    /// Carries out a command. What came of it, and the keys of a lease that has ended: they are to
    /// be deleted now, in this order.
    pub(crate) fn apply(
        &mut self,
        command: &LeaseCommand,
    ) -> Result<(LeaseOutcome, BTreeSet<Bytes>), Refusal> {
        let mut keys = BTreeSet::new();
        let outcome = match command {
            LeaseCommand::Grant { id, ttl_seconds } => {
                self.grant(*id, *ttl_seconds)?;
                LeaseOutcome::Granted
            }
            LeaseCommand::Revoke { id } => {
                keys = self.end(*id).ok_or(Refusal::LeaseNotFound)?;
                LeaseOutcome::Revoked
            }
            LeaseCommand::Renew { ids } => {
                LeaseOutcome::Renewed(ids.iter().map(|id| self.renew(*id)).collect())
            }
            LeaseCommand::Expire { id, renewal } => {
                let is_over = self.get(*id).is_some_and(|lease| lease.renewal == *renewal);
                if is_over {
                    keys = self.end(*id).unwrap_or_default();
                }
                LeaseOutcome::Expired(is_over)
            }
            LeaseCommand::Checkpoint(checkpoints) => {
                for checkpoint in checkpoints {
                    self.checkpoint(*checkpoint);
                }
                LeaseOutcome::Checkpointed
            }
        };
        Ok((outcome, keys))
    }

    /// A key depends on the lease from now on; 0 is none.
    pub(crate) fn attach(&mut self, id: i64, key: Bytes) {
        if id != 0 {
            self.keys.entry(id).or_default().insert(key);
        }
    }

    /// A key depends on the lease no more. It may have ended.
    pub(crate) fn detach(&mut self, id: i64, key: &Bytes) {
        if let Some(keys) = self.keys.get_mut(&id) {
            keys.remove(key);
            if keys.is_empty() {
                self.keys.remove(&id);
            }
        }
    }

    fn grant(&mut self, id: i64, ttl_seconds: i64) -> Result<(), Refusal> {
        if id == 0 {
            // To a put it means none.
            return Err(Refusal::LeaseNotFound);
        }
        if self.by_id.contains_key(&id) {
            return Err(Refusal::LeaseExists);
        }
        self.renewals += 1;
        let lease = Lease { ttl_seconds, renewal: self.renewals, left_seconds: ttl_seconds };
        self.by_id.insert(id, lease);
        Ok(())
    }

    /// How long it lives from now on, if there is one.
    fn renew(&mut self, id: i64) -> Option<i64> {
        let lease = self.by_id.get_mut(&id)?;
        self.renewals += 1;
        lease.renewal = self.renewals;
        lease.left_seconds = lease.ttl_seconds;
        Some(lease.ttl_seconds)
    }

    /// Ends a lease, and gives out its keys. `None` if there is none.
    fn end(&mut self, id: i64) -> Option<BTreeSet<Bytes>> {
        self.by_id.remove(&id)?;
        Some(self.keys.remove(&id).unwrap_or_default())
    }

    /// Time only passes: a checkpoint that comes late changes nothing.
    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        let Checkpoint { id, renewal, left_seconds } = checkpoint;
        let lease = self.by_id.get_mut(&id).filter(|lease| lease.renewal == renewal);
        if let Some(lease) = lease {
            lease.left_seconds = lease.left_seconds.min(left_seconds);
        }
    }
}

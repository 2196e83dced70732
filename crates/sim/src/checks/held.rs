//! Which leases there are, written a second time and as plainly as can be.

use std::collections::BTreeMap;

use mvcc::{LeaseCommand, LeaseOutcome};

/// The leases that are held.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    by_id: BTreeMap<i64, Lease>,
    renewals: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    pub(super) ttl_seconds: i64,
    renewal: u64,
}

/// What came of a command, and the lease that ended by it.
type Done = (LeaseOutcome, Option<i64>);

impl Held {
    pub(super) fn get(&self, id: i64) -> Option<Lease> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Nothing if it is refused.
    pub(super) fn apply(&mut self, command: &LeaseCommand) -> Option<Done> {
        match command {
            LeaseCommand::Grant { id, ttl_seconds } => {
                if self.by_id.contains_key(id) {
                    return None;
                }
                self.renewals += 1;
                let lease = Lease { ttl_seconds: *ttl_seconds, renewal: self.renewals };
                self.by_id.insert(*id, lease);
                Some((LeaseOutcome::Granted, None))
            }
            LeaseCommand::Revoke { id } => {
                self.by_id.remove(id)?;
                Some((LeaseOutcome::Revoked, Some(*id)))
            }
            LeaseCommand::Renew { ids } => {
                let ttls = ids.iter().map(|id| {
                    let lease = self.by_id.get_mut(id)?;
                    self.renewals += 1;
                    lease.renewal = self.renewals;
                    Some(lease.ttl_seconds)
                });
                Some((LeaseOutcome::Renewed(ttls.collect()), None))
            }
            LeaseCommand::Expire { id, renewal } => {
                let is_over = self.get(*id).is_some_and(|lease| lease.renewal == *renewal);
                let ended = is_over.then_some(*id);
                ended.map(|id| self.by_id.remove(&id));
                Some((LeaseOutcome::Expired(is_over), ended))
            }
            LeaseCommand::Checkpoint(_) => Some((LeaseOutcome::Checkpointed, None)),
        }
    }
}

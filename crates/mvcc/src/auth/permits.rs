//! What a command needs a permission for: etcd's rules, command by command.

use bytes::Bytes;

use super::refusal::AuthRefusal;
use crate::Store;
use crate::command::{Command, DeleteRange, Op, Put, Range, Txn};
use crate::lease::LeaseCommand;

impl Store {
    /// Whether the user may have that command carried out. If users do not matter, anybody may.
    ///
    /// # Errors
    /// [`AuthRefusal::PermissionDenied`].
    pub fn permits(&self, user: &str, command: &Command) -> Result<(), AuthRefusal> {
        if !self.auth().is_enabled() {
            return Ok(());
        }
        match command {
            Command::Put(put) => self.permits_put(user, put),
            Command::DeleteRange(delete) => self.permits_delete(user, delete),
            Command::Txn(txn) => self.permits_txn(user, txn),
            Command::Lease(LeaseCommand::Grant { .. }) => Ok(()),
            Command::Lease(LeaseCommand::Revoke { id }) => self.permits_lease(user, *id),
            Command::Lease(LeaseCommand::Renew { ids }) => {
                ids.iter().try_for_each(|id| self.permits_lease(user, *id))
            }
            Command::Compact(_) | Command::Alarm(_) | Command::Auth(_) => {
                self.auth().is_admin(user)
            }
            // No client asks for these.
            Command::Lease(LeaseCommand::Expire { .. } | LeaseCommand::Checkpoint(_))
            | Command::Publish(_) => Err(AuthRefusal::PermissionDenied),
        }
    }

    /// Whether the user may have that transaction carried out: both branches of it, nested ones
    /// included.
    ///
    /// # Errors
    /// [`AuthRefusal::PermissionDenied`].
    pub fn permits_txn(&self, user: &str, txn: &Txn) -> Result<(), AuthRefusal> {
        if !self.auth().is_enabled() {
            return Ok(());
        }
        for compare in &txn.compare {
            self.auth().may_read(user, &compare.key, &compare.range_end)?;
        }
        txn.success.iter().chain(&txn.failure).try_for_each(|op| match op {
            Op::Range(range) => self.permits_range(user, range),
            Op::Put(put) => self.permits_put(user, put),
            Op::DeleteRange(delete) => self.permits_delete(user, delete),
            Op::Txn(txn) => self.permits_txn(user, txn),
        })
    }

    /// Whether the user may read that range.
    ///
    /// # Errors
    /// [`AuthRefusal::PermissionDenied`].
    pub fn permits_range(&self, user: &str, range: &Range) -> Result<(), AuthRefusal> {
        if !self.auth().is_enabled() {
            return Ok(());
        }
        self.auth().may_read(user, &range.key, &range.range_end)
    }

    /// Whether the user may know the keys of that lease.
    ///
    /// # Errors
    /// [`AuthRefusal::PermissionDenied`].
    pub fn permits_lease_keys(&self, user: &str, id: i64) -> Result<(), AuthRefusal> {
        if !self.auth().is_enabled() {
            return Ok(());
        }
        self.lease_keys(id).try_for_each(|key| self.auth().may_read(user, key, b""))
    }

    /// To attach a key to a lease lets the key go with it, and those that are there already.
    fn permits_put(&self, user: &str, put: &Put) -> Result<(), AuthRefusal> {
        if put.lease != 0 {
            self.permits_lease(user, put.lease)?;
        }
        self.permits_write(user, (&put.key, &Bytes::new()), put.prev_kv)
    }

    fn permits_delete(&self, user: &str, delete: &DeleteRange) -> Result<(), AuthRefusal> {
        self.permits_write(user, (&delete.key, &delete.range_end), delete.prev_kv)
    }

    fn permits_write(
        &self,
        user: &str,
        (key, range_end): (&Bytes, &Bytes),
        reads: bool,
    ) -> Result<(), AuthRefusal> {
        if reads {
            self.auth().may_read(user, key, range_end)?;
        }
        self.auth().may_write(user, key, range_end)
    }

    /// Who ends a lease, or keeps it alive, decides over all its keys.
    fn permits_lease(&self, user: &str, id: i64) -> Result<(), AuthRefusal> {
        self.lease_keys(id).try_for_each(|key| self.auth().may_write(user, key, b""))
    }
}

//! Alarms: what a member found to be wrong, told to all, so that all act on it.
//!
//! ```text
//!   alarm      while it is raised, for any member
//!   NoSpace    what may make the store grow is refused; reads, deletes and compactions go on
//!   Corrupt    whatever changes the keys is refused, and so are new leases
//! ```
//!
//! A store knows no quota, since members need not have the same one. Whoever serves a member
//! compares [`Command::cost_bytes`] with the member's, and raises the alarm for it.

use std::collections::BTreeSet;

use crate::Refusal;
use crate::command::{Command, Op, Put};
use crate::lease::LeaseCommand;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// The member's store has reached its quota.
    NoSpace,
    /// The member's store differs from those of the others.
    Corrupt,
}

/// An alarm of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberAlarm {
    /// What is wrong.
    pub alarm: Alarm,
    /// With which member.
    pub member_id: u64,
}

/// A change of the alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmCommand {
    /// From now on it is raised, if it is not yet.
    Raise(MemberAlarm),
    /// From now on it is not raised any more.
    Disarm(MemberAlarm),
}

/// The alarms that are raised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Alarms(BTreeSet<MemberAlarm>);

impl Alarms {
    pub(crate) fn all(&self) -> &BTreeSet<MemberAlarm> {
        &self.0
    }

    pub(crate) fn insert(&mut self, alarm: MemberAlarm) {
        self.0.insert(alarm);
    }

    /// Changes them, and returns what the change is about: nothing, if there was nothing to disarm.
    pub(crate) fn apply(&mut self, command: AlarmCommand) -> Vec<MemberAlarm> {
        match command {
            AlarmCommand::Raise(alarm) => {
                self.insert(alarm);
                vec![alarm]
            }
            AlarmCommand::Disarm(alarm) => self.0.take(&alarm).into_iter().collect(),
        }
    }

    /// Whether the command may be carried out.
    pub(crate) fn check(&self, command: &Command) -> Result<(), Refusal> {
        let is_raised = |wanted| self.0.iter().any(|raised| raised.alarm == wanted);
        if is_raised(Alarm::Corrupt) && changes_keys_or_leases(command) {
            return Err(Refusal::Corrupt);
        }
        if is_raised(Alarm::NoSpace) && command.cost_bytes() > 0 {
            return Err(Refusal::NoSpace);
        }
        Ok(())
    }
}

fn changes_keys_or_leases(command: &Command) -> bool {
    match command {
        Command::Put(_) | Command::DeleteRange(_) | Command::Txn(_) | Command::Compact(_) => true,
        Command::Lease(lease) => match lease {
            LeaseCommand::Grant { .. }
            | LeaseCommand::Revoke { .. }
            | LeaseCommand::Expire { .. } => true,
            LeaseCommand::Renew { .. } | LeaseCommand::Checkpoint(_) => false,
        },
        Command::Publish(_) | Command::Alarm(_) | Command::Auth(_) => false,
    }
}

/// What etcd reckons for a put beside its key and value.
const PUT_BYTES: u64 = 256;

/// What etcd reckons for a lease.
const LEASE_BYTES: u64 = 64;

impl Command {
    /// By how much the command may make the store grow, as etcd reckons; 0 if it cannot. Of a
    /// transaction it is the costlier branch, whichever will be done.
    pub fn cost_bytes(&self) -> u64 {
        match self {
            Self::Put(put) => cost_of_put(put),
            Self::Txn(txn) => cost_of_txn(&txn.success, &txn.failure),
            Self::Lease(LeaseCommand::Grant { .. }) => LEASE_BYTES,
            Self::Lease(_)
            | Self::DeleteRange(_)
            | Self::Compact(_)
            | Self::Publish(_)
            | Self::Alarm(_)
            | Self::Auth(_) => 0,
        }
    }
}

fn cost_of_put(put: &Put) -> u64 {
    PUT_BYTES + (put.key.len() + put.value.len()) as u64
}

fn cost_of_txn(success: &[Op], failure: &[Op]) -> u64 {
    let cost = |ops: &[Op]| {
        let costs = ops.iter().map(|op| match op {
            Op::Put(put) => cost_of_put(put),
            Op::Txn(txn) => cost_of_txn(&txn.success, &txn.failure),
            Op::Range(_) | Op::DeleteRange(_) => 0,
        });
        costs.sum::<u64>()
    };
    cost(success).max(cost(failure))
}

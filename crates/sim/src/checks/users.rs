//! Which users and roles there are and who may do what, written a second time and as plainly as can
//! be. It shares no code with the store: an interval of keys is permitted if each of its keys is.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use mvcc::{AuthCommand, AuthRefusal, Command, LeaseCommand, Op, PermissionKind, Put, Txn};

use super::history::contains;
use super::model::State;

/// The users of a moment.
#[derive(Clone, Debug)]
pub(super) struct Users {
    /// Whether they matter.
    pub(super) is_enabled: bool,
    pub(super) revision: u64,
    roles_of: BTreeMap<String, BTreeSet<String>>,
    permissions: BTreeMap<String, BTreeMap<Span, PermissionKind>>,
}

/// A key, and the end of a range.
type Span = (Bytes, Bytes);

impl Default for Users {
    fn default() -> Self {
        let (roles_of, permissions) = (BTreeMap::new(), BTreeMap::new());
        Self { is_enabled: false, revision: 1, roles_of, permissions }
    }
}

const ROOT: &str = "root";

impl Users {
    /// Carries out a change. Whether it can be.
    pub(super) fn apply(&mut self, command: &AuthCommand) -> bool {
        let (done, changes) = self.change(command);
        self.revision += u64::from(changes);
        done
    }

    /// Whether a change can be carried out, and whether it makes a new revision.
    fn change(&mut self, command: &AuthCommand) -> (bool, bool) {
        const REFUSED: (bool, bool) = (false, false);
        const NOTHING: (bool, bool) = (true, false);
        let done = match command {
            AuthCommand::Enable { .. } => {
                self.is_enabled |= self.is_admin(ROOT);
                return (self.is_enabled, false);
            }
            AuthCommand::Disable if !self.is_enabled => return NOTHING,
            AuthCommand::Disable => {
                self.is_enabled = false;
                true
            }
            AuthCommand::UserAdd { name, .. } => {
                let is_new = !self.roles_of.contains_key(name);
                self.roles_of.entry(name.clone()).or_default();
                is_new
            }
            AuthCommand::UserDelete { name } => {
                !(self.is_enabled && name == ROOT) && self.roles_of.remove(name).is_some()
            }
            AuthCommand::UserChangePassword { name, .. } => self.roles_of.contains_key(name),
            AuthCommand::UserGrantRole { user, role } => {
                let is_known = role == ROOT || self.permissions.contains_key(role);
                match self.roles_of.get_mut(user).filter(|_| is_known) {
                    None => return REFUSED,
                    Some(roles) if roles.contains(role) => return NOTHING,
                    Some(roles) => roles.insert(role.clone()),
                }
            }
            AuthCommand::UserRevokeRole { user, role } => {
                let is_needed = self.is_enabled && user == ROOT && role == ROOT;
                !is_needed && self.roles_of.get_mut(user).is_some_and(|roles| roles.remove(role))
            }
            AuthCommand::RoleAdd { name } => {
                let is_new = !self.permissions.contains_key(name);
                self.permissions.entry(name.clone()).or_default();
                is_new
            }
            AuthCommand::RoleDelete { name } => {
                let is_needed = self.is_enabled && name == ROOT;
                let done = !is_needed && self.permissions.remove(name).is_some();
                if done {
                    for roles in self.roles_of.values_mut() {
                        roles.remove(name);
                    }
                }
                done
            }
            AuthCommand::RoleGrant { role, permission } => {
                let span = (permission.key.clone(), permission.range_end.clone());
                let spans = self.permissions.get_mut(role);
                spans.map(|spans| spans.insert(span, permission.kind)).is_some()
            }
            AuthCommand::RoleRevoke { role, key, range_end } => {
                let spans = self.permissions.get_mut(role);
                spans.is_some_and(|spans| spans.remove(&(key.clone(), range_end.clone())).is_some())
            }
        };
        (done, done)
    }

    /// Why whoever that is may not have a command carried out on that state, if so.
    pub(super) fn refusal(
        &self,
        user: Option<&str>,
        command: &Command,
        state: &State,
    ) -> Option<AuthRefusal> {
        self.unless(user, |user| self.permits(user, command, state))
    }

    /// Why whoever that is may not read or watch these keys, if so.
    pub(super) fn refusal_to_read(&self, user: Option<&str>, span: &Span) -> Option<AuthRefusal> {
        self.unless(user, |user| self.may(user, PermissionKind::Read, span))
    }

    fn unless(&self, user: Option<&str>, may: impl FnOnce(&str) -> bool) -> Option<AuthRefusal> {
        match user {
            _ if !self.is_enabled => None,
            None => Some(AuthRefusal::UserEmpty),
            Some(user) => (!may(user)).then_some(AuthRefusal::PermissionDenied),
        }
    }

    fn is_admin(&self, user: &str) -> bool {
        self.roles_of.get(user).is_some_and(|roles| roles.contains(ROOT))
    }

    fn permits(&self, user: &str, command: &Command, state: &State) -> bool {
        let decides_over = |id: i64| {
            let mut keys = state.values().filter(|kv| id != 0 && kv.lease == id);
            keys.all(|kv| self.may(user, PermissionKind::Write, &one(&kv.key)))
        };
        match command {
            Command::Put(put) => self.permits_put(user, put) && decides_over(put.lease),
            Command::DeleteRange(delete) => {
                self.permits_delete(user, delete.prev_kv, &one(&delete.key))
            }
            Command::Txn(txn) => self.permits_txn(user, txn),
            Command::Lease(LeaseCommand::Grant { .. }) => true,
            Command::Lease(LeaseCommand::Revoke { id }) => decides_over(*id),
            Command::Lease(LeaseCommand::Renew { ids }) => ids.iter().all(|id| decides_over(*id)),
            Command::Compact(_) | Command::Auth(_) => self.is_admin(user),
            // No client asks for these.
            Command::Lease(_) | Command::Alarm(_) | Command::Publish(_) => false,
        }
    }

    /// Both branches; the clients attach no keys to leases there.
    fn permits_txn(&self, user: &str, txn: &Txn) -> bool {
        let reads = |key: &Bytes| self.may(user, PermissionKind::Read, &one(key));
        let mut ops = txn.success.iter().chain(&txn.failure);
        txn.compare.iter().all(|compare| reads(&compare.key))
            && ops.all(|op| match op {
                Op::Range(range) => reads(&range.key),
                Op::Put(put) => self.permits_put(user, put),
                Op::DeleteRange(it) => self.permits_delete(user, it.prev_kv, &one(&it.key)),
                Op::Txn(txn) => self.permits_txn(user, txn),
            })
    }

    fn permits_put(&self, user: &str, put: &Put) -> bool {
        self.permits_delete(user, put.prev_kv, &one(&put.key))
    }

    /// What is told of before is read.
    fn permits_delete(&self, user: &str, prev_kv: bool, span: &Span) -> bool {
        (!prev_kv || self.may(user, PermissionKind::Read, span))
            && self.may(user, PermissionKind::Write, span)
    }

    /// Whether each key is permitted. If some are not, one of these is among them: the first one of
    /// all, and the first after each interval that is permitted.
    fn may(&self, user: &str, wanted: PermissionKind, span: &Span) -> bool {
        let roles = self.roles_of.get(user).into_iter().flatten();
        let spans = roles.filter_map(|role| self.permissions.get(role)).flatten();
        let spans =
            spans.filter(|(_, kind)| **kind == wanted || matches!(kind, PermissionKind::ReadWrite));
        let spans = spans.map(|(span, _)| span).collect::<Vec<_>>();
        let first = if span.0.is_empty() { Bytes::from_static(b"\0") } else { span.0.clone() };
        let firsts =
            spans.iter().map(|(key, end)| if end.is_empty() { after(key) } else { end.clone() });
        let mut looked_at = firsts.chain([first.clone()]);
        let wants = |key: &Bytes| contains((&first, &span.1), key);
        let is_permitted =
            |key: &Bytes| spans.iter().any(|(first, end)| contains((first, end), key));
        self.is_admin(user) || looked_at.all(|key| !wants(&key) || is_permitted(&key))
    }
}

fn one(key: &Bytes) -> Span {
    (key.clone(), Bytes::new())
}

/// The next key.
fn after(key: &Bytes) -> Bytes {
    [&key[..], b"\0"].concat().into()
}

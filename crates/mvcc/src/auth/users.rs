//! The users and roles that there are.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::command::AuthCommand;
use super::permission::{Permission, PermissionKind, cover};
use super::refusal::AuthRefusal;
use crate::interval::Interval;

/// The user that must be there when users matter, and the role that may do everything.
pub const ROOT: &str = "root";

/// The users, the roles, and whether they matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    pub(super) is_enabled: bool,
    /// Grows by one with each change. It begins at 1.
    pub(super) revision: u64,
    pub(super) secret: Bytes,
    pub(super) users: BTreeMap<String, User>,
    pub(super) roles: BTreeMap<String, Role>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its password, hashed; `None` if it cannot log in with one.
    pub password: Option<String>,
    /// The auth revision that gave it this password: a token from before says nothing.
    pub since: u64,
    /// The names of its roles. That of [`ROOT`] need not be a role that exists.
    pub roles: BTreeSet<String>,
}

/// A role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// What is permitted, by key and range end.
    pub permissions: BTreeMap<(Bytes, Bytes), PermissionKind>,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            is_enabled: false,
            revision: 1,
            secret: Bytes::new(),
            users: BTreeMap::new(),
            roles: BTreeMap::new(),
        }
    }
}

impl Auth {
    /// Whether requests need a user.
    pub fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// How often users and roles were changed, and one.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What tokens are signed with, while users matter.
    pub fn secret(&self) -> &Bytes {
        &self.secret
    }

    /// The users by name.
    pub fn users(&self) -> &BTreeMap<String, User> {
        &self.users
    }

    /// The roles by name.
    pub fn roles(&self) -> &BTreeMap<String, Role> {
        &self.roles
    }

    /// Whether the user may do everything.
    ///
    /// # Errors
    /// [`AuthRefusal::PermissionDenied`].
    pub fn is_admin(&self, user: &str) -> Result<(), AuthRefusal> {
        let is_root = self.users.get(user).is_some_and(|user| user.roles.contains(ROOT));
        is_root.then_some(()).ok_or(AuthRefusal::PermissionDenied)
    }

    /// Whether the user may read those keys.
    ///
    /// # Errors
    /// [`AuthRefusal::PermissionDenied`].
    pub fn may_read(&self, user: &str, key: &[u8], range_end: &[u8]) -> Result<(), AuthRefusal> {
        self.may(user, PermissionKind::Read, key, range_end)
    }

    /// Whether the user may write those keys.
    ///
    /// # Errors
    /// [`AuthRefusal::PermissionDenied`].
    pub fn may_write(&self, user: &str, key: &[u8], range_end: &[u8]) -> Result<(), AuthRefusal> {
        self.may(user, PermissionKind::Write, key, range_end)
    }

    fn may(
        &self,
        user: &str,
        kind: PermissionKind,
        key: &[u8],
        range_end: &[u8],
    ) -> Result<(), AuthRefusal> {
        if self.is_admin(user).is_ok() {
            return Ok(());
        }
        let roles = self.users.get(user).into_iter().flat_map(|user| &user.roles);
        let roles = roles.filter_map(|role| self.roles.get(role));
        let permissions = roles.flat_map(|role| &role.permissions);
        let intervals = permissions
            .filter(|(_, permitted)| permitted.includes(kind))
            .filter_map(|((key, range_end), _)| Interval::new(key, range_end))
            .collect();
        // A range of no keys needs a permission all the same, as in etcd: for where it begins.
        let wanted = Interval::new(key, range_end).or_else(|| Interval::new(key, b""));
        let is_permitted = wanted.is_some_and(|wanted| cover(intervals, &wanted));
        is_permitted.then_some(()).ok_or(AuthRefusal::PermissionDenied)
    }

    /// Carries out a change.
    pub(crate) fn apply(&mut self, command: &AuthCommand) -> Result<(), AuthRefusal> {
        match command {
            AuthCommand::Enable { secret } => return self.enable(secret),
            AuthCommand::Disable if !self.is_enabled => return Ok(()),
            AuthCommand::Disable => {
                self.is_enabled = false;
                self.secret = Bytes::new();
            }
            AuthCommand::UserAdd { name, password } => self.add_user(name, password.clone())?,
            AuthCommand::UserDelete { name } => {
                self.spare_root(name == ROOT)?;
                self.users.remove(name).ok_or(AuthRefusal::UserNotFound)?;
            }
            AuthCommand::UserChangePassword { name, password } => {
                let since = self.revision + 1;
                let user = self.user(name)?;
                user.password.clone_from(password);
                user.since = since;
            }
            AuthCommand::UserGrantRole { user, role } => {
                let exists = role == ROOT || self.roles.contains_key(role);
                let user = self.user(user)?;
                if !exists {
                    return Err(AuthRefusal::RoleNotFound);
                }
                if !user.roles.insert(role.clone()) {
                    return Ok(());
                }
            }
            AuthCommand::UserRevokeRole { user, role } => {
                self.spare_root(user == ROOT && role == ROOT)?;
                let had = self.user(user)?.roles.remove(role);
                had.then_some(()).ok_or(AuthRefusal::RoleNotGranted)?;
            }
            AuthCommand::RoleAdd { name } => self.add_role(name)?,
            AuthCommand::RoleDelete { name } => {
                self.spare_root(name == ROOT)?;
                self.roles.remove(name).ok_or(AuthRefusal::RoleNotFound)?;
                for user in self.users.values_mut() {
                    user.roles.remove(name);
                }
            }
            AuthCommand::RoleGrant { role, permission } => self.grant(role, permission)?,
            AuthCommand::RoleRevoke { role, key, range_end } => {
                let role = self.roles.get_mut(role).ok_or(AuthRefusal::RoleNotFound)?;
                let keys = (key.clone(), range_end.clone());
                role.permissions.remove(&keys).ok_or(AuthRefusal::PermissionNotGranted)?;
            }
        }
        self.revision += 1;
        Ok(())
    }

    /// That users matter is no new revision, as in etcd.
    fn enable(&mut self, secret: &Bytes) -> Result<(), AuthRefusal> {
        if self.is_enabled {
            return Ok(());
        }
        let root = self.users.get(ROOT).ok_or(AuthRefusal::RootUserNotExist)?;
        if !root.roles.contains(ROOT) {
            return Err(AuthRefusal::RootRoleNotExist);
        }
        self.is_enabled = true;
        self.secret = secret.clone();
        Ok(())
    }

    fn add_user(&mut self, name: &str, password: Option<String>) -> Result<(), AuthRefusal> {
        if name.is_empty() {
            return Err(AuthRefusal::UserEmpty);
        }
        if self.users.contains_key(name) {
            return Err(AuthRefusal::UserAlreadyExist);
        }
        let user = User { password, since: self.revision + 1, roles: BTreeSet::new() };
        self.users.insert(name.to_owned(), user);
        Ok(())
    }

    fn add_role(&mut self, name: &str) -> Result<(), AuthRefusal> {
        if name.is_empty() {
            return Err(AuthRefusal::RoleEmpty);
        }
        if self.roles.contains_key(name) {
            return Err(AuthRefusal::RoleAlreadyExist);
        }
        self.roles.insert(name.to_owned(), Role::default());
        Ok(())
    }

    fn grant(&mut self, role: &str, permission: &Permission) -> Result<(), AuthRefusal> {
        if permission.interval().is_none() {
            return Err(AuthRefusal::InvalidAuthMgmt);
        }
        let role = self.roles.get_mut(role).ok_or(AuthRefusal::RoleNotFound)?;
        // Copies: the given bytes are part of a whole command.
        let [key, range_end] =
            [&permission.key, &permission.range_end].map(|bytes| Bytes::copy_from_slice(bytes));
        role.permissions.insert((key, range_end), permission.kind);
        Ok(())
    }

    /// While users matter, there is somebody who may do everything.
    fn spare_root(&self, would_hurt: bool) -> Result<(), AuthRefusal> {
        if self.is_enabled && would_hurt { Err(AuthRefusal::InvalidAuthMgmt) } else { Ok(()) }
    }

    fn user(&mut self, name: &str) -> Result<&mut User, AuthRefusal> {
        self.users.get_mut(name).ok_or(AuthRefusal::UserNotFound)
    }
}

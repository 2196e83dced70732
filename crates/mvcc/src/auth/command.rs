//! What the log says about users and roles.

use bytes::Bytes;

use super::permission::Permission;

/// A change to the users, the roles, or whether they matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthCommand {
    /// From now on requests need a user.
    Enable {
        /// What tokens are signed with. Whoever proposes the command has thrown the dice.
        secret: Bytes,
    },
    /// From now on they need none.
    Disable,
    /// A new user.
    UserAdd {
        /// Its name.
        name: String,
        /// Its hashed password; `None` if it cannot log in with one.
        password: Option<String>,
    },
    /// One user less.
    UserDelete {
        /// Its name.
        name: String,
    },
    /// A user has another password.
    UserChangePassword {
        /// Its name.
        name: String,
        /// The password, hashed; `None` if it cannot log in with one any more.
        password: Option<String>,
    },
    /// A user has one more role.
    UserGrantRole {
        /// The user.
        user: String,
        /// The role.
        role: String,
    },
    /// A user has one role less.
    UserRevokeRole {
        /// The user.
        user: String,
        /// The role.
        role: String,
    },
    /// A new role.
    RoleAdd {
        /// Its name.
        name: String,
    },
    /// One role less; nobody has it any more.
    RoleDelete {
        /// Its name.
        name: String,
    },
    /// A role permits one thing more, or another kind of access to the same keys.
    RoleGrant {
        /// The role.
        role: String,
        /// What it permits.
        permission: Permission,
    },
    /// A role permits one thing less.
    RoleRevoke {
        /// The role.
        role: String,
        /// The keys, exactly as they were granted.
        key: Bytes,
        /// Likewise.
        range_end: Bytes,
    },
}

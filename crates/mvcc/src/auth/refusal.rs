//! Why a user may not, or a change of users is none.

/// Why a user may not do what it wants to, or users are not changed. It prints as etcd's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthRefusal {
    /// Users shall matter, and there is no user `root`.
    #[error("etcdserver: root user does not exist")]
    RootUserNotExist,
    /// Users shall matter, and the user `root` has no role `root`.
    #[error("etcdserver: root user does not have root role")]
    RootRoleNotExist,
    /// There is a user of that name.
    #[error("etcdserver: user name already exists")]
    UserAlreadyExist,
    /// A user must have a name. Also: the request names no user, and has to.
    #[error("etcdserver: user name is empty")]
    UserEmpty,
    /// There is no such user.
    #[error("etcdserver: user name not found")]
    UserNotFound,
    /// There is a role of that name.
    #[error("etcdserver: role name already exists")]
    RoleAlreadyExist,
    /// There is no such role.
    #[error("etcdserver: role name not found")]
    RoleNotFound,
    /// A role must have a name.
    #[error("etcdserver: role name is empty")]
    RoleEmpty,
    /// That is not the user's password, or there is no such user.
    #[error("etcdserver: authentication failed, invalid user ID or password")]
    AuthFailed,
    /// A permission is to be granted, and none is given.
    #[error("etcdserver: permission not given")]
    PermissionNotGiven,
    /// The user may not do that.
    #[error("etcdserver: permission denied")]
    PermissionDenied,
    /// The user does not have that role.
    #[error("etcdserver: role is not granted to the user")]
    RoleNotGranted,
    /// The role does not permit that.
    #[error("etcdserver: permission is not granted to the role")]
    PermissionNotGranted,
    /// Users do not matter.
    #[error("etcdserver: authentication is not enabled")]
    AuthNotEnabled,
    /// The token says nothing, or is over.
    #[error("etcdserver: invalid auth token")]
    InvalidAuthToken,
    /// That would lock everybody out, or means no keys.
    #[error("etcdserver: invalid auth management")]
    InvalidAuthMgmt,
    /// Users were changed since the request was checked.
    #[error("etcdserver: revision of auth store is old")]
    AuthOldRevision,
}

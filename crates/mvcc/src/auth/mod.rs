//! Users, roles, and who may do what with which keys.
//!
//! A user has roles, and a role has permissions for intervals of keys. They are changed by commands
//! in the log ([`AuthCommand`]), so that all members agree on them, and each change makes a new
//! *auth revision*, a number of its own.
//!
//! ```
//! use mvcc::{AuthCommand, Command, Permission, PermissionKind, Store};
//!
//! let mut store = Store::new();
//! let mut change = |command| store.apply(&Command::Auth(command)).result;
//! let text = str::to_owned;
//! change(AuthCommand::UserAdd { name: text("ann"), password: None })?;
//! change(AuthCommand::RoleAdd { name: text("reader") })?;
//! let permission = Permission::new(PermissionKind::Read, "a".into(), "c".into());
//! change(AuthCommand::RoleGrant { role: text("reader"), permission })?;
//! change(AuthCommand::UserGrantRole { user: text("ann"), role: text("reader") })?;
//! assert!(store.auth().may_read("ann", b"b", b"").is_ok());
//! assert!(store.auth().may_read("ann", b"c", b"").is_err());
//! # Ok::<(), mvcc::Refusal>(())
//! ```
//!
//! # When it is checked
//!
//! A member looks at its own users before it proposes a command, and writes beside it what it
//! looked at ([`Stamp`]). When the command is applied, and another change of users came into the
//! log before it, it is refused, and the member looks again. So a command takes effect only if its
//! user was allowed to give it at its very place in the log, and applying it costs hardly more than
//! comparing two numbers.
//!
//! Passwords are hashed, and tokens made and read, by whoever proposes: the store keeps the hashes
//! and the secret that tokens are signed with, and looks at neither.

mod codec;
mod command;
mod permission;
mod permits;
mod refusal;
mod stamp;
mod users;

pub use command::AuthCommand;
pub use permission::{Permission, PermissionKind};
pub use refusal::AuthRefusal;
pub use stamp::{Stamp, Stamped};
pub use users::{Auth, ROOT, Role, User};

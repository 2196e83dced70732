//! Users and roles as bytes, in the manner of [`crate::codec`]:
//!
//! ```text
//!   enable        1:u8  secret                grant role    6:u8  user  role
//!   disable       2:u8                        revoke role   7:u8  user  role
//!   add user      3:u8  name  password        add role      8:u8  name
//!   delete user   4:u8  name                  delete role   9:u8  name
//!   password      5:u8  name  password        grant        10:u8  role  kind:u8  key  range_end
//!                                             revoke       11:u8  role  key  range_end
//!   password    = is_there:u8  (text)
//! ```
//!
//! A snapshot has all of them in one part:
//!
//! ```text
//!   auth  = is_enabled:u8  revision  secret  list of user  list of role
//!   user  = name  password  since  list of role's name
//!   role  = name  list of (kind:u8  key  range_end)
//! ```

use std::collections::{BTreeMap, BTreeSet};

use bytes::{BufMut, Bytes, BytesMut};

use super::command::AuthCommand;
use super::permission::{Permission, PermissionKind};
use super::users::{Auth, Role, User};
use crate::DecodeError;
use crate::codec::{Input, put_bytes, put_list, put_varint};

const KINDS: [PermissionKind; 3] =
    [PermissionKind::Read, PermissionKind::Write, PermissionKind::ReadWrite];

impl AuthCommand {
    pub(crate) fn encode(&self, out: &mut BytesMut) {
        let texts = |out: &mut BytesMut, kind: u8, texts: &[&str]| {
            out.put_u8(kind);
            for text in texts {
                put_bytes(out, text.as_bytes());
            }
        };
        match self {
            Self::Enable { secret } => {
                out.put_u8(1);
                put_bytes(out, secret);
            }
            Self::Disable => out.put_u8(2),
            Self::UserAdd { name, password } => {
                texts(out, 3, &[name]);
                put_password(out, password.as_ref());
            }
            Self::UserDelete { name } => texts(out, 4, &[name]),
            Self::UserChangePassword { name, password } => {
                texts(out, 5, &[name]);
                put_password(out, password.as_ref());
            }
            Self::UserGrantRole { user, role } => texts(out, 6, &[user, role]),
            Self::UserRevokeRole { user, role } => texts(out, 7, &[user, role]),
            Self::RoleAdd { name } => texts(out, 8, &[name]),
            Self::RoleDelete { name } => texts(out, 9, &[name]),
            Self::RoleGrant { role, permission: Permission { kind, key, range_end } } => {
                texts(out, 10, &[role]);
                out.put_u8(*kind as u8);
                put_bytes(out, key);
                put_bytes(out, range_end);
            }
            Self::RoleRevoke { role, key, range_end } => {
                texts(out, 11, &[role]);
                put_bytes(out, key);
                put_bytes(out, range_end);
            }
        }
    }

    pub(crate) fn decode(input: &mut Input) -> Result<Self, DecodeError> {
        Ok(match input.byte()? {
            1 => Self::Enable { secret: input.bytes()? },
            2 => Self::Disable,
            3 => Self::UserAdd { name: input.text()?, password: password(input)? },
            4 => Self::UserDelete { name: input.text()? },
            5 => Self::UserChangePassword { name: input.text()?, password: password(input)? },
            6 => Self::UserGrantRole { user: input.text()?, role: input.text()? },
            7 => Self::UserRevokeRole { user: input.text()?, role: input.text()? },
            8 => Self::RoleAdd { name: input.text()? },
            9 => Self::RoleDelete { name: input.text()? },
            10 => {
                let (role, kind) = (input.text()?, input.one_of("permission", &KINDS)?);
                let permission = Permission::new(kind, input.bytes()?, input.bytes()?);
                Self::RoleGrant { role, permission }
            }
            11 => Self::RoleRevoke {
                role: input.text()?,
                key: input.bytes()?,
                range_end: input.bytes()?,
            },
            value => return Err(DecodeError::UnknownValue { what: "auth command", value }),
        })
    }
}

impl Auth {
    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.is_enabled.into());
        put_varint(out, self.revision);
        put_bytes(out, &self.secret);
        let users: Vec<_> = self.users.iter().collect();
        put_list(out, &users, |(name, user), out| {
            put_bytes(out, name.as_bytes());
            put_password(out, user.password.as_ref());
            put_varint(out, user.since);
            let roles: Vec<_> = user.roles.iter().collect();
            put_list(out, &roles, |role, out| put_bytes(out, role.as_bytes()));
        });
        let roles: Vec<_> = self.roles.iter().collect();
        put_list(out, &roles, |(name, role), out| {
            put_bytes(out, name.as_bytes());
            let permissions: Vec<_> = role.permissions.iter().collect();
            put_list(out, &permissions, |((key, range_end), kind), out| {
                out.put_u8(**kind as u8);
                put_bytes(out, key);
                put_bytes(out, range_end);
            });
        });
    }

    pub(crate) fn decode(input: &mut Input) -> Result<Self, DecodeError> {
        let is_enabled = input.one_of("switch", &[false, true])?;
        let (revision, secret) = (input.varint()?, Bytes::copy_from_slice(&input.bytes()?));
        let users = input.list(|input| {
            let (name, password) = (input.text()?, password(input)?);
            let since = input.varint()?;
            let roles = input.list(Input::text)?.into_iter().collect::<BTreeSet<_>>();
            Ok((name, User { password, since, roles }))
        })?;
        let roles = input.list(|input| {
            let name = input.text()?;
            let permissions = input.list(|input| {
                let kind = input.one_of("permission", &KINDS)?;
                let [key, range_end] = [input.bytes()?, input.bytes()?];
                Ok(([key, range_end].map(|bytes| Bytes::copy_from_slice(&bytes)), kind))
            })?;
            let permissions = permissions.into_iter();
            let permissions = permissions.map(|([key, end], kind)| ((key, end), kind)).collect();
            Ok((name, Role { permissions }))
        })?;
        let (users, roles): (BTreeMap<_, _>, BTreeMap<_, _>) =
            (users.into_iter().collect(), roles.into_iter().collect());
        Ok(Self { is_enabled, revision, secret, users, roles })
    }
}

fn put_password(out: &mut BytesMut, password: Option<&String>) {
    out.put_u8(password.is_some().into());
    if let Some(password) = password {
        put_bytes(out, password.as_bytes());
    }
}

fn password(input: &mut Input) -> Result<Option<String>, DecodeError> {
    input.one_of("switch", &[false, true])?.then(|| input.text()).transpose()
}

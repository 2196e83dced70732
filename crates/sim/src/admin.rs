//! The administrator: changes the users and roles of a run in which there are some, and never
//! leaves them alone for long.

use bytes::Bytes;
use mvcc::{AuthCommand, Permission, PermissionKind};

use crate::random::Random;

/// Who asks for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// There are no users in this run.
    Anyone,
    /// Somebody who does not say who.
    Nobody,
    /// A user, who may not be there.
    User(&'static str),
}

impl Asker {
    /// The user, if one is named.
    pub(crate) fn user(self) -> Option<&'static str> {
        match self {
            Self::Anyone | Self::Nobody => None,
            Self::User(name) => Some(name),
        }
    }
}

const USERS: [&str; 3] = ["root", "ann", "bob"];
const ROLES: [&str; 2] = ["some", "most"];

/// What may be permitted. Together some of these cover others.
const SPANS: [(&str, &str); 6] =
    [("k0", ""), ("k1", ""), ("k", "l"), ("k0", "k2"), ("k2", "l"), ("k1", "\0")];

#[derive(Debug)]
pub(crate) struct Admin {
    random: Random,
    /// What is still to be done so that users matter, the last thing first.
    to_begin: Vec<AuthCommand>,
}

impl Admin {
    /// The administrator that a client is, too. The first one makes the users.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let random = Random::stream(seed, "admin", number);
        Self { random, to_begin: if number == 0 { beginning() } else { Vec::new() } }
    }

    /// Who asks for what a client wants.
    pub(crate) fn who(&mut self) -> Asker {
        match self.random.below(10) {
            0 => Asker::Nobody,
            1..5 => Asker::User(USERS[0]),
            5..8 => Asker::User(USERS[1]),
            _ => Asker::User(USERS[2]),
        }
    }

    /// A change of the users, if it is time for one, and who wants it.
    pub(crate) fn change(&mut self) -> Option<(Asker, AuthCommand)> {
        if let Some(next) = self.to_begin.pop() {
            return Some((Asker::User("root"), next));
        }
        let who = if self.random.chance(100) { Asker::User("ann") } else { Asker::User("root") };
        self.random.chance(80).then(|| (who, self.draw()))
    }

    fn draw(&mut self) -> AuthCommand {
        let user = self.random.pick(&USERS).to_owned();
        let role = self.random.pick(&ROLES).to_owned();
        let (key, range_end) = self.random.pick(&SPANS);
        let (key, range_end) = (Bytes::from(key), Bytes::from(range_end));
        match self.random.below(20) {
            0..5 => {
                let kinds =
                    [PermissionKind::Read, PermissionKind::Write, PermissionKind::ReadWrite];
                let permission = Permission::new(self.random.pick(&kinds), key, range_end);
                AuthCommand::RoleGrant { role, permission }
            }
            5..8 => AuthCommand::RoleRevoke { role, key, range_end },
            8..11 => AuthCommand::UserGrantRole { user, role },
            11..13 => AuthCommand::UserRevokeRole { user, role },
            13 => AuthCommand::UserDelete { name: user },
            14 => AuthCommand::UserAdd { name: user, password: None },
            15 => AuthCommand::RoleDelete { name: role },
            16 => AuthCommand::RoleAdd { name: role },
            17 => AuthCommand::UserChangePassword { name: user, password: None },
            18 if self.random.chance(500) => AuthCommand::Disable,
            18 => AuthCommand::UserGrantRole { user: "root".into(), role: "root".into() },
            _ => AuthCommand::Enable { secret: Bytes::new() },
        }
    }
}

/// Users with roles, and then they matter; in reverse order.
fn beginning() -> Vec<AuthCommand> {
    let text = str::to_owned;
    let grant = |user, role| AuthCommand::UserGrantRole { user: text(user), role: text(role) };
    let permit = |role, kind, key: &'static str, end: &'static str| {
        let permission = Permission::new(kind, key.into(), end.into());
        AuthCommand::RoleGrant { role: text(role), permission }
    };
    let mut all = Vec::new();
    all.extend(USERS.map(|name| AuthCommand::UserAdd { name: text(name), password: None }));
    all.extend(ROLES.map(|name| AuthCommand::RoleAdd { name: text(name) }));
    all.push(grant("root", "root"));
    all.push(permit("most", PermissionKind::ReadWrite, "k", "l"));
    all.push(permit("some", PermissionKind::ReadWrite, "k0", ""));
    all.push(grant("ann", "most"));
    all.push(grant("bob", "some"));
    all.push(AuthCommand::Enable { secret: Bytes::new() });
    all.reverse();
    all
}

//! A command in a few words.

use std::fmt::Write;

use crate::alarm::{Alarm, AlarmCommand, MemberAlarm};
use crate::auth::AuthCommand;
use crate::command::{Command, DeleteRange};
use crate::lease::LeaseCommand;

/// How many characters of a key, value or name are shown.
const SHOWN_CHARS_MAX: usize = 64;

/// A command as one short line, for logs and the page: `put a 1`, `del a`, `del a..b`, `txn`,
/// `compact 7`, `publish m1`, `lease 1f: grant 10 s`, `raise NOSPACE of 1f`.
///
/// Keys and values are shown as UTF-8, as far as they are, without control characters, and cut
/// after 64 characters. The line is for people: two commands can look alike.
pub fn describe(command: &Command) -> String {
    match command {
        Command::Put(put) if put.value.is_empty() => format!("put {}", shown(&put.key)),
        Command::Put(put) => format!("put {} {}", shown(&put.key), shown(&put.value)),
        Command::DeleteRange(delete) => describe_delete(delete),
        Command::Txn(_) => "txn".into(),
        Command::Compact(compact) => format!("compact {}", compact.revision),
        Command::Publish(publish) => format!("publish {}", shown(publish.name.as_bytes())),
        Command::Lease(lease) => describe_lease(lease),
        Command::Auth(auth) => describe_auth(auth),
        Command::Alarm(AlarmCommand::Raise(alarm)) => format!("raise {}", describe_alarm(alarm)),
        Command::Alarm(AlarmCommand::Disarm(alarm)) => format!("disarm {}", describe_alarm(alarm)),
    }
}

fn describe_lease(command: &LeaseCommand) -> String {
    match command {
        LeaseCommand::Grant { id, ttl_seconds } => format!("lease {id:x}: grant {ttl_seconds} s"),
        LeaseCommand::Revoke { id } => format!("lease {id:x}: revoke"),
        LeaseCommand::Renew { ids } => match ids[..] {
            [id] => format!("lease {id:x}: renew"),
            _ => format!("{} leases: renew", ids.len()),
        },
        LeaseCommand::Expire { id, renewal } => format!("lease {id:x}: expire #{renewal}"),
        LeaseCommand::Checkpoint(checkpoints) => match checkpoints[..] {
            [of] => format!("lease {:x}: {} s left", of.id, of.left_seconds),
            _ => format!("{} leases: checkpoint", checkpoints.len()),
        },
    }
}

fn describe_auth(command: &AuthCommand) -> String {
    let name = |name: &str| shown(name.as_bytes());
    match command {
        AuthCommand::Enable { .. } => "auth: enable".into(),
        AuthCommand::Disable => "auth: disable".into(),
        AuthCommand::UserAdd { name: user, .. } => format!("user {}: add", name(user)),
        AuthCommand::UserDelete { name: user } => format!("user {}: delete", name(user)),
        AuthCommand::UserChangePassword { name: user, .. } => {
            format!("user {}: password", name(user))
        }
        AuthCommand::UserGrantRole { user, role } => {
            format!("user {}: grant {}", name(user), name(role))
        }
        AuthCommand::UserRevokeRole { user, role } => {
            format!("user {}: revoke {}", name(user), name(role))
        }
        AuthCommand::RoleAdd { name: role } => format!("role {}: add", name(role)),
        AuthCommand::RoleDelete { name: role } => format!("role {}: delete", name(role)),
        AuthCommand::RoleGrant { role, .. } => format!("role {}: grant", name(role)),
        AuthCommand::RoleRevoke { role, .. } => format!("role {}: revoke", name(role)),
    }
}

fn describe_alarm(MemberAlarm { alarm, member_id }: &MemberAlarm) -> String {
    let name = match alarm {
        Alarm::NoSpace => "NOSPACE",
        Alarm::Corrupt => "CORRUPT",
    };
    format!("{name} of {member_id:x}")
}

fn describe_delete(delete: &DeleteRange) -> String {
    let key = shown(&delete.key);
    match &delete.range_end[..] {
        [] => format!("del {key}"),
        [0] => format!("del {key}.."),
        end => format!("del {key}..{}", shown(end)),
    }
}

fn shown(bytes: &[u8]) -> String {
    // A character takes at most four bytes: what lies behind them need not be looked at.
    let head = &bytes[..bytes.len().min(4 * (SHOWN_CHARS_MAX + 1))];
    let text = String::from_utf8_lossy(head);
    let mut shown = String::new();
    for (position, char) in text.chars().enumerate() {
        if position == SHOWN_CHARS_MAX {
            shown.push('…');
            break;
        }
        if char.is_control() {
            write!(shown, "{}", char.escape_default()).expect("a string takes everything");
        } else {
            shown.push(char);
        }
    }
    shown
}

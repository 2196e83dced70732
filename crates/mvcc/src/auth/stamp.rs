//! The stamp of a command: how it was looked at whether its user may give it.
//!
//! Whoever proposes a command looks at its own users, which may be old, and at its own keys. So the
//! stamp says what was looked at, and where the command stands in the log it is found out whether
//! that still holds:
//!
//! ```text
//!   look at auth revision 7 ──▶ stamp 7 ──▶ log ──▶ the auth revision is 7: as it was looked at
//!   users do not matter     ──▶ stamp 0 ──▶ log ──▶ they matter by now: nobody was looked at
//! ```
//!
//! That takes a comparison of two numbers, with one exception. Who may attach keys to a lease, or
//! end it, depends on the keys that it has, which change without an auth revision: there the stamp
//! names the user, and the whole question is asked again.
//!
//! As bytes, before those of the command:
//!
//! ```text
//!   stamp   = format:u8 (=2)  auth_revision
//!           | format:u8 (=3)  auth_revision  user
//! ```

use bytes::{BufMut, Bytes, BytesMut};

use super::refusal::AuthRefusal;
use crate::codec::{Input, put_bytes, put_varint};
use crate::command::{Command, Op, Txn};
use crate::lease::LeaseCommand;
use crate::reply::Reply;
use crate::{DecodeError, Store};

/// The first byte of a stamp; commands begin with another one.
const STAMPED: u8 = 2;
/// Likewise, of one that names a user.
const STAMPED_WITH_USER: u8 = 3;

/// The auth revision of what was looked at while users did not matter. There is no such revision.
const NOT_LOOKED_AT: u64 = 0;

/// How it was looked at whether a user may give a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The auth revision that was looked at; 0 if users did not matter.
    pub auth_revision: u64,
    /// The user, if it has to be looked at again.
    pub user: Option<String>,
}

/// A command as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// Its stamp; `None` if a member gives it for itself.
    pub stamp: Option<Stamp>,
    /// The command.
    pub command: Command,
}

impl Stamped {
    /// Both as bytes.
    pub fn encode(stamp: Option<&Stamp>, command: &Command) -> Bytes {
        let mut out = BytesMut::new();
        if let Some(Stamp { auth_revision, user }) = stamp {
            out.put_u8(if user.is_some() { STAMPED_WITH_USER } else { STAMPED });
            put_varint(&mut out, *auth_revision);
            if let Some(user) = user {
                put_bytes(&mut out, user.as_bytes());
            }
        }
        command.encode_into(&mut out);
        out.freeze()
    }

    /// Both of bytes.
    ///
    /// # Errors
    /// As for [`Command::decode`].
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        let names_user = match bytes.first() {
            Some(&STAMPED) => false,
            Some(&STAMPED_WITH_USER) => true,
            _ => return Ok(Self { stamp: None, command: Command::decode(bytes)? }),
        };
        let mut input = Input(bytes.slice(1..));
        let auth_revision = input.varint()?;
        let user = names_user.then(|| input.text()).transpose()?;
        let stamp = Some(Stamp { auth_revision, user });
        Ok(Self { stamp, command: Command::decode(input.0)? })
    }
}

impl Store {
    /// Looks whether that user, or whoever names none, may have a command carried out, and gives
    /// the stamp to write beside it.
    ///
    /// # Errors
    /// [`AuthRefusal::UserEmpty`] or [`AuthRefusal::PermissionDenied`], if users matter.
    pub fn stamp(&self, user: Option<&str>, command: &Command) -> Result<Stamp, AuthRefusal> {
        if !self.auth().is_enabled() {
            return Ok(Stamp { auth_revision: NOT_LOOKED_AT, user: None });
        }
        let user = user.ok_or(AuthRefusal::UserEmpty)?;
        self.permits(user, command)?;
        let user = depends_on_leases(command).then(|| user.to_owned());
        Ok(Stamp { auth_revision: self.auth().revision(), user })
    }

    /// Carries out a command from the log, if what was looked at before it was proposed still
    /// holds. It is refused with [`AuthRefusal::AuthOldRevision`] if users were changed since then,
    /// or came to matter, and with [`AuthRefusal::PermissionDenied`] if it is a lease's keys that
    /// changed.
    pub fn apply_stamped(&mut self, stamped: &Stamped) -> Reply {
        match self.look_again(stamped) {
            Ok(()) => self.apply(&stamped.command),
            Err(refusal) => Err(refusal.into()).into(),
        }
    }

    fn look_again(&self, Stamped { stamp, command }: &Stamped) -> Result<(), AuthRefusal> {
        let Some(Stamp { auth_revision, user }) = stamp else { return Ok(()) };
        if !self.auth().is_enabled() {
            return Ok(());
        }
        if *auth_revision != self.auth().revision() {
            return Err(AuthRefusal::AuthOldRevision);
        }
        user.as_ref().map_or(Ok(()), |user| self.permits(user, command))
    }
}

/// Whether it depends on the keys of leases who may have it carried out.
fn depends_on_leases(command: &Command) -> bool {
    match command {
        Command::Put(put) => put.lease != 0,
        Command::Txn(txn) => attaches(txn),
        Command::Lease(LeaseCommand::Revoke { .. } | LeaseCommand::Renew { .. }) => true,
        Command::Lease(_)
        | Command::DeleteRange(_)
        | Command::Compact(_)
        | Command::Publish(_)
        | Command::Alarm(_)
        | Command::Auth(_) => false,
    }
}

fn attaches(txn: &Txn) -> bool {
    txn.success.iter().chain(&txn.failure).any(|op| match op {
        Op::Put(put) => put.lease != 0,
        Op::Txn(txn) => attaches(txn),
        Op::Range(_) | Op::DeleteRange(_) => false,
    })
}

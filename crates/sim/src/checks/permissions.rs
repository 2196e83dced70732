//! E8: what a user asks for takes effect only if the user is permitted to ask for it at the very
//! place in the log where it stands; and no read, and no watch when it begins, is served to who is
//! not permitted to have it there. (As in etcd, a watch goes on when its permission is revoked.)
//! Who is permitted is not refused, but for changes of the users that came in between.
//!
//! Who may do what is known from the [users](super::users) that the log makes.

use std::collections::BTreeMap;

use bytes::Bytes;
use mvcc::{AuthRefusal, Refusal};
use raft::{Index, Payload};

use super::{Check, Checked, Fact, Ghost, check};
use crate::admin::Asker;
use crate::client::{Answer, Operation, Request};
use crate::machine::Applied;

/// Who asked for what is on its way, or was: by the tag that it has in the log.
#[derive(Debug, Default)]
pub(super) struct Permissions(BTreeMap<Bytes, Asker>);

impl Check for Permissions {
    fn name(&self) -> &'static str {
        "permissions"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        match fact {
            Fact::Invoked { operation } if operation.who != Asker::Anyone => {
                let Operation { member, ticket, who, .. } = operation;
                let tag = [member.0.to_le_bytes(), ticket.0.to_le_bytes()].concat();
                self.0.insert(tag.into(), *who);
                Ok(())
            }
            Fact::Applied { id, applied, .. } => {
                let users = ghost.history.users(applied.index)?;
                check(applied.auth_revision == users.revision, || {
                    let (found, revision) = (applied.auth_revision, users.revision);
                    format!("{id} is at auth revision {found}, not {revision}")
                })?;
                self.look_at(applied, ghost)
                    .map_err(|text| format!("{id} at {}: {text}", applied.index))
            }
            Fact::Answered { operation, answer: Answer::Read { applied, result } } => {
                let Request::Read(range) = &operation.request else { return Ok(()) };
                let span = (range.key.clone(), range.range_end.clone());
                let users = ghost.history.users(*applied)?;
                let expected = users.refusal_to_read(operation.who.user(), &span);
                let found = result.as_ref().err().copied().and_then(of_users);
                check(found == expected, || {
                    format!("{operation:?} at {applied} is answered {found:?}, not {expected:?}")
                })
            }
            Fact::Denied { who, applied, command, refusal } => {
                let expected = ghost.history.refusal(*applied, who.user(), command)?;
                check(Some(*refusal) == expected, || {
                    format!("{who:?} is told {refusal} for {command:?}, not {expected:?}")
                })
            }
            Fact::Watched { who, applied, request, refusal, .. } => {
                let span = (request.key.clone(), request.range_end.clone());
                let expected = ghost.history.users(*applied)?.refusal_to_read(who.user(), &span);
                check(*refusal == expected, || {
                    format!("{who:?} is told {refusal:?} for {request:?}, not {expected:?}")
                })
            }
            _ => Ok(()),
        }
    }
}

impl Permissions {
    fn look_at(&self, applied: &Applied, ghost: &Ghost) -> Checked {
        let entry = ghost.committed_at(applied.index).map(|entry| &entry.payload);
        let Some(Payload::Command(tagged)) = entry else { return Ok(()) };
        let Some(who) = self.0.get(&tagged[..16.min(tagged.len())]) else { return Ok(()) };
        let (Ok(reply), step) = (&applied.reply, ghost.history.step(applied.index)?) else {
            return Ok(());
        };
        let Some(command) = &step.command else { return Ok(()) };
        if let Some(over) = step.over {
            return check(reply.result == Err(over.into()), || {
                format!("{command:?} of {who:?} is answered {:?}, and not {over}", reply.result)
            });
        }
        let before = Index(applied.index.0 - 1);
        let expected = ghost.history.refusal(before, who.user(), command)?;
        match &reply.result {
            Ok(_) => check(expected.is_none(), || {
                format!("{who:?} has {command:?} carried out, and not refused: {expected:?}")
            }),
            Err(Refusal::Auth(AuthRefusal::PermissionDenied)) => {
                check(expected.is_some(), || format!("{who:?} is not permitted {command:?}"))
            }
            Err(_) => Ok(()),
        }
    }
}

/// Whether it was refused because of who asked.
fn of_users(refusal: Refusal) -> Option<AuthRefusal> {
    match refusal {
        Refusal::Auth(refusal) => Some(refusal),
        _ => None,
    }
}

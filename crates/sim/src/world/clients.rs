//! What clients ask, and what they are answered.

use mvcc::{AuthRefusal, Command, Range, RangeResponse, Refusal, Stamp, Stamped, Store};
use raft::{Index, NodeId, Ticket};

use super::{Phase, World};
use crate::admin::Asker;
use crate::checks::{self, Fact};
use crate::client::{Answer, Operation, Request};
use crate::event::Event;
use crate::machine::Applied;

impl World {
    pub(super) fn ask(&mut self, client: usize) {
        if self.phase >= Phase::Calm {
            return;
        }
        let target = self.clients[client].member;
        let again = self.now + self.clients[client].pause();
        let members = self.members.len() as u64;
        let is_paused =
            self.members.get(&target).is_some_and(|it| it.clock.paused_until(self.now).is_some());
        if !self.is_up(target) || is_paused || self.is_outside(target) {
            self.clients[client].turn(members);
            self.queue.push(again, Event::Ask { client });
            return;
        }
        let (who, request) = self.clients[client].ask();
        if self.invoke(client, target, who, request).is_err() {
            self.queue.push(again, Event::Ask { client });
        }
    }

    /// A client asks a member that runs, and may refuse that because of who it is.
    pub(super) fn invoke(
        &mut self,
        client: usize,
        target: NodeId,
        who: Asker,
        request: Request,
    ) -> Result<(), AuthRefusal> {
        let Some(process) = &mut self.member(target).process else { return Ok(()) };
        let (ticket, command) = match &request {
            Request::Write(command) => {
                let stamp = stamp(&process.replica.machine().store(), who, command);
                let bytes = match stamp {
                    Ok(stamp) => Stamped::encode(stamp.as_ref(), command),
                    Err(refusal) => {
                        let applied = process.applied();
                        self.see(&Fact::Denied { who, applied, command, refusal });
                        return Err(refusal);
                    }
                };
                (process.replica.propose(&bytes), bytes)
            }
            Request::Read(_) => (process.replica.read(), bytes::Bytes::new()),
        };
        let operation = Operation {
            client,
            member: target,
            ticket,
            who,
            request,
            command,
            is_serving: self.phase == Phase::Serving,
        };
        self.see(&Fact::Invoked { operation: &operation });
        self.operations.insert((target, ticket), operation);
        self.carry_out(target);
        Ok(())
    }

    /// Whether the member does not belong to the cluster, as far as it knows; or, when all is well,
    /// as far as the leader does.
    pub(super) fn is_outside(&self, id: NodeId) -> bool {
        let knows = match self.leader() {
            Some(leader) if self.phase == Phase::Serving => leader,
            _ => id,
        };
        self.configuration_of(knows).is_none_or(|configuration| !configuration.is_member(id))
    }

    pub(super) fn applied(&mut self, id: NodeId, ticket: Option<Ticket>, applied: &Applied) {
        self.see(&Fact::Applied { id, applied });
        if let (Some(ticket), Ok(reply)) = (ticket, &applied.reply) {
            let answer = Answer::Wrote { index: applied.index, result: &reply.result };
            self.answer(id, ticket, &answer);
        }
    }

    pub(super) fn serve_read(&mut self, id: NodeId, ticket: Ticket, applied: Index) {
        self.see(&Fact::ReadReady { id, ticket, applied });
        let Some(operation) = self.operations.get(&(id, ticket)) else { return };
        let Request::Read(range) = &operation.request else { return };
        let (who, range) = (operation.who, range.clone());
        let Some(process) = &self.member(id).process else { return };
        let result = read(&process.replica.machine().store(), who, &range);
        self.answer(id, ticket, &Answer::Read { applied, result: &result });
    }

    pub(super) fn answer(&mut self, id: NodeId, ticket: Ticket, answer: &Answer<'_>) {
        let Some(operation) = self.operations.remove(&(id, ticket)) else { return };
        self.see(&Fact::Answered { operation: &operation, answer });
        if matches!(answer, Answer::Failed(_) | Answer::Lost) {
            self.failed += 1;
        } else {
            self.answered += 1;
            if operation.is_serving {
                self.served.insert(operation.client);
            }
        }
        let members = self.members.len() as u64;
        // On a stage, clients do nothing by themselves.
        let Some(client) = self.clients.get_mut(operation.client) else { return };
        match checks::told(answer) {
            Some(revision) => client.revision = client.revision.max(revision),
            None => client.turn(members),
        }
        let again = self.now + client.pause();
        self.queue.push(again, Event::Ask { client: operation.client });
    }
}

/// What is written beside a command: nothing where there are no users.
fn stamp(store: &Store, who: Asker, command: &Command) -> Result<Option<Stamp>, AuthRefusal> {
    match who {
        Asker::Anyone => Ok(None),
        Asker::Nobody | Asker::User(_) => store.stamp(who.user(), command).map(Some),
    }
}

fn read(store: &Store, who: Asker, range: &Range) -> Result<RangeResponse, Refusal> {
    admit(store, who, |user| store.permits_range(user, range))?;
    store.range(range)
}

/// Lets somebody do something who may do it, if users matter.
pub(super) fn admit(
    store: &Store,
    who: Asker,
    may: impl FnOnce(&str) -> Result<(), AuthRefusal>,
) -> Result<(), AuthRefusal> {
    if store.auth().is_enabled() { may(who.user().ok_or(AuthRefusal::UserEmpty)?) } else { Ok(()) }
}

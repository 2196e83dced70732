//! Handing leadership over (dissertation §3.10).
//!
//! The leader takes no new proposals until the target holds all it has; then it tells the target to
//! campaign at once. If the target has not won by the time in which an election would have, the
//! leader leads on. What was proposed meanwhile is held, and appended then.

use bytes::Bytes;

use super::Leader;
use crate::common::Common;
use crate::effect::Reason;
use crate::message::Message;
use crate::types::{NodeId, Payload, Ticket};

/// A transfer that is under way.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Transfer {
    to: NodeId,
    ticket: Ticket,
    elapsed: u32,
    is_told: bool,
    held: Vec<Bytes>,
    held_bytes: usize,
}

impl Transfer {
    /// Keeps a proposal for later.
    pub(super) fn hold(&mut self, command: Bytes) {
        self.held_bytes += command.len();
        self.held.push(command);
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }
}

impl Leader {
    /// Begins to hand over to `to`.
    pub(crate) fn transfer(&mut self, common: &mut Common, ticket: Ticket, to: NodeId) {
        if to == common.id() || !common.configuration().is_voter(to) {
            common.refuse(ticket, Reason::BadTarget);
            return;
        }
        self.give_up_transfer(common);
        let (elapsed, is_told, held, held_bytes) = (0, false, Vec::new(), 0);
        self.transfer = Some(Transfer { to, ticket, elapsed, is_told, held, held_bytes });
    }

    /// Tells the target to campaign, once it holds all there is.
    pub(super) fn push_transfer(&mut self, common: &mut Common) {
        let Some(transfer) = &mut self.transfer else { return };
        let target = self.progress.get(&transfer.to);
        let is_ready = target.is_some_and(|target| target.matched == common.log.last().index);
        if is_ready && !transfer.is_told {
            transfer.is_told = true;
            self.lease.break_off();
            common.send(transfer.to, Message::TimeoutNow);
        }
    }

    /// Lets one tick pass. The target has to win in the time of an election.
    pub(super) fn tick_transfer(&mut self, common: &mut Common) {
        let Some(transfer) = &mut self.transfer else { return };
        transfer.elapsed += 1;
        let is_late = transfer.elapsed >= *common.election_ticks().end();
        if is_late || !common.configuration().is_voter(transfer.to) {
            self.give_up_transfer(common);
        }
    }

    /// Leads on, with what was proposed meanwhile.
    fn give_up_transfer(&mut self, common: &mut Common) {
        if let Some(transfer) = self.transfer.take() {
            common.refuse(transfer.ticket, Reason::TransferTimedOut);
            for command in transfer.held {
                common.append(Payload::Command(command));
            }
        }
    }

    /// Tells the voter that holds most to campaign: this leader is about to stop leading.
    pub(super) fn hand_over(&self, common: &mut Common) {
        let patience = *common.election_ticks().end();
        let own = common.id();
        let is_fit = |id: &NodeId| *id != own && common.configuration().is_voter(*id);
        let heirs = self.progress.iter().filter(|(id, heir)| is_fit(id) && heir.silence < patience);
        if let Some((&heir, _)) = heirs.max_by_key(|(_, heir)| heir.matched) {
            common.send(heir, Message::TimeoutNow);
        }
    }
}

//! Changes of the members, as the leader makes them (§6; dissertation §4).
//!
//! One change at a time, and none before the leader has committed an entry of its term. A
//! configuration is in force as soon as it is appended. When a joint one is committed, the leader
//! appends the simple one that it leads to; so does a new leader that finds a joint one committed.
//! When a configuration is committed in which the leader does not vote, it has done its work.

use std::sync::Arc;

use super::Leader;
use crate::common::Common;
use crate::configuration::{Change, ChangeError};
use crate::progress::Progress;
use crate::transition::Transition;
use crate::types::{NodeId, Payload, Position};

impl Leader {
    /// Appends a change of the members.
    pub(crate) fn change_members(
        &mut self,
        common: &mut Common,
        change: &[Change],
    ) -> Result<Position, ChangeError> {
        let (index, current) = common.log.configuration();
        if self.transfer.is_some() || index > common.log.commit() {
            return Err(ChangeError::Pending);
        }
        if !common.knows_commit() {
            return Err(ChangeError::NotReady);
        }
        let next = current.changed(change)?;
        for step in change {
            if let Change::Promote(id) = step
                && !self.is_caught_up(common, *id)
            {
                return Err(ChangeError::NotCaughtUp(*id));
            }
        }
        common.append(Payload::Configuration(Arc::new(next)));
        self.follow_configuration(common);
        Ok(common.log.last())
    }

    /// Whether a learner holds enough of the log to vote: as a voter it must not hold up commits.
    fn is_caught_up(&self, common: &Common, id: NodeId) -> bool {
        let last = common.log.last().index.0;
        self.progress.get(&id).is_some_and(|learner| {
            let lag = last.saturating_sub(learner.matched.0);
            learner.is_replicating()
                && learner.silence < *common.election_ticks().end()
                && lag <= common.config.promotion_lag_max
        })
    }

    /// Begins to send to new members. Those that are removed are sent to until that is committed.
    fn follow_configuration(&mut self, common: &Common) {
        let next = common.log.last().index;
        for id in common.configuration().members() {
            self.progress.entry(id).or_insert_with(|| Progress::new(next));
        }
    }

    /// Does what is due when a configuration is committed.
    pub(super) fn on_configuration_committed(&mut self, common: &mut Common) -> Transition {
        let (index, configuration) = common.log.configuration();
        if index > common.log.commit() {
            return Transition::Stay;
        }
        if configuration.is_joint() {
            let next = configuration.without_outgoing();
            common.append(Payload::Configuration(Arc::new(next)));
            return Transition::Stay;
        }
        let (configuration, own) = (configuration.clone(), common.id());
        let is_left = |id: &NodeId| !configuration.is_member(*id) && *id != own;
        if self.progress.keys().any(is_left) {
            // A last append tells them that they are removed.
            self.replicate(common);
            self.progress.retain(|id, _| !is_left(id));
        }
        if configuration.is_voter(own) {
            return Transition::Stay;
        }
        self.replicate(common);
        self.hand_over(common);
        Transition::Follow(None)
    }
}

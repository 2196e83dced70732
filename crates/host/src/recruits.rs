//! Recruits: members that were added to vote, and learn first.
//!
//! A new voter counts for every quorum from the moment in which it is added. If it is not started
//! yet, or still empty, it holds up what is to be committed: a cluster of one that adds a second
//! voter could commit nothing, not even that, until the second one runs. So a voter is added as a
//! learner with a mark in its address, and whoever leads promotes it when it has caught up
//! (dissertation §4.2.1).

use raft::{Change, RoleName};

use crate::cluster::is_recruit;
use crate::handle::Status;

/// The promotion that a leader should try now. The core refuses it while the recruit lags behind.
pub(crate) fn promotion(status: &Status) -> Option<Change> {
    let (index, configuration) = &status.raft.configuration;
    let leads = status.raft.standing.role == RoleName::Leader;
    if !leads || *index > status.raft.commit {
        return None;
    }
    let mut addresses = configuration.addresses();
    let recruit =
        addresses.find(|(id, address)| is_recruit(address) && !configuration.is_voter(*id));
    recruit.map(|(id, _)| Change::Promote(id))
}

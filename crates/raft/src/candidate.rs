//! A candidate: first asks whether it could win, then stands for election.

use std::collections::BTreeMap;

use crate::common::Common;
use crate::configuration::Configuration;
use crate::message::{Ballot, Message};
use crate::quorum::Tally;
use crate::timer::ElectionTimer;
use crate::transition::{Stage, Transition};
use crate::types::NodeId;

#[derive(Clone, Debug, Hash)]
pub(crate) struct Candidate {
    pub(crate) stage: Stage,
    pub(crate) timer: ElectionTimer,
    votes: BTreeMap<NodeId, Ballot>,
}

impl Candidate {
    /// Begins a campaign. Its own pre-vote counts at once and may be enough; its own vote counts
    /// when it is durable, like everybody's.
    pub(crate) fn campaign(common: &mut Common, stage: Stage) -> (Self, Transition) {
        let mut candidate = Self { stage, timer: common.new_timer(), votes: BTreeMap::new() };
        let last = common.log.last();
        match stage {
            Stage::PreVote => {
                common.broadcast(&Message::RequestPreVote { last });
                let next = candidate.count(common, common.id(), common.ballot(true));
                (candidate, next)
            }
            Stage::Vote | Stage::Forced => {
                let forced = stage == Stage::Forced;
                common.enter_term(common.term.next());
                common.vote_for(common.id());
                common.send(common.id(), Message::Vote { ballot: common.ballot(true) });
                common.broadcast(&Message::RequestVote { last, forced });
                (candidate, Transition::Stay)
            }
        }
    }

    pub(crate) fn tick(&mut self) -> Transition {
        if self.timer.tick() { Transition::Campaign(Stage::PreVote) } else { Transition::Stay }
    }

    pub(crate) fn receive(
        &mut self,
        common: &mut Common,
        from: NodeId,
        message: &Message,
    ) -> Transition {
        match *message {
            Message::PreVote { asked_in, ballot }
                if self.stage == Stage::PreVote && asked_in == common.term =>
            {
                self.count(common, from, ballot)
            }
            Message::Vote { ballot } if self.stage != Stage::PreVote => {
                self.count(common, from, ballot)
            }
            Message::RequestVote { last, .. } => {
                let ballot = common.ballot(common.may_vote_for(from, last));
                if ballot.is_given() {
                    common.vote_for(from);
                }
                common.send(from, Message::Vote { ballot });
                if ballot.is_given() { Transition::Follow(None) } else { Transition::Stay }
            }
            Message::PreVote { .. }
            | Message::Vote { .. }
            | Message::RequestPreVote { .. }
            | Message::Append { .. }
            | Message::Appended { .. }
            | Message::Rejected { .. }
            | Message::Heartbeat { .. }
            | Message::Heard { .. }
            | Message::Forward { .. }
            | Message::RequestReadIndex { .. }
            | Message::ReadIndex { .. }
            | Message::TimeoutNow
            | Message::Chunk { .. }
            | Message::ChunkReceived { .. }
            | Message::RequestChange { .. }
            | Message::ChangeAnswer { .. } => Transition::Stay,
        }
    }

    /// Counts a vote, and says what follows from it.
    fn count(&mut self, common: &Common, from: NodeId, ballot: Ballot) -> Transition {
        self.votes.insert(from, ballot);
        match self.tally(common.configuration()) {
            Tally::Open => Transition::Stay,
            Tally::Lost => Transition::Follow(None),
            Tally::Won => match self.stage {
                Stage::PreVote => Transition::Campaign(Stage::Vote),
                Stage::Vote | Stage::Forced => Transition::Lead,
            },
        }
    }

    /// How the election stands. It is won by the votes of a quorum; or by those of all voters, if
    /// some are weak.
    fn tally(&self, configuration: &Configuration) -> Tally {
        let ballot_of = |id| self.votes.get(&id).copied();
        let by_quorum = configuration.tally(|id| Some(ballot_of(id)? == Ballot::Granted));
        let mut voters = configuration.voters().chain(configuration.outgoing());
        let by_all = voters.try_fold(Tally::Won, |tally, id| match ballot_of(id) {
            Some(Ballot::Granted | Ballot::Weak) => Some(tally),
            Some(Ballot::Refused) => None,
            None => Some(Tally::Open),
        });
        by_quorum.or(by_all.unwrap_or(Tally::Lost))
    }
}

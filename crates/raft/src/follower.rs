//! A follower: takes what its leader sends, and loses patience when nothing comes.

use crate::common::Common;
use crate::effect::{Effect, Reason};
use crate::message::Message;
use crate::timer::ElectionTimer;
use crate::transition::{Stage, Transition};
use crate::types::NodeId;

#[derive(Clone, Debug, Hash)]
pub(crate) struct Follower {
    pub(crate) leader: Option<NodeId>,
    pub(crate) timer: ElectionTimer,
}

impl Follower {
    pub(crate) fn new(common: &mut Common, leader: Option<NodeId>) -> Self {
        Self { leader, timer: common.new_timer() }
    }

    pub(crate) fn tick(&mut self, common: &Common) -> Transition {
        if !self.timer.tick() {
            Transition::Stay
        } else if common.may_campaign() {
            Transition::Campaign(Stage::PreVote)
        } else {
            Transition::Follow(None)
        }
    }

    pub(crate) fn receive(
        &mut self,
        common: &mut Common,
        from: NodeId,
        message: Message,
    ) -> Transition {
        match message {
            Message::Append { previous, entries, commit } => {
                if self.hear(common, from) {
                    common.on_append(from, previous, entries, commit);
                }
            }
            Message::Heartbeat { commit, round } => {
                if self.hear(common, from) {
                    common.log.commit_to(commit.min(common.log.last().index));
                    common.send(from, Message::Heard { round });
                }
            }
            Message::Chunk { snapshot, offset, data } => {
                if self.hear(common, from) {
                    common.on_chunk(from, snapshot, offset, data);
                }
            }
            Message::TimeoutNow if self.leader == Some(from) && common.may_campaign() => {
                return Transition::Campaign(Stage::Forced);
            }
            Message::ChangeAnswer { ticket, result } if self.leader == Some(from) => match result {
                Ok(position) => common.outbox.emit(Effect::Changed { ticket, position }),
                Err(error) => common.refuse(ticket, Reason::Change(error)),
            },
            Message::RequestVote { last, .. } => {
                let ballot = common.ballot(common.may_vote_for(from, last));
                if ballot.is_given() {
                    common.vote_for(from);
                    self.timer = common.new_timer();
                }
                common.send(from, Message::Vote { ballot });
            }
            Message::ReadIndex { ticket, index } if self.leader == Some(from) => {
                common.outbox.emit(Effect::ReadReady { ticket, index });
            }
            Message::RequestPreVote { .. }
            | Message::ReadIndex { .. }
            | Message::PreVote { .. }
            | Message::Vote { .. }
            | Message::Appended { .. }
            | Message::Rejected { .. }
            | Message::Heard { .. }
            | Message::Forward { .. }
            | Message::RequestReadIndex { .. }
            | Message::TimeoutNow
            | Message::ChunkReceived { .. }
            | Message::RequestChange { .. }
            | Message::ChangeAnswer { .. } => {}
        }
        Transition::Stay
    }

    /// Notes a sign of life of the leader. False if this term's leader is another member: then
    /// the message is a forgery, for a term has one leader.
    fn hear(&mut self, common: &mut Common, from: NodeId) -> bool {
        let leader = *self.leader.get_or_insert(from);
        if leader == from {
            self.timer = common.new_timer();
        }
        leader == from
    }
}

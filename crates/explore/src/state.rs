//! A state of the cluster, and the moves that lead on from it.

use raft::{Envelope, Message, Term};

use crate::catalogue::{Act, Catalogue, Checked, MemberId, MessageId, hash};
use crate::check::{Facts, Past};
use crate::names::{Renaming, place};
use crate::scenario::Bounds;

/// A state of the cluster, in numbers of the [`Catalogue`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The member at each place.
    members: Vec<MemberId>,
    /// The messages on their way: link by link, and on each link in their order.
    network: Vec<MessageId>,
    /// What may happen still.
    left: Bounds,
    /// What happened.
    past: Past,
}

/// Something that can happen in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// To the member at which place.
    pub member: u8,
    /// What.
    pub kind: MoveKind,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveKind {
    /// Of the messages that are on their way from the member at place `from`, the first `lost` get
    /// lost, and the next one arrives. That the loss waits for a later arrival makes no difference:
    /// a message that never arrives is as good as lost.
    Deliver {
        /// The sender's place.
        from: u8,
        /// How many get lost.
        lost: u8,
        /// Whether it will come again, after all that is on the link now.
        again: bool,
    },
    /// Everything else happens to the member alone.
    Act(Act),
}

impl State {
    /// The state in which a cluster begins.
    pub fn new(members: Vec<MemberId>, left: Bounds) -> Self {
        Self { members, network: Vec::new(), left, past: Past::default() }
    }

    /// All that can happen next.
    pub fn moves(&self, catalogue: &Catalogue) -> Vec<Move> {
        let mut moves = Vec::new();
        for (place, member) in (0u8..).zip(&self.members) {
            let facts = catalogue.facts(*member);
            let acts = self.acts(catalogue, facts).into_iter().map(MoveKind::Act);
            let arrivals = self.arrivals(catalogue, place);
            moves.extend(acts.chain(arrivals).map(|kind| Move { member: place, kind }));
        }
        moves
    }

    /// The state after a move, or what went wrong.
    pub fn after(&self, catalogue: &mut Catalogue, step: Move) -> Checked<Self> {
        self.step(catalogue, step).map(|(next, _)| next)
    }

    /// The same, and what the member sends.
    pub(crate) fn step(
        &self,
        catalogue: &mut Catalogue,
        Move { member, kind }: Move,
    ) -> Checked<(Self, Vec<MessageId>)> {
        let mut next = self.clone();
        next.spend(kind);
        let act = match kind {
            MoveKind::Act(act) => act,
            MoveKind::Deliver { from, lost, again } => {
                let message = next.take_message(catalogue, from, member, lost);
                next.network.extend(again.then_some(message));
                Act::Receive(message)
            }
        };
        let place = usize::from(member);
        let outcome = catalogue.outcome(self.members[place], act)?;
        next.members[place] = outcome.member;
        next.network.extend(&outcome.sends);
        next.tidy_network(catalogue);
        next.check(catalogue, place)?;
        Ok((next, outcome.sends.clone()))
    }

    /// The member at a place.
    pub fn member(&self, place: usize) -> MemberId {
        self.members[place]
    }

    /// Delivers and persists until there is nothing left to deliver or persist: by which moves, and
    /// what it leads to.
    pub(crate) fn settle(mut self, catalogue: &mut Catalogue) -> Checked<(Vec<Move>, Self)> {
        let is_due = |it: &Move| match it.kind {
            MoveKind::Deliver { lost, again, .. } => lost == 0 && !again,
            MoveKind::Act(act) => matches!(act, Act::Persist(_)),
        };
        let mut path = Vec::new();
        while let Some(due) = self.moves(catalogue).into_iter().find(is_due) {
            self = self.after(catalogue, due)?;
            path.push(due);
        }
        Ok((path, self))
    }

    /// The same state with other bounds ahead of it.
    #[must_use]
    pub(crate) fn bounded(self, left: Bounds) -> Self {
        Self { left, ..self }
    }

    /// Equal for states that differ only in names: the least of the hashes under all names. And how
    /// many states this one stands for.
    pub fn fingerprint(&self, catalogue: &Catalogue) -> (u64, usize) {
        let renamings = catalogue.renamings().iter().enumerate();
        let hashes = renamings.map(|(number, renaming)| self.hash(catalogue, number, renaming));
        let mut hashes = hashes.collect::<Vec<_>>();
        hashes.sort_unstable();
        hashes.dedup();
        (hashes[0], hashes.len())
    }

    /// What happened on the way here.
    pub fn past(&self) -> &Past {
        &self.past
    }

    fn hash(&self, catalogue: &Catalogue, number: usize, renaming: &Renaming) -> u64 {
        let mut members = self.members.clone();
        for (place, member) in self.members.iter().enumerate() {
            members[renaming[place]] = catalogue.twins(*member)[number];
        }
        let network = self.network.iter().map(|it| catalogue.message_twins(*it)[number]);
        let mut network = network.collect::<Vec<_>>();
        network.sort_by_key(|message| link(catalogue.envelope(*message)));
        hash(&(members, network, self.left, self.past.renamed(renaming)))
    }

    fn acts(&self, catalogue: &Catalogue, facts: &Facts) -> Vec<Act> {
        let left = &self.left;
        let mut acts = Vec::new();
        if facts.leads {
            acts.extend((left.heartbeats > 0).then_some(Act::Beat));
            acts.extend((left.proposals > 0).then_some(Act::Propose(left.proposals)));
            if left.changes > 0 {
                let changes = catalogue.scenario().changes.iter();
                acts.extend((0..).zip(changes).map(|(number, _)| Act::Change(number)));
            }
            if left.transfers > 0 {
                let others = (0u8..).zip(&self.members).map(|(place, _)| place);
                let others = others.filter(|other| usize::from(*other) != place(facts.id));
                acts.extend(others.map(Act::Transfer));
            }
        } else if left.time_outs > 0 {
            acts.push(Act::TimeOut);
        }
        // One by one, or all at once: what lies between is a sequence of both.
        acts.extend((facts.pending > 0).then_some(Act::Persist(1)));
        acts.extend((facts.pending > 1).then_some(Act::Persist(facts.pending)));
        if left.crashes > 0 {
            acts.extend((0..=facts.pending).map(Act::Crash));
        }
        acts
    }

    fn arrivals(&self, catalogue: &Catalogue, to: u8) -> Vec<MoveKind> {
        let mut arrivals = Vec::new();
        for from in (0u8..).take(self.members.len()) {
            let waiting = self.on_link(catalogue, from, to).count();
            let reach = waiting.min(usize::from(self.left.losses) + 1);
            for lost in (0u8..).take(reach) {
                arrivals.push(MoveKind::Deliver { from, lost, again: false });
                let again = MoveKind::Deliver { from, lost, again: true };
                arrivals.extend((self.left.doubles > 0).then_some(again));
            }
        }
        arrivals
    }

    /// Where in the network the messages of a link are.
    fn on_link<'a>(
        &'a self,
        catalogue: &'a Catalogue,
        from: u8,
        to: u8,
    ) -> impl Iterator<Item = usize> + 'a {
        let sought = (usize::from(from), usize::from(to));
        let network = self.network.iter().enumerate();
        network
            .filter(move |(_, message)| link(catalogue.envelope(**message)) == sought)
            .map(|(place, _)| place)
    }

    fn take_message(&mut self, catalogue: &Catalogue, from: u8, to: u8, lost: u8) -> MessageId {
        let first = self.on_link(catalogue, from, to).next().expect("a message is on that link");
        let mut taken = self.network.drain(first..=first + usize::from(lost));
        taken.next_back().expect("at least one was taken")
    }

    fn spend(&mut self, kind: MoveKind) {
        let left = &mut self.left;
        match kind {
            MoveKind::Deliver { lost, again, .. } => {
                left.losses -= lost;
                left.doubles -= u8::from(again);
            }
            MoveKind::Act(Act::TimeOut) => left.time_outs -= 1,
            MoveKind::Act(Act::Beat) => left.heartbeats -= 1,
            MoveKind::Act(Act::Crash(_)) => left.crashes -= 1,
            MoveKind::Act(Act::Propose(_)) => left.proposals -= 1,
            MoveKind::Act(Act::Change(_)) => left.changes -= 1,
            MoveKind::Act(Act::Transfer(_)) => left.transfers -= 1,
            MoveKind::Act(Act::Persist(_) | Act::Receive(_)) => {}
        }
    }

    /// Puts the messages in the order of the links, and forgets those that can do nothing.
    fn tidy_network(&mut self, catalogue: &Catalogue) {
        let members = &self.members;
        self.network.retain(|message| {
            let envelope = catalogue.envelope(*message);
            let receiver = members[place(envelope.to)];
            !is_idle(envelope, catalogue.facts(receiver).durable_term)
        });
        self.network.sort_by_key(|message| link(catalogue.envelope(*message)));
    }

    fn check(&mut self, catalogue: &Catalogue, changed: usize) -> Checked<()> {
        let facts = self.members.iter().map(|member| catalogue.facts(*member).as_ref());
        self.past.check(&facts.collect::<Vec<_>>(), changed)
    }
}

/// From which place to which a message goes.
pub(crate) fn link(envelope: &Envelope) -> (usize, usize) {
    (place(envelope.from), place(envelope.to))
}

/// Whether a message changes nothing and is not answered, whenever it arrives: its receiver will
/// never be in an earlier term than the one on its disk.
pub(crate) fn is_idle(envelope: &Envelope, durable_term: Term) -> bool {
    let is_answered = match envelope.message {
        Message::PreVote { asked_in, .. } => asked_in >= durable_term,
        Message::RequestPreVote { .. }
        | Message::RequestVote { .. }
        | Message::Append { .. }
        | Message::Heartbeat { .. }
        | Message::Chunk { .. } => true,
        Message::Vote { .. }
        | Message::Appended { .. }
        | Message::Rejected { .. }
        | Message::Heard { .. }
        | Message::Forward { .. }
        | Message::RequestReadIndex { .. }
        | Message::ReadIndex { .. }
        | Message::TimeoutNow
        | Message::ChunkReceived { .. }
        | Message::RequestChange { .. }
        | Message::ChangeAnswer { .. } => false,
    };
    envelope.term < durable_term && !is_answered
}

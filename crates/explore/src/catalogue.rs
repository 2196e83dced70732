//! Every member that was met so far, in each condition, and every message; each by a number.
//!
//! The core is asked once what becomes of a member to which something happens. The answer is kept,
//! and so is the answer to the same question under all other names: what is asked is always a whole
//! *orbit*, a member under every renaming. That is how a state of the cluster is renamed without
//! looking into the core: by the numbers of its members' twins.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;

use raft::{Effect, Envelope, NodeId, Restored};

use crate::check::{self, Facts};
use crate::member::{Event, Member};
use crate::names::{self, Renaming};
use crate::scenario::Scenario;

/// The number of a member in one condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(u32);

/// The number of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(u32);

/// What happens to a member, in a few bytes. See [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Its election timer runs out.
    TimeOut,
    /// It is time for a heartbeat.
    Beat,
    /// That message arrives.
    Receive(MessageId),
    /// So many writes become durable.
    Persist(u8),
    /// It loses power, after so many writes were done, and starts again.
    Crash(u8),
    /// It is given the command of that number.
    Propose(u8),
    /// It is asked for that change of the scenario.
    Change(u8),
    /// It is asked to hand over to the member at that place.
    Transfer(u8),
}

/// What became of a member.
#[derive(Debug)]
pub struct Outcome {
    /// The member.
    pub member: MemberId,
    /// What it sends.
    pub sends: Vec<MessageId>,
}

/// Or what it did wrong, in words.
pub type Checked<T> = Result<T, String>;

/// All members and messages that were met.
#[derive(Debug)]
pub struct Catalogue {
    scenario: Scenario,
    renamings: Vec<Renaming>,
    /// `composed[first][second]`: the number of the renaming that does both.
    composed: Vec<Vec<usize>>,
    members: Vec<Met>,
    member_of: HashMap<u64, MemberId>,
    messages: Vec<Said>,
    message_of: HashMap<Envelope, MessageId>,
    outcomes: HashMap<(MemberId, Act), Checked<Rc<Outcome>>>,
}

#[derive(Debug)]
struct Met {
    member: Member,
    facts: Rc<Facts>,
    /// What it is called under each renaming.
    twins: Vec<MemberId>,
}

#[derive(Debug)]
struct Said {
    envelope: Envelope,
    twins: Vec<MessageId>,
}

impl Catalogue {
    /// Only the members that a scenario begins with, in their order.
    pub fn new(scenario: &Scenario) -> (Self, Vec<MemberId>) {
        let renamings = names::renamings(scenario);
        let number = |of| renamings.iter().position(|it| *it == of).expect("they form a group");
        let both = |first| renamings.iter().map(move |second| names::compose(first, second));
        let composed = renamings.iter().map(|first| both(first).map(number).collect()).collect();
        let mut catalogue = Self {
            scenario: scenario.clone(),
            composed,
            renamings,
            members: Vec::new(),
            member_of: HashMap::new(),
            messages: Vec::new(),
            message_of: HashMap::new(),
            outcomes: HashMap::new(),
        };
        let first = scenario.ids().map(|id| {
            let orbit = catalogue.renamings.iter().map(|renaming| {
                let id = names::id_at(renaming[names::place(id)]);
                (id, Member::start(scenario, id, Restored::default()).0)
            });
            let orbit = orbit.collect();
            catalogue.take_members(orbit)[0]
        });
        let first = first.collect();
        (catalogue, first)
    }

    /// The scenario.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The renamings, in the order of all lists of twins.
    pub fn renamings(&self) -> &[Renaming] {
        &self.renamings
    }

    /// How many conditions of members were met.
    pub fn members_met(&self) -> usize {
        self.members.len()
    }

    /// A member.
    pub fn member(&self, member: MemberId) -> &Member {
        &self.members[member.0 as usize].member
    }

    /// What must hold of a member, and what others must know of it.
    pub fn facts(&self, member: MemberId) -> &Rc<Facts> {
        &self.members[member.0 as usize].facts
    }

    /// A member under all names.
    pub fn twins(&self, member: MemberId) -> &[MemberId] {
        &self.members[member.0 as usize].twins
    }

    /// A message.
    pub fn envelope(&self, message: MessageId) -> &Envelope {
        &self.messages[message.0 as usize].envelope
    }

    /// A message under all names.
    pub fn message_twins(&self, message: MessageId) -> &[MessageId] {
        &self.messages[message.0 as usize].twins
    }

    /// What becomes of a member.
    pub fn outcome(&mut self, member: MemberId, act: Act) -> Checked<Rc<Outcome>> {
        if let Some(outcome) = self.outcomes.get(&(member, act)) {
            return outcome.clone();
        }
        let outcome = self.find_outcome(member, act).map(Rc::new);
        self.outcomes.insert((member, act), outcome.clone());
        outcome
    }

    /// What an act is, in full.
    pub fn event(&self, act: Act) -> Event {
        match act {
            Act::TimeOut => Event::TimeOut,
            Act::Beat => Event::Beat,
            Act::Receive(message) => Event::Receive(self.envelope(message).clone()),
            Act::Persist(count) => Event::Persist(usize::from(count)),
            Act::Crash(count) => Event::Crash(usize::from(count)),
            Act::Propose(number) => Event::Propose(command(number).into()),
            Act::Change(number) => {
                Event::Change(self.scenario.changes[usize::from(number)].clone())
            }
            Act::Transfer(to) => Event::Transfer(names::id_at(usize::from(to))),
        }
    }

    fn find_outcome(&mut self, member: MemberId, act: Act) -> Checked<Outcome> {
        let mut orbit = Vec::new();
        let mut sends = Vec::new();
        for number in 0..self.renamings.len() {
            let before = &self.members[self.twins(member)[number].0 as usize];
            let event = self.event(self.rename_act(act, number));
            let (id, after, effects) = run(&self.scenario, before, event)?;
            if number == 0 {
                sends = effects.into_iter().filter_map(sent).collect();
            }
            orbit.push((id, after));
        }
        let member = self.take_members(orbit)[0];
        let sends = sends.iter().map(|envelope| self.take_message(envelope)).collect();
        Ok(Outcome { member, sends })
    }

    fn rename_act(&self, act: Act, number: usize) -> Act {
        match act {
            Act::Receive(message) => Act::Receive(self.message_twins(message)[number]),
            Act::Transfer(to) => {
                let to = self.renamings[number][usize::from(to)];
                Act::Transfer(u8::try_from(to).expect("few members"))
            }
            Act::TimeOut
            | Act::Beat
            | Act::Persist(_)
            | Act::Crash(_)
            | Act::Propose(_)
            | Act::Change(_) => act,
        }
    }

    /// Numbers a member under all its names, in the order of the renamings.
    fn take_members(&mut self, orbit: Vec<(NodeId, Member)>) -> Vec<MemberId> {
        let known = self.members.len();
        let mut numbers = Vec::new();
        for (id, member) in orbit {
            let next = u32::try_from(self.members.len()).expect("not so many members");
            let number = *self.member_of.entry(hash(&member)).or_insert(MemberId(next));
            if number == MemberId(next) {
                let facts = Rc::new(Facts::new(&self.scenario, id, &member));
                self.members.push(Met { member, facts, twins: Vec::new() });
            }
            numbers.push(number);
        }
        for (number, composed) in numbers.iter().zip(&self.composed) {
            let met = &mut self.members[number.0 as usize];
            if number.0 as usize >= known && met.twins.is_empty() {
                // Its twin by `second` is that of the first one by both.
                met.twins =
                    (0..self.renamings.len()).map(|second| numbers[composed[second]]).collect();
            }
        }
        numbers
    }

    fn take_message(&mut self, envelope: &Envelope) -> MessageId {
        if let Some(message) = self.message_of.get(envelope) {
            return *message;
        }
        let orbit = self.renamings.iter().map(|renaming| names::rename(envelope, renaming));
        let orbit = orbit.collect::<Vec<_>>();
        let mut numbers = Vec::new();
        for envelope in orbit {
            let next = MessageId(u32::try_from(self.messages.len()).expect("not so many"));
            let number = *self.message_of.entry(envelope.clone()).or_insert(next);
            if number == next {
                self.messages.push(Said { envelope, twins: Vec::new() });
            }
            numbers.push(number);
        }
        for (number, composed) in numbers.iter().zip(&self.composed) {
            let twins = (0..self.renamings.len()).map(|second| numbers[composed[second]]);
            self.messages[number.0 as usize].twins = twins.collect();
        }
        numbers[0]
    }
}

/// What the command of that number says.
pub fn command(number: u8) -> String {
    format!("c{number}")
}

/// Runs the core once, and checks what it does. A panic of the core is a fault like any other.
fn run(scenario: &Scenario, before: &Met, event: Event) -> Checked<(NodeId, Member, Vec<Effect>)> {
    let id = before.facts.id;
    let mut member = before.member.clone();
    let crashes = matches!(event, Event::Crash(_));
    let effects = panic::catch_unwind(AssertUnwindSafe(|| member.meet(scenario, id, event)))
        .map_err(|_| format!("{id} panics"))?;
    check::step(id, (!crashes).then_some(&before.member), &member, &effects)?;
    Ok((id, member, effects))
}

fn sent(effect: Effect) -> Option<Envelope> {
    match effect {
        Effect::Send(envelope) => Some(envelope),
        Effect::SendChunk { .. } | Effect::StoreChunk { .. } | Effect::Restore(_) => {
            unreachable!("there are no snapshots")
        }
        Effect::Persist(_)
        | Effect::Apply(_)
        | Effect::ReadReady { .. }
        | Effect::Changed { .. }
        | Effect::Refuse { .. }
        | Effect::Became(_) => None,
    }
}

/// Always the same for the same thing, in one build.
pub fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

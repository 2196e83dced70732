//! Who is who. Members that begin alike are alike: rename them, and whatever could happen can
//! happen still, under the other names. So of all states that differ only in names, one is enough.
//!
//! A *renaming* permutes the members that no change of the scenario names. Configurations need no
//! other names: each that can occur has all of those members, or none.

use raft::{Change, Envelope, Message, NodeId};

use crate::scenario::Scenario;

/// For each member, by its place (n1 is at place 0), whose place it takes.
pub type Renaming = Vec<usize>;

/// All renamings of a scenario. The first one changes nothing.
pub fn renamings(scenario: &Scenario) -> Vec<Renaming> {
    let members = usize::from(scenario.voters + scenario.spare);
    let mut named = vec![false; members];
    for step in scenario.changes.iter().flatten() {
        named[place(subject(step))] = true;
    }
    let free = (0..usize::from(scenario.voters)).filter(|place| !named[*place]);
    let free = free.collect::<Vec<_>>();
    let orders = permutations(&free).into_iter();
    orders
        .map(|order| {
            let mut renaming = (0..members).collect::<Vec<_>>();
            for (from, to) in free.iter().zip(order) {
                renaming[*from] = to;
            }
            renaming
        })
        .collect()
}

/// First one renaming, then another.
pub fn compose(first: &Renaming, second: &Renaming) -> Renaming {
    first.iter().map(|place| second[*place]).collect()
}

/// Which place a member has.
pub fn place(id: NodeId) -> usize {
    usize::try_from(id.0 - 1).expect("few members")
}

/// Which member has a place.
pub fn id_at(place: usize) -> NodeId {
    NodeId(place as u64 + 1)
}

/// A message under other names. What it says names nobody but its sender and receiver.
pub fn rename(envelope: &Envelope, renaming: &Renaming) -> Envelope {
    let id = |id| id_at(renaming[place(id)]);
    let says_names = matches!(envelope.message, Message::RequestChange { .. });
    assert!(!says_names, "only leaders are asked for changes here");
    Envelope { from: id(envelope.from), to: id(envelope.to), ..envelope.clone() }
}

/// Whom a step of a change is about.
fn subject(step: &Change) -> NodeId {
    match step {
        Change::AddVoter { id, .. }
        | Change::AddLearner { id, .. }
        | Change::Promote(id)
        | Change::Demote(id)
        | Change::Remove(id)
        | Change::Move { id, .. } => *id,
    }
}

/// All orders of these, the given one first.
fn permutations(of: &[usize]) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |first: usize| {
        let rest = of.iter().copied().filter(|it| *it != first).collect::<Vec<_>>();
        permutations(&rest).into_iter().map(move |rest| [vec![first], rest].concat())
    };
    of.iter().flat_map(|first| with_first(*first)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_all_there_and_the_given_one_is_first() {
        let orders = permutations(&[0, 1, 2]);
        assert_eq!(orders.len(), 6);
        assert_eq!(orders[0], [0, 1, 2]);
    }
}

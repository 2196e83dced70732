//! What must hold: of each step that a member takes, and of each state of the cluster.
//!
//! - *Election safety*: a term has one leader, over the whole path (§5.2).
//! - *Log matching*: logs that share a position are equal up to it, in memory and on disks (§5.3).
//! - *Leader completeness*: a leader holds what was committed in earlier terms (§5.4).
//! - *State machine safety*: what was committed is never another entry later.
//! - *Durability*: what is committed is on the disks of a quorum; a promise is backed by the disk.
//! - *Own term*: a leader commits by counting only entries of its own term (§5.4.2).
//! - *One change at a time*: no log has two configurations that are not committed (§6).
//!
//! A log is compared by the hash of each of its prefixes, so by one look at its end.

use std::sync::Arc;

use raft::{
    Ballot, Configuration, Effect, Entry, Envelope, Index, Message, NodeId, Payload, Position,
    RoleName, Status, Tally, Term,
};

use crate::catalogue::{Checked, hash};
use crate::member::Member;
use crate::names::place;
use crate::scenario::Scenario;

/// No scenario comes to so many terms.
const TERMS_MAX: usize = 16;

/// What the check and the search must know of a member.
#[derive(Debug)]
pub struct Facts {
    /// Who it is.
    pub id: NodeId,
    /// Whether it leads.
    pub leads: bool,
    /// How many writes wait.
    pub pending: u8,
    /// The term on its disk.
    pub durable_term: Term,
    term: Term,
    commit: usize,
    log: Prefixes,
    durable: Prefixes,
    /// Those in the log, with their indexes; before them the one that the cluster began with.
    configurations: Vec<(usize, Arc<Configuration>)>,
}

/// Each position of a log, and the hash of everything up to it. Begins with that of nothing.
type Prefixes = Vec<(Position, u64)>;

/// What is known of a path that led to a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Past {
    /// The place of the leader of each term, plus one; or zero.
    leaders: [u8; TERMS_MAX],
    /// The hash of everything up to each committed entry, and the term in which that was decided.
    committed: Vec<(u64, Term)>,
}

impl Facts {
    pub(crate) fn new(scenario: &Scenario, id: NodeId, member: &Member) -> Self {
        let standing = member.node.standing();
        let log = member.log();
        let first = scenario.config(NodeId(1)).configuration;
        let mut configurations = vec![(0, Arc::new(first))];
        for entry in &log {
            if let Payload::Configuration(configuration) = &entry.payload {
                configurations.push((slot(entry.position.index), configuration.clone()));
            }
        }
        Self {
            id,
            leads: standing.role == RoleName::Leader,
            pending: u8::try_from(member.pending.len()).expect("few writes"),
            durable_term: member.durable.hard_state.term,
            term: standing.term,
            commit: slot(member.node.status().commit),
            log: prefixes(&log),
            durable: prefixes(&member.durable.entries),
            configurations,
        }
    }

    /// Which configuration counted when the member came to its commit index, and `known` entries
    /// were committed before: the last one in its log. But one that follows on a joint one was not
    /// there yet when that one was committed.
    fn in_force(&self, known: usize) -> &Configuration {
        let until = self.configurations.partition_point(|(index, _)| *index <= self.commit);
        let (index, committed) = &self.configurations[until - 1];
        let (_, last) = self.configurations.last().expect("the first one is at 0");
        if *index > known { committed } else { last }
    }
}

impl Past {
    /// How many entries are committed.
    pub fn committed(&self) -> usize {
        self.committed.len()
    }

    /// How many terms had a leader.
    pub fn leaders(&self) -> usize {
        self.leaders.iter().filter(|leader| **leader > 0).count()
    }

    /// The same past under other names.
    #[must_use]
    pub fn renamed(&self, renaming: &[usize]) -> Self {
        let leaders = self.leaders.map(|leader| match usize::from(leader) {
            0 => 0,
            place => u8::try_from(renaming[place - 1] + 1).expect("few members"),
        });
        Self { leaders, committed: self.committed.clone() }
    }

    /// Checks a state of the cluster in which only `changed` is new, and notes what happened.
    pub fn check(&mut self, cluster: &[&Facts], changed: usize) -> Checked<()> {
        let new = cluster[changed];
        self.check_leader(new)?;
        self.check_commit(cluster, new)?;
        self.check_changes(new)?;
        cluster.iter().try_for_each(|member| check_matching(new, member))?;
        cluster.iter().filter(|it| it.leads).try_for_each(|leader| self.check_completeness(leader))
    }

    fn check_leader(&mut self, new: &Facts) -> Checked<()> {
        if !new.leads {
            return Ok(());
        }
        let own = u8::try_from(place(new.id) + 1).expect("few members");
        let leader = &mut self.leaders[usize::try_from(new.term.0).expect("few terms")];
        check(*leader == 0 || *leader == own, || {
            format!("n{leader} and {} both lead term {}", new.id, new.term)
        })?;
        *leader = own;
        Ok(())
    }

    fn check_commit(&mut self, cluster: &[&Facts], new: &Facts) -> Checked<()> {
        let id = new.id;
        let shared = new.commit.min(self.committed.len());
        if let Some((last, _)) = self.committed[..shared].last() {
            check(new.log[shared].1 == *last, || {
                format!("{id} commits {}, another entry was committed there", new.log[shared].0)
            })?;
        }
        let added = &new.log[shared + 1..=new.commit];
        let Some((last, _)) = added.last() else { return Ok(()) };
        let is_held = |id: NodeId| {
            let holder = &cluster[place(id)].durable;
            holder.get(new.commit) == Some(&new.log[new.commit])
        };
        let in_force = new.in_force(self.committed.len());
        let has_quorum = in_force.tally(|id| Some(is_held(id))) == Tally::Won;
        check(has_quorum, || format!("{id} commits {last}, not durable on a quorum"))?;
        self.committed.extend(added.iter().map(|(_, prefix)| (*prefix, new.term)));
        Ok(())
    }

    fn check_changes(&self, new: &Facts) -> Checked<()> {
        let known = self.committed.len();
        let changes = new.configurations.iter().filter(|(index, _)| *index > known).count();
        check(changes <= 1, || format!("{} has {changes} uncommitted configurations", new.id))
    }

    fn check_completeness(&self, leader: &Facts) -> Checked<()> {
        let earlier = self.committed.partition_point(|(_, decided_in)| *decided_in < leader.term);
        let Some((prefix, _)) = self.committed[..earlier].last() else { return Ok(()) };
        let holds = leader.log.get(earlier).is_some_and(|(_, own)| own == prefix);
        check(holds, || {
            format!("{} leads term {} without index {earlier}, committed", leader.id, leader.term)
        })
    }
}

/// Logs with a common position are equal up to it.
fn check_matching(new: &Facts, other: &Facts) -> Checked<()> {
    for left in [&new.log, &new.durable] {
        for right in [&other.log, &other.durable] {
            let mut pairs = left.iter().zip(right);
            let differs = pairs.find(|(left, right)| left.0 == right.0 && left.1 != right.1);
            check(differs.is_none(), || {
                let at = differs.map(|(left, _)| left.0).unwrap_or_default();
                format!("{at} of {} is another entry at {}, or after another", new.id, other.id)
            })?;
        }
    }
    Ok(())
}

/// Checks one step of one member. A crash has no before.
pub(crate) fn step(
    id: NodeId,
    before: Option<&Member>,
    after: &Member,
    effects: &[Effect],
) -> Checked<()> {
    let (log, now) = (after.log(), after.node.status());
    let last = log.last().map(|entry| entry.position).unwrap_or_default();
    check(now.last == last, || format!("{id} ends at {}, wrote {last}", now.last))?;
    check(now.commit <= last.index, || format!("{id} commits beyond {last}"))?;
    check(now.standing.term >= after.durable.hard_state.term, || format!("{id} forgets its term"))?;
    if let Some(before) = before {
        check_growth(id, &before.node.status(), &now, &log)?;
    }
    effects.iter().try_for_each(|effect| match effect {
        Effect::Send(envelope) => check_promise(id, after, &log, envelope),
        Effect::Apply(entries) => check_applied(id, after, &now, entries),
        _ => Ok(()),
    })
}

fn check_growth(id: NodeId, before: &Status, now: &Status, log: &[Entry]) -> Checked<()> {
    let (was, is) = (before.standing, now.standing);
    check(is.term >= was.term, || format!("{id} goes back to term {}", is.term))?;
    let keeps_vote = is.term > was.term || was.vote.is_none() || was.vote == is.vote;
    check(keeps_vote, || format!("{id} changes its vote in term {}", is.term))?;
    check(now.commit >= before.commit, || format!("{id} takes back {}", before.commit))?;
    let leads = was.role == RoleName::Leader && is.role == RoleName::Leader && was.term == is.term;
    if leads && now.commit > before.commit {
        let last = log[slot(now.commit) - 1].position;
        check(last.term == is.term, || {
            format!("{id} commits {last} by counting in term {}", is.term)
        })?;
    }
    Ok(())
}

fn check_promise(id: NodeId, member: &Member, log: &[Entry], envelope: &Envelope) -> Checked<()> {
    let Envelope { from, to, term, message } = envelope;
    check(*from == id && *to != id, || format!("{id} sends {envelope}"))?;
    let kept = &member.durable;
    // Once a later term is durable, nothing can be promised to others in the earlier one.
    if kept.hard_state.term > *term {
        return Ok(());
    }
    let votes_for = |candidate| kept.hard_state.term == *term && kept.hard_state.vote == candidate;
    let is_kept = match message {
        Message::RequestVote { last, .. } => votes_for(Some(*from)) && holds(&kept.entries, *last),
        Message::Vote { ballot: Ballot::Granted | Ballot::Weak } => votes_for(Some(*to)),
        Message::Appended { matched: Index(0) } => true,
        Message::Appended { matched } => {
            let promised = kept.entries.get(slot(*matched) - 1);
            let is_of_this_term = member.node.standing().term == *term;
            promised.is_some() && (!is_of_this_term || promised == log.get(slot(*matched) - 1))
        }
        _ => !message.is_promise(),
    };
    check(is_kept, || format!("{envelope} is not backed by the disk"))
}

fn check_applied(id: NodeId, member: &Member, now: &Status, entries: &[Entry]) -> Checked<()> {
    entries.iter().try_for_each(|entry| {
        let at = entry.position;
        check(at.index <= now.commit, || format!("{id} applies {at}, not committed"))?;
        let is_durable = member.durable.entries.get(slot(at.index) - 1) == Some(entry);
        check(is_durable, || format!("{id} applies {at} too early"))
    })
}

fn prefixes(log: &[Entry]) -> Prefixes {
    let nothing = (Position::default(), 0);
    let grown = log.iter().scan(0, |prefix, entry| {
        *prefix = hash(&(*prefix, entry));
        Some((entry.position, *prefix))
    });
    std::iter::once(nothing).chain(grown).collect()
}

fn holds(log: &[Entry], position: Position) -> bool {
    position == Position::default() || log.iter().any(|entry| entry.position == position)
}

/// How many entries there are up to `index`.
fn slot(index: Index) -> usize {
    usize::try_from(index.0).expect("short logs")
}

fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Checked<()> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

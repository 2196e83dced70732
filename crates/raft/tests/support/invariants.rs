//! What must hold in every run, checked on everything that passes between a core and its host.
//!
//! The checker believes no member. It mirrors each log from the writes that the member asked for,
//! keeps what was ever committed, and compares.
//!
//! - *Election safety*: a term has one leader (§5.2).
//! - *Log matching*: a position stands for one entry after one predecessor, in every log and at any
//!   time (§5.3). By induction, logs with a common position are equal up to it.
//! - *Leader completeness*: a leader holds what was committed in earlier terms (§5.4).
//! - *State machine safety*: what is committed or applied is never another entry later.
//! - *Once*: a command is appended at one place only, however often its forward arrives.
//! - *Durability*: what is committed is on the disks of a quorum; what a member promised is on its
//!   own disk; what it applies too.
//! - *Own term*: a leader commits by counting only entries of its own term (§5.4.2).
//! - *Monotony*: terms and commit indexes grow, a vote stays.
//! - *One change at a time*: no log has two configurations that are not committed (§6).
//! - *Snapshots*: a snapshot stands for what is committed, and takes the place of it only.
//! - *Linearizable reads*: a read index covers all that was committed when the read was invoked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use raft::{
    Ballot, Config, Configuration, Effect, Entry, Envelope, Index, Message, NodeId, Payload,
    Position, Restored, RoleName, Snapshot, Standing, Status, Term, Ticket, Write,
};

/// What was broken, in words.
pub(crate) type Checked = Result<(), String>;

/// Everything that the checker remembers of a run.
#[derive(Debug)]
pub(crate) struct Invariants {
    /// The configuration before any entry.
    first: Arc<Configuration>,
    members: BTreeMap<NodeId, Mirror>,
    /// Who led each term, and where its log stood when it began to.
    leaders: BTreeMap<Term, (NodeId, Vec<Position>)>,
    /// Each entry that ever was in a log, and the position before it.
    entries: BTreeMap<Position, (Position, Payload)>,
    /// Where each command stands.
    commands: BTreeMap<Bytes, Position>,
    /// What is committed, and the term of the member that first said so.
    committed: Vec<(Position, Term)>,
    /// How much was committed when each read was invoked.
    reads: BTreeMap<Ticket, Index>,
}

/// What is known of one member from outside.
#[derive(Debug, Default)]
struct Mirror {
    /// Its log in memory, from what it asked to write; and what a snapshot covers, as if it were
    /// still there.
    log: Vec<Position>,
    /// Its log on the disk.
    durable: Vec<Position>,
    /// What the snapshots cover that it was sent and has on its disk.
    stored: Vec<Position>,
    /// The term on the disk.
    durable_term: Term,
    /// Each vote that ever was on the disk.
    votes: BTreeMap<Term, NodeId>,
    /// Each position that ever was on the disk.
    ever_durable: BTreeSet<Position>,
    /// It lost what was durable, so it does not hold all that it has promised.
    has_lost: bool,
    /// How it stood after the last step, if it did not crash since.
    standing: Option<Standing>,
    commit: Index,
    applied: Index,
}

impl Invariants {
    pub(crate) fn new<'a>(members: impl Iterator<Item = &'a Config>) -> Self {
        let members = members.collect::<Vec<_>>();
        let known = members.iter().map(|config| &config.configuration).find(|it| it.is_known());
        Self {
            first: Arc::new(known.expect("somebody begins the cluster").clone()),
            members: members.iter().map(|config| (config.id, Mirror::default())).collect(),
            leaders: BTreeMap::new(),
            entries: BTreeMap::new(),
            commands: BTreeMap::new(),
            committed: Vec::new(),
            reads: BTreeMap::new(),
        }
    }

    /// The last position that a member applied, if there is any.
    pub(crate) fn applied(&self, id: NodeId) -> Option<Position> {
        let applied = slot(self.members[&id].applied);
        self.committed[..applied].last().map(|(position, _)| *position)
    }

    /// What is committed up to `index`.
    fn committed_to(&self, index: Index) -> Vec<Position> {
        self.committed[..slot(index)].iter().map(|(position, _)| *position).collect()
    }

    /// How many entries are committed.
    fn committed(&self) -> Index {
        Index(self.committed.len() as u64)
    }

    /// A member starts with what is on its disk.
    pub(crate) fn started(&mut self, id: NodeId, restored: &Restored) -> Checked {
        self.learn_entries(restored.base, &restored.entries)?;
        let mut durable = self.committed_to(restored.base.index);
        durable.extend(restored.entries.iter().map(|entry| entry.position));
        let covered = restored.snapshot.as_ref().map(|snapshot| snapshot.position);
        let covered = covered.unwrap_or_default();
        if !holds(&durable, covered) {
            durable = self.committed_to(covered.index);
        }
        let mirror = self.mirror(id);
        mirror.durable = durable;
        mirror.ever_durable.extend(&mirror.durable);
        mirror.log.clone_from(&mirror.durable);
        mirror.standing = None;
        mirror.commit = Index(0);
        mirror.applied = covered.index;
        mirror.keep_vote(id, restored.hard_state.term, restored.hard_state.vote)
    }

    /// A member lost what was on its disk. What it has promised of it still counts: the others may
    /// hear of it late.
    pub(crate) fn lost(&mut self, id: NodeId) {
        self.mirror(id).has_lost = true;
    }

    /// A member asked for a write.
    pub(crate) fn asked_to_write(&mut self, id: NodeId, write: &Write) -> Checked {
        self.move_base(id, write, |mirror| &mut mirror.log)?;
        let Some(first) = write.entries.first() else { return Ok(()) };
        let kept = before(first.position.index);
        let mirror = self.mirror(id);
        check(kept <= mirror.log.len(), || format!("{id} leaves a gap before {}", first.position))?;
        mirror.log.truncate(kept);
        let previous = mirror.log.last().copied().unwrap_or_default();
        mirror.log.extend(write.entries.iter().map(|entry| entry.position));
        self.learn_entries(previous, &write.entries)
    }

    /// A log begins at another base from now on. What was before is committed; so is all of it if
    /// the log does not hold the base.
    fn move_base(
        &mut self,
        id: NodeId,
        write: &Write,
        log_of: impl Fn(&mut Mirror) -> &mut Vec<Position>,
    ) -> Checked {
        let Some(base) = write.base else { return Ok(()) };
        let is_committed = self.committed.get(before(base.index)).is_some_and(|it| it.0 == base);
        check(is_committed, || format!("{id} drops its log up to {base}, not committed"))?;
        let covered = self.committed_to(base.index);
        let log = log_of(self.mirror(id));
        if !holds(log, base) {
            *log = covered;
        }
        Ok(())
    }

    /// No log has two configurations that are not committed.
    fn check_changes(&self, id: NodeId) -> Checked {
        let log = &self.members[&id].log;
        let uncommitted = log[self.committed.len().min(log.len())..].iter();
        let changes = uncommitted.filter(|at| self.configuration_of(**at).is_some()).count();
        check(changes <= 1, || format!("{id} has {changes} uncommitted configurations"))
    }

    /// The configuration that an entry is, if it is one.
    fn configuration_of(&self, position: Position) -> Option<&Arc<Configuration>> {
        match &self.entries.get(&position)?.1 {
            Payload::Configuration(configuration) => Some(configuration),
            Payload::Noop | Payload::Command(_) => None,
        }
    }

    /// The configurations that a member may have counted a quorum of: the last of those that are
    /// committed, if so many entries are, and those after it.
    fn configurations(&self, id: NodeId, committed: usize) -> Vec<Arc<Configuration>> {
        let log = &self.members[&id].log;
        let mut found = Vec::new();
        for position in log.iter().rev() {
            let Some(configuration) = self.configuration_of(*position) else { continue };
            found.push(configuration.clone());
            if slot(position.index) <= committed {
                return found;
            }
        }
        found.push(self.first.clone());
        found
    }

    /// A snapshot that a member was sent is on its disk.
    pub(crate) fn snapshot_stored(&mut self, id: NodeId, snapshot: &Snapshot) {
        let covered = self.committed_to(snapshot.position.index);
        let mirror = self.mirror(id);
        if covered.len() > mirror.stored.len() {
            mirror.ever_durable.extend(&covered);
            mirror.stored = covered;
        }
    }

    /// A write became durable.
    pub(crate) fn is_durable(&mut self, id: NodeId, write: &Write) -> Checked {
        self.move_base(id, write, |mirror| &mut mirror.durable)?;
        let mirror = self.mirror(id);
        if let Some(first) = write.entries.first() {
            mirror.durable.truncate(before(first.position.index));
            mirror.durable.extend(write.entries.iter().map(|entry| entry.position));
            mirror.ever_durable.extend(write.entries.iter().map(|entry| entry.position));
        }
        write.hard_state.map_or(Ok(()), |state| mirror.keep_vote(id, state.term, state.vote))
    }

    /// A client wants to read.
    pub(crate) fn read_invoked(&mut self, ticket: Ticket) {
        self.reads.insert(ticket, self.committed());
    }

    /// How a member stands after its write was noted, before its other effects are.
    pub(crate) fn stands(&mut self, id: NodeId, status: &Status) -> Checked {
        let before = self.mirror(id).note(id, status)?;
        self.check_commit(id, status, before)?;
        self.check_changes(id)?;
        if status.standing.role == RoleName::Leader {
            self.check_election(id, status.standing.term)?;
        }
        self.members.keys().try_for_each(|id| self.check_completeness(*id))
    }

    /// A member wants something else done.
    pub(crate) fn asked(&mut self, id: NodeId, effect: &Effect) -> Checked {
        match effect {
            Effect::Persist(write) => Err(format!("{id} asks for a second write, {write}")),
            Effect::Send(envelope) => self.check_promise(id, envelope),
            Effect::Apply(entries) => self.check_applied(id, entries),
            Effect::ReadReady { ticket, index } => self.check_read(id, *ticket, *index),
            Effect::Restore(snapshot) => self.check_restored(id, snapshot),
            Effect::SendChunk { .. }
            | Effect::StoreChunk { .. }
            | Effect::Changed { .. }
            | Effect::Refuse { .. }
            | Effect::Became(_) => Ok(()),
        }
    }

    fn learn_entries(&mut self, mut previous: Position, entries: &[Entry]) -> Checked {
        for Entry { position, payload } in entries {
            let (known_previous, known_payload) =
                self.entries.entry(*position).or_insert_with(|| (previous, payload.clone()));
            check(*known_previous == previous && known_payload == payload, || {
                format!("{position} after {previous} was another entry after {known_previous}")
            })?;
            if let Payload::Command(command) = payload {
                let first = *self.commands.entry(command.clone()).or_insert(*position);
                check(first == *position, || format!("{position} repeats the command of {first}"))?;
            }
            previous = *position;
        }
        Ok(())
    }

    fn check_election(&mut self, id: NodeId, term: Term) -> Checked {
        if !self.leaders.contains_key(&term) {
            let known = self.configurations(id, slot(self.members[&id].commit));
            let may_lead = known.iter().any(|it| it.is_voter(id));
            check(may_lead, || format!("{id} leads term {term} and does not vote"))?;
        }
        let log = &self.members[&id].log;
        let (leader, _) = self.leaders.entry(term).or_insert_with(|| (id, log.clone()));
        check(*leader == id, || format!("{leader} and {id} both lead term {term}"))
    }

    fn check_completeness(&self, id: NodeId) -> Checked {
        let mirror = &self.members[&id];
        let Some(Standing { role: RoleName::Leader, term, .. }) = mirror.standing else {
            return Ok(());
        };
        let earlier = self.committed.partition_point(|(_, committed_in)| *committed_in < term);
        let Some((last, _)) = self.committed[..earlier].last() else { return Ok(()) };
        check(mirror.holds(*last), || format!("{id} leads term {term} without {last}, committed"))
    }

    fn check_commit(&mut self, id: NodeId, status: &Status, before: Option<Standing>) -> Checked {
        let Standing { role, term, .. } = status.standing;
        let mirror = &self.members[&id];
        let commit = slot(status.commit);
        let shared = commit.min(self.committed.len());
        if let Some((last, _)) = self.committed[..shared].last() {
            check(mirror.holds(*last), || format!("{id} commits another entry than {last}"))?;
        }
        let new = &mirror.log[shared..commit];
        let Some(last) = new.last() else { return Ok(()) };
        let is_held = |id: NodeId| self.members[&id].holds_durably(*last);
        let mut possible = self.configurations(id, self.committed.len()).into_iter();
        let has_quorum = possible.any(|configuration| {
            let old = configuration.outgoing().collect::<Vec<_>>();
            is_majority(&configuration.voters().collect::<Vec<_>>(), is_held)
                && (old.is_empty() || is_majority(&old, is_held))
        });
        check(has_quorum, || format!("{id} commits {last}, not durable on a quorum"))?;
        let led = before.is_some_and(|it| it.role == RoleName::Leader && it.term == term);
        if led && role == RoleName::Leader {
            check(last.term == term, || format!("{id} commits {last} by counting in term {term}"))?;
        }
        self.committed.extend(new.iter().map(|position| (*position, term)));
        Ok(())
    }

    fn check_promise(&self, id: NodeId, envelope: &Envelope) -> Checked {
        let Envelope { from, to, term, message } = envelope;
        check(*from == id && *to != id, || format!("{id} sends {envelope}"))?;
        let mirror = &self.members[&id];
        // Once a later term is durable, nothing can be promised to others in the earlier one.
        if mirror.durable_term > *term {
            return Ok(());
        }
        let votes_for = |candidate| mirror.votes.get(term) == Some(candidate);
        let kept = match message {
            Message::RequestVote { last, .. } => votes_for(from) && mirror.ever_held(*last),
            Message::Vote { ballot: Ballot::Granted | Ballot::Weak } => votes_for(to),
            Message::Appended { matched } => {
                self.leaders_position(*term, *matched).is_none_or(|it| mirror.ever_held(it))
            }
            Message::RequestPreVote { .. }
            | Message::PreVote { .. }
            | Message::Vote { ballot: Ballot::Refused }
            | Message::Append { .. }
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
            | Message::ChangeAnswer { .. } => true,
        };
        check(kept, || format!("{envelope} is not backed by the disk"))
    }

    /// What the leader of `term` holds at `index`: what it began with, or an entry of its term.
    fn leaders_position(&self, term: Term, index: Index) -> Option<Position> {
        let (_, log) = self.leaders.get(&term)?;
        match index {
            Index(0) => Some(Position::default()),
            _ => Some(log.get(before(index)).copied().unwrap_or(Position { term, index })),
        }
    }

    fn check_applied(&mut self, id: NodeId, entries: &[Entry]) -> Checked {
        for Entry { position, .. } in entries {
            let committed = self.committed.get(before(position.index));
            let is_committed = committed.is_some_and(|(it, _)| it == position);
            let mirror = self.mirror(id);
            mirror.applied = mirror.applied.next();
            check(position.index == mirror.applied, || format!("{id} skips to {position}"))?;
            check(is_committed, || format!("{id} applies {position}, not committed"))?;
            check(mirror.holds_durably(*position), || {
                format!("{id} applies {position} too early")
            })?;
        }
        Ok(())
    }

    fn check_restored(&mut self, id: NodeId, snapshot: &Snapshot) -> Checked {
        let position = snapshot.position;
        let committed = self.committed.get(before(position.index));
        check(committed.is_some_and(|(it, _)| *it == position), || {
            format!("{id} restores {snapshot}, not committed")
        })?;
        let mirror = self.mirror(id);
        check(position.index > mirror.applied, || format!("{id} goes back to {snapshot}"))?;
        mirror.applied = position.index;
        Ok(())
    }

    fn check_read(&self, id: NodeId, ticket: Ticket, index: Index) -> Checked {
        let Some(invoked_at) = self.reads.get(&ticket) else {
            return Err(format!("{id} answers read {ticket}, which nobody asked for"));
        };
        check(index >= *invoked_at, || {
            format!("{id} reads at {index}, {invoked_at} is committed")
        })?;
        check(index <= self.committed(), || format!("{id} reads at {index}, not committed"))
    }

    fn mirror(&mut self, id: NodeId) -> &mut Mirror {
        self.members.get_mut(&id).expect("only members are checked")
    }
}

impl Mirror {
    /// Notes how it stands, and gives back how it stood.
    fn note(&mut self, id: NodeId, status: &Status) -> Result<Option<Standing>, String> {
        let Standing { term, vote, .. } = status.standing;
        let last = self.log.last().copied().unwrap_or_default();
        check(status.last == last, || format!("{id} ends at {}, wrote {last}", status.last))?;
        check(status.commit >= self.commit, || format!("{id} takes back {}", self.commit))?;
        check(status.commit <= last.index, || format!("{id} commits beyond {last}"))?;
        let durable = self.log[..slot(status.durable)].last();
        check(durable.is_none_or(|last| self.holds_durably(*last)), || {
            format!("{id} takes {} for durable", status.durable)
        })?;
        check(term >= self.durable_term, || format!("{id} forgets term {}", self.durable_term))?;
        let before = self.standing.replace(status.standing);
        if let Some(before) = before {
            check(term >= before.term, || format!("{id} goes back to term {term}"))?;
            let keeps_vote = term > before.term || before.vote.is_none() || before.vote == vote;
            check(keeps_vote, || format!("{id} changes its vote in term {term}"))?;
        }
        self.commit = status.commit;
        Ok(before)
    }

    fn keep_vote(&mut self, id: NodeId, term: Term, vote: Option<NodeId>) -> Checked {
        check(term >= self.durable_term, || format!("{id} writes the earlier term {term}"))?;
        self.durable_term = term;
        let Some(vote) = vote else { return Ok(()) };
        let kept = *self.votes.entry(term).or_insert(vote);
        check(kept == vote, || format!("{id} votes for {kept} and {vote} in term {term}"))
    }

    fn holds(&self, position: Position) -> bool {
        holds(&self.log, position)
    }

    fn holds_durably(&self, position: Position) -> bool {
        let lost = self.has_lost && self.ever_held(position);
        holds(&self.durable, position) || holds(&self.stored, position) || lost
    }

    fn ever_held(&self, position: Position) -> bool {
        position == Position::default() || self.ever_durable.contains(&position)
    }
}

/// Whether more than half of these are so. The core's own arithmetic is not asked.
fn is_majority(voters: &[NodeId], is_so: impl Fn(NodeId) -> bool) -> bool {
    2 * voters.iter().filter(|id| is_so(**id)).count() > voters.len()
}

fn holds(log: &[Position], position: Position) -> bool {
    position == Position::default() || log.get(before(position.index)) == Some(&position)
}

/// How many entries there are up to `index`.
fn slot(index: Index) -> usize {
    usize::try_from(index.0).expect("logs of tests are short")
}

/// How many entries there are before `index`.
fn before(index: Index) -> usize {
    slot(index.previous())
}

fn check(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

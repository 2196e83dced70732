//! The true history of the store: what the committed commands make of it, by the
//! [model](super::model) and its [users](super::users), one step for each index. Whatever clients
//! and watchers are told is held against this.

use bytes::Bytes;
use mvcc::{AuthRefusal, Change, Command, KeyValue, Op, Range, Refusal, Stamped};
use raft::{Index, Payload};

use super::ghost::Committed;
use super::model::{Expected, Model};
use super::users::Users;

#[derive(Debug)]
pub(super) struct History {
    model: Model,
    steps: Vec<Step>,
    /// Who there was, from each index on at which that changed.
    users: Vec<(Index, Users)>,
}

impl Default for History {
    fn default() -> Self {
        let users = vec![(Index(0), Users::default())];
        Self { model: Model::default(), steps: Vec::new(), users }
    }
}

/// What one entry made.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// The command, if it is one.
    pub(super) command: Option<Command>,
    /// Why it is refused, if what was looked at before it was proposed does not hold any more.
    pub(super) over: Option<AuthRefusal>,
    /// What it has to answer.
    pub(super) expected: Expected,
    /// How the store is afterwards.
    pub(super) extent: Extent,
}

/// What can be read of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// The latest revision.
    pub(super) revision: i64,
    /// The oldest; -1 if nothing was compacted.
    pub(super) compacted: i64,
}

impl Default for Extent {
    /// That of the empty store.
    fn default() -> Self {
        Self { revision: 1, compacted: -1 }
    }
}

impl Extent {
    /// Why that revision cannot be read, if it cannot.
    pub(super) fn refusal(self, revision: i64) -> Option<Refusal> {
        if revision > self.revision {
            Some(Refusal::FutureRevision { current: self.revision })
        } else if revision > 0 && revision < self.compacted {
            Some(Refusal::Compacted { at: self.compacted })
        } else {
            None
        }
    }

    /// Whether a transaction cannot have that operation.
    pub(super) fn forbids(self, op: &Op) -> bool {
        matches!(op, Op::Range(range) if self.refusal(range.revision).is_some())
    }
}

impl History {
    /// Takes in what else is committed.
    pub(super) fn follow(&mut self, committed: &[Committed]) {
        for entry in &committed[self.steps.len()..] {
            let mut step = Step::default();
            if let Some(stamped) = stamped_of(&entry.payload) {
                step.over = self.over(&stamped);
                if step.over.is_none() {
                    step.expected = self.carry_out(entry.position.index, &stamped.command);
                }
                step.command = Some(stamped.command);
            }
            self.steps.push(Step { extent: self.model.extent(), ..step });
        }
    }

    fn carry_out(&mut self, index: Index, command: &Command) -> Expected {
        let Command::Auth(change) = command else { return self.model.apply(command) };
        let mut users = self.latest_users().clone();
        let changes_users = users.apply(change);
        self.users.push((index, users));
        Expected { changes_users, ..Expected::NOTHING }
    }

    fn over(&self, Stamped { stamp, command }: &Stamped) -> Option<AuthRefusal> {
        let users = self.latest_users();
        let stamp = stamp.as_ref().filter(|_| users.is_enabled)?;
        if stamp.auth_revision != users.revision {
            return Some(AuthRefusal::AuthOldRevision);
        }
        let state = self.model.state(self.model.revision());
        users.refusal(Some(stamp.user.as_ref()?), command, state)
    }

    fn latest_users(&self) -> &Users {
        &self.users.last().expect("there is one from the beginning").1
    }

    /// Who there was after that index.
    pub(super) fn users(&self, index: Index) -> Result<&Users, String> {
        self.step(index)?;
        let until = self.users.partition_point(|(from, _)| *from <= index);
        Ok(&self.users[until - 1].1)
    }

    /// Why whoever that is may not have a command carried out after that index, if so.
    pub(super) fn refusal(
        &self,
        index: Index,
        user: Option<&str>,
        command: &Command,
    ) -> Result<Option<AuthRefusal>, String> {
        let state = self.model.state(self.step(index)?.extent.revision);
        Ok(self.users(index)?.refusal(user, command, state))
    }

    /// What the entry at that index made.
    pub(super) fn step(&self, index: Index) -> Result<&Step, String> {
        const START: &Step = &Step {
            command: None,
            over: None,
            expected: Expected::NOTHING,
            extent: Extent { revision: 1, compacted: -1 },
        };
        let Some(place) = index.0.checked_sub(1) else { return Ok(START) };
        let place = usize::try_from(place).expect("runs are short");
        self.steps.get(place).ok_or_else(|| format!("{index} is not committed"))
    }

    /// What a read finds where the store has that extent. It must be able to.
    pub(super) fn range(&self, range: &Range, extent: Extent) -> Vec<KeyValue> {
        self.model.range(range, extent.revision)
    }

    /// What each of these revisions changed, in order.
    pub(super) fn changes(&self, from: i64, until: i64) -> impl Iterator<Item = &Change> {
        self.model.changes(from, until)
    }

    /// Whether history was ever compacted at that revision.
    pub(super) fn was_compacted_at(&self, revision: i64) -> bool {
        self.model.compactions.contains(&revision)
    }
}

fn stamped_of(payload: &Payload) -> Option<Stamped> {
    match payload {
        Payload::Command(tagged) => Stamped::decode(replica::command_of(tagged)).ok(),
        Payload::Noop | Payload::Configuration(_) => None,
    }
}

/// Whether the interval contains the key, by etcd's rules.
pub(super) fn contains((key, range_end): (&Bytes, &Bytes), wanted: &Bytes) -> bool {
    match &range_end[..] {
        [] => key == wanted,
        [0] => key <= wanted,
        end => key <= wanted && &wanted[..] < end,
    }
}

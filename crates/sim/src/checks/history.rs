//! The true history of the store: what the committed commands make of it, by the
//! [model](super::model), one step for each index. Whatever clients and watchers are told is held
//! against this.

use bytes::Bytes;
use mvcc::{Change, Command, KeyValue, Op, Range, Refusal};
use raft::{Index, Payload};

use super::ghost::Committed;
use super::model::{Expected, Model};

#[derive(Debug, Default)]
pub(super) struct History {
    model: Model,
    steps: Vec<Step>,
}

/// What one entry made.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// The command, if it is one.
    pub(super) command: Option<Command>,
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
            let command = command_of(&entry.payload);
            let expected = command.as_ref().map(|command| self.model.apply(command));
            let expected = expected.unwrap_or_default();
            self.steps.push(Step { command, expected, extent: self.model.extent() });
        }
    }

    /// What the entry at that index made.
    pub(super) fn step(&self, index: Index) -> Result<&Step, String> {
        const START: &Step = &Step {
            command: None,
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

fn command_of(payload: &Payload) -> Option<Command> {
    match payload {
        Payload::Command(tagged) => Command::decode(replica::command_of(tagged)).ok(),
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

//! What a host has to do about snapshots, in the order in which it was asked for.
//!
//! All of it may take long, and a host does it aside. A leader asks for the same piece again when
//! a follower seems not to have got it; while the first request still waits, that would only make
//! the queue longer, and the pieces older. So of each follower one request waits: the last one.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use raft::{Configuration, NodeId, Position, Snapshot, Term};

/// One thing to do.
#[derive(Debug)]
pub enum Task<I> {
    /// Make a snapshot of the image, as [`Output::TakeSnapshot`](crate::Output::TakeSnapshot) says.
    Take {
        /// The last entry that the image covers.
        position: Position,
        /// Who belonged to the cluster then.
        configuration: Arc<Configuration>,
        /// The state.
        image: I,
    },
    /// Read a piece of a snapshot for a follower, and send it.
    Read {
        /// To whom.
        to: NodeId,
        /// The term of the message.
        term: Term,
        /// Which snapshot.
        snapshot: Snapshot,
        /// Where the piece begins.
        offset: u64,
    },
    /// Keep a piece of a snapshot that a leader sent.
    Store {
        /// Which snapshot.
        snapshot: Snapshot,
        /// Where the piece begins.
        offset: u64,
        /// The piece.
        data: Bytes,
    },
    /// Make a state of a snapshot.
    Restore(Snapshot),
}

/// What is to be done.
#[derive(Debug)]
pub struct Tasks<I>(VecDeque<Task<I>>);

impl<I> Default for Tasks<I> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<I> Tasks<I> {
    /// Adds a task. A piece for a follower that waits for one already takes that one's place.
    pub fn push(&mut self, task: Task<I>) {
        let same = self.0.iter_mut().find(|waiting| is_for_the_same(waiting, &task));
        match same {
            Some(waiting) => *waiting = task,
            None => self.0.push_back(task),
        }
    }

    /// Takes out the next one.
    pub fn pop(&mut self) -> Option<Task<I>> {
        self.0.pop_front()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_for_the_same<I>(waiting: &Task<I>, task: &Task<I>) -> bool {
    match (waiting, task) {
        (Task::Read { to, .. }, Task::Read { to: other, .. }) => to == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(to: u64, offset: u64) -> Task<()> {
        let configuration = Arc::new(Configuration::new([NodeId(1)]));
        let position = Position::new(9, 1);
        let snapshot = Snapshot { position, configuration, bytes: 1000, checksum: 0 };
        Task::Read { to: NodeId(to), term: Term(1), snapshot, offset }
    }

    #[test]
    fn one_piece_waits_for_each_follower() {
        let mut tasks = Tasks::default();
        for (to, offset) in [(2, 0), (3, 0), (2, 0), (2, 200), (3, 0)] {
            tasks.push(read(to, offset));
        }
        let left = std::iter::from_fn(|| tasks.pop()).map(|task| match task {
            Task::Read { to, offset, .. } => (to.0, offset),
            other => panic!("{other:?}"),
        });
        assert_eq!(left.collect::<Vec<_>>(), [(2, 200), (3, 0)]);
    }
}

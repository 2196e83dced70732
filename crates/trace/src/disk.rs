//! What is durable: a member's writes, from the moment it asks for them until its disk has them.

use std::collections::VecDeque;

use raft::{HardState, Index, Restored, Write, WriteId};

/// What a disk holds for sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) last: Index,
    pub(crate) hard_state: HardState,
}

#[derive(Debug)]
pub(crate) struct Disk {
    held: Held,
    /// What it will hold after each write that it has not reported yet. A host bounds how many
    /// there are.
    asked: VecDeque<(WriteId, Held)>,
}

impl Disk {
    /// The disk on which that was found.
    pub(crate) fn new(restored: &Restored, last: Index) -> Self {
        let held = Held { last, hard_state: restored.hard_state };
        Self { held, asked: VecDeque::new() }
    }

    pub(crate) fn held(&self) -> Held {
        self.held
    }

    /// The member asks for a write, after which its log ends there.
    pub(crate) fn ask(&mut self, write: &Write, last: Index) {
        let before = self.asked.back().map_or(self.held, |(_, held)| *held);
        let hard_state = write.hard_state.unwrap_or(before.hard_state);
        self.asked.push_back((write.id, Held { last, hard_state }));
    }

    /// This write and each before it is durable. Whether that is news.
    pub(crate) fn report(&mut self, write: WriteId) -> bool {
        let before = self.held;
        while let Some((_, held)) = self.asked.pop_front_if(|(id, _)| *id <= write) {
            self.held = held;
        }
        self.held != before
    }
}

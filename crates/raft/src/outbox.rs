//! What wants to leave: effects, the write that is being gathered, and the promises that wait for
//! the disk.
//!
//! ```text
//!            save        seal                    Persisted
//!   nothing ─────▶ open ──────▶ being written ─────────────▶ durable
//!                    ▲                ▲                        │
//!            promises made now wait for the newest write       ▼
//!                                                      ... and leave
//! ```

use std::collections::{VecDeque, vec_deque};

use crate::effect::Effect;
use crate::message::Envelope;
use crate::types::{Entry, HardState, Index, NodeId, Position, Write, WriteId};

#[derive(Clone, Debug, Default, Hash)]
pub(crate) struct Outbox {
    /// What may leave now.
    ready: VecDeque<Effect>,
    /// All that was saved since the last drain: one write.
    open: Option<Write>,
    /// Writes that the host was given and has not reported, with the last index each made durable.
    /// Truncation lowers that index.
    writing: VecDeque<(WriteId, Option<Index>)>,
    /// The newest write that exists, open or not.
    newest: WriteId,
    /// Promises, and the write that each waits for. In the order of the writes.
    held: VecDeque<(WriteId, Envelope)>,
}

impl Outbox {
    /// Queues an effect.
    pub(crate) fn emit(&mut self, effect: Effect) {
        self.ready.push_back(effect);
    }

    /// Queues a message; a promise waits until all that was saved before it is durable.
    pub(crate) fn send(&mut self, envelope: Envelope) {
        if envelope.message.is_promise() && self.is_writing() {
            self.held.push_back((self.newest, envelope));
        } else {
            self.emit(Effect::Send(envelope));
        }
    }

    /// Saves the hard state with the next write. The last one saved wins.
    pub(crate) fn save_hard_state(&mut self, hard_state: HardState) {
        self.open().hard_state = Some(hard_state);
    }

    /// Saves where the log begins with the next write. What that write has of entries is not
    /// before it.
    pub(crate) fn save_base(&mut self, base: Position) {
        self.open().base = Some(base);
    }

    /// Saves with the next write that the member is whole again.
    pub(crate) fn save_recovered(&mut self) {
        self.open().is_recovered = true;
    }

    /// Saves one entry with the next write.
    pub(crate) fn save_entry(&mut self, entry: Entry) {
        self.open().entries.push(entry);
    }

    /// Entries from `from` on are no more: they need not be written, and what is already being
    /// written of them makes nothing durable. The entries that replace them truncate the log on
    /// the disk.
    pub(crate) fn truncate(&mut self, from: Index) {
        if let Some(open) = &mut self.open {
            open.entries.retain(|entry| entry.position.index < from);
        }
        for (_, last) in &mut self.writing {
            *last = last.map(|last| last.min(from.previous()));
        }
    }

    /// Hands the open write to the host, if there is one.
    pub(crate) fn seal(&mut self, commit: Index) {
        if let Some(mut write) = self.open.take() {
            write.commit = commit;
            let last = write.entries.last().map(|entry| entry.position.index);
            self.writing.push_back((write.id, last));
            self.ready.push_front(Effect::Persist(write));
        }
    }

    /// Everything up to `write` is durable. Lets the promises go that waited for it, gives back
    /// those that the member made to itself, and says up to which index the log is durable now.
    pub(crate) fn persisted(
        &mut self,
        write: WriteId,
        own: NodeId,
    ) -> (Option<Index>, Vec<Envelope>) {
        let given = self.writing.back().map_or(write, |(id, _)| *id);
        assert!(write <= given, "persisted {write}, but only {given} was given out");
        let mut durable = None;
        while let Some((_, last)) = self.writing.pop_front_if(|(id, _)| *id <= write) {
            durable = last.or(durable);
        }
        let mut to_self = Vec::new();
        while let Some((_, envelope)) = self.held.pop_front_if(|(id, _)| *id <= write) {
            if envelope.to == own {
                to_self.push(envelope);
            } else {
                self.emit(Effect::Send(envelope));
            }
        }
        (durable, to_self)
    }

    pub(crate) fn drain(&mut self) -> vec_deque::Drain<'_, Effect> {
        self.ready.drain(..)
    }

    /// Whether the disk has something to do.
    pub(crate) fn is_writing(&self) -> bool {
        self.open.is_some() || !self.writing.is_empty()
    }

    fn open(&mut self) -> &mut Write {
        self.open.get_or_insert_with(|| {
            self.newest = WriteId(self.newest.0 + 1);
            Write { id: self.newest, ..Write::default() }
        })
    }
}

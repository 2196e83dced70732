//! What a leader knows of one follower's log.
//!
//! ```text
//!               an append is acknowledged
//!     Probe ─────────────────────────────▶ Replicate
//!       │   ◀─────────────────────────────     │ ▲
//!       │       an append is rejected          │ │
//!       │                                      │ │ the snapshot's position
//!       └──────────────▶ Snapshot ◀────────────┘ │ is acknowledged
//!         the log does      └────────────────────┘
//!         not reach back
//! ```
//!
//! While *probing*, the leader does not know where the logs agree: one append at a time. While
//! *replicating* it does, and sends ahead without waiting for answers, within a window. A follower
//! that needs what is not in the log any more is sent a *snapshot*, chunk by chunk: each answer
//! says where the next one begins, so a transfer goes on where it was interrupted.

use std::collections::VecDeque;

use crate::config::Config;
use crate::types::{Index, Position, Snapshot};

#[derive(Clone, Debug, Hash)]
pub(crate) struct Progress {
    /// The highest index known to be equal, and durable there.
    pub(crate) matched: Index,
    /// The next index to send.
    pub(crate) next: Index,
    /// The highest commit index that was sent.
    pub(crate) told: Index,
    /// Ticks since the follower was last heard.
    pub(crate) silence: u32,
    /// The latest round of reads that it answered.
    pub(crate) round: u64,
    /// Something that was sent is unanswered for longer than a heartbeat takes.
    overdue: bool,
    mode: Mode,
}

/// An append that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The entries from `next` on.
    Entries,
    /// None: it asks whether the follower holds what was sent, and tells the commit index.
    Empty,
}

#[derive(Clone, Debug, Hash)]
enum Mode {
    /// `asked`: an append is on its way, or got lost; the next heartbeat's answer allows another.
    Probe { asked: bool },
    /// The appends on their way: the last index and the bytes of each.
    Replicate { inflight: VecDeque<(Index, usize)> },
    /// `offset`: how much of the snapshot the follower holds. `asked` as in `Probe`.
    Snapshot { snapshot: Snapshot, offset: u64, asked: bool },
}

impl Progress {
    pub(crate) fn new(next: Index) -> Self {
        Self {
            matched: Index(0),
            next,
            told: Index(0),
            silence: 0,
            round: 0,
            overdue: false,
            mode: Mode::Probe { asked: false },
        }
    }

    /// Which append to send now, if any, to a follower of a log that ends at `last`.
    pub(crate) fn due(&self, last: Index, commit: Index, config: &Config) -> Option<Due> {
        match &self.mode {
            Mode::Probe { asked: true } | Mode::Snapshot { .. } => None,
            Mode::Probe { asked: false } => (self.matched < last).then_some(Due::Entries),
            Mode::Replicate { inflight } => {
                if self.next <= last && has_room(inflight, config) {
                    Some(Due::Entries)
                } else {
                    (self.told < commit || self.overdue).then_some(Due::Empty)
                }
            }
        }
    }

    /// An append was sent: entries up to `last`, of so many bytes, and the commit index.
    pub(crate) fn on_sent(&mut self, last: Index, bytes: usize, commit: Index) {
        self.told = commit;
        self.overdue = false;
        match &mut self.mode {
            Mode::Probe { asked } => *asked = true,
            Mode::Replicate { inflight } if last >= self.next => {
                inflight.push_back((last, bytes));
                self.next = last.next();
            }
            Mode::Replicate { .. } | Mode::Snapshot { .. } => {}
        }
    }

    /// The follower holds everything up to `matched`.
    pub(crate) fn on_appended(&mut self, matched: Index) {
        self.matched = self.matched.max(matched);
        match &mut self.mode {
            Mode::Probe { .. } => {
                self.next = self.matched.next();
                self.mode = Mode::Replicate { inflight: VecDeque::new() };
            }
            Mode::Replicate { inflight } => {
                self.next = self.next.max(self.matched.next());
                while inflight.pop_front_if(|(last, _)| *last <= matched).is_some() {}
            }
            Mode::Snapshot { snapshot, .. } if snapshot.position.index <= self.matched => {
                self.next = self.matched.next();
                self.mode = Mode::Replicate { inflight: VecDeque::new() };
            }
            Mode::Snapshot { .. } => {}
        }
    }

    /// The follower does not hold index `refused` of this leader's log; the logs may agree up to
    /// `agreed`. A late answer to an earlier append changes nothing.
    pub(crate) fn on_rejected(&mut self, refused: Index, agreed: Index) {
        let is_late = match self.mode {
            Mode::Probe { .. } => refused != self.next.previous(),
            Mode::Replicate { .. } => refused <= self.matched,
            Mode::Snapshot { .. } => true,
        };
        if !is_late {
            self.next = agreed.min(refused.previous()).max(self.matched).next();
            self.mode = Mode::Probe { asked: false };
        }
    }

    /// The follower answered a heartbeat. What was sent before and is still unanswered may have
    /// got lost, or its answer: ask again.
    pub(crate) fn on_heard(&mut self) {
        match &mut self.mode {
            Mode::Probe { asked } | Mode::Snapshot { asked, .. } => *asked = false,
            Mode::Replicate { inflight } => self.overdue = !inflight.is_empty(),
        }
    }

    /// A tick passed in which the follower said nothing. A snapshot is not kept ready for one that
    /// is silent for too long: it will be asked anew how far it is.
    pub(crate) fn on_silence(&mut self, patience: u32) {
        self.silence = self.silence.saturating_add(1);
        if self.silence > patience && self.is_sent_snapshot() {
            self.next = self.matched.next();
            self.mode = Mode::Probe { asked: true };
        }
    }

    /// Whether the follower has been told all that the leader has.
    pub(crate) fn is_replicating(&self) -> bool {
        matches!(self.mode, Mode::Replicate { .. })
    }

    // Snapshots.

    /// Whether it is sent a snapshot.
    pub(crate) fn is_sent_snapshot(&self) -> bool {
        matches!(self.mode, Mode::Snapshot { .. })
    }

    /// From now on it is sent this snapshot.
    pub(crate) fn send_snapshot(&mut self, snapshot: Snapshot) {
        self.mode = Mode::Snapshot { snapshot, offset: 0, asked: false };
    }

    /// The chunk to send now, if any: of which snapshot, and where it begins.
    pub(crate) fn due_chunk(&mut self) -> Option<(Snapshot, u64)> {
        let Mode::Snapshot { snapshot, offset, asked: asked @ false } = &mut self.mode else {
            return None;
        };
        *asked = true;
        Some((snapshot.clone(), *offset))
    }

    /// The follower holds the first `next` bytes of the snapshot of that position.
    pub(crate) fn on_chunk_received(&mut self, position: Position, next: u64) {
        if let Mode::Snapshot { snapshot, offset, asked } = &mut self.mode
            && snapshot.position == position
            && next != *offset
        {
            *offset = next.min(snapshot.bytes);
            // All of it is there: the follower will say so, when it is checked and durable.
            *asked = *offset == snapshot.bytes;
        }
    }
}

fn has_room(inflight: &VecDeque<(Index, usize)>, config: &Config) -> bool {
    let bytes = inflight.iter().map(|(_, bytes)| bytes).sum::<usize>();
    inflight.len() < config.inflight_appends_max && bytes < config.inflight_bytes_max
}

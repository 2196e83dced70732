//! What a member finds on its disk is what was durable there, and perhaps the one batch of writes
//! that was on its way when it crashed, whole. If it says that it may have lost something, that is
//! nothing of its hard state; and what is left was there once.

use raft::{Restored, Write};

use super::{Check, Checked, Fact, Ghost, check};
use crate::checks::ghost::Mirror;

#[derive(Debug)]
pub(super) struct Recovery;

impl Recovery {
    /// Whether that may be found, by what was known before.
    pub(super) fn explains(mirror: &Mirror, batch: &[Write], restored: &Restored) -> bool {
        let mut log = mirror.durable.clone();
        let mut term = mirror.durable_term;
        let mut vote = mirror.votes.get(&term).copied();
        for write in batch {
            log.take(write, 0);
            if let Some(state) = write.hard_state {
                (term, vote) = (state.term, state.vote);
            }
        }
        let last = restored.entries.last().map_or(restored.base, |entry| entry.position);
        let is_whole = restored.base == log.base() && last == log.last();
        let is_left = || {
            let new = batch.iter().flat_map(|write| &write.entries).map(|entry| entry.position);
            let new = new.collect::<Vec<_>>();
            let was_there = |it| mirror.ever_held(it) || new.contains(&it);
            restored.entries.iter().all(|entry| was_there(entry.position))
        };
        let is_log = is_whole || (restored.loss.is_some() && is_left());
        is_log && restored.hard_state.term == term && restored.hard_state.vote == vote
    }
}

impl Check for Recovery {
    fn name(&self) -> &'static str {
        "recovery"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        let Fact::Started { id, restored, .. } = fact else { return Ok(()) };
        check(ghost.was_explained(), || {
            format!(
                "{id} finds a log up to {:?}, which is not what it wrote",
                restored.entries.last()
            )
        })
    }
}

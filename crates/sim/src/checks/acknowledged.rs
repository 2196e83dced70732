//! E2: a write that was acknowledged is in the committed log, at the place that was told; and at
//! the end every member that runs holds it there.

use raft::{Index, Payload};

use super::{Check, Checked, Fact, Ghost, check};
use crate::client::Answer;

#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    last: Index,
}

impl Check for Acknowledged {
    fn name(&self) -> &'static str {
        "acknowledged"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        let Fact::Answered { operation, answer: Answer::Wrote { index, .. } } = fact else {
            return Ok(());
        };
        self.last = self.last.max(*index);
        let entry = ghost.committed_at(*index).map(|entry| &entry.payload);
        let is_there = match entry {
            Some(Payload::Command(tagged)) => replica::command_of(tagged) == operation.command,
            Some(Payload::Noop | Payload::Configuration(_)) | None => false,
        };
        check(is_there, || format!("{index} was acknowledged, and is another entry"))
    }

    fn end(&mut self, ghost: &Ghost) -> Checked {
        let Some(last) = ghost.committed_at(self.last) else { return Ok(()) };
        for (id, mirror) in &ghost.members {
            let is_current = mirror.status.as_ref().is_some_and(|it| it.commit >= self.last);
            check(!is_current || mirror.log.covers(last), || {
                format!("{id} lost {}, which was acknowledged", last.position)
            })?;
        }
        Ok(())
    }
}

//! E6: what is compacted is forgotten, and nothing else. A read of a revision before it is refused
//! on every member that has applied the compaction, in etcd's words and with the right number; any
//! other read finds what there was, and members that read the same revision after the same
//! compaction have the same hash of it.

use std::collections::BTreeMap;

use mvcc::{Command, CompactResponse, Refusal, Response};
use raft::Index;

use super::history::Extent;
use super::{Check, Checked, Fact, Ghost, check};
use crate::auditor::{Audit, WHOLE};
use crate::client::{Answer, Request};

#[derive(Debug, Default)]
pub(super) struct Compaction {
    /// The hash of a revision, by that and by the compaction after which it was read.
    hashes: BTreeMap<(i64, i64), u32>,
}

impl Check for Compaction {
    fn name(&self) -> &'static str {
        "compaction"
    }

    fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost) -> Checked {
        match fact {
            Fact::Applied { id, applied, .. } => {
                let step = ghost.history.step(applied.index)?;
                let Some(Command::Compact(compact)) = step.command else { return Ok(()) };
                let before = ghost.history.step(Index(applied.index.0 - 1))?.extent;
                let expected = answer(before, compact.revision);
                let Ok(reply) = &applied.reply else { return Ok(()) };
                let is_refused = matches!(reply.result, Err(Refusal::Auth(_)));
                check(is_refused || reply.result == expected, || {
                    format!("{id} answers {:?} to {compact:?}, not {expected:?}", reply.result)
                })
            }
            Fact::Answered { operation, answer: Answer::Read { applied, result } } => {
                let Request::Read(range) = &operation.request else { return Ok(()) };
                let extent = ghost.history.step(*applied)?.extent;
                let (expected, found) = (extent.refusal(range.revision), result.as_ref().err());
                if let Some(Refusal::Auth(_)) = found {
                    return Ok(());
                }
                check(found == expected.as_ref(), || {
                    format!("a read of {} is answered {found:?}, not {expected:?}", range.revision)
                })
            }
            Fact::Audited { id, applied, audit } => {
                let extent = ghost.history.step(*applied)?.extent;
                self.look(audit, extent, ghost).map_err(|text| {
                    format!("{id} at {applied}, revision {}: {text}", audit.revision)
                })
            }
            _ => Ok(()),
        }
    }
}

impl Compaction {
    fn look(&mut self, audit: &Audit, extent: Extent, ghost: &Ghost) -> Checked {
        let Audit { revision, found, hash } = audit;
        if let Some(refusal) = extent.refusal(*revision) {
            check(*found == Err(refusal), || format!("{found:?} is read, not {refusal:?}"))?;
            return check(*hash == Err(refusal), || format!("{hash:?} is hashed, not {refusal:?}"));
        }
        let range = mvcc::Range { revision: *revision, ..WHOLE };
        let expected = ghost.history.range(&range, extent);
        let kvs = found.as_ref().map(|found| &found.kvs);
        check(kvs == Ok(&expected), || format!("{kvs:?} is read, not {expected:?}"))?;
        let hash = hash.map_err(|refusal| format!("it is not hashed: {refusal}"))?;
        let at = if *revision > 0 { *revision } else { extent.revision };
        let place = (at, extent.compacted);
        check((hash.revision, hash.compacted) == place, || {
            format!("{hash:?} is that of {place:?}")
        })?;
        let known = *self.hashes.entry(place).or_insert(hash.hash);
        check(known == hash.hash, || format!("{:x} is the hash, not {known:x}", hash.hash))
    }
}

/// What a compaction is answered by a store of that extent.
fn answer(before: Extent, revision: i64) -> Result<Response, Refusal> {
    if revision > before.revision {
        Err(Refusal::FutureRevision { current: before.revision })
    } else if revision <= before.compacted {
        Err(Refusal::Compacted { at: before.compacted })
    } else {
        Ok(Response::Compact(CompactResponse { revision: before.revision }))
    }
}

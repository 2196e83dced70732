//! How a leader brings its log to the others: appends, snapshots, heartbeats.

use super::Leader;
use crate::common::Common;
use crate::effect::Effect;
use crate::message::Message;
use crate::progress::Due;

impl Leader {
    /// Says to itself what a follower says to its leader, through the same gate: its own copy
    /// counts when it is durable, and the disk works while the others receive.
    pub(super) fn promise_to_itself(&mut self, common: &mut Common) {
        let matched = common.log.last().index;
        if matched > self.promised {
            self.promised = matched;
            common.send(common.id(), Message::Appended { matched });
        }
    }

    /// Sends each follower the appends, or the piece of a snapshot, that it may get now.
    pub(super) fn replicate(&mut self, common: &mut Common) {
        let (own, last, commit) = (common.id(), common.log.last().index, common.log.commit());
        for (&to, progress) in self.progress.iter_mut().filter(|(id, _)| **id != own) {
            while let Some(due) = progress.due(last, commit, &common.config) {
                let Some(previous) = common.log.position_at(progress.next.previous()) else {
                    let snapshot = common.log.snapshot().expect("what was dropped is covered");
                    progress.send_snapshot(snapshot.clone());
                    break;
                };
                let entries = match due {
                    Due::Entries => common.log.slice(progress.next, common.config.append_bytes_max),
                    Due::Empty => &[],
                }
                .to_vec();
                let bytes = entries.iter().map(|entry| entry.payload.len()).sum();
                let sent = entries.last().map_or(previous, |entry| entry.position);
                progress.on_sent(sent.index, bytes, commit);
                common.send(to, Message::Append { previous, entries, commit });
            }
            if let Some((snapshot, offset)) = progress.due_chunk() {
                let term = common.term;
                common.outbox.emit(Effect::SendChunk { to, term, snapshot, offset });
            }
        }
    }

    pub(super) fn send_heartbeats(&mut self, common: &mut Common) {
        self.since_heartbeat = 0;
        let (own, round) = (common.id(), self.reads.round());
        for (&to, progress) in self.progress.iter().filter(|(id, _)| **id != own) {
            let commit = common.log.commit().min(progress.matched);
            common.send(to, Message::Heartbeat { commit, round });
        }
    }
}

//! A member's snapshots: taken, read for others, stored, and made a state of.

use raft::{NodeId, Snapshot};
use replica::{Replica, Task};

use super::{Phase, World};
use crate::checks::Fact;
use crate::coverage::Situation;
use crate::event::{Event, Run};
use crate::keeper::{Kept, Unreadable};
use crate::machine::{Image, Machine};
use crate::member::Member;
use crate::teller::Teller;

impl World {
    /// Gives the keeper something to do.
    pub(super) fn keep(&mut self, id: NodeId, task: Task<Image>) {
        let now = self.now;
        let member = self.member(id);
        let Some(process) = &mut member.process else { return };
        if process.keeper.push(task) {
            let (at, run) = (member.disk.kept_at(now), process.run);
            self.queue.push(at, Event::Kept(run));
        }
    }

    /// The keeper has done something, if nothing is in the way.
    pub(super) fn kept(&mut self, run: Run) {
        let now = self.now;
        let member = self.member(run.id);
        if let Some(until) = member.clock.paused_until(now) {
            self.queue.push(until, Event::Kept(run));
            return;
        }
        let Member { process: Some(process), disk, .. } = member else { return };
        if process.run != run {
            return;
        }
        let kept = process.keeper.work();
        let next = (!process.keeper.is_idle()).then(|| disk.kept_at(now));
        if disk.is_stopped() {
            self.die_of_disk(run.id);
            return;
        }
        if let Some(at) = next {
            self.queue.push(at, Event::Kept(run));
        }
        self.report(run.id, kept);
    }

    fn report(&mut self, id: NodeId, kept: Kept) {
        match kept {
            Kept::Nothing => {}
            Kept::Chunk(envelope) => self.send(&envelope),
            Kept::Taken(snapshot) => {
                self.coverage.add(Situation::SnapshotTaken);
                self.inform(id, |replica| replica.snapshotted(snapshot));
            }
            Kept::TakeFailed => {
                self.coverage.add(Situation::SnapshotNotStored);
                self.inform(id, Replica::snapshot_failed);
            }
            Kept::Received(snapshot) => {
                self.inform(id, |replica| replica.snapshot_received(snapshot));
            }
            Kept::Spoiled(snapshot) => {
                self.coverage.add(Situation::SnapshotNotStored);
                self.inform(id, |replica| replica.snapshot_spoiled(snapshot));
            }
            Kept::Restored(snapshot, machine) => self.restored(id, &snapshot, *machine),
            Kept::Lost(Unreadable::Disk) => self.die_of_disk(id),
            Kept::Lost(Unreadable::Damaged(error)) => {
                let text = format!("{id} cannot read the snapshot that it has stored: {error}");
                self.settle("recovery", Err(text));
            }
        }
    }

    /// The state of a snapshot is there; unless a newer one was asked for meanwhile, it is used.
    fn restored(&mut self, id: NodeId, snapshot: &Snapshot, machine: Machine) {
        let (hash, latest) = (machine.store().hash(), Teller::latest(&machine));
        let Some(process) = &mut self.member(id).process else { return };
        let before = process.replica.status().applied;
        process.replica.restored(snapshot, machine);
        if process.replica.status().applied > before {
            self.teller.restored(id, latest);
            self.see(&Fact::Restored { id, snapshot, hash });
            if self.phase == Phase::Healing {
                // To lead, it needs all that a snapshot has to say: how long leases last, too.
                self.transfer(id);
            }
        }
        self.carry_out(id);
    }

    fn inform(&mut self, id: NodeId, what: impl FnOnce(&mut Replica<Machine>)) {
        if let Some(process) = &mut self.member(id).process {
            what(&mut process.replica);
            self.carry_out(id);
        }
    }
}

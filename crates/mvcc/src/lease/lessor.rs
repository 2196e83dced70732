//! Counting down.

use std::collections::{BTreeMap, BTreeSet};

use super::command::{Checkpoint, LeaseCommand};
use super::leases::Lease;
use crate::command::Command;
use crate::store::Store;

/// How long after a proposal to end a lease another one is made, if the lease is still there.
const RETRY_MS: u64 = 3_000;

/// How long after the last renewal or checkpoint of a lease the next checkpoint is due.
const CHECKPOINT_MS: u64 = 5 * 60_000;

/// How many leases one checkpoint command is about at most.
const CHECKPOINTS_MAX: usize = 1_000;

/// Leases are ended at a rate of one in a millisecond. So many may be caught up at once.
const BURST_MAX: u64 = 100;

/// One member's count of how much time its leases have left.
///
/// It belongs to one store: show it each command that the store has applied
/// ([`applied`](Self::applied)), and each store that took the place of the one before
/// ([`restored`](Self::restored)). Tell it the time, often ([`advance`](Self::advance)), and
/// propose what it asks for.
///
/// ```
/// use mvcc::{Command, LeaseCommand, Lessor, Store};
///
/// let (mut store, mut lessor) = (Store::new(), Lessor::new());
/// let grant = Command::Lease(LeaseCommand::Grant { id: 7, ttl_seconds: 10 });
/// store.apply(&grant).result?;
/// lessor.applied(&grant, &store);
/// assert_eq!(lessor.advance(1_000, true), []);
/// assert_eq!(lessor.left_ms(7), Some(10_000));
/// assert_eq!(lessor.advance(10_999, true), []);
/// let expire = LeaseCommand::Expire { id: 7, renewal: 1 };
/// assert_eq!(lessor.advance(11_000, true), [Command::Lease(expire)]);
/// # Ok::<(), mvcc::Refusal>(())
/// ```
///
/// It measures from one call to the next, so it does not matter when its time begins. It only ever
/// counts too little: what was applied between two calls counts from the second.
#[derive(Debug, Default)]
pub struct Lessor {
    now_ms: u64,
    /// What was granted, renewed or checkpointed since the last call, and counts from the next.
    fresh: BTreeMap<i64, Lease>,
    counted: BTreeMap<i64, Counted>,
    /// When to propose the end of which lease, if this member leads then.
    ends: BTreeSet<(u64, i64)>,
    /// When a checkpoint of which lease is due.
    checkpoints: BTreeSet<(u64, i64)>,
    /// How many proposals to end a lease may be made now.
    allowance: u64,
}

/// A lease whose time is being counted.
#[derive(Clone, Copy, Debug)]
struct Counted {
    renewal: u64,
    /// When its time is over.
    deadline_ms: u64,
    /// Its place in `ends`: the deadline, or later if it was reached.
    end_ms: u64,
    /// Its place in `checkpoints`.
    checkpoint_ms: Option<u64>,
}

impl Lessor {
    /// A lessor of an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The store has applied that command.
    pub fn applied(&mut self, command: &Command, store: &Store) {
        let Command::Lease(command) = command else { return };
        for id in command.ids() {
            match store.lease(id) {
                Some(lease) => drop(self.fresh.insert(id, lease)),
                None => self.forget(id),
            }
        }
    }

    /// That store took the place of the one before.
    pub fn restored(&mut self, store: &Store) {
        let fresh = store.leases().iter().map(|(id, lease)| (*id, *lease)).collect();
        *self = Self { now_ms: self.now_ms, fresh, ..Self::default() };
    }

    /// The time now, on a clock that does not run backwards; what runs backwards counts as standing
    /// still. Returns what to propose, which is nothing if this member does not lead.
    pub fn advance(&mut self, now_ms: u64, leads: bool) -> Vec<Command> {
        let passed_ms = now_ms.saturating_sub(self.now_ms);
        self.now_ms += passed_ms;
        self.allowance = self.allowance.saturating_add(passed_ms).min(BURST_MAX);
        for (id, lease) in std::mem::take(&mut self.fresh) {
            self.count(id, lease);
        }
        if !leads {
            return Vec::new();
        }
        let mut commands = self.expire();
        commands.extend(self.checkpoint());
        commands.into_iter().map(Command::Lease).collect()
    }

    /// How much time a lease has left, by this member's count. 0 if it is over, but the lease has
    /// not ended yet; `None` if there is no such lease.
    pub fn left_ms(&self, id: i64) -> Option<u64> {
        let fresh = self.fresh.get(&id).map(|lease| millis(lease.left_seconds));
        let counted = self.counted.get(&id);
        fresh.or_else(|| Some(counted?.deadline_ms.saturating_sub(self.now_ms)))
    }

    /// All leases, the one with the least time left first.
    pub fn by_time_left(&self) -> Vec<i64> {
        let ids = self.counted.keys().chain(self.fresh.keys()).copied().collect::<BTreeSet<_>>();
        let mut ids = ids.into_iter().collect::<Vec<_>>();
        ids.sort_by_key(|id| self.left_ms(*id));
        ids
    }

    fn expire(&mut self) -> Vec<LeaseCommand> {
        let mut commands = Vec::new();
        while let Some(&(end_ms, id)) = self.ends.first()
            && end_ms <= self.now_ms
            && self.allowance > 0
        {
            self.allowance -= 1;
            let counted = self.counted.get_mut(&id).expect("what has an end is counted");
            commands.push(LeaseCommand::Expire { id, renewal: counted.renewal });
            self.ends.pop_first();
            counted.end_ms = self.now_ms + RETRY_MS;
            self.ends.insert((counted.end_ms, id));
        }
        commands
    }

    fn checkpoint(&mut self) -> Option<LeaseCommand> {
        let mut checkpoints = Vec::new();
        while let Some(&(due_ms, id)) = self.checkpoints.first()
            && due_ms <= self.now_ms
            && checkpoints.len() < CHECKPOINTS_MAX
        {
            self.checkpoints.pop_first();
            let counted = self.counted.get_mut(&id).expect("what is to be checkpointed is counted");
            let left_ms = counted.deadline_ms.saturating_sub(self.now_ms);
            let left_seconds = left_ms.div_ceil(1000).try_into().unwrap_or(i64::MAX);
            checkpoints.push(Checkpoint { id, renewal: counted.renewal, left_seconds });
            // In case it comes to nothing.
            counted.checkpoint_ms = next_checkpoint(self.now_ms, counted.deadline_ms);
            self.checkpoints.extend(counted.checkpoint_ms.map(|due_ms| (due_ms, id)));
        }
        (!checkpoints.is_empty()).then_some(LeaseCommand::Checkpoint(checkpoints))
    }

    /// Counts a lease from now on. A checkpoint cannot give it more time than it has left already.
    fn count(&mut self, id: i64, lease: Lease) {
        let before = self.counted.get(&id).filter(|before| before.renewal == lease.renewal);
        let least_ms = before.map_or(u64::MAX, |before| before.deadline_ms);
        let deadline_ms = self.now_ms.saturating_add(millis(lease.left_seconds)).min(least_ms);
        let checkpoint_ms = next_checkpoint(self.now_ms, deadline_ms);
        self.stop_counting(id);
        let renewal = lease.renewal;
        self.counted
            .insert(id, Counted { renewal, deadline_ms, end_ms: deadline_ms, checkpoint_ms });
        self.ends.insert((deadline_ms, id));
        self.checkpoints.extend(checkpoint_ms.map(|due_ms| (due_ms, id)));
    }

    fn forget(&mut self, id: i64) {
        self.fresh.remove(&id);
        self.stop_counting(id);
    }

    fn stop_counting(&mut self, id: i64) {
        if let Some(Counted { end_ms, checkpoint_ms, .. }) = self.counted.remove(&id) {
            self.ends.remove(&(end_ms, id));
            checkpoint_ms.map(|due_ms| self.checkpoints.remove(&(due_ms, id)));
        }
    }
}

/// When to write down what is left of a lease: not at all if it ends soon.
fn next_checkpoint(now_ms: u64, deadline_ms: u64) -> Option<u64> {
    let due_ms = now_ms.saturating_add(CHECKPOINT_MS);
    (due_ms < deadline_ms).then_some(due_ms)
}

fn millis(seconds: i64) -> u64 {
    u64::try_from(seconds).unwrap_or(0).saturating_mul(1000)
}

//! A replica whose files are damaged while it runs.

use bytes::Bytes;
use raft::{Configuration, Index, NodeId, Position, Restored, Snapshot};
use replica::{Config, Failure, Output, Replica, StateMachine};

/// Takes anything.
struct Anything;

impl StateMachine for Anything {
    type Reply = ();
    type Image = ();
    type State = ();

    fn apply(&mut self, _: Index, _: Bytes) {}

    fn image(&self) {}

    fn replace(&mut self, (): ()) {
        unreachable!("it is alone");
    }
}

/// Lets time pass, and takes the snapshots that are asked for. Returns their positions, and the
/// last base that was written.
fn run(replica: &mut Replica<Anything>) -> (Vec<Position>, Option<Position>) {
    let (mut taken, mut base) = (Vec::new(), None);
    for _ in 0..50 {
        replica.tick();
        for output in replica.drain() {
            match output {
                Output::Persist(write) => {
                    base = write.base.or(base);
                    replica.persisted(write.id);
                }
                Output::TakeSnapshot { position, configuration, .. } => {
                    taken.push(position);
                    let snapshot = Snapshot { position, configuration, bytes: 0, checksum: 0 };
                    replica.snapshotted(snapshot);
                }
                _ => {}
            }
        }
    }
    (taken, base)
}

/// All that its files held is covered by one that is new: a snapshot of what it has applied, and a
/// log that begins after it, without the tail that is kept else.
#[test]
fn damaged_files_are_renewed_from_memory() {
    let id = NodeId(1);
    let mut raft = raft::Config::new(id, Configuration::new([id]));
    raft.keep_bytes = 1 << 20;
    let config = Config { snapshot_bytes: 10_000, ..Config::new(raft, 1) };
    let mut replica = Replica::new(config, Restored::default(), Anything);
    for _ in 0..30 {
        replica.propose(&[0; 500]);
    }
    let (taken, base) = run(&mut replica);
    assert!(!taken.is_empty() && base.is_none(), "the tail reaches to its beginning: {base:?}");

    replica.renew_files();
    let (renewed, base) = run(&mut replica);
    let applied = replica.status().applied;
    assert_eq!(renewed.iter().map(|position| position.index).collect::<Vec<_>>(), [applied]);
    replica.propose(&[0; 500]);
    let base = base.or_else(|| run(&mut replica).1);
    assert_eq!(base, renewed.first().copied());

    // Also if nothing has changed since; and once.
    replica.renew_files();
    assert_eq!(run(&mut replica).0.len(), 1);
    assert_eq!(run(&mut replica).0, []);
}

/// A snapshot that fails is tried again while the log is full, though it grows no more.
#[test]
fn a_full_log_has_a_failed_snapshot_tried_again() {
    let id = NodeId(1);
    let mut raft = raft::Config::new(id, Configuration::new([id]));
    (raft.log_bytes_max, raft.keep_bytes) = (10_000, 0);
    let config = Config { snapshot_bytes: 5_000, ..Config::new(raft, 1) };
    let mut replica = Replica::new(config, Restored::default(), Anything);
    let (mut failed, mut refused) = (0, 0);
    for _ in 0..2000 {
        replica.propose(&[0; 500]);
        replica.tick();
        for output in replica.drain() {
            match output {
                Output::Persist(write) => replica.persisted(write.id),
                Output::TakeSnapshot { .. } => {
                    failed += 1;
                    replica.snapshot_failed();
                }
                Output::Failed { failure: Failure::TooManyRequests, .. } => refused += 1,
                _ => {}
            }
        }
    }
    // At 5,000 bytes and at 10,000, and then every 500 ticks.
    assert!((3..=7).contains(&failed), "{failed}");
    assert!(refused > 1900, "{refused}");
    let taken = (0..20).map(|_| run(&mut replica).0.len()).sum::<usize>();
    assert_eq!(taken, 1, "then there is room");
    let before = replica.status().applied;
    replica.propose(&[0; 500]);
    run(&mut replica);
    assert!(replica.status().applied > before);
}

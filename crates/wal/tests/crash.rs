//! The power fails, or the disk does, at every single operation. What was acknowledged survives.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use common::{base, entries, model, open, trusted, vote};
use raft::{Loss, Restored, Write};
use wal::{Error, Fault, MemoryDisk};

/// How many ways to lose what is not durable are tried at each place.
const SEEDS: u64 = 12;

/// Some batches that fill three segments, with frames of one block and of several.
fn batches() -> Vec<Vec<Write>> {
    vec![
        vec![vote(1, 1), entries(1, 1, &[100])],
        vec![entries(2, 1, &[10, 20]), entries(4, 1, &[30])],
        vec![entries(5, 1, &[6000])],
        vec![vote(2, 2)],
        // Replaces 4 and 5.
        vec![entries(4, 2, &[9000])],
        vec![entries(5, 2, &[5000, 10])],
        vec![vote(3, 1), entries(7, 3, &[4040])],
        // A snapshot covers 6. The segments before are removed, now or later.
        vec![base(6, 2)],
        vec![entries(8, 3, &[5000])],
        vec![base(8, 3), entries(9, 3, &[10])],
        // One that was sent takes the place of the log.
        vec![base(20, 4)],
        vec![entries(21, 4, &[9000])],
        vec![entries(22, 4, &[100])],
    ]
}

/// Opens the log and appends all the batches, preparing space now and then. Returns how many were
/// acknowledged, and what came in the way.
fn run(disk: &MemoryDisk) -> (usize, Result<(), Error>) {
    let mut acknowledged = 0;
    let result = (|| {
        let (mut wal, _, _) = open(disk)?;
        for batch in batches() {
            if acknowledged % 2 == 0 || acknowledged > 8 {
                wal.prepare_next()?;
            }
            wal.append(&batch)?;
            acknowledged += 1;
        }
        Ok(())
    })();
    (acknowledged, result)
}

/// What the log holds after so many batches.
fn state(count: usize) -> Restored {
    model(batches()[..count].iter().flatten())
}

/// The log opens, and holds all that was acknowledged, with the batch in flight or without it.
/// Returns how many batches it holds.
#[track_caller]
fn check(disk: &MemoryDisk, acknowledged: usize) -> usize {
    let (_, restored, recovery) = open(disk).unwrap();
    if recovery.torn.is_some() {
        assert_eq!(restored.loss, Some(Loss::Tail), "nobody knows whether that was acknowledged");
    }
    let restored = trusted(restored);
    let mut possible = (acknowledged..=acknowledged + 1).filter(|count| *count <= batches().len());
    let count = possible.find(|count| restored == state(*count));
    count.expect("an acknowledged write is lost, or there is one that never was")
}

/// The log can be written to again, and what is written then lasts; also when all that was written
/// before is covered by a snapshot, and its segments are removed.
#[track_caller]
fn check_goes_on(disk: &MemoryDisk, count: usize, seed: u64) {
    let (mut wal, restored, _) = open(disk).unwrap();
    let loss = restored.loss;
    let next = restored.base.index.0 + restored.entries.len() as u64 + 1;
    let more = [entries(next, 9, &[5000]), base(next, 9)];
    for write in &more {
        wal.append(std::slice::from_ref(write)).unwrap();
        while wal.prepare_next().unwrap() {}
    }
    disk.crash(seed);
    let (_, restored, recovery) = open(disk).unwrap();
    assert_eq!(recovery.torn, None);
    assert_eq!(restored.loss, loss, "what may be lost is not forgotten");
    let expected = model(batches()[..count].iter().flatten().chain(&more));
    assert_eq!(trusted(restored), expected);
}

/// The process is killed and the machine stays up. What the next process reads, it may rely on.
#[track_caller]
fn check_restart(disk: &MemoryDisk, acknowledged: usize) {
    let disk = disk.fork();
    disk.restart();
    let count = check(&disk, acknowledged);
    for seed in 0..SEEDS {
        // It writes on where the other one ended, and then the power fails.
        check_goes_on(&disk.fork(), count, seed);
        // The power fails at once.
        let disk = disk.fork();
        disk.crash(seed);
        assert_eq!(check(&disk, acknowledged), count, "what was read is gone");
        check_goes_on(&disk, count, seed);
    }
}

fn operations_of_a_run() -> u64 {
    let disk = MemoryDisk::new();
    let (acknowledged, result) = run(&disk);
    result.unwrap();
    assert_eq!(acknowledged, batches().len());
    assert_eq!(disk.contents("wal-0000000000000001.log"), None, "segments are removed");
    disk.operations()
}

#[test]
fn the_power_may_fail_at_any_operation() {
    let (mut kept, mut lost, mut torn) = (0, 0, 0);
    for operation in 0..operations_of_a_run() {
        let stopped = MemoryDisk::new();
        stopped.fail(operation, Fault::Stop);
        let (acknowledged, result) = run(&stopped);
        result.unwrap_err();
        check_restart(&stopped, acknowledged);
        for seed in 0..SEEDS {
            let disk = stopped.fork();
            disk.crash(seed);
            torn += usize::from(open(&disk.fork()).unwrap().2.torn.is_some());
            let count = check(&disk, acknowledged);
            *(if count > acknowledged { &mut kept } else { &mut lost }) += 1;
            assert_eq!(check(&disk, acknowledged), count, "opening it again changes nothing");
            check_goes_on(&disk, count, seed);
        }
    }
    // The test is worth something only if all of this happens.
    assert!(kept > 0 && lost > 0 && torn > 0, "kept {kept}, lost {lost}, torn {torn}");
}

#[test]
fn the_power_may_fail_again_during_recovery() {
    for operation in 0..operations_of_a_run() {
        let disk = MemoryDisk::new();
        disk.fail(operation, Fault::Stop);
        let (acknowledged, _) = run(&disk);
        disk.crash(operation);
        let before = disk.operations();
        let count = check(&disk.fork(), acknowledged);
        let operations = {
            let disk = disk.fork();
            check(&disk, acknowledged);
            disk.operations() - before
        };
        for again in 0..operations {
            let disk = disk.fork();
            disk.fail(again, Fault::Stop);
            assert!(open(&disk).is_err());
            disk.crash(again);
            assert_eq!(check(&disk, acknowledged), count, "it may not change its mind");
            check_goes_on(&disk, count, again);
        }
    }
}

#[test]
fn the_disk_may_fail_at_any_operation() {
    for fault in [Fault::Io, Fault::Full] {
        for operation in 0..operations_of_a_run() {
            let disk = MemoryDisk::new();
            disk.fail(operation, fault);
            let (acknowledged, result) = run(&disk);
            let error = result.expect_err("no error is passed over");
            assert!(matches!(error, Error::Io { .. }), "{error}");
            assert_eq!(error.is_storage_full(), fault == Fault::Full);

            check_restart(&disk, acknowledged);
            for seed in 0..SEEDS {
                let disk = disk.fork();
                disk.crash(seed);
                let count = check(&disk, acknowledged);
                check_goes_on(&disk, count, seed);
            }
        }
    }
}

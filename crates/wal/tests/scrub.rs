//! Files at rest that rot are found, whatever bit it is.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use std::sync::Arc;

use common::{IDENTITY, entries, open, vote};
use raft::{Configuration, NodeId, Position};
use wal::{Disk, Error, File, MemoryDisk, Reading, Snapshots, Wal, scrub_log, scrub_snapshot};

/// A log of several segments, with an owner.
fn log(disk: &MemoryDisk) -> Wal<MemoryDisk> {
    let (mut wal, _, _) = open(disk).unwrap();
    wal.append(&[vote(1, 1)]).unwrap();
    for index in 1..=8 {
        wal.append(&[entries(index, 1, &[5000])]).unwrap();
    }
    wal
}

fn segments(disk: &MemoryDisk) -> Vec<String> {
    let mut names = disk.list().unwrap();
    names.retain(|name| name.starts_with("wal-0"));
    names.sort();
    names
}

fn flip(disk: &MemoryDisk, name: &str, at: u64) {
    let file = disk.open(name).unwrap();
    let mut byte = [0];
    file.read_at(at, &mut byte).unwrap();
    file.write_at(at, &[byte[0] ^ 0x10]).unwrap();
}

#[test]
fn a_bit_that_flips_in_a_frame_at_rest_is_found() {
    let disk = MemoryDisk::new();
    let _owner = log(&disk);
    let names = segments(&disk);
    assert!(names.len() > 3, "{names:?}");
    let (mut files, mut bytes) = (0, 0);
    let whole = scrub_log(&disk, IDENTITY, |reading| {
        match reading {
            Reading::Begins(_) => files += 1,
            Reading::Goes(more) => bytes += more,
        }
        true
    });
    assert!(whole.is_empty(), "{whole:?}");
    assert_eq!(files, names.len() - 1, "the newest one is not at rest");
    assert!(bytes > 5000 * 4, "{bytes}");
    // In the header of the segment, in that of its first frame, in its body.
    for at in [100, 4096 + 10, 4096 + 300] {
        flip(&disk, &names[1], at);
        let found = scrub_log(&disk, IDENTITY, |_| true);
        let is_there = |error: &Error| match error {
            Error::Corrupt { path, .. } => path.ends_with(&names[1]),
            _ => false,
        };
        assert!(found.iter().any(is_there), "{at}: {found:?}");
        flip(&disk, &names[1], at);
    }
    // What the owner writes at the moment is its own affair.
    flip(&disk, names.last().unwrap(), 4096 + 300);
    assert!(scrub_log(&disk, IDENTITY, |_| true).is_empty());
}

#[test]
fn a_bit_that_flips_in_a_snapshot_is_found() {
    let disk = MemoryDisk::new();
    let snapshots = Snapshots::open(disk.clone(), 7).unwrap();
    let mut writer = snapshots.create().unwrap();
    snapshots.append(&mut writer, &[1; 3000]).unwrap();
    let configuration = Arc::new(Configuration::new([NodeId(1)]));
    snapshots.finish(writer, Position::new(3, 1), configuration).unwrap();
    // One that is being received meanwhile is left alone.
    let _receiving = snapshots.receive().unwrap();
    let at_rest = Snapshots::at_rest(disk.clone(), 7);
    assert!(scrub_snapshot(&at_rest, |_| true).is_none());
    assert!(disk.list().unwrap().iter().any(|name| name == "received.tmp"));
    let names = disk.list().unwrap();
    let name = names.iter().find(|name| name.starts_with("snapshot-")).unwrap();
    let bytes = disk.open(name).unwrap().size().unwrap();
    for at in [0, 1500, 2999, 3005, bytes - 1, bytes - 30] {
        flip(&disk, name, at);
        let found = scrub_snapshot(&at_rest, |_| true);
        assert!(matches!(found, Some(Error::Corrupt { .. })), "{at}: {found:?}");
        flip(&disk, name, at);
    }
}

/// It ends when it is told to.
#[test]
fn it_can_be_stopped() {
    let disk = MemoryDisk::new();
    let _owner = log(&disk);
    let mut readings = 0;
    let stopped = scrub_log(&disk, IDENTITY, |_| {
        readings += 1;
        readings < 3
    });
    assert!(stopped.is_empty());
    assert_eq!(readings, 3);
}

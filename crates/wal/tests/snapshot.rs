//! Snapshots: written whole or not at all, whatever the disk does.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::sync::Arc;

use raft::{Configuration, NodeId, Position, Snapshot};
use wal::{Damage, Disk, Error, Fault, MemoryDisk, Snapshots};

const CLUSTER: u64 = 0xc1;

fn open(disk: &MemoryDisk) -> Snapshots<MemoryDisk> {
    Snapshots::open(disk.clone(), CLUSTER).unwrap()
}

fn members() -> Arc<Configuration> {
    Configuration::new([1, 2, 3].map(NodeId)).into()
}

fn content(index: u64) -> Vec<u8> {
    vec![index.to_le_bytes()[0] | 0x80; 9000]
}

/// Takes a snapshot of that index, in pieces.
fn take(snapshots: &Snapshots<MemoryDisk>, index: u64) -> Result<Snapshot, Error> {
    let mut writer = snapshots.create()?;
    for piece in content(index).chunks(4000) {
        snapshots.append(&mut writer, piece)?;
    }
    snapshots.finish(writer, Position::new(index, 1), members())
}

fn read_all(snapshots: &Snapshots<MemoryDisk>, snapshot: &Snapshot) -> Vec<u8> {
    let mut content = Vec::new();
    snapshots.for_each_piece(snapshot, |piece| content.extend_from_slice(piece)).unwrap();
    content
}

#[test]
fn a_snapshot_comes_back_as_it_was() {
    let disk = MemoryDisk::new();
    assert_eq!(open(&disk).newest().unwrap(), None);
    let taken = take(&open(&disk), 7).unwrap();
    assert_eq!((taken.position, taken.bytes), (Position::new(7, 1), 9000));
    let snapshots = open(&disk);
    assert_eq!(snapshots.newest().unwrap(), Some(taken.clone()));
    assert_eq!(read_all(&snapshots, &taken), content(7));
    let piece = snapshots.read(&taken, 8990, 100).unwrap().unwrap();
    assert_eq!(piece, content(7)[8990..]);
    assert!(snapshots.read(&taken, 9000, 100).unwrap().unwrap().is_empty());
}

#[test]
fn the_newest_two_are_kept() {
    let disk = MemoryDisk::new();
    let snapshots = open(&disk);
    let taken = [1, 2, 3].map(|index| take(&snapshots, index).unwrap());
    assert_eq!(snapshots.newest().unwrap(), Some(taken[2].clone()));
    assert!(snapshots.read(&taken[1], 0, 10).unwrap().is_some());
    assert_eq!(snapshots.read(&taken[0], 0, 10).unwrap(), None);
    let other = Snapshot { checksum: 1, ..taken[2].clone() };
    assert_eq!(snapshots.read(&other, 0, 10).unwrap(), None, "it is not this one");
}

#[test]
fn what_is_received_is_held_against_what_was_announced() {
    let from = open(&MemoryDisk::new());
    let sent = take(&from, 5).unwrap();
    let disk = MemoryDisk::new();
    let snapshots = open(&disk);
    let receive = |bytes: &[u8]| {
        let mut writer = snapshots.receive().unwrap();
        snapshots.append(&mut writer, bytes).unwrap();
        snapshots.finish_received(writer, &sent).unwrap()
    };
    let mut spoiled = content(5);
    spoiled[17] ^= 1;
    assert!(!receive(&spoiled));
    assert!(!receive(&content(5)[1..]));
    assert_eq!(disk.list().unwrap(), Vec::<String>::new(), "nothing of it is left");
    assert!(receive(&content(5)));
    assert_eq!(snapshots.newest().unwrap(), Some(sent));
}

/// The power fails, or the disk does, at any operation: the older snapshot or the new one is there.
#[test]
fn the_older_one_is_there_until_the_new_one_is() {
    let (mut old, mut new) = (0, 0);
    for fault in [Fault::Stop, Fault::Io, Fault::Full] {
        for operation in 0.. {
            let disk = MemoryDisk::new();
            let before = take(&open(&disk), 3).unwrap();
            disk.fail(operation, fault);
            let taken = Snapshots::open(disk.clone(), CLUSTER).and_then(|all| take(&all, 9));
            for seed in 0..8 {
                let disk = disk.fork();
                disk.crash(seed);
                let snapshots = open(&disk);
                let newest = snapshots.newest().unwrap().unwrap();
                assert_eq!(read_all(&snapshots, &newest), content(newest.position.index.0));
                match &taken {
                    Ok(taken) => assert_eq!(&newest, taken, "it was reported durable"),
                    Err(_) if newest == before => old += 1,
                    Err(_) => new += 1,
                }
                assert!(disk.list().unwrap().iter().all(|name| !name.contains("tmp")));
            }
            if taken.is_ok() {
                break;
            }
        }
    }
    // The test is worth something only if both happen.
    assert!(old > 0 && new > 0, "old {old}, new {new}");
}

/// Each flipped bit and each cut is found, and named.
#[test]
fn damage_is_found() {
    let disk = MemoryDisk::new();
    let taken = take(&open(&disk), 7).unwrap();
    let name = disk.list().unwrap().remove(0);
    let bytes = disk.contents(&name).unwrap();
    for (at, byte) in bytes.iter().enumerate() {
        let disk = disk.fork();
        disk.overwrite(&name, at as u64, &[byte ^ 0x10]);
        let error = open(&disk).newest().expect_err("a flipped bit is found");
        let in_content = (at as u64) < taken.bytes;
        let is_named = match &error {
            Error::Corrupt { damage: Damage::BadContent, .. } => in_content,
            Error::Corrupt { damage: Damage::BadFooter, .. } => !in_content,
            _ => false,
        };
        assert!(is_named, "byte {at}: {error}");
    }
    for kept in (0..bytes.len()).step_by(7) {
        let disk = MemoryDisk::new();
        let file = disk.create(&name).unwrap();
        wal::File::write_at(&file, 0, &bytes[..kept]).unwrap();
        open(&disk).newest().expect_err("a cut is found");
    }
}

#[test]
fn a_snapshot_of_another_cluster_is_refused() {
    let disk = MemoryDisk::new();
    take(&open(&disk), 7).unwrap();
    Snapshots::open(disk, CLUSTER + 1).unwrap().newest().expect_err("it is another cluster's");
}

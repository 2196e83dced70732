//! A log is told as it stands, whole or not, and nothing in it is changed.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use std::fs;

use common::{IDENTITY, SMALL, entries, model, vote};
use raft::Write;
use wal::{Item, ReadOnlyDisk, RealDisk, Record, Wal, identity, inspect, verify};

fn writes() -> Vec<Write> {
    vec![vote(1, 1), entries(1, 1, &[100]), entries(2, 1, &[6000]), entries(3, 1, &[10])]
}

/// A log in two segments, with a process that still has it open.
fn log(directory: &std::path::Path) -> Wal<RealDisk> {
    let (mut wal, _, _) = Wal::open(RealDisk::open(directory).unwrap(), IDENTITY, SMALL).unwrap();
    for write in writes() {
        wal.append(&[write]).unwrap();
    }
    wal
}

#[test]
fn a_log_is_verified_while_somebody_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let disk = ReadOnlyDisk::new(directory.path());
    assert!(verify(&disk).unwrap().is_none(), "there is none yet");
    let _wal = log(directory.path());
    let verified = verify(&disk).unwrap().unwrap();
    assert_eq!(verified.identity, IDENTITY);
    assert_eq!(verified.restored, model(&writes()));
    assert_eq!(verified.recovery.torn, None);
}

#[test]
fn each_frame_is_told() {
    let directory = tempfile::tempdir().unwrap();
    drop(log(directory.path()));
    let (mut told, mut segments) = (Vec::new(), 0);
    inspect(&ReadOnlyDisk::new(directory.path()), |item| match item {
        Item::Segment { .. } => segments += 1,
        Item::Frame { records, .. } => {
            // The first write of a frame is what was before it.
            let writes = records.into_iter().filter_map(|record| match record {
                Record::Write(write) => Some(write),
                Record::Loss(_) | Record::Cut | Record::Elsewhere => None,
            });
            told.extend(writes.skip(1));
        }
        Item::Bad(error) => panic!("{error}"),
    })
    .unwrap();
    assert_eq!((told, segments), (writes(), 2));
}

#[test]
fn what_is_bad_is_told_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    drop(log(directory.path()));
    let path = directory.path().join("wal-0000000000000001.log");
    let mut bytes = fs::read(&path).unwrap();
    // The second block of the frame of entry 1, which is the third.
    bytes[3 * 4096 + 40] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let disk = ReadOnlyDisk::new(directory.path());
    assert_eq!(identity(&disk).unwrap(), Some(IDENTITY));
    let error = verify(&disk).unwrap_err();
    assert!(error.to_string().contains("is damaged at byte 12288"), "{error}");
    let mut bad = 0;
    inspect(&disk, |item| bad += u32::from(matches!(item, Item::Bad(_)))).unwrap();
    assert_eq!(bad, 1);
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

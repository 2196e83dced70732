//! The log on a real file system.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use std::fs;
use std::io;

use common::{IDENTITY, SMALL, entries, model, trusted, vote};
use raft::Write;
use wal::{Config, Disk as _, Error, RealDisk, Wal};

#[test]
fn it_keeps_what_was_written() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("log");
    let mut written: Vec<Write> = Vec::new();
    for round in 0..3 {
        let disk = RealDisk::open(&path).unwrap();
        let (mut wal, restored, recovery) = Wal::open(disk, IDENTITY, SMALL).unwrap();
        assert_eq!(restored, model(&written));
        assert_eq!(recovery.torn, None);
        for _ in 0..4 {
            let first = model(&written).entries.len() as u64 + 1;
            let batch = [vote(round, 1), entries(first, round, &[100, 5000])];
            wal.append(&batch).unwrap();
            written.extend(batch);
            wal.prepare_next().unwrap();
        }
    }
}

#[test]
fn a_process_that_was_killed_leaves_a_torn_tail_at_most() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Wal::open(RealDisk::open(directory.path()).unwrap(), IDENTITY, SMALL);
    let (mut wal, _, _) = open().unwrap();
    wal.append(&[entries(1, 1, &[10])]).unwrap();
    wal.append(&[entries(2, 1, &[6000])]).unwrap();
    drop(wal);
    // The second block of the last frame was not written.
    let file = directory.path().join("wal-0000000000000001.log");
    let mut bytes = fs::read(&file).unwrap();
    bytes[12288..].fill(0);
    fs::write(&file, bytes).unwrap();

    let (mut wal, restored, recovery) = open().unwrap();
    assert_eq!(restored.entries.len(), 1);
    assert_eq!(restored.loss, Some(raft::Loss::Tail));
    let torn = recovery.torn.unwrap();
    assert_eq!((torn.path, torn.offset), (file, 8192));
    wal.append(&[entries(2, 2, &[7])]).unwrap();
    drop(wal);
    let expected = model(&[entries(1, 1, &[10]), entries(2, 2, &[7])]);
    assert_eq!(trusted(open().unwrap().1), expected);
}

#[test]
fn a_segment_is_as_long_as_it_will_ever_be() {
    let directory = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(directory.path()).unwrap();
    let (mut wal, _, _) = Wal::open(disk, IDENTITY, Config::default()).unwrap();
    let bytes = || fs::metadata(directory.path().join("wal-0000000000000001.log")).unwrap().len();
    assert_eq!(bytes(), 64 * 1024 * 1024);
    wal.append(&[entries(1, 1, &[3_000_000])]).unwrap();
    wal.prepare_next().unwrap();
    assert_eq!(bytes(), 64 * 1024 * 1024);
}

#[test]
fn a_directory_has_one_owner() {
    let directory = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(directory.path()).unwrap();
    let error = RealDisk::open(directory.path()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert!(error.to_string().contains("another process"), "{error}");
    drop(disk);
    RealDisk::open(directory.path()).unwrap();
}

#[test]
fn files_of_others_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("notes.txt"), "mine").unwrap();
    fs::write(directory.path().join("wal-1.log"), "not a segment's name").unwrap();
    let disk = RealDisk::open(directory.path()).unwrap();
    Wal::open(disk, IDENTITY, SMALL).unwrap();
    assert_eq!(fs::read_to_string(directory.path().join("notes.txt")).unwrap(), "mine");
}

#[test]
fn an_error_names_the_path() {
    let directory = tempfile::tempdir().unwrap();
    let disk = RealDisk::open(directory.path()).unwrap();
    let path = disk.path("wal-0000000000000001.log");
    fs::create_dir(&path).unwrap();
    let error = Wal::open(disk, IDENTITY, SMALL).unwrap_err();
    let Error::Io { path: named, .. } = &error else { panic!("{error}") };
    assert_eq!(*named, path);
}

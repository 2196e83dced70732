//! A member that gives up what it holds, though it is whole.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use std::sync::Arc;

use common::{IDENTITY, SMALL, entries, vote};
use raft::{Configuration, HardState, Loss, NodeId, Position, Term, Write};
use wal::{Directories, Disk, MemoryDisk, Opened};

/// The disks of a member.
struct Disks {
    log: MemoryDisk,
    snapshots: MemoryDisk,
}

fn members(count: u64) -> Configuration {
    Configuration::new((1..=count).map(NodeId))
}

impl Disks {
    /// A vote, five entries, and a snapshot of the first three.
    fn with_something() -> Self {
        let disks = Self { log: MemoryDisk::new(), snapshots: MemoryDisk::new() };
        let mut opened = disks.directories().open(false, &members(3)).unwrap();
        opened.log.append(&[vote(2, 1), entries(1, 1, &[100, 100, 100, 100, 100])]).unwrap();
        let snapshots = opened.snapshots;
        let mut writer = snapshots.create().unwrap();
        snapshots.append(&mut writer, b"state").unwrap();
        snapshots.finish(writer, Position::new(3, 1), Arc::new(members(3))).unwrap();
        let base = Some(Position::new(3, 1));
        opened.log.append(&[Write { base, ..Write::default() }]).unwrap();
        opened.log.seal().unwrap();
        disks
    }

    fn directories(&self) -> Directories<MemoryDisk> {
        let (log, snapshots) = (self.log.clone(), self.snapshots.clone());
        Directories { log, snapshots, identity: IDENTITY, config: SMALL }
    }
}

/// It keeps what it has voted, and nothing else.
#[track_caller]
fn has_given_up(opened: &Opened<MemoryDisk>) {
    let restored = &opened.restored;
    assert_eq!(restored.hard_state, HardState { term: Term(2), vote: Some(NodeId(1)) });
    assert_eq!((restored.base, restored.entries.len()), (Position::default(), 0));
    assert_eq!((restored.snapshot.as_ref(), restored.loss), (None, Some(Loss::Damage)));
}

#[test]
fn a_member_keeps_its_vote_and_gives_up_the_rest() {
    let disks = Disks::with_something();
    has_given_up(&disks.directories().open_anew(&members(3)).unwrap());
    // And again, as after a crash; and when it starts as usual.
    has_given_up(&disks.directories().open_anew(&members(3)).unwrap());
    has_given_up(&disks.directories().open(true, &members(3)).unwrap());
    let names = disks.snapshots.list().unwrap();
    assert!(names.iter().all(|name| name.starts_with("damaged-")), "{names:?}");
}

/// Others have to have what it gives up.
#[test]
fn who_is_alone_gives_up_nothing() {
    let disks = Disks { log: MemoryDisk::new(), snapshots: MemoryDisk::new() };
    let mut opened = disks.directories().open(false, &members(1)).unwrap();
    opened.log.append(&[vote(2, 1), entries(1, 1, &[100])]).unwrap();
    opened.log.seal().unwrap();
    drop(opened);
    let restored = disks.directories().open_anew(&members(1)).unwrap().restored;
    assert_eq!((restored.entries.len(), restored.loss), (1, None));
}

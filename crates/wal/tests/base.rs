//! A log that begins after a base, and the segments before it.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use common::{Opened, base, entries, model, open, vote};
use proptest::prelude::*;
use raft::{Position, Write};
use wal::{Damage, Disk, Error, MemoryDisk};

/// Appends each write by itself, and removes what can be removed.
fn log_of(disk: &MemoryDisk, writes: &[Write]) {
    let (mut wal, _, _) = open(disk).unwrap();
    for write in writes {
        wal.append(std::slice::from_ref(write)).unwrap();
        while wal.prepare_next().unwrap() {}
    }
}

fn segments(disk: &MemoryDisk) -> Vec<String> {
    let mut names = disk.list().unwrap();
    names.retain(|name| name.starts_with("wal-0"));
    names.sort();
    names
}

/// Six entries of one block each: two segments.
fn six() -> Vec<Write> {
    (1..=6).map(|index| entries(index, 1, &[2000])).collect()
}

#[test]
fn what_is_before_the_base_is_gone() {
    let disk = MemoryDisk::new();
    let writes = [vec![vote(1, 2)], six(), vec![base(4, 1)]].concat();
    log_of(&disk, &writes);
    let (_, restored, _) = open(&disk).unwrap();
    assert_eq!(restored, model(&writes));
    assert_eq!(restored.base, Position::new(4, 1));
    assert_eq!(restored.entries.len(), 2);
}

#[test]
fn segments_go_when_the_base_has_passed_them() {
    let disk = MemoryDisk::new();
    let mut writes = [vec![vote(1, 2)], six()].concat();
    log_of(&disk, &writes);
    let before = segments(&disk);
    assert!(before.len() >= 3, "{before:?}");

    writes.push(base(2, 1));
    log_of(&disk, &writes[writes.len() - 1..]);
    assert_eq!(segments(&disk), before[1..], "the first one held the vote and two entries");

    writes.push(base(6, 1));
    log_of(&disk, &writes[writes.len() - 1..]);
    assert_eq!(segments(&disk).len(), 1);
    let (_, restored, _) = open(&disk).unwrap();
    assert_eq!(restored, model(&writes), "the vote was said again");
}

#[test]
fn a_base_beyond_the_log_takes_its_place() {
    let disk = MemoryDisk::new();
    let writes = [six(), vec![base(40, 3)], vec![entries(41, 3, &[10])]].concat();
    log_of(&disk, &writes);
    let (_, restored, _) = open(&disk).unwrap();
    assert_eq!(restored, model(&writes));
    assert_eq!((restored.base, restored.entries.len()), (Position::new(40, 3), 1));
}

#[test]
fn a_base_of_another_term_takes_the_place_of_the_log() {
    let disk = MemoryDisk::new();
    let writes = [six(), vec![base(4, 2)], vec![entries(5, 2, &[10])]].concat();
    log_of(&disk, &writes);
    let (_, restored, _) = open(&disk).unwrap();
    assert_eq!(restored, model(&writes));
    assert_eq!(restored.entries.len(), 1);
}

/// Whoever removes a segment that is still needed is told which one is missing.
#[test]
fn a_segment_that_is_needed_may_not_be_missing() {
    let disk = MemoryDisk::new();
    log_of(&disk, &[six(), vec![base(1, 1)]].concat());
    let first = segments(&disk).remove(0);
    disk.remove(&first).unwrap();
    let error = open(&disk).map(|_: Opened| ()).unwrap_err();
    let Error::Corrupt { path, damage: Damage::MissingSegment, .. } = &error else {
        panic!("{error}");
    };
    assert!(path.ends_with(&first), "{error}");
}

/// Segments are removed when the first frame of the next one is durable. If it is not whole then,
/// it was not cut short: the vote is in it.
#[test]
fn the_first_frame_of_what_is_left_is_no_torn_tail() {
    let disk = MemoryDisk::new();
    log_of(
        &disk,
        &[vec![vote(1, 2)], six(), vec![base(6, 1)], vec![entries(7, 1, &[10])]].concat(),
    );
    let left = segments(&disk).remove(0);
    assert_eq!(segments(&disk).len(), 1);
    let bytes = disk.contents(&left).unwrap();
    disk.overwrite(&left, 4096, &vec![0; bytes.len() - 4096]);
    let before = disk.contents(&left);
    let error = open(&disk).map(|_: Opened| ()).unwrap_err();
    assert!(matches!(&error, Error::Corrupt { offset: 4096, .. }), "{error}");
    assert_eq!(disk.contents(&left), before, "nothing was changed");
}

/// Appends, truncations and bases in any order that the core could ask for.
fn writes() -> impl Strategy<Value = Vec<Write>> {
    prop::collection::vec((0..10u8, 1..4u64, 0..5000usize), 1..40).prop_map(|steps| {
        let (mut term, mut last, mut bottom) = (1, 0, 0);
        let mut writes = Vec::new();
        for (kind, count, bytes) in steps {
            match kind {
                0..6 => {
                    writes.push(entries(
                        last + 1,
                        term,
                        &vec![bytes; usize::try_from(count).unwrap()],
                    ));
                    last += count;
                }
                6 | 7 if last > bottom => {
                    // A new leader replaces what is not covered.
                    term += 1;
                    let first = last.saturating_sub(count).max(bottom) + 1;
                    writes.push(entries(first, term, &[bytes]));
                    last = first;
                }
                8 => {
                    bottom = (bottom + count).min(last);
                    let held = model(&writes);
                    if let Some(entry) =
                        held.entries.iter().find(|it| it.position.index.0 == bottom)
                    {
                        writes.push(base(bottom, entry.position.term.0));
                    }
                }
                _ => writes.push(vote(term, count)),
            }
        }
        writes
    })
}

proptest! {
    #[test]
    fn a_log_gives_back_what_the_writes_come_to(writes in writes(), reopen in 1..8usize) {
        let disk = MemoryDisk::new();
        for some in writes.chunks(reopen) {
            log_of(&disk, some);
        }
        let (_, restored, _) = open(&disk).unwrap();
        prop_assert_eq!(restored, model(&writes));
    }
}

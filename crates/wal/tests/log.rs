//! What the log promises while nothing is damaged.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use std::io;

use common::{IDENTITY, SMALL, entries, model, open, vote};
use proptest::prelude::*;
use raft::{Entry, HardState, Index, NodeId, Payload, Position, Restored, Term, Write, WriteId};
use wal::{Config, Error, Fault, Identity, MemoryDisk, Recovery, Wal};

#[test]
fn a_new_log_holds_nothing() {
    let disk = MemoryDisk::new();
    for recovery in [Recovery::default(), Recovery { segments: 1, ..Recovery::default() }] {
        let (_, restored, found) = open(&disk).unwrap();
        assert_eq!(restored, Restored::default());
        assert_eq!(found, recovery);
    }
}

#[test]
fn what_was_written_comes_back() {
    let disk = MemoryDisk::new();
    let batches = [
        vec![vote(1, 2), entries(1, 1, &[0, 10, 5000])],
        vec![entries(4, 1, &[100])],
        // Replaces 3 and 4.
        vec![vote(2, 1), entries(3, 2, &[7])],
        vec![Write::default()],
    ];
    let (mut wal, _, _) = open(&disk).unwrap();
    for batch in &batches {
        wal.append(batch).unwrap();
    }
    let (_, restored, recovery) = open(&disk).unwrap();
    assert_eq!(restored, model(batches.iter().flatten()));
    assert_eq!(restored.entries.len(), 3);
    assert_eq!(recovery, Recovery { torn: None, frames: 6, segments: 3 });
}

#[test]
fn one_append_is_one_write_and_one_sync() {
    let disk = MemoryDisk::new();
    let (mut wal, _, _) = Wal::open(disk.clone(), IDENTITY, Config::default()).unwrap();
    let before = disk.operations();
    wal.append(&[entries(1, 1, &[10; 100]), entries(101, 1, &[10; 100])]).unwrap();
    assert_eq!(disk.operations(), before + 2);
    wal.append(&[]).unwrap();
    assert_eq!(disk.operations(), before + 2, "nothing to write");
    wal.append(&[vote(1, 1)]).unwrap();
    assert_eq!(disk.operations(), before + 6, "a vote is sealed");
    wal.seal().unwrap();
    assert_eq!(disk.operations(), before + 6, "once");
    wal.append(&[entries(201, 1, &[10])]).unwrap();
    wal.seal().unwrap();
    assert_eq!(disk.operations(), before + 10);
}

#[test]
fn a_frame_longer_than_a_segment_gets_a_longer_one() {
    let disk = MemoryDisk::new();
    let (mut wal, _, _) = open(&disk).unwrap();
    while wal.prepare_next().unwrap() {}
    let writes = [entries(1, 1, &[10]), entries(2, 1, &[100_000]), entries(3, 1, &[10])];
    for write in &writes {
        wal.append(std::slice::from_ref(write)).unwrap();
    }
    let (_, restored, recovery) = open(&disk).unwrap();
    assert_eq!(restored, model(&writes));
    assert_eq!(recovery.segments, 3);
}

#[test]
fn another_members_log_is_refused() {
    let disk = MemoryDisk::new();
    open(&disk).unwrap();
    for (cluster, member) in [(IDENTITY.cluster, 2), (0xc2, IDENTITY.member)] {
        let other = Identity { cluster, member };
        let error = Wal::open(disk.clone(), other, SMALL).unwrap_err();
        let Error::Foreign { expected, found, .. } = &error else { panic!("{error}") };
        assert_eq!((*expected, *found), (other, IDENTITY));
    }
    let other = Identity { cluster: 0xc1, member: 2 };
    assert_eq!(
        Wal::open(disk, other, SMALL).unwrap_err().to_string(),
        "wal-0000000000000001.log belongs to member 1 of cluster c1, and this is member 2 of \
         cluster c1. Start this member on its own directory"
    );
}

#[test]
fn after_a_failed_write_or_sync_the_log_refuses_everything() {
    for (skip, operation) in [(0, "write"), (1, "sync")] {
        let disk = MemoryDisk::new();
        let (mut wal, _, _) = Wal::open(disk.clone(), IDENTITY, Config::default()).unwrap();
        wal.append(&[entries(1, 1, &[10])]).unwrap();
        disk.fail(skip, Fault::Io);
        // More than the half of it that a failed write leaves behind.
        let error = wal.append(&[entries(2, 1, &[3000])]).unwrap_err();
        let Error::Io { operation: failed, .. } = &error else { panic!("{error}") };
        assert_eq!(*failed, operation);
        // The disk would do it now, and would say that all is well.
        assert!(matches!(wal.append(&[entries(2, 1, &[10])]), Err(Error::Poisoned)));
        assert!(matches!(wal.prepare_next(), Err(Error::Poisoned)));
        disk.crash(0);
        let (_, restored, _) = Wal::open(disk, IDENTITY, Config::default()).unwrap();
        assert_eq!(restored.entries.len(), 1);
    }
}

#[test]
fn a_failed_sync_of_prepared_space_is_final_too() {
    let disk = MemoryDisk::new();
    let (mut wal, _, _) = open(&disk).unwrap();
    disk.fail(1, Fault::Io);
    assert!(matches!(wal.prepare_next(), Err(Error::Io { operation: "sync", .. })));
    assert!(matches!(wal.append(&[entries(1, 1, &[10])]), Err(Error::Poisoned)));
}

#[test]
fn a_full_disk_does_not_stop_appends_into_prepared_space() {
    let disk = MemoryDisk::new();
    let (mut wal, _, _) = open(&disk).unwrap();
    // The rest of the segment is 3 blocks, one of which is prepared; the disk has one block left.
    disk.limit(Some(3 * 4096));
    assert!(wal.prepare_next().unwrap());
    assert!(wal.prepare_next().unwrap_err().is_storage_full());
    assert!(wal.prepare_next().unwrap_err().is_storage_full(), "it may be tried again");
    wal.append(&[entries(1, 1, &[10])]).unwrap();
    wal.append(&[entries(2, 1, &[10])]).unwrap();

    // Someone makes room in time: it goes on as if nothing had been.
    disk.limit(Some(4 * 4096));
    assert!(wal.prepare_next().unwrap());
    wal.append(&[entries(3, 1, &[10])]).unwrap();

    // Nobody does: the next segment cannot be made. Nothing was written.
    let error = wal.append(&[entries(4, 1, &[10])]).unwrap_err();
    assert!(error.is_storage_full() && wal.is_usable(), "{error}");
    assert!(error.to_string().contains("Free some space"), "{error}");
    let (_, restored, recovery) = open(&disk.fork()).unwrap();
    assert_eq!((restored.entries.len(), recovery.torn), (3, None));

    // Somebody does at last, and the same is tried again.
    assert!(wal.append(&[entries(4, 1, &[10])]).unwrap_err().is_storage_full());
    disk.limit(None);
    wal.append(&[entries(4, 1, &[10])]).unwrap();
    disk.crash(1);
    let (_, restored, recovery) = open(&disk).unwrap();
    assert_eq!((restored.entries.len(), recovery.torn), (4, None));
}

/// However little space there is: an append is made whole, with its seal and the way to the next
/// segment, or nothing is written and it can be tried again.
#[test]
fn an_append_has_all_its_space_or_none() {
    for blocks in 1..40 {
        let disk = MemoryDisk::new();
        let (mut wal, _, _) = open(&disk).unwrap();
        disk.limit(Some(blocks * 4096));
        let mut written = 0;
        for index in 1..=20 {
            let hard_state = Some(HardState { term: Term(index), vote: None });
            let bytes = [10, 5000][usize::try_from(index).unwrap() % 2];
            let write = Write { hard_state, ..entries(index, 1, &[bytes]) };
            match wal.append(std::slice::from_ref(&write)) {
                Ok(()) => written = index,
                Err(error) => {
                    assert!(error.is_storage_full() && wal.is_usable(), "{blocks}: {error}");
                    break;
                }
            }
            wal.seal().unwrap();
        }
        let found = |disk: MemoryDisk| {
            disk.crash(blocks);
            let (_, restored, _) = open(&disk).unwrap();
            (restored.entries.len() as u64, restored.hard_state.term.0)
        };
        assert_eq!(found(disk.fork()), (written, written), "{blocks}");
        disk.limit(None);
        wal.append(&[entries(written + 1, 1, &[10])]).unwrap();
        assert_eq!(found(disk), (written + 1, written), "{blocks}");
    }
}

#[test]
fn an_append_into_prepared_space_does_not_wait_for_more() {
    let disk = MemoryDisk::new();
    let (mut wal, _, _) = open(&disk).unwrap();
    for index in 1..=20 {
        while wal.prepare_next().unwrap() {}
        let before = disk.operations();
        wal.append(&[entries(index, 1, &[10])]).unwrap();
        let operations = disk.operations() - before;
        // A full segment makes way for the next, which is ready: header, frame, sync, name, sync;
        // and the full one says so: frame, sync. No zeros are written while the append waits.
        assert_eq!(operations, if index % 3 == 1 && index > 1 { 7 } else { 2 }, "append {index}");
    }
}

#[test]
fn no_more_space_is_prepared_than_is_wanted() {
    let disk = MemoryDisk::new();
    let config = Config { ahead_bytes: 4 * 4096, ..SMALL };
    let (mut wal, _, _) = Wal::open(disk.clone(), IDENTITY, config).unwrap();
    // Four blocks are wanted ahead. A new log has one, and room for three more in its segment.
    assert!(wal.prepare_next().unwrap());
    assert!(wal.prepare_next().unwrap());
    assert!(!wal.prepare_next().unwrap());
    let before = disk.operations();
    assert!(!wal.prepare_next().unwrap());
    assert_eq!(disk.operations(), before);
    assert_eq!(disk.contents("wal-next.tmp"), None);

    // One is used, so the next segment is begun.
    wal.append(&[entries(1, 1, &[1])]).unwrap();
    assert!(!wal.prepare_next().unwrap());
    assert_eq!(disk.contents("wal-next.tmp").map(|bytes| bytes.len()), Some(20480));
}

#[test]
fn no_more_than_one_segment_is_prepared() {
    let config = Config { ahead_bytes: 1 << 30, ..SMALL };
    let (mut wal, _, _) = Wal::open(MemoryDisk::new(), IDENTITY, config).unwrap();
    // The first block of the first segment is there; three of it and four of the next are not.
    let steps = (0..100).take_while(|_| wal.prepare_next().unwrap()).count();
    assert_eq!(steps, 6, "and a seventh, after which no more is wanted");
}

#[test]
#[should_panic(expected = "leave a hole")]
fn a_hole_is_not_written() {
    let (mut wal, _, _) = open(&MemoryDisk::new()).unwrap();
    wal.append(&[entries(1, 1, &[1, 1]), entries(4, 1, &[1])]).unwrap();
}

#[test]
#[should_panic(expected = "not adjacent")]
fn entries_that_are_not_adjacent_are_not_written() {
    let (mut wal, _, _) = open(&MemoryDisk::new()).unwrap();
    let mut write = entries(1, 1, &[1, 1]);
    write.entries[1].position.index = Index(3);
    wal.append(&[write]).unwrap();
}

#[test]
fn an_error_of_the_disk_names_the_file_and_the_operation() {
    let disk = MemoryDisk::new();
    let (mut wal, _, _) = open(&disk).unwrap();
    disk.fail(0, Fault::Io);
    let Error::Io { path, operation, source } = wal.append(&[vote(1, 1)]).unwrap_err() else {
        panic!("the disk failed");
    };
    assert_eq!(path.to_str(), Some("wal-0000000000000001.log"));
    assert_eq!(operation, "prepare");
    assert_eq!(source.kind(), io::Error::from_raw_os_error(5).kind());
}

/// A step of a random run.
#[derive(Clone, Debug)]
enum Step {
    Append(Vec<Draft>),
    Prepare,
    /// The process ends and starts again, with segments of so many blocks.
    Restart(u64),
    /// The power fails.
    Crash(u64),
}

/// A write, with the index of the first entry still to be fitted to the log.
#[derive(Clone, Debug)]
struct Draft {
    hard_state: Option<(u64, Option<u64>)>,
    back: u64,
    term: u64,
    commands: Vec<Option<usize>>,
    commit: u64,
}

impl Draft {
    fn fit(&self, held: usize) -> Write {
        let first = (held as u64 + 1).saturating_sub(self.back).max(1);
        let entry = |(index, bytes): (u64, &Option<usize>)| Entry {
            position: Position::new(index, self.term),
            payload: bytes.map_or(Payload::Noop, |bytes| {
                Payload::Command(vec![self.term.to_le_bytes()[0]; bytes].into())
            }),
        };
        Write {
            id: WriteId(7),
            hard_state: self
                .hard_state
                .map(|(term, vote)| HardState { term: Term(term), vote: vote.map(NodeId) }),
            entries: (first..).zip(&self.commands).map(entry).collect(),
            commit: Index(self.commit),
            ..Write::default()
        }
    }
}

fn draft() -> impl Strategy<Value = Draft> {
    let bytes = prop_oneof![4 => 0..100_usize, 1 => 3900..4200_usize, 1 => 0..20_000_usize];
    (
        prop::option::of((0..9_u64, prop::option::of(0..5_u64))),
        prop_oneof![3 => Just(0), 1 => 0..8_u64],
        any::<u64>(),
        prop::collection::vec(prop::option::weighted(0.9, bytes), 0..5),
        0..100_u64,
    )
        .prop_map(|(hard_state, back, term, commands, commit)| Draft {
            hard_state,
            back,
            term,
            commands,
            commit,
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(draft(), 0..4).prop_map(Step::Append),
        3 => Just(Step::Prepare),
        1 => (1..9_u64).prop_map(Step::Restart),
        1 => any::<u64>().prop_map(Step::Crash),
    ]
}

proptest! {
    #[test]
    fn it_gives_back_what_a_naive_log_holds(steps in prop::collection::vec(step(), 1..40)) {
        let disk = MemoryDisk::new();
        let mut config = SMALL;
        let (mut wal, _, _) = Wal::open(disk.clone(), IDENTITY, config).unwrap();
        let mut written: Vec<Write> = Vec::new();
        let mut frames = 0;
        for step in steps.into_iter().chain([Step::Restart(4)]) {
            match step {
                Step::Append(drafts) => {
                    let from = written.len();
                    for draft in drafts {
                        let held = model(&written).entries.len();
                        written.push(draft.fit(held));
                    }
                    wal.append(&written[from..]).unwrap();
                    frames += u64::from(written.len() > from);
                    frames += u64::from(written[from..].iter().any(|it| it.hard_state.is_some()));
                    continue;
                }
                Step::Prepare => {
                    wal.prepare_next().unwrap();
                    continue;
                }
                Step::Restart(blocks) => config.segment_bytes = blocks * 4096,
                Step::Crash(seed) => disk.crash(seed),
            }
            let (opened, restored, recovery) =
                Wal::open(disk.clone(), IDENTITY, config).unwrap();
            prop_assert_eq!(restored, model(&written));
            prop_assert_eq!(recovery.frames, frames);
            prop_assert_eq!(recovery.torn, None);
            wal = opened;
        }
    }
}

//! A damaged log: what is left of it, and how it begins anew.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use common::{IDENTITY, SMALL, base, entries, model, open, trusted, vote};
use raft::{Loss, Restored, Write};
use wal::{Disk, Error, Fault, MemoryDisk, Wal, salvage};

/// Votes among entries, in four segments.
fn batches() -> Vec<Vec<Write>> {
    vec![
        vec![vote(1, 1), entries(1, 1, &[100])],
        vec![entries(2, 1, &[3000])],
        vec![entries(3, 1, &[5000])],
        vec![vote(2, 2)],
        // Replaces 3.
        vec![entries(3, 2, &[700])],
        vec![base(1, 1), entries(4, 2, &[3900])],
        vec![vote(3, 1), entries(5, 3, &[10])],
        vec![entries(6, 3, &[10])],
    ]
}

/// A log at rest.
fn sample() -> MemoryDisk {
    let disk = MemoryDisk::new();
    let (mut wal, _, _) = open(&disk).unwrap();
    for batch in batches() {
        wal.append(&batch).unwrap();
    }
    while wal.prepare_next().unwrap() {}
    wal.seal().unwrap();
    disk
}

fn segments(disk: &MemoryDisk) -> Vec<String> {
    let mut names = disk.list().unwrap();
    names.retain(|name| name.starts_with("wal-0"));
    names.sort();
    names
}

fn is_state(restored: &Restored) -> bool {
    let states = (0..=batches().len()).map(|count| model(batches()[..count].iter().flatten()));
    let hard_state = restored.hard_state;
    let mut states = states.map(|state| Restored { hard_state, ..state });
    states.any(|state| state == trusted(restored.clone()))
}

/// Opens a damaged log, and looks at what is left of it. Whether anything is.
#[track_caller]
fn check(disk: &MemoryDisk) -> Option<Restored> {
    let last = model(batches().iter().flatten());
    match open(disk) {
        Ok((_, restored, _)) => {
            assert_eq!(trusted(restored.clone()), last);
            Some(restored)
        }
        Err(error) => {
            assert!(error.is_damage(), "{error}");
            let restored = salvage(disk, IDENTITY).ok()?;
            assert_eq!(restored.loss, Some(Loss::Damage));
            assert_eq!(restored.hard_state, last.hard_state, "a vote is forgotten");
            assert!(is_state(&restored), "{restored:?} never was");
            Some(restored)
        }
    }
}

#[test]
fn no_vote_is_forgotten_whatever_is_damaged() {
    let sample = sample();
    for name in segments(&sample) {
        let bytes = sample.contents(&name).unwrap();
        for at in (0..bytes.len()).step_by(512) {
            for length in [512, 4096, 8192] {
                let length = length.min(bytes.len() - at);
                let disk = sample.fork();
                disk.overwrite(&name, at as u64, &vec![0; length]);
                check(&disk);
            }
            let flipped = sample.fork();
            flipped.overwrite(&name, at as u64 + 9, &[bytes[at + 9] ^ 4]);
            assert!(check(&flipped).is_some(), "one bit at {at} of {name}");
        }
    }
}

#[test]
fn if_the_last_vote_may_be_lost_nothing_is_left() {
    let disk = sample();
    let newest = segments(&disk).split_off(1);
    for name in &newest {
        let bytes = disk.contents(name).unwrap();
        for at in (4096..bytes.len()).step_by(4096) {
            disk.overwrite(name, at as u64 + 40, &[bytes[at + 40] ^ 1]);
        }
    }
    let damage = open(&disk).unwrap_err();
    assert_eq!(salvage(&disk, IDENTITY).unwrap_err().to_string(), damage.to_string());
}

#[test]
fn a_segment_between_others_may_be_missing_or_cut() {
    let sample = sample();
    let names = segments(&sample);
    for name in &names[..names.len() - 1] {
        let disk = sample.fork();
        disk.remove(name).unwrap();
        assert!(check(&disk).is_some(), "without {name}");
    }
    for name in &names {
        for blocks in 0..4 {
            let disk = sample.fork();
            disk.truncate(name, blocks * 4096);
            check(&disk);
        }
    }
}

/// A log with a bad frame in its second segment, and what is left of it.
fn damaged() -> (MemoryDisk, Restored) {
    let disk = sample();
    disk.overwrite(&segments(&disk)[1], 4096 + 40, &[0xff; 8]);
    let restored = check(&disk).unwrap();
    assert!(!restored.entries.is_empty());
    (disk, restored)
}

#[test]
fn a_log_begins_anew_with_what_is_left() {
    let (disk, left) = damaged();
    let old = segments(&disk);
    let mut wal = Wal::rebuild(disk.clone(), IDENTITY, SMALL, &left).unwrap();
    assert_eq!(open(&disk.fork()).unwrap().1, left);

    // The damaged files stay as long as the member recovers, whatever the base is.
    let last = left.base.index.0 + left.entries.len() as u64;
    let more = [base(last, 1), entries(last + 1, 4, &[9000])];
    for write in &more {
        wal.append(std::slice::from_ref(write)).unwrap();
        while wal.prepare_next().unwrap() {}
    }
    assert_eq!(segments(&disk)[..old.len()], old);
    let (mut wal, restored, _) = open(&disk).unwrap();
    assert_eq!(restored.loss, Some(Loss::Damage));
    while wal.prepare_next().unwrap() {}
    assert_eq!(segments(&disk)[..old.len()], old);

    let recovered = Write { is_recovered: true, ..Write::default() };
    wal.append(std::slice::from_ref(&recovered)).unwrap();
    while wal.prepare_next().unwrap() {}
    assert!(segments(&disk).iter().all(|name| !old.contains(name)));
    let (_, whole, _) = open(&disk).unwrap();
    assert_eq!(whole, Restored { loss: None, ..restored });
}

#[test]
fn a_crash_while_it_begins_anew_changes_nothing() {
    let (damaged, left) = damaged();
    let operations = {
        let disk = damaged.fork();
        let before = disk.operations();
        Wal::rebuild(disk.clone(), IDENTITY, SMALL, &left).unwrap();
        disk.operations() - before
    };
    let mut finished = 0;
    for operation in 0..operations {
        for seed in 0..20 {
            let disk = damaged.fork();
            disk.fail(operation, Fault::Stop);
            Wal::rebuild(disk.clone(), IDENTITY, SMALL, &left).unwrap_err();
            disk.crash(seed);
            match open(&disk) {
                Ok((_, restored, _)) => {
                    assert_eq!(restored, left);
                    finished += 1;
                }
                Err(error) => {
                    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
                    assert_eq!(salvage(&disk, IDENTITY).unwrap(), left);
                }
            }
        }
    }
    assert!(finished > 0, "the last sync makes the name durable, or the crash does");
}

#[test]
fn what_was_rebuilt_may_be_damaged_again() {
    let (disk, left) = damaged();
    let mut wal = Wal::rebuild(disk.clone(), IDENTITY, SMALL, &left).unwrap();
    let last = left.base.index.0 + left.entries.len() as u64;
    wal.append(&[vote(7, 3), entries(last + 1, 7, &[10])]).unwrap();
    wal.append(&[entries(last + 2, 7, &[10])]).unwrap();
    let command = [0xa0 | ((last + 1) % 16).to_le_bytes()[0]; 10];
    for name in segments(&disk) {
        let bytes = disk.contents(&name).unwrap();
        if let Some(at) = bytes.windows(10).rposition(|window| window == command) {
            disk.overwrite(&name, at as u64, &[0]);
        }
    }
    assert!(open(&disk).unwrap_err().is_damage());
    let again = salvage(&disk, IDENTITY).unwrap();
    assert_eq!(again.hard_state, vote(7, 3).hard_state.unwrap());
    Wal::rebuild(disk.clone(), IDENTITY, SMALL, &again).unwrap();
    assert_eq!(open(&disk).unwrap().1, again);
}

/// Its frames are numbered anew, too, and for a while the vote may be in none but its first.
#[test]
fn no_vote_is_forgotten_whatever_is_damaged_of_what_was_rebuilt() {
    const BLOCK: usize = 4096;
    let (disk, left) = damaged();
    let mut wal = Wal::rebuild(disk.clone(), IDENTITY, SMALL, &left).unwrap();
    let rebuilt = segments(&disk).last().unwrap().clone();
    for (more, expected) in
        [(None, left.hard_state), (Some(vote(7, 3)), vote(7, 3).hard_state.unwrap())]
    {
        if let Some(write) = more {
            wal.append(&[write]).unwrap();
        }
        let contents = disk.contents(&rebuilt).unwrap();
        for at in (0..contents.len()).filter(|at| at % BLOCK < 64 && contents[*at] != 0) {
            let disk = disk.fork();
            disk.overwrite(&rebuilt, at as u64, &[contents[at] ^ 0x10]);
            let found = match open(&disk) {
                Ok((_, restored, _)) => restored,
                Err(error) => {
                    assert!(error.is_damage(), "{error}");
                    let Ok(restored) = salvage(&disk, IDENTITY) else { continue };
                    restored
                }
            };
            assert_eq!(found.hard_state, expected, "with byte {at} flipped");
        }
    }
}

//! A small log, damaged in every way, at every place. It is never shorter in silence.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod common;

use common::{IDENTITY, entries, model, open, trusted, vote};
use raft::{Loss, Restored, Write};
use wal::{Config, Damage, Error, MemoryDisk, Wal, salvage};

const SECTOR: usize = 512;

/// Two segments: a frame of two blocks, its seal, for it holds a vote, and the block that points to
/// the next segment; then two frames of one block, and blocks that are prepared and empty, or the
/// first of them sealed.
struct Sample {
    disk: MemoryDisk,
    whole: Restored,
    without_last: Restored,
    is_sealed: bool,
}

fn sample() -> Sample {
    let batches: [Vec<Write>; 3] = [
        vec![vote(1, 1), entries(1, 1, &[4000, 1500])],
        vec![entries(3, 1, &[3000])],
        vec![entries(4, 1, &[2000, 10])],
    ];
    let disk = MemoryDisk::new();
    let (mut wal, _, _) = open(&disk).unwrap();
    for batch in &batches {
        wal.append(batch).unwrap();
        while wal.prepare_next().unwrap() {}
    }
    let whole = model(batches.iter().flatten());
    let without_last = model(batches[..2].iter().flatten());
    Sample { disk, whole, without_last, is_sealed: false }
}

/// The same, at rest.
fn sealed_sample() -> Sample {
    let sample = sample();
    let (mut wal, _, _) = open(&sample.disk).unwrap();
    while wal.prepare_next().unwrap() {}
    wal.seal().unwrap();
    Sample { is_sealed: true, ..sample }
}

const FIRST: &str = "wal-0000000000000001.log";
const LAST: &str = "wal-0000000000000002.log";
/// Where the last frame of the sample stands.
const LAST_FRAME: std::ops::Range<usize> = 8192..12288;

/// Whether that is where the first segment says that there is a second. While there is, nobody
/// needs to be told.
fn is_pointer(name: &str, at: usize) -> bool {
    name == FIRST && at >= 16384
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Same,
    LastFrameGone,
    Refused,
}

impl Sample {
    /// Opens a copy of the log after `damage` was done to bytes `at..` of a file, checks what holds
    /// in any case, and says what came of it.
    #[track_caller]
    fn outcome(&self, name: &str, at: usize, damage: impl FnOnce(&MemoryDisk)) -> Outcome {
        let disk = self.disk.fork();
        damage(&disk);
        let damaged = [disk.contents(FIRST), disk.contents(LAST)];
        match open(&disk) {
            Ok((_, restored, recovery)) if trusted(restored.clone()) == self.whole => {
                assert_eq!(restored.loss.is_some(), recovery.torn.is_some());
                Outcome::Same
            }
            Ok((_, restored, recovery)) => {
                assert!(!self.is_sealed, "damage at {at} of {name} is taken for a torn tail");
                assert_eq!(restored.loss, Some(Loss::Tail));
                assert_eq!(
                    trusted(restored.clone()),
                    self.without_last,
                    "damage at {at} of {name}"
                );
                let torn = recovery.torn.expect("a loss is reported");
                assert_eq!(
                    (torn.path.to_str(), torn.offset),
                    (Some(LAST), LAST_FRAME.start as u64)
                );
                assert!(name == LAST && LAST_FRAME.contains(&at), "damage at {at} of {name}");
                let (_, again, recovery) = open(&disk).unwrap();
                assert_eq!((again, recovery.torn), (restored, None), "the cut is done");
                Outcome::LastFrameGone
            }
            Err(Error::Corrupt { path, offset, .. }) => {
                assert_eq!(path.to_str(), Some(name));
                assert!(offset <= at as u64, "damage at {at} of {name} is reported at {offset}");
                assert_eq!([disk.contents(FIRST), disk.contents(LAST)], damaged);
                Outcome::Refused
            }
            Err(error) => panic!("damage at {at} of {name}: {error}"),
        }
    }

    /// Opens it with some bits of a byte flipped.
    #[track_caller]
    fn flip(&self, name: &str, bytes: &[u8], at: usize, flip: u8) {
        let byte = bytes[at];
        let outcome =
            self.outcome(name, at, |disk| disk.overwrite(name, at as u64, &[byte ^ flip]));
        if at < 4096 {
            assert_eq!(outcome, Outcome::Refused, "byte {at} of the header of {name}");
        } else if byte != 0 && outcome == Outcome::Same && !is_pointer(name, at) {
            // The trailer only helps to tell what happened to the rest.
            assert!(at % 4096 >= 4080, "byte {at} of {name} is in no checksum");
        }
        assert_ne!(outcome, Outcome::LastFrameGone, "a torn write flips no bit");
    }

    fn files(&self) -> [(&'static str, Vec<u8>); 2] {
        [FIRST, LAST].map(|name| (name, self.disk.contents(name).unwrap()))
    }
}

/// Each bit of each byte.
#[test]
fn any_bit_may_flip() {
    let sample = sample();
    for (name, bytes) in sample.files() {
        for at in 0..bytes.len() {
            (0..8).for_each(|bit| sample.flip(name, &bytes, at, 1 << bit));
        }
    }
}

/// All bits of a byte, and with a log at rest.
#[test]
fn any_byte_may_flip() {
    for sample in [sample(), sealed_sample()] {
        for (name, bytes) in sample.files() {
            for at in 0..bytes.len() {
                sample.flip(name, &bytes, at, 1 << (at % 8));
                sample.flip(name, &bytes, at, 0xff);
            }
        }
    }
}

#[test]
fn any_sector_may_be_zeroed() {
    for sample in [sample(), sealed_sample()] {
        for (name, bytes) in sample.files() {
            for at in (0..bytes.len()).step_by(SECTOR) {
                let outcome =
                    sample.outcome(name, at, |disk| disk.overwrite(name, at as u64, &[0; SECTOR]));
                let is_within_frame = bytes[at..at + SECTOR - 16].iter().any(|byte| *byte != 0);
                // Nothing is lost with a seal.
                let is_seal = sample.is_sealed && name == LAST && at >= LAST_FRAME.end;
                if is_within_frame && !is_seal && !is_pointer(name, at) {
                    assert_ne!(outcome, Outcome::Same, "sector at {at} of {name}");
                }
            }
        }
    }
}

#[test]
fn any_sector_may_be_that_of_another_place() {
    for sample in [sample(), sealed_sample()] {
        for (name, bytes) in sample.files() {
            for at in (0..bytes.len()).step_by(SECTOR) {
                for (_, other) in sample.files() {
                    for sector in other.chunks_exact(SECTOR) {
                        sample.outcome(name, at, |disk| disk.overwrite(name, at as u64, sector));
                    }
                }
            }
        }
    }
}

#[test]
fn a_file_may_be_cut_anywhere() {
    let sample = sample();
    for (name, bytes) in sample.files() {
        for length in 0..bytes.len() {
            let outcome = sample.outcome(name, length, |disk| disk.truncate(name, length as u64));
            assert_eq!(outcome, Outcome::Refused, "{name} cut at {length}");
        }
    }
}

#[test]
fn a_segment_may_be_missing_or_twice() {
    let first_is_gone = sample();
    remove(&first_is_gone.disk, FIRST);
    assert_corrupt(&first_is_gone.disk, FIRST, 0, &Damage::MissingSegment);

    // The first one says that there is a second.
    let last_is_gone = sample();
    remove(&last_is_gone.disk, LAST);
    assert_corrupt(&last_is_gone.disk, LAST, 0, &Damage::MissingSegment);
    assert!(salvage(&last_is_gone.disk, IDENTITY).is_err(), "it may have held a vote");

    let sample = sample();
    let bytes = sample.disk.contents(FIRST).unwrap();
    sample.disk.overwrite(LAST, 0, &bytes);
    assert_corrupt(&sample.disk, LAST, 0, &Damage::WrongSegment { found: 1 });
}

/// A segment gets its name when its first frame is durable.
#[test]
fn a_newest_segment_may_not_be_blank() {
    let sample = sample();
    let bytes = sample.disk.contents(LAST).unwrap();
    sample.disk.overwrite(LAST, 4096, &vec![0; bytes.len() - 4096]);
    assert_corrupt(&sample.disk, LAST, 4096, &Damage::NoFrame { number: 3 });
}

#[test]
fn two_sectors_of_the_last_two_frames_are_damage_and_not_a_tail() {
    // The first of the two was durable when the second was written, of which only the trailer is
    // left to say so; or only the header.
    for of_last in [LAST_FRAME.start, LAST_FRAME.start + 1024] {
        let sample = sample();
        sample.disk.overwrite(LAST, 4096, &[0; SECTOR]);
        sample.disk.overwrite(LAST, of_last as u64, &[0; SECTOR]);
        let damage = Damage::Followed {
            damage: Box::new(Damage::NoFrame { number: 3 }),
            number: 4,
            offset: LAST_FRAME.start as u64,
        };
        assert_corrupt(&sample.disk, LAST, 4096, &damage);
    }
}

#[test]
fn a_frame_of_another_log_is_not_taken_for_its_own() {
    let sample = sample();
    let other = MemoryDisk::new();
    let identity = wal::Identity { member: 2, ..IDENTITY };
    let config = Config { segment_bytes: 16384, ..Config::default() };
    let (mut wal, _, _) = Wal::open(other.clone(), identity, config).unwrap();
    for index in 1..=5 {
        wal.append(&[entries(index, 1, &[3000])]).unwrap();
    }
    // A block after the tail. It is not a later frame; but nothing of this log's stands there.
    let foreign = other.contents(LAST).unwrap();
    sample.disk.overwrite(LAST, 12288, &foreign[8192..12288]);
    let damage = Damage::NotTorn { damage: Box::new(Damage::NoFrame { number: 5 }) };
    assert_corrupt(&sample.disk, LAST, 12288, &damage);
}

#[test]
fn the_error_says_what_happened_and_what_to_do() {
    let sample = sample();
    sample.disk.overwrite(FIRST, 5000, &[0]);
    assert_eq!(
        open(&sample.disk).unwrap_err().to_string(),
        "wal-0000000000000001.log is damaged at byte 4096: the body of frame 1 does not match its \
         checksum. Nothing was changed: what is lost there may have been acknowledged, so the log \
         must not be cut. Put a whole copy of this member's files in place, or remove the member \
         from the cluster and add it as a new one"
    );
    let other = self::sample();
    other.disk.overwrite(LAST, 4096 + 40, &[0xff; 8]);
    let error = open(&other.disk).unwrap_err().to_string();
    assert!(
        error.contains(
            "the body of frame 3 does not match its checksum, and frame 4 was written after it, \
             at byte 8192"
        ),
        "{error}"
    );
}

fn remove(disk: &MemoryDisk, name: &str) {
    use wal::Disk as _;
    disk.remove(name).unwrap();
}

#[track_caller]
fn assert_corrupt(disk: &MemoryDisk, name: &str, at: u64, expected: &Damage) {
    match open(disk) {
        Err(Error::Corrupt { path, offset, damage }) => {
            assert_eq!((path.to_str(), offset, &damage), (Some(name), at, expected));
        }
        other => panic!("{:?}", other.map(|(_, restored, recovery)| (restored, recovery))),
    }
}

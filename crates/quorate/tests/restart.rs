//! Members that are killed at once, and what they remember when they start again.

mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tokio::task::JoinSet;

use support::client;
use support::cluster::{Cluster, Member};
use support::eventually;

/// The log is written in blocks of so many bytes.
const BLOCK_BYTES: usize = 4096;

/// How long the header of a frame is. What follows is the frame's body.
const HEADER_BYTES: usize = 32;

#[tokio::test(flavor = "multi_thread")]
async fn three_members_remember() {
    remembers(Cluster::start(3).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_member_remembers() {
    remembers(Cluster::start(1).await).await;
}

/// Kills all members while clients write, twice, and looks for what was acknowledged.
async fn remembers(mut cluster: Cluster) {
    let mut revision = 0;
    for round in 0..2 {
        let acknowledged = write_until_all_are_killed(&mut cluster, round).await;
        cluster.start_all().await;
        for member in &cluster.members {
            let mut kv = client::kv(&member.url());
            let response = kv.range(client::prefix("key")).await.expect("it serves").into_inner();
            let found = response.kvs.iter().map(|kv| (&*kv.key, kv)).collect::<BTreeMap<_, _>>();
            for (key, revision) in &acknowledged {
                let found = found.get(key.as_bytes()).unwrap_or_else(|| panic!("{key} is lost"));
                assert_eq!((found.mod_revision, found.version), (*revision, 1), "{key}");
            }
            revision = response.header.unwrap_or_default().revision;
        }
        let last = acknowledged.values().max().expect("something was acknowledged");
        assert!(revision >= *last, "the revision {revision} goes on after {last}");
        cluster.agree().await;
    }
    let mut kv = client::kv(&cluster.members[0].url());
    let put = kv.put(client::put("another", "")).await.expect("it serves").into_inner();
    assert_eq!(put.header.unwrap_or_default().revision, revision + 1);
}

/// Writes new keys at all members, as fast as they are taken, and in the middle of that kills all
/// members. The keys that were acknowledged, and their revisions.
async fn write_until_all_are_killed(cluster: &mut Cluster, round: u32) -> BTreeMap<String, i64> {
    let mut writers = JoinSet::new();
    for (writer, url) in cluster.urls().into_iter().cycle().take(6).enumerate() {
        writers.spawn(async move {
            let mut kv = client::kv(&url);
            let mut acknowledged = BTreeMap::new();
            for number in 0.. {
                let key = format!("key-{round}-{writer}-{number}");
                let Ok(put) = kv.put(client::put(key.clone(), "value")).await else { break };
                acknowledged.insert(key, put.into_inner().header.unwrap_or_default().revision);
            }
            acknowledged
        });
    }
    // Each has written some by then.
    let mut kv = client::kv(&cluster.members[0].url());
    for number in 0..100 {
        kv.put(client::put("clock", number.to_string())).await.expect("it serves");
    }
    cluster.members.iter_mut().for_each(Member::kill);
    writers.join_all().await.into_iter().flatten().collect()
}

/// What a write that was cut short leaves behind the last frame.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_frame_is_cut_off() {
    let mut cluster = Cluster::start(1).await;
    let mut kv = client::kv(&cluster.members[0].url());
    let put = kv.put(client::put("a", "1")).await.unwrap().into_inner();
    cluster.members[0].kill();
    let segment = Segment::newest(&cluster.members[0]);
    // Of its first block only the second sector.
    segment.overwrite(segment.end() + 512, &[0xa5; 100]);

    cluster.start_all().await;
    let log = cluster.members[0].process().output();
    assert_cut(&log, &segment, segment.end());
    let kvs = kv.range(client::key("a")).await.unwrap().into_inner();
    assert_eq!(kvs.kvs[0].mod_revision, put.header.unwrap().revision);

    // It is gone for good.
    cluster.members[0].kill();
    cluster.start_all().await;
    let log = cluster.members[0].process().output();
    assert!(!log.contains("cut off"), "{log}");
}

/// The last frame of a leader is torn, which it wrote when it was alone. Nobody was told of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_torn_frame_is_cut_off() {
    let mut cluster = Cluster::of(3);
    for member in &mut cluster.members {
        // So long does it take a leader to see that it is alone.
        member.flags.set("--election-timeout", "1500");
    }
    cluster.start_all().await;
    let leader = cluster.leader().await;
    let mut kv = client::kv(&cluster.members[leader].url());
    kv.put(client::put("a", "1")).await.unwrap();
    for (number, member) in cluster.members.iter_mut().enumerate() {
        if number != leader {
            member.kill();
        }
    }
    let value = vec![b'v'; 3 * BLOCK_BYTES];
    let put = client::put("a", value.clone());
    let writing = tokio::spawn(async move { kv.put(put).await });
    let at = eventually("the leader does not write", async || {
        let segment = Segment::newest(&cluster.members[leader]);
        segment.find(&value).ok_or_else(String::new)
    })
    .await;
    cluster.members[leader].kill();
    writing.await.unwrap().expect_err("the leader was alone");
    let segment = Segment::newest(&cluster.members[leader]);
    // The value begins in the first of four blocks. What follows is a seal, if there was the time.
    let frame = at / BLOCK_BYTES * BLOCK_BYTES;
    let last_block = frame + 3 * BLOCK_BYTES;
    segment.overwrite(last_block, &vec![0; segment.bytes.len() - last_block]);

    cluster.start_all().await;
    let log = cluster.members[leader].process().output();
    assert_cut(&log, &segment, frame);
    cluster.agree().await;
    let mut kv = client::kv(&cluster.members[leader].url());
    let kvs = kv.range(client::key("a")).await.unwrap().into_inner().kvs;
    assert_eq!((&*kvs[0].value, kvs[0].version), (&b"1"[..], 1));
}

/// One bit in the middle of the log, which others follow: no end was torn there.
#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_is_refused() {
    let mut cluster = Cluster::start(1).await;
    let mut kv = client::kv(&cluster.members[0].url());
    for number in 0..20 {
        kv.put(client::put("a", number.to_string())).await.unwrap();
    }
    let member = &mut cluster.members[0];
    member.kill();
    let segment = Segment::newest(member);
    let block = segment.end() / BLOCK_BYTES / 2 * BLOCK_BYTES;
    let at = block + HEADER_BYTES + 1;
    segment.flip(at);
    let before = files(&member.data_dir);

    member.start();
    let status = member.process().wait();
    let output = member.process().output();
    assert_eq!(status.code(), Some(1), "{output}");
    let says = format!("Error: {} is damaged at byte {block}: ", segment.path.display());
    let error = output.lines().last().expect("it says why");
    assert!(error.starts_with(&says) && error.contains("Nothing was changed"), "{output}");
    assert!(files(&member.data_dir) == before, "the files of a damaged log were changed");

    segment.overwrite(at, &[segment.bytes[at]]);
    cluster.start_all().await;
}

/// A follower's last write was acknowledged, and rots. That is no torn tail: it has the write sent
/// again, and then votes again.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_follower_lost_it_has_sent_again() {
    let mut cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    let follower = cluster.follower().await;
    let mut kv = client::kv(&cluster.members[leader].url());
    for number in 0..20 {
        kv.put(client::put("a", number.to_string())).await.unwrap();
    }
    cluster.agree().await;
    for place in [Place::Last, Place::Middle, Place::WholeBlock] {
        let member = &mut cluster.members[follower];
        // At rest the log is sealed.
        member.stop();
        let segment = Segment::newest(member);
        segment.damage(place);
        member.start();
        let process = member.process();
        let output = process.wait_until_it_prints("holds again all that it may have lost");
        assert!(output.contains("is damaged at byte"), "{output}");
        cluster.ready().await;
        cluster.agree().await;
    }
    // It counts again: with one other it is a majority.
    let other = 3 - leader - follower;
    cluster.members[leader].kill();
    eventually("the other two do not go on", async || {
        let mut kv = client::kv(&cluster.members[other].url());
        kv.put(client::put("a", "last")).await.map_err(|error| error.to_string())
    })
    .await;
}

/// Where a log is damaged.
#[derive(Clone, Copy)]
enum Place {
    Last,
    Middle,
    WholeBlock,
}

/// The snapshot that a member's log begins after rots.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotten_snapshot_is_sent_again() {
    let mut cluster = Cluster::of(3);
    for member in &mut cluster.members {
        member.flags.set("--snapshot-bytes", "20000");
    }
    cluster.start_all().await;
    let follower = cluster.follower().await;
    let snapshots = cluster.members[follower].data_dir.join("member/snap");
    let mut kv = client::kv(&cluster.members[follower].url());
    let newest = eventually("no snapshot is taken", async || {
        kv.put(client::put("a", vec![b'v'; 1000])).await.map_err(|error| error.to_string())?;
        let files = fs::read_dir(&snapshots).map_err(|error| error.to_string())?;
        let mut paths = files.map(|entry| entry.expect("it can be read").path());
        paths.find(|path| path.extension().is_none()).ok_or_else(String::new)
    })
    .await;
    cluster.members[follower].stop();
    for entry in fs::read_dir(newest.parent().expect("a directory")).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        let file = File::options().write(true).open(path).expect("it can be written");
        file.write_all_at(b"rot", 20).expect("it can be written");
    }
    cluster.members[follower].start();
    let process = cluster.members[follower].process();
    let output = process.wait_until_it_prints("holds again all that it may have lost");
    assert!(output.contains("its content does not match its checksum"), "{output}");
    cluster.ready().await;
    cluster.agree().await;
}

/// A log that is gone is not begun anew: the member has promised things.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_gone_is_missed() {
    let mut cluster = Cluster::start(3).await;
    let follower = cluster.follower().await;
    let member = &mut cluster.members[follower];
    member.stop();
    fs::remove_dir_all(member.data_dir.join("member/wal")).expect("it is there");
    member.start();
    let status = member.process().wait();
    let output = member.process().output();
    assert_eq!(status.code(), Some(1), "{output}");
    let error = output.lines().last().expect("it says why");
    assert!(error.contains("is gone, and with it what this member has promised"), "{output}");
}

fn assert_cut(log: &str, segment: &Segment, offset: usize) {
    let line = log.lines().find(|line| line.contains("cut off the last write"));
    let line = line.unwrap_or_else(|| panic!("nothing was cut off:\n{log}"));
    let file = segment.path.to_str().expect("a temporary name is Unicode");
    assert!(line.contains("WARN") && line.contains(file), "{line}");
    assert!(line.contains(&format!("offset={offset} ")), "at {offset}: {line}");
}

/// A file of a log, as it was found.
struct Segment {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Segment {
    fn newest(member: &Member) -> Self {
        let files = fs::read_dir(member.data_dir.join("member/wal")).expect("there is a log");
        let paths = files.map(|entry| entry.expect("it can be read").path());
        let is_segment = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "log");
        let path = paths.filter(is_segment).max().expect("there is a segment");
        let bytes = fs::read(&path).expect("it can be read");
        Self { path, bytes }
    }

    /// Where the last frame ends: behind it are zeros.
    fn end(&self) -> usize {
        let last = self.bytes.chunks(BLOCK_BYTES).rposition(|block| block != [0; BLOCK_BYTES]);
        (last.expect("there is a header") + 1) * BLOCK_BYTES
    }

    /// Where that stands.
    fn find(&self, bytes: &[u8]) -> Option<usize> {
        self.bytes[..self.end()].windows(bytes.len()).position(|window| window == bytes)
    }

    /// Flips a bit of the last frame but for the seal, or of one in the middle; or blanks that.
    fn damage(&self, place: Place) {
        let blocks = self.end() / BLOCK_BYTES;
        match place {
            Place::Last => self.flip((blocks - 2) * BLOCK_BYTES + HEADER_BYTES + 1),
            Place::Middle => self.flip(blocks / 2 * BLOCK_BYTES + HEADER_BYTES + 1),
            Place::WholeBlock => self.overwrite(blocks / 2 * BLOCK_BYTES, &[0; BLOCK_BYTES]),
        }
    }

    fn flip(&self, at: usize) {
        self.overwrite(at, &[self.bytes[at] ^ 0x10]);
    }

    fn overwrite(&self, at: usize, bytes: &[u8]) {
        let file = File::options().write(true).open(&self.path).expect("it can be written");
        file.write_all_at(bytes, at as u64).expect("it can be written");
    }
}

/// The bytes of all files in a directory.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            let bytes = fs::read(&path).expect("it can be read");
            found.insert(path, bytes);
        }
    }
    found
}

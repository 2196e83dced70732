//! Members whose store is wrong: a checkpoint with another value in it, and a checksum that fits.

mod support;

use std::fs;
use std::path::Path;

use etcdpb::etcdserverpb::AlarmType;
use tonic::Code;
use wal::{RealDisk, Snapshots};

use support::cluster::{Cluster, Member};
use support::{client, eventually};

/// Enough for each member to take a snapshot.
const WRITES: usize = 60;

/// Three members that have taken snapshots, and compare their stores often if `compares`.
async fn cluster(compares: bool) -> Cluster {
    let mut cluster = Cluster::of(3);
    for member in &mut cluster.members {
        member.flags.set("--snapshot-bytes", "10000");
        if compares {
            member.flags.set("--corrupt-check-time", "500ms");
        }
    }
    cluster.start_all().await;
    write(&cluster.members[0].url()).await;
    for member in &mut cluster.members {
        member.process().wait_until_it_prints("took a snapshot");
    }
    cluster
}

async fn write(url: &str) {
    let mut kv = client::kv(url);
    for number in 0..WRITES {
        let key = format!("key-{}", number % 10);
        kv.put(client::put(key, "v".repeat(400))).await.expect("it serves");
    }
}

/// Changes a value in the newest snapshot of a member that does not run, as if it had been written
/// so.
fn falsify(member: &Member) {
    let initial = member.flags.value("--initial-cluster");
    let cluster = host::Cluster::parse(initial, "etcd-cluster").expect("it has started with that");
    let disk = RealDisk::open(member.data_dir.join("member/snap")).expect("it has ended");
    let snapshots = Snapshots::open(disk, cluster.id.0).expect("they are there");
    let newest = snapshots.newest().expect("it is whole").expect("it has taken one");
    let mut content = Vec::new();
    snapshots.for_each_piece(&newest, |piece| content.extend_from_slice(piece)).expect("readable");
    let value = content.windows(400).position(|it| it == [b'v'; 400]).expect("a value");
    content[value] = b'w';
    let mut writer = snapshots.create().expect("writable");
    snapshots.append(&mut writer, &content).expect("writable");
    snapshots.finish(writer, newest.position, newest.configuration).expect("writable");
}

/// Waits until no alarm is raised, and makes sure that all have the same then.
async fn is_repaired(cluster: &Cluster) {
    let url = cluster.members[cluster.leader().await].url();
    eventually("an alarm stays", async || {
        let alarms = client::alarms(&url).await.map_err(|error| error.to_string())?;
        if alarms.is_empty() { Ok(()) } else { Err(format!("{alarms:?}")) }
    })
    .await;
    client::kv(&url).put(client::put("after", "all")).await.expect("it is written to again");
    cluster.agree().await;
    eventually("the hashes differ", async || {
        let mut hashes = Vec::new();
        for member in &cluster.members {
            let hash = client::hash_kv(&member.url()).await.map_err(|error| error.to_string())?;
            hashes.push((hash.hash, hash.compact_revision));
        }
        let is_same = hashes.windows(2).all(|pair| pair[0] == pair[1]);
        if is_same { Ok(()) } else { Err(format!("{hashes:?}")) }
    })
    .await;
}

/// The leader finds the member that differs, and raises its alarm; that member gives up its store
/// and is sent the others'.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_differs_is_found_and_sent_anew() {
    let mut cluster = cluster(true).await;
    let wrong = cluster.follower().await;
    cluster.members[wrong].kill();
    falsify(&cluster.members[wrong]);
    cluster.members[wrong].start();
    let process = cluster.members[wrong].process();
    process.wait_until_it_prints("it starts again, and is sent theirs");
    process.wait_until_it_prints("It gives up what it holds");
    process.wait_until_it_prints("holds again all that it may have lost");
    process.wait_until_it_prints("this member's store is that of the others");
    is_repaired(&cluster).await;
    assert!(!given_up(&cluster.members[wrong]).exists());
    // Nor does it do so once more.
    cluster.members[wrong].kill();
    cluster.members[wrong].start();
    cluster.ready().await;
    let log = cluster.members[wrong].process().output();
    assert!(!log.contains("It gives up what it holds"), "{log}");
}

fn given_up(member: &Member) -> std::path::PathBuf {
    member.data_dir.join("member/differs")
}

/// A member that is to compare its store first serves nobody with a wrong one.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_compared_before_it_is_served() {
    let mut cluster = cluster(false).await;
    let wrong = cluster.follower().await;
    cluster.members[wrong].kill();
    falsify(&cluster.members[wrong]);
    cluster.members[wrong].flags.set("--experimental-initial-corrupt-check", "true");
    cluster.members[wrong].start();
    cluster.ready().await;
    let log = cluster.members[wrong].process().output();
    let place = |text: &str| log.find(text).unwrap_or_else(|| panic!("no {text:?} in {log}"));
    assert!(place("It gives up what it holds") < place("store is that of the others"));
    is_repaired(&cluster).await;
}

/// Of two that differ nobody knows which one is right: all is refused until a third one tells.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_majority_all_members_are_suspected() {
    let mut cluster = cluster(true).await;
    let leader = cluster.leader().await;
    let [wrong, late] = [(leader + 1) % 3, (leader + 2) % 3];
    cluster.members[late].kill();
    cluster.members[wrong].kill();
    falsify(&cluster.members[wrong]);
    cluster.members[wrong].start();
    cluster.ready().await;
    let url = cluster.members[wrong].url();
    let raised = eventually("no alarm is raised", async || {
        let alarms = client::alarms(&url).await.map_err(|error| error.to_string())?;
        if alarms.is_empty() { Err("none".to_owned()) } else { Ok(alarms) }
    })
    .await;
    assert_eq!(raised, [(AlarmType::Corrupt, 0)]);
    let refused = client::kv(&url).put(client::put("a", "b")).await.expect_err("it is refused");
    assert_eq!(refused.code(), Code::DataLoss);
    assert_eq!(refused.message(), "etcdserver: corrupt cluster");
    cluster.members[late].start();
    is_repaired(&cluster).await;
    let names = fs::read_dir(Path::new(&cluster.members[wrong].data_dir).join("member/snap"));
    let names = names.expect("it is there").map(|file| file.expect("readable").file_name());
    let names = names.collect::<Vec<_>>();
    assert!(!names.is_empty(), "it was sent a snapshot, or has taken one");
}

//! Real members that take snapshots, start from them, and send them to each other.

mod support;

use std::fs;
use std::path::Path;

use tokio::task::JoinSet;

use support::client;
use support::cluster::{Cluster, Member};

/// A few hundred writes to a snapshot.
const SNAPSHOT_BYTES: &str = "100000";
/// Enough for several snapshots.
const WRITES: usize = 2000;

fn cluster(size: usize) -> Cluster {
    let mut cluster = Cluster::of(size);
    for member in &mut cluster.members {
        member.flags.set("--snapshot-bytes", SNAPSHOT_BYTES);
    }
    cluster
}

/// Overwrites a hundred keys, through some clients at once.
async fn overwrite(url: &str, round: usize) {
    let mut writers = JoinSet::new();
    for writer in 0..10 {
        let url = url.to_owned();
        writers.spawn(async move {
            let mut kv = client::kv(&url);
            for number in 0..WRITES / 10 {
                let key = format!("key-{writer}-{}", number % 10);
                let value = format!("{round}-{number}-{}", "v".repeat(100));
                kv.put(client::put(key, value)).await.expect("it serves");
            }
        });
    }
    writers.join_all().await;
}

fn snapshots_of(member: &Member) -> usize {
    let directory = Path::new(member.flags.value("--data-dir")).join("member/snap");
    let names = fs::read_dir(directory).expect("it is there");
    let names = names.map(|file| file.expect("readable").file_name());
    names.filter(|name| name.to_string_lossy().starts_with("snapshot-")).count()
}

/// All members are killed after they have taken snapshots. They start from those, and have what
/// was written before and after.
#[tokio::test(flavor = "multi_thread")]
async fn members_start_from_their_snapshots() {
    let mut cluster = cluster(3);
    cluster.start_all().await;
    overwrite(&cluster.members[0].url(), 1).await;
    cluster.agree().await;
    for member in &mut cluster.members {
        member.process().wait_until_it_prints("took a snapshot");
        member.kill();
        assert!((1..=2).contains(&snapshots_of(member)), "only the newest are kept");
    }
    cluster.start_all().await;
    for member in &mut cluster.members {
        member.process().wait_until_it_prints("read a snapshot");
    }
    cluster.agree().await;
    let mut kv = client::kv(&cluster.members[1].url());
    let all = kv.range(client::everything()).await.expect("it serves").into_inner();
    assert_eq!(all.kvs.len(), 100);
    let revision = all.header.unwrap_or_default().revision;
    assert_eq!(revision, i64::try_from(WRITES).expect("few") + 1, "nothing is lost");
    let put = kv.put(client::put("one more", "")).await.expect("it serves").into_inner();
    assert_eq!(put.header.unwrap_or_default().revision, revision + 1);
}

/// A member misses more than the others keep of the log. It is sent a snapshot.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_lags_too_far_is_sent_a_snapshot() {
    let mut cluster = cluster(3);
    cluster.start_all().await;
    let late = cluster.follower().await;
    cluster.members[late].kill();
    let url = cluster.members[cluster.leader().await].url();
    overwrite(&url, 1).await;
    overwrite(&url, 2).await;
    cluster.members[late].start();
    cluster.members[late].process().wait_until_it_prints("received a snapshot");
    cluster.agree().await;
    // It goes on with the log, and starts again from what it was sent.
    overwrite(&url, 3).await;
    cluster.members[late].kill();
    cluster.members[late].start();
    cluster.members[late].process().wait_until_it_prints("read a snapshot");
    cluster.agree().await;
}

//! Files at rest in which a bit flips while the member runs: it finds out, and repairs them from
//! what it has in memory.

mod support;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use support::cluster::{Cluster, Member};
use support::{client, eventually};

/// A member that reads its files again as fast as it can.
fn lone_member(snapshot_bytes: &str) -> Cluster {
    let mut cluster = Cluster::of(1);
    let member = &mut cluster.members[0];
    member.flags.set("--snapshot-bytes", snapshot_bytes);
    member.flags.set("--scrub-bytes-per-second", (1_u64 << 32).to_string());
    cluster
}

/// The files of a member whose names begin with that, in order.
fn files(member: &Member, directory: &str, prefix: &str) -> Vec<PathBuf> {
    let directory = Path::new(&member.data_dir).join("member").join(directory);
    let entries = fs::read_dir(directory).expect("it is there");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let is_wanted = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix))
    };
    let mut paths = paths.filter(is_wanted).collect::<Vec<_>>();
    paths.sort();
    paths
}

fn flip(path: &Path, at: u64) {
    let file = File::options().read(true).write(true).open(path).expect("it is there");
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("readable");
    file.write_all_at(&[byte[0] ^ 1], at).expect("writable");
    file.sync_all().expect("it is durable");
}

async fn write(url: &str, puts: usize, bytes: usize) {
    let mut kv = client::kv(url);
    for number in 0..puts {
        let put = client::put(format!("key-{number}"), vec![b'v'; bytes]);
        kv.put(put).await.expect("it serves");
    }
}

/// It starts again without a word on damage, and has all of it.
async fn is_whole(cluster: &mut Cluster, keys: i64) {
    cluster.members[0].kill();
    cluster.start_all().await;
    let log = cluster.members[0].process().output();
    assert!(log.contains("read a snapshot") && !log.contains("damage"), "{log}");
    let request = client::everything();
    let count = client::kv(&cluster.members[0].url()).range(request).await.expect("it serves");
    assert_eq!(count.into_inner().count, keys);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_rots_is_replaced_by_a_snapshot() {
    let mut cluster = lone_member("1000000000");
    cluster.start_all().await;
    // A segment has 64 MiB.
    write(&cluster.members[0].url(), 70, 1 << 20).await;
    let segments = files(&cluster.members[0], "wal", "wal-0");
    assert!(segments.len() > 1, "{segments:?}");
    flip(&segments[0], 10_000_000);
    let process = cluster.members[0].process();
    let log = process.wait_until_it_prints("a file at rest is damaged");
    let name = segments[0].file_name().expect("it has one").to_string_lossy();
    assert!(log.contains(&*name), "{log}");
    process.wait_until_it_prints("took a snapshot");
    // The log is cut with the next write.
    eventually("the damaged segment stays", async || {
        write(&cluster.members[0].url(), 1, 10).await;
        if segments[0].exists() { Err(name.to_string()) } else { Ok(()) }
    })
    .await;
    let metrics = client::http_get(cluster.members[0].client, "/metrics").await;
    assert!(metrics.contains("quorate_scrub_damages_total 1"), "{metrics}");
    is_whole(&mut cluster, 70).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_rots_is_taken_anew() {
    let mut cluster = lone_member("20000");
    cluster.start_all().await;
    write(&cluster.members[0].url(), 100, 1000).await;
    let taken = cluster.members[0].process().wait_until_it_prints("took a snapshot");
    let snapshots = files(&cluster.members[0], "snap", "snapshot-");
    flip(snapshots.last().expect("there is one"), 500);
    cluster.members[0].process().wait_until_it_prints("a file at rest is damaged");
    eventually("no snapshot is taken anew", async || {
        let log = cluster.members[0].process().output();
        let since = log.rsplit_once("a file at rest is damaged").map_or("", |(_, since)| since);
        if since.contains("took a snapshot") { Ok(()) } else { Err(taken.clone()) }
    })
    .await;
    is_whole(&mut cluster, 100).await;
}

//! `kill -9` at any moment, again and again: what was acknowledged stays, and the members stay
//! equal.
//!
//! `QUORATE_KILLS` says how often; `cargo xtask kills --times N` sets it. A kill loses nothing that
//! the kernel was given, so it finds no missing sync: `power_loss.rs` does. What it finds is what
//! a process leaves half done.

mod support;

use std::path::{Path, PathBuf};
use std::time::Instant;

use support::cluster::{Cluster, Member};
use support::load::{Acknowledged, Load};
use support::{PATIENCE, client, eventually, tell};

/// So many kills are enough for the check.
const KILLS: u64 = 3;
/// What the store holds when snapshots of it are caught half done: enough to take a while.
const BALLAST_KEYS: u64 = 40;
const BALLAST_BYTES: usize = 500_000;

fn kills() -> u64 {
    std::env::var("QUORATE_KILLS")
        .map_or(KILLS, |kills| kills.parse().expect("QUORATE_KILLS is a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load() {
    let mut cluster = Cluster::of(3);
    for member in &mut cluster.members {
        member.flags.set("--snapshot-bytes", "1000000");
    }
    cluster.start_all().await;
    let mut acknowledged = Acknowledged::default();
    for round in 0..kills() {
        let load = Load::start(&cluster, round);
        Load::pass(&cluster, 0, 10 + round * 37 % 60).await;
        // One, two or all; among them the first, whoever leads.
        let count = 1 + usize::try_from(round % 3).expect("small");
        cluster.members[..count].iter_mut().for_each(Member::kill);
        load.end(&mut acknowledged).await;
        cluster.members[..count].iter_mut().for_each(Member::start);
        check(&mut cluster, &acknowledged).await;
        if kills() > KILLS {
            tell(&format!("kill {round} of {count}: {} writes so far", acknowledged.len()));
        }
    }
}

/// A member that is taking a snapshot is killed.
#[tokio::test(flavor = "multi_thread")]
async fn while_a_snapshot_is_taken() {
    let (mut cluster, mut acknowledged) = cluster_with_ballast().await;
    for round in 0..kills().div_ceil(4) {
        let load = Load::start(&cluster, round);
        let member = usize::try_from(round % 3).expect("small");
        wait_for(&snapshots(&cluster.members[member]).join("own.tmp")).await;
        cluster.members[member].kill();
        load.end(&mut acknowledged).await;
        cluster.members[member].start();
        check(&mut cluster, &acknowledged).await;
    }
}

/// A member that is being sent a snapshot is killed.
#[tokio::test(flavor = "multi_thread")]
async fn while_a_snapshot_is_installed() {
    let (mut cluster, mut acknowledged) = cluster_with_ballast().await;
    for round in 0..kills().div_ceil(4) {
        let late = cluster.follower().await;
        cluster.members[late].kill();
        let other = (late + 1) % 3;
        let load = Load::start(&cluster, round);
        // More than the others keep of the log.
        fill(&cluster.members[other].url(), 10).await;
        load.end(&mut acknowledged).await;
        cluster.members[late].start();
        wait_for(&snapshots(&cluster.members[late]).join("received.tmp")).await;
        cluster.members[late].kill();
        cluster.members[late].start();
        check(&mut cluster, &acknowledged).await;
    }
}

/// A cluster with a store of which a snapshot takes a while, and which takes one often.
async fn cluster_with_ballast() -> (Cluster, Acknowledged) {
    let mut cluster = Cluster::of(3);
    for member in &mut cluster.members {
        member.flags.set("--snapshot-bytes", "1000000");
    }
    cluster.start_all().await;
    fill(&cluster.members[0].url(), BALLAST_KEYS).await;
    (cluster, Acknowledged::default())
}

async fn fill(url: &str, keys: u64) {
    let mut kv = client::kv(url);
    for key in 0..keys {
        let put = client::put(format!("ballast-{key}"), vec![b'b'; BALLAST_BYTES]);
        kv.put(put).await.expect("it serves");
    }
}

/// All serve, have all that was acknowledged, and have the same, with the same history.
async fn check(cluster: &mut Cluster, acknowledged: &Acknowledged) {
    cluster.ready().await;
    assert_eq!(acknowledged.lost(cluster).await, [] as [String; 0]);
    cluster.agree().await;
    eventually("the hashes differ", async || {
        let mut hashes = Vec::new();
        for member in &cluster.members {
            let answer = client::hash_kv(&member.url()).await.map_err(|error| error.to_string())?;
            hashes.push((answer.hash_revision, answer.compact_revision, answer.hash));
        }
        let is_same = hashes.windows(2).all(|pair| pair[0] == pair[1]);
        if is_same { Ok(()) } else { Err(format!("{hashes:?}")) }
    })
    .await;
}

fn snapshots(member: &Member) -> PathBuf {
    member.data_dir.join("member/snap")
}

/// Waits until there is such a file, and looks often: it will not be there for long.
async fn wait_for(file: &Path) {
    let deadline = Instant::now() + PATIENCE;
    while !file.exists() {
        assert!(Instant::now() < deadline, "{} never came", file.display());
        tokio::time::sleep(std::time::Duration::from_micros(200)).await;
    }
}

//! A member's disk is full: it stops, the others go on, and it comes back when there is space.
//!
//! The disk is a small file system in memory, which only root may mount; without that the tests say
//! so and do nothing, unless `QUORATE_REQUIRE_TOOLS=1`.

mod support;

use std::fs;

use etcdpb::etcdserverpb::kv_client::KvClient;
use tonic::transport::Channel;

use support::cluster::{Cluster, Member};
use support::mount::Mount;
use support::{client, eventually};

const DISK_BYTES: u64 = 48 << 20;
/// What somebody else keeps on that disk, and can do without.
const BALLAST_BYTES: usize = 24 << 20;
const VALUE_BYTES: usize = 128 << 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_follower() {
    fill_the_disk_of(Role::Follower).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader() {
    fill_the_disk_of(Role::Leader).await;
}

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Leader,
    Follower,
}

async fn fill_the_disk_of(role: Role) {
    let mut cluster = Cluster::of(3);
    let small = cluster.members[0].data_dir.clone();
    let Some(_disk) = Mount::tmpfs(&small, DISK_BYTES) else { return };
    fs::write(small.join("ballast"), vec![0xba; BALLAST_BYTES]).expect("there is room");
    cluster.start_all().await;
    make_the_first_a(role, &mut cluster).await;

    // The writes go to a member with space, so that all are acknowledged.
    let mut kv = client::kv(&cluster.members[1].url());
    let mut written = 0;
    while cluster.members[0].process().ended().is_none() {
        // That is more than the small disk has, and what a member then still may keep in memory.
        assert!(written < DISK_BYTES, "the member goes on without space");
        put(&mut kv, written).await;
        written += VALUE_BYTES as u64;
    }
    says_what_to_do(&mut cluster.members[0]);

    for number in 0..20 {
        put(&mut kv, number).await;
    }
    // There is still no space for what it has missed.
    cluster.members[0].start();
    says_what_to_do(&mut cluster.members[0]);

    fs::remove_file(small.join("ballast")).expect("it is there");
    cluster.members[0].start();
    cluster.ready().await;
    put(&mut client::kv(&cluster.members[0].url()), 0).await;
    cluster.agree().await;
    // The file system cannot go while somebody uses it.
    cluster.members[0].kill();
}

/// The member ends by itself, with one line that names the directory and what to do.
fn says_what_to_do(member: &mut Member) {
    let status = member.process().wait();
    let output = member.process().output();
    assert_eq!(status.code(), Some(1), "{output}");
    let errors = output.lines().filter(|line| line.starts_with("Error: ")).collect::<Vec<_>>();
    let [error] = errors[..] else { panic!("not one line that says why:\n{output}") };
    let directory = member.flags.value("--data-dir");
    for text in [directory, "No space left on device", "Free some space"] {
        assert!(error.contains(text), "{text:?} is not said: {error}");
    }
    assert!(!output.contains("panicked"), "{output}");
}

/// Lets the others die until the first member leads, or does not.
async fn make_the_first_a(role: Role, cluster: &mut Cluster) {
    eventually("the first member does not change its role", async || {
        let leader = cluster.leader().await;
        if (leader == 0) == (role == Role::Leader) {
            return Ok(());
        }
        cluster.members[leader].kill();
        cluster.members[leader].start();
        cluster.ready().await;
        Err(format!("member {leader} led"))
    })
    .await;
}

async fn put(kv: &mut KvClient<Channel>, number: u64) {
    let value = vec![b'v'; VALUE_BYTES];
    let put = kv.put(client::put(format!("key{}", number % 8), value)).await;
    put.unwrap_or_else(|error| panic!("the others do not go on: {error}"));
}

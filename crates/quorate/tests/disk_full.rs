//! A member's disk is full: it reads on, takes no writes of its clients, and goes on by itself when
//! there is space. The others go on anyway.
//!
//! The disk is a small file system in memory, which only root may mount; without that the tests say
//! so and do nothing, unless `QUORATE_REQUIRE_TOOLS=1`.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use tonic::{Code, Status};

use support::cluster::{Cluster, Member};
use support::mount::Mount;
use support::tools::{quorate, run};
use support::{client, eventually};

const DISK_BYTES: u64 = 56 << 20;
/// What somebody else keeps on that disk, and can do without.
const BALLAST_BYTES: u64 = 32 << 20;
const VALUE_BYTES: u64 = 128 << 10;
/// So many values are more than the disk has room for with the ballast; without it there is room
/// for them, and for the space that the log makes ready ahead.
const PUTS_MAX: u64 = (DISK_BYTES - BALLAST_BYTES + (4 << 20)) / VALUE_BYTES;

/// etcd's words.
const NO_SPACE: &str = "etcdserver: mvcc: database space exceeded";

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_alone() {
    let mut cluster = Cluster::of(1);
    let Some(small) = SmallDisk::of(&cluster.members[0]) else { return };
    cluster.start_all().await;
    let lease = says(&cluster.members[0], &["lease", "grant", "600"]);
    let lease = lease.split(' ').nth(1).expect("it says which").to_owned();
    let mut written = Written::default();
    written.put_until_refused(&cluster.members[0]).await;
    assert!(written.0.len() > 8, "it was full before");
    written.check(&cluster.members[0]).await;
    small.says_so(&mut cluster.members[0]);
    let metrics = client::http_get(cluster.members[0].client, "/metrics").await;
    assert!(metrics.contains("quorate_disk_full 1"), "{metrics}");

    // What makes nothing grow is served: space for that was made ready before.
    says(&cluster.members[0], &["lease", "keep-alive", "--once", &lease]);
    says(&cluster.members[0], &["del", "key-0"]);
    written.0.remove("key-0");

    // It starts with a full disk as with any other.
    cluster.members[0].kill();
    cluster.start_all().await;
    written.check(&cluster.members[0]).await;

    small.free();
    written.put_when_it_can(&cluster.members[0]).await;
    let metrics = client::http_get(cluster.members[0].client, "/metrics").await;
    assert!(metrics.contains("quorate_disk_full 0"), "{metrics}");
    cluster.members[0].kill();
    cluster.start_all().await;
    written.check(&cluster.members[0]).await;
    // The file system cannot go while somebody uses it.
    cluster.members[0].kill();
}

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

/// The writes go to a member with space, until the other one has none at all. It says so, and goes
/// on when there is some.
async fn fill_the_disk_of(role: Role) {
    let mut cluster = Cluster::of(3);
    let Some(small) = SmallDisk::of(&cluster.members[0]) else { return };
    cluster.start_all().await;
    make_the_first_a(role, &mut cluster).await;

    let mut written = Written::default();
    for _ in 0..PUTS_MAX {
        // If the leader's disk is the one, another one has to lead first.
        written.put_when_it_can(&cluster.members[1]).await;
    }
    small.says_so(&mut cluster.members[0]);
    let refused = put(&cluster.members[0], "any").await.expect_err("there is no space");
    assert_eq!((refused.code(), refused.message()), (Code::ResourceExhausted, NO_SPACE));
    let mut kv = client::kv(&cluster.members[0].url());
    let here = kv.range(client::everything()).await.expect("it reads on").into_inner();
    assert!(!here.kvs.is_empty());
    eventually("a member that cannot write leads", async || match cluster.leader().await {
        0 => Err(String::new()),
        _ => Ok(()),
    })
    .await;
    written.check(&cluster.members[1]).await;

    small.free();
    written.put_when_it_can(&cluster.members[0]).await;
    cluster.agree().await;
    written.check(&cluster.members[0]).await;
    let log = cluster.members[0].process().output();
    assert!(log.contains("there is space on the disk again"), "{log}");
    // The file system cannot go while somebody uses it.
    cluster.members[0].kill();
}

/// A small disk under a member's data directory, half of which is taken.
struct SmallDisk {
    ballast: PathBuf,
    _mount: Mount,
}

impl SmallDisk {
    fn of(member: &Member) -> Option<Self> {
        let mount = Mount::tmpfs(&member.data_dir, DISK_BYTES)?;
        let ballast = member.data_dir.join("ballast");
        fs::write(&ballast, vec![0xba; usize::try_from(BALLAST_BYTES).expect("it is small")])
            .expect("there is room");
        Some(Self { ballast, _mount: mount })
    }

    fn free(&self) {
        fs::remove_file(&self.ballast).expect("it is there");
    }

    /// The member says that its disk is full, once, and goes on.
    fn says_so(&self, member: &mut Member) {
        let log = member.process().wait_until_it_prints("the disk is full");
        let directory = self.ballast.parent().and_then(|path| path.to_str()).expect("text");
        let line = log.lines().find(|line| line.contains("the disk is full")).expect("it does");
        for text in [directory, "No space left on device", "need not be started again"] {
            assert!(line.contains(text), "{text:?} is not said: {line}");
        }
        assert!(!log.contains("panicked"), "{log}");
        assert_eq!(member.process().ended(), None);
    }
}

/// All that was acknowledged: keys, and the revision that wrote each last.
#[derive(Default)]
struct Written(BTreeMap<String, i64>);

impl Written {
    async fn put_until_refused(&mut self, member: &Member) {
        for number in 0..PUTS_MAX {
            match put(member, &format!("key-{}", number % 64)).await {
                Ok(revision) => drop(self.0.insert(format!("key-{}", number % 64), revision)),
                Err(refused) => {
                    let said = (refused.code(), refused.message());
                    return assert_eq!(said, (Code::ResourceExhausted, NO_SPACE));
                }
            }
        }
        panic!("more was written than the disk has");
    }

    async fn put_when_it_can(&mut self, member: &Member) {
        let key = format!("key-{}", self.0.len() % 64);
        let revision = eventually("nothing is written", async || {
            put(member, &key).await.map_err(|refused| refused.to_string())
        })
        .await;
        self.0.insert(key, revision);
    }

    /// What was acknowledged is what a linearizable read shows, or something later.
    async fn check(&self, member: &Member) {
        let mut kv = client::kv(&member.url());
        let found = eventually("it does not read", async || {
            let read = kv.range(client::prefix("key-")).await;
            read.map(|answer| answer.into_inner().kvs).map_err(|error| error.to_string())
        })
        .await;
        let found = found.iter().map(|kv| (&*kv.key, kv.mod_revision)).collect::<BTreeMap<_, _>>();
        let is_lost = |(key, revision): &(&String, &i64)| {
            found.get(key.as_bytes()).is_none_or(|there| there < *revision)
        };
        let lost = self.0.iter().filter(is_lost).collect::<Vec<_>>();
        assert!(lost.is_empty(), "{lost:?}");
    }
}

async fn put(member: &Member, key: &str) -> Result<i64, Status> {
    let request =
        client::put(key.to_owned(), vec![b'v'; usize::try_from(VALUE_BYTES).expect("it is small")]);
    let answer = client::kv(&member.url()).put(request).await?;
    Ok(answer.into_inner().header.unwrap_or_default().revision)
}

fn says(member: &Member, arguments: &[&str]) -> String {
    let output = run(quorate().args(["--endpoints", &member.url()]).args(arguments), "");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
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

//! The disk of a real member fails: the member ends, and nothing that was acknowledged is lost.
//!
//! `strace` lets system calls of the running program fail. Where it is missing, or may not trace,
//! the tests say so and do nothing, unless `QUORATE_REQUIRE_TOOLS=1`.

mod support;

use support::cluster::{Cluster, Member};
use support::load::{Acknowledged, Load};

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_fails() {
    fails("fdatasync", "error=EIO:when=3+", &["Input/output error"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_fails() {
    fails("pwrite64", "error=EIO:when=3+", &["Input/output error"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_finds_no_space() {
    fails("fdatasync", "error=ENOSPC:when=3+", &["No space left on device", "Free some space"])
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_finds_no_space() {
    fails("pwrite64", "error=ENOSPC:when=3+", &["No space left on device", "Free some space"])
        .await;
}

/// One sync fails, and all that follow would succeed: the kernel has dropped what it was to write.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_fails_once() {
    fails("fdatasync", "error=EIO:when=3", &["Input/output error"]).await;
}

/// From some call on they fail, at one member after the other, a leader among them, and at last at
/// one that is alone. Each ends with one line that says what failed and what to do.
async fn fails(calls: &str, how: &str, says: &[&str]) {
    for size in [3, 1] {
        let mut cluster = Cluster::start(size).await;
        let mut acknowledged = Acknowledged::default();
        for victim in 0..size {
            let process = cluster.members[victim].process();
            let Some(tracer) = process.inject(calls, how) else { return };
            let load = Load::start(&cluster, victim as u64);
            ends(&mut cluster.members[victim], says);
            if size > 1 {
                // The others go on.
                Load::pass(&cluster, (victim + 1) % size, 20).await;
            }
            load.end(&mut acknowledged).await;
            drop(tracer);
            cluster.members[victim].start();
            cluster.ready().await;
            assert_eq!(acknowledged.lost(&cluster).await, [] as [String; 0]);
            cluster.agree().await;
        }
        assert!(acknowledged.len() > 0 || size == 1, "nothing was acknowledged");
    }
}

fn ends(member: &mut Member, says: &[&str]) {
    let status = member.process().wait();
    let output = member.process().output();
    assert_eq!(status.code(), Some(1), "{output}");
    let errors = output.lines().filter(|line| line.starts_with("Error: ")).collect::<Vec<_>>();
    let [error] = errors[..] else { panic!("not one line that says why:\n{output}") };
    let directory = member.flags.value("--data-dir");
    assert!(error.contains(directory), "{error}");
    assert!(says.iter().all(|part| error.contains(part)), "{error}");
}

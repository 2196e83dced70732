//! A leader's disk is so slow that it hands over. It follows, and is a member like any other.
//!
//! `strace` delays the syncs of the running program. Where it is missing, or may not trace, the
//! test says so and does nothing, unless `QUORATE_REQUIRE_TOOLS=1`.

mod support;

use support::cluster::Cluster;
use support::load::{Acknowledged, Load};
use support::{client, eventually};

/// Far longer than an election takes, in microseconds; and than a leader waits for its disk.
const DELAY: &str = "delay_exit=4000000";

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_with_a_slow_disk_hands_over() {
    let mut cluster = Cluster::start(3).await;
    let mut acknowledged = Acknowledged::default();
    let slow = cluster.leader().await;
    let process = cluster.members[slow].process();
    let Some(tracer) = process.inject("fdatasync", DELAY) else { return };
    let load = Load::start(&cluster, 0);
    let mut kv = client::kv(&cluster.members[(slow + 1) % 3].url());
    eventually("it leads on", async || {
        // Without something to write no disk is slow.
        let _ = kv.put(client::put("clock", "ticks")).await;
        let leader = cluster.leader().await;
        (leader != slow).then_some(()).ok_or_else(|| format!("member {slow} leads"))
    })
    .await;
    assert_eq!(cluster.members[slow].process().ended(), None);
    let log = cluster.members[slow].process().wait_until_it_prints("the disk is slow");
    assert!(!log.contains("panicked"), "{log}");

    // The others do not wait for it.
    let other = (slow + 1) % 3;
    eventually("nothing is written", async || {
        let put = client::kv(&cluster.members[other].url()).put(client::put("a", "b")).await;
        put.map(drop).map_err(|error| error.to_string())
    })
    .await;
    load.end(&mut acknowledged).await;
    // The tracer is gone, and the disk as fast as ever.
    drop(tracer);
    cluster.ready().await;
    cluster.agree().await;
    assert_eq!(acknowledged.lost(&cluster).await, [] as [String; 0]);
}

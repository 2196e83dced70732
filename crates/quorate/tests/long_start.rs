//! A member that has much to read before it can serve says how far it is.
//!
//! `strace` delays the reads. Where it is missing, or may not trace, the test says so and does
//! nothing, unless `QUORATE_REQUIRE_TOOLS=1`.

mod support;

use support::client;
use support::cluster::Cluster;
use support::process::Process;

/// Longer than a start is silent, in microseconds.
const DELAY: &str = "delay_enter=1100000";

#[tokio::test(flavor = "multi_thread")]
async fn a_long_start_says_how_far_it_is() {
    let mut cluster = Cluster::start(1).await;
    let member = &mut cluster.members[0];
    client::kv(&member.url()).put(client::put("a", "b")).await.expect("it serves");
    member.stop();
    let command = member.command();
    let Some(mut slow) = Process::injected(&command, "pread64", DELAY) else { return };
    // The tracer does not end what it traces.
    slow.arg("--stop-with-stdin");
    let mut process = Process::start(&mut slow, &cluster.directory().join("slow.log"));
    let log = process.wait_until_it_prints("reading what this member holds");
    let line = log.lines().find(|line| line.contains("reading")).expect("it was printed");
    let figure = |name: &str| {
        let (_, rest) = line.split_once(&format!("{name}=")).expect("the line has it");
        rest.split(' ').next().expect("a word").parse::<u64>().expect("a number")
    };
    assert!(figure("read") > 0 && figure("read") <= figure("total"), "{line}");
}

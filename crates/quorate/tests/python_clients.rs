//! Clients and programs in Python, as others wrote them, against a cluster of three.
//!
//! Needs `target/python` (see [`support::tools::python`]); without it the tests say so and do
//! nothing, unless `QUORATE_REQUIRE_TOOLS=1`.

mod support;

use std::path::{Path, PathBuf};

use support::cluster::Cluster;
use support::eventually;
use support::process::Process;
use support::tools::{python, run};

/// The tests that come with etcd3gw, a client of the JSON gateway. (`OpenStack` uses it.)
#[tokio::test(flavor = "multi_thread")]
async fn the_tests_of_etcd3gw() {
    let Some(mut python) = python() else { return };
    let cluster = Cluster::start(3).await;
    let member = &cluster.members[0];
    python.env("TOOZ_TEST_HTTP_URL", member.url());
    python.env("TOOZ_TEST_ETCD_PORT", member.client.port().to_string());
    // Not beside the package: it may not be ours to write there.
    python.current_dir(cluster.directory()).args(["-m", "pytest", "-p", "no:cacheprovider"]);
    let output = run(python.args(["--pyargs", "etcd3gw.tests"]), "");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains(" passed") && !text.contains(" skipped"), "{text}");
}

/// A client on Python's gRPC.
#[tokio::test(flavor = "multi_thread")]
async fn a_grpc_client() {
    let Some(mut python) = python() else { return };
    let cluster = Cluster::start(3).await;
    let member = cluster.follower().await;
    let address = cluster.members[member].client;
    python
        .arg(script("grpc_client.py"))
        .args([address.ip().to_string(), address.port().to_string()]);
    let output = run(&mut python, "");
    assert!(output.status.success(), "{output:?}");
}

/// Patroni's nodes keep their leader while the cluster below them loses its own, and replace theirs
/// when it goes silent, but not before the time that it had.
#[tokio::test(flavor = "multi_thread")]
async fn patroni_while_a_leader_dies() {
    let Some(mut python) = python() else { return };
    let mut cluster = Cluster::start(3).await;
    let addresses = cluster.members.iter().map(|member| member.client.to_string());
    python.arg(script("patroni_nodes.py")).arg(addresses.collect::<Vec<_>>().join(","));
    let mut nodes = Process::start(&mut python, &cluster.directory().join("patroni.log"));
    has_come_to(&mut nodes, "holds").await;
    let leader = cluster.leader().await;
    cluster.members[leader].kill();
    nodes.say("killed");
    has_come_to(&mut nodes, "held").await;
    cluster.members[leader].start();
    has_come_to(&mut nodes, "taken over").await;
    assert!(nodes.wait().success(), "{}", nodes.output());
}

async fn has_come_to(nodes: &mut Process, step: &str) {
    eventually(&format!("it does not come to {step:?}"), async || {
        let output = nodes.output();
        let ended = nodes.ended().is_some_and(|status| !status.success());
        assert!(!ended, "it failed before {step:?}:\n{output}");
        if output.lines().any(|line| line == step) { Ok(()) } else { Err(output) }
    })
    .await;
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(name)
}

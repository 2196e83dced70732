//! Locks and elections: `quorate lock` and `quorate elect`, and Debian's `etcdctl` 3.4, in one
//! queue, with our members and with a real etcd; also while the leader dies.
//!
//! Needs `etcd` and `etcdctl` on the `PATH`; without them the tests say so and do nothing, unless
//! `QUORATE_REQUIRE_TOOLS=1`.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use support::cluster::Cluster;
use support::eventually;
use support::tools::{Addresses, Etcd, etcdctl, quorate, run, tools_are_there};

/// A client that holds something until it is interrupted.
struct Holder {
    child: Child,
    out: PathBuf,
}

impl Holder {
    fn start(mut command: Command, directory: &Path, name: &str) -> Self {
        let out = directory.join(name);
        let file = fs::File::create(&out).expect("there is room for a file");
        let child = command.stdin(Stdio::null()).stdout(file).stderr(Stdio::null()).spawn();
        Self { child: child.expect("the program is there"), out }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.out).expect("the file is there")
    }

    /// Waits until it says that it has what it waits for.
    async fn has_it(&self) -> String {
        eventually("it is not its turn", async || {
            let said = self.said();
            if said.matches('\n').count() >= 2 { Ok(said) } else { Err(said) }
        })
        .await
    }

    /// Asks it to end, and waits until it has.
    fn interrupt(mut self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::INT).expect("it still runs");
        let status = self.child.wait().expect("it is our child");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn our(endpoints: &str) -> Command {
    let mut command = quorate();
    command.args(["--endpoints", endpoints]);
    command
}

fn with(mut command: Command, arguments: &[&str]) -> Command {
    command.args(arguments);
    command
}

/// Waits until so many stand in the queue below that name.
async fn queue_is(endpoints: &str, name: &str, count: usize) {
    eventually("the queue is another one", async || {
        let get = ["get", name, "--prefix", "--keys-only"];
        let output = run(etcdctl(endpoints).args(get), "");
        let keys = String::from_utf8_lossy(&output.stdout).into_owned();
        if keys.matches(name).count() == count { Ok(()) } else { Err(keys) }
    })
    .await;
}

/// One of ours, then one of etcdctl's, then one of ours: each has the lock in its turn.
async fn take_turns(endpoints: &str) {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let lock = |name: &str, program: Command| {
        Holder::start(with(program, &["lock", "l"]), directory.path(), name)
    };
    let first = lock("first", our(endpoints));
    let said = first.has_it().await;
    assert!(said.starts_with("l/") && said.ends_with("\n\n"), "{said:?}");
    let second = lock("second", etcdctl(endpoints));
    queue_is(endpoints, "l/", 2).await;
    let third = lock("third", our(endpoints));
    queue_is(endpoints, "l/", 3).await;
    assert_eq!((second.said(), third.said()), (String::new(), String::new()));
    first.interrupt();
    second.has_it().await;
    assert_eq!(third.said(), "");
    second.interrupt();
    third.has_it().await;
    third.interrupt();
    queue_is(endpoints, "l/", 0).await;
}

/// Who leads says what it says, to who listens, whichever program each is.
async fn elect(endpoints: &str) {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let start = |name: &str, program: Command, arguments: &[&str]| {
        Holder::start(with(program, arguments), directory.path(), name)
    };
    let first = start("first", etcdctl(endpoints), &["elect", "e", "red"]);
    let led = first.has_it().await;
    assert!(led.starts_with("e/") && led.ends_with("\nred\n"), "{led:?}");
    let listens = start("listens", our(endpoints), &["elect", "--listen", "e"]);
    assert_eq!(listens.has_it().await, led);
    let second = start("second", our(endpoints), &["elect", "e", "blue"]);
    queue_is(endpoints, "e/", 2).await;
    first.interrupt();
    let then = second.has_it().await;
    assert!(then.ends_with("\nblue\n"), "{then:?}");
    let both = led + &then;
    eventually("it does not hear of the second leader", async || {
        if listens.said() == both { Ok(()) } else { Err(listens.said()) }
    })
    .await;
    second.interrupt();
    listens.interrupt();
    queue_is(endpoints, "e/", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_our_members() {
    if !tools_are_there() {
        return;
    }
    let cluster = Cluster::start(3).await;
    take_turns(&cluster.endpoints()).await;
    elect(&cluster.endpoints()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_real_etcd() {
    if !tools_are_there() {
        return;
    }
    let addresses = Addresses::free();
    let _etcd = Etcd::start(&addresses);
    take_turns(&addresses.client).await;
    elect(&addresses.client).await;
}

/// The lock outlives the leader: who has it keeps it, and who waits gets it next.
#[tokio::test(flavor = "multi_thread")]
async fn the_leader_dies() {
    if !tools_are_there() {
        return;
    }
    let mut cluster = Cluster::start(3).await;
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let leader = cluster.leader().await;
    let mut urls = cluster.urls();
    urls.remove(leader);
    let endpoints = urls.join(",");
    let lock = |name: &str| {
        Holder::start(with(our(&endpoints), &["lock", "l", "--ttl=60"]), directory.path(), name)
    };
    let first = lock("first");
    first.has_it().await;
    let second = lock("second");
    queue_is(&endpoints, "l/", 2).await;
    cluster.members[leader].kill();
    cluster.leader().await;
    queue_is(&endpoints, "l/", 2).await;
    assert_eq!(second.said(), "");
    first.interrupt();
    second.has_it().await;
    second.interrupt();
    queue_is(&endpoints, "l/", 0).await;
}

/// The command has the lock in its environment, and its exit code is ours.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_runs_under_a_lock() {
    let cluster = Cluster::start(1).await;
    let endpoints = cluster.endpoints();
    let script = "echo $ETCD_LOCK_KEY $ETCD_LOCK_REV; exit 7";
    let output = run(our(&endpoints).args(["lock", "l", "--", "sh", "-c", script]), "");
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    let said = text(&output);
    assert!(said.starts_with("l/") && said.ends_with(" 2\n"), "{said:?}");
    let output = run(our(&endpoints).args(["lock", "l", "echo", "done"]), "");
    assert_eq!((output.status.code(), &*text(&output)), (Some(0), "done\n"));
    let output = run(our(&endpoints).args(["lock", "l", "/no/such/program"]), "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let output = run(our(&endpoints).args(["get", "l", "--prefix"]), "");
    assert_eq!(text(&output), "", "the lock is given back each time");
    for misused in [&["lock"][..], &["elect", "e"], &["elect", "e", "v", "--listen"]] {
        let output = run(our(&endpoints).args(misused), "");
        assert_eq!(output.status.code(), Some(2), "{misused:?}: {output:?}");
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

//! Members come, go and hand over, while clients write.

mod support;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use etcdpb::etcdserverpb::Member as Listed;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use support::cluster::{Cluster, Member};
use support::tools::{quorate, run};
use support::{client, eventually};

/// One member becomes three, all of which have what was written, and start again without the
/// help of anybody's flags.
#[tokio::test(flavor = "multi_thread")]
async fn one_becomes_three() {
    let mut cluster = Cluster::start(1).await;
    let writer = Writer::start(&cluster.members[0]);
    for _ in 0..2 {
        let new = add(&mut cluster, &[]);
        cluster.members[new].start();
        cluster.members[new].ready().await;
        started(&cluster, new).await;
    }
    writer.wait_for_more().await;
    let keys = writer.stop().await;
    check_written(&cluster, &keys).await;

    // It votes when it has caught up, and only voters can lead.
    let last = id_of(&cluster, 2).await;
    eventually("the last one does not vote", async || {
        ask(&cluster.endpoints(), &["move-leader", &last]).map(drop)
    })
    .await;

    cluster.members.iter_mut().for_each(Member::kill);
    cluster.start_all().await;
    check_written(&cluster, &keys).await;
    let listed = list(&cluster.members[2]).await;
    assert_eq!(listed.len(), 3, "{listed:?}");
    assert!(listed.iter().all(|member| !member.is_learner && !member.name.is_empty()));

    // Three are a cluster that one may leave: any two go on.
    let leader = cluster.leader().await;
    cluster.members[leader].kill();
    let other = &cluster.members[(leader + 1) % 3];
    eventually("two of three do not write", async || put(other, "two").await).await;
}

/// A learner has what is written and serves no writes, until it is promoted.
#[tokio::test(flavor = "multi_thread")]
async fn a_learner_becomes_a_voter() {
    let mut cluster = Cluster::start(1).await;
    put(&cluster.members[0], "before").await.unwrap();
    let new = add(&mut cluster, &["--learner"]);
    let id = id_of(&cluster, new).await;

    let in_sync = "etcdserver: can only promote a learner member which is in sync with leader";
    assert_eq!(fails(&cluster.members[0], &["member", "promote", &id]), in_sync);
    let too_many = "etcdserver: too many learner members in cluster";
    let url = ["--peer-urls", "http://127.0.0.1:1"];
    let another = ["member", "add", "m9", url[0], url[1], "--learner"];
    assert_eq!(fails(&cluster.members[0], &another), too_many);

    cluster.members[new].start();
    started(&cluster, new).await;
    cluster.agree().await;
    assert!(listed(&cluster, new).await.is_learner);
    let status = client::status(&cluster.members[new].url()).await.unwrap();
    assert!(status.is_learner);
    let not_here = "etcdserver: rpc not supported for learner";
    assert_eq!(put(&cluster.members[new], "no").await.unwrap_err(), not_here);

    eventually("it is not promoted", async || {
        call(&cluster.members[0], &["member", "promote", &id]).map(drop)
    })
    .await;
    assert!(!listed(&cluster, new).await.is_learner);
    eventually("the new voter does not write", async || put(&cluster.members[new], "yes").await)
        .await;
    let voter = "etcdserver: can only promote a learner member";
    assert_eq!(fails(&cluster.members[0], &["member", "promote", &id]), voter);
}

/// A member that is removed says so and ends, and does not start again. The others go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_is_removed() {
    let mut cluster = Cluster::start(3).await;
    let gone = cluster.follower().await;
    check_removal(&mut cluster, gone).await;
}

/// So does the leader. It hands over first.
#[tokio::test(flavor = "multi_thread")]
async fn the_leader_is_removed() {
    let mut cluster = Cluster::start(3).await;
    let gone = cluster.leader().await;
    check_removal(&mut cluster, gone).await;
}

async fn check_removal(cluster: &mut Cluster, gone: usize) {
    let other = (gone + 1) % 3;
    let writer = Writer::start(&cluster.members[other]);
    let id = id_of(cluster, gone).await;
    let removed = call(&cluster.members[other], &["member", "remove", &id]);
    let said = removed.expect("it is removed");
    assert!(said.starts_with(&format!("Member {id:>16} removed from cluster ")), "{said}");

    let status = cluster.members[gone].process().wait();
    let output = cluster.members[gone].process().output();
    assert_eq!(status.code(), Some(1), "{output}");
    assert!(output.contains("this member was removed from the cluster"), "{output}");
    cluster.members[gone].start();
    let status = cluster.members[gone].process().wait();
    let output = cluster.members[gone].process().output();
    assert_eq!(status.code(), Some(1), "{output}");
    assert!(output.contains("removed from the cluster, and can never come back"), "{output}");

    writer.wait_for_more().await;
    let keys = writer.stop().await;
    cluster.members.remove(gone);
    check_written(cluster, &keys).await;
    assert_eq!(list(&cluster.members[0]).await.len(), 2);
    let not_there = "etcdserver: member not found";
    assert_eq!(fails(&cluster.members[0], &["member", "remove", &id]), not_there);
}

/// One of three loses its disk. It is removed, and an empty member takes its place, while clients
/// write.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_member_is_replaced_by_an_empty_one() {
    let mut cluster = Cluster::start(3).await;
    let writer = Writer::start(&cluster.members[0]);
    writer.wait_for_more().await;
    let dead = if cluster.leader().await == 2 { 1 } else { 2 };
    let id = id_of(&cluster, dead).await;
    cluster.members[dead].kill();
    fs::remove_dir_all(&cluster.members[dead].data_dir).expect("it was there");

    call(&cluster.members[0], &["member", "remove", &id]).expect("it is down");
    add(&mut cluster, &[]);
    cluster.members.swap_remove(dead);
    cluster.members[dead].start();
    cluster.members[dead].ready().await;
    started(&cluster, dead).await;
    writer.wait_for_more().await;
    let keys = writer.stop().await;
    check_written(&cluster, &keys).await;
    eventually("the new one does not vote", async || {
        let listed = listed(&cluster, dead).await;
        (!listed.is_learner).then_some(()).ok_or_else(|| format!("{listed:?}"))
    })
    .await;
    let listed = list(&cluster.members[0]).await;
    assert!(listed.len() == 3 && listed.iter().all(|member| format!("{:x}", member.id) != id));

    // It counts: with it, one of the others may die.
    cluster.members[3 - dead].kill();
    eventually("two of three do not write", async || put(&cluster.members[0], "two").await).await;
}

/// Leadership moves to whom it is given, while clients write, and nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn leadership_is_handed_over_under_load() {
    let cluster = Cluster::start(3).await;
    let writers = cluster.members.iter().map(Writer::start).collect::<Vec<_>>();
    for command in [&["move-leader"][..], &["member", "transfer"], &["move-leader"]] {
        let (old, new) = (cluster.leader().await, cluster.follower().await);
        let (from, to) = (id_of(&cluster, old).await, id_of(&cluster, new).await);
        let arguments = [command, &[&*to]].concat();
        let said = ask(&cluster.endpoints(), &arguments).unwrap();
        assert_eq!(said, format!("Leadership transferred from {from} to {to}\n"));
        assert_eq!(cluster.leader().await, new);
    }
    for writer in writers {
        writer.wait_for_more().await;
        check_written(&cluster, &writer.stop().await).await;
    }
}

/// A member that moves is found at its new address.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_moves() {
    let mut cluster = Cluster::start(3).await;
    let mover = cluster.follower().await;
    let id = id_of(&cluster, mover).await;
    cluster.members[mover].stop();
    let [address] = support::free_addresses::<1>();
    let url = format!("http://{address}");
    let other = &cluster.members[(mover + 1) % 3];
    let said = call(other, &["member", "update", &id, "--peer-urls", &url]).unwrap();
    assert!(said.starts_with(&format!("Member {id:>16} updated in cluster ")), "{said}");
    put(other, "moved").await.unwrap();

    cluster.members[mover].flags.set("--listen-peer-urls", &url);
    cluster.members[mover].start();
    cluster.members[mover].ready().await;
    cluster.agree().await;
    assert_eq!(listed(&cluster, mover).await.peer_urls, [url]);
}

/// What makes no sense is refused, with etcd's words, and changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn nonsense_changes_nothing() {
    let mut cluster = Cluster::start(1).await;
    let own = id_of(&cluster, 0).await;
    let peer = format!("http://{}", cluster.members[0].peer);
    let member = &cluster.members[0];
    let check = |arguments: &[&str], says: &str| assert_eq!(fails(member, arguments), says);
    let not_there = "etcdserver: member not found";
    check(&["member", "remove", "1"], not_there);
    check(&["member", "promote", "1"], not_there);
    check(&["member", "update", "1", "--peer-urls", "http://h:1"], not_there);
    let urls = "etcdserver: given member URLs are invalid";
    check(&["member", "add", "m2", "--peer-urls", "nonsense"], urls);
    check(&["member", "update", &own, "--peer-urls", "nonsense"], urls);
    let exists = "etcdserver: Peer URLs already exists";
    check(&["member", "add", "m2", "--peer-urls", &peer], exists);
    let last = "etcdserver: re-configuration failed due to not enough started members";
    check(&["member", "remove", &own], last);
    check(&["move-leader", "1"], "etcdserver: bad leader transferee");
    let usage = run(quorate().args(["member", "remove", "xyz"]), "");
    assert_eq!(usage.status.code(), Some(2), "{usage:?}");
    let usage = run(quorate().args(["member", "add", "m2"]), "");
    assert_eq!(usage.status.code(), Some(2), "{usage:?}");
    assert_eq!(list(member).await.len(), 1);

    // Who was not added is told what to do, and leaves nothing behind.
    let initial_cluster = member.flags.value("--initial-cluster").to_owned();
    let stranger = cluster.prepare_member();
    let stranger = &mut cluster.members[stranger];
    let own = format!("{initial_cluster},{}=http://{}", stranger.name, stranger.peer);
    stranger.flags.set("--initial-cluster", own);
    stranger.flags.set("--initial-cluster-state", "existing");
    stranger.start();
    let status = stranger.process().wait();
    let output = stranger.process().output();
    assert_eq!(status.code(), Some(1), "{output}");
    assert!(output.contains("add it first, with `quorate member add m2"), "{output}");
    assert!(!stranger.data_dir.exists());
}

/// With one voter down nobody joins, and no other leaves. The one that is down may go.
#[tokio::test(flavor = "multi_thread")]
async fn an_unhealthy_cluster_is_not_changed() {
    let mut cluster = Cluster::start(3).await;
    let down = cluster.follower().await;
    let (asked, other) = ((down + 1) % 3, (down + 2) % 3);
    let (id_down, id_other) = (id_of(&cluster, down).await, id_of(&cluster, other).await);
    cluster.members[down].kill();
    let member = &cluster.members[asked];
    let unhealthy = "etcdserver: unhealthy cluster";
    // A link takes a moment to notice. Until then this is refused for another reason.
    let own_url = format!("http://{}", member.peer);
    eventually("the link does not notice", async || {
        let said = fails(member, &["member", "add", "m4", "--peer-urls", &own_url]);
        (said == unhealthy).then_some(()).ok_or(said)
    })
    .await;
    assert_eq!(fails(member, &["member", "remove", &id_other]), unhealthy);
    let add = ["member", "add", "m4", "--peer-urls", "http://127.0.0.1:1"];
    assert_eq!(fails(member, &add), unhealthy);
    assert_eq!(fails(member, &[&add[..], &["--learner"]].concat()), unhealthy);
    call(member, &["member", "remove", &id_down]).expect("it is down");
    assert_eq!(list(member).await.len(), 2);
}

/// Adds a member with the words of `etcdctl`, and sets it up with what that prints. Returns its
/// number.
fn add(cluster: &mut Cluster, flags: &[&str]) -> usize {
    let number = cluster.prepare_member();
    let new = &cluster.members[number];
    let url = format!("http://{}", new.peer);
    let arguments = [&["member", "add", &*new.name, "--peer-urls", &*url], flags].concat();
    let said = call(&cluster.members[0], &arguments).expect("it is added");
    let value = |variable: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(variable));
        line.expect("it prints the variable").trim_matches(['=', '"']).to_owned()
    };
    assert_eq!(value("ETCD_NAME"), new.name);
    assert_eq!(value("ETCD_INITIAL_ADVERTISE_PEER_URLS"), url);
    let (initial_cluster, state) =
        (value("ETCD_INITIAL_CLUSTER="), value("ETCD_INITIAL_CLUSTER_STATE"));
    let new = &mut cluster.members[number];
    new.flags.set("--initial-cluster", initial_cluster);
    new.flags.set("--initial-cluster-state", state);
    number
}

/// Waits until the member has published its name.
async fn started(cluster: &Cluster, number: usize) {
    eventually("the new member does not start", async || {
        let listed = listed(cluster, number).await;
        if listed.name.is_empty() { Err(format!("{listed:?}")) } else { Ok(()) }
    })
    .await;
}

/// The member, as the first one lists it.
async fn listed(cluster: &Cluster, number: usize) -> Listed {
    let member = &cluster.members[number];
    let is_it = |listed: &Listed| {
        listed.name == member.name || listed.peer_urls == [format!("http://{}", member.peer)]
    };
    let mut all = list(&cluster.members[0]).await.into_iter();
    all.find(is_it).expect("it is a member")
}

/// Its number, in hexadecimal.
async fn id_of(cluster: &Cluster, number: usize) -> String {
    format!("{:x}", listed(cluster, number).await.id)
}

async fn list(member: &Member) -> Vec<Listed> {
    let url = member.url();
    eventually("the members are not listed", async || {
        client::members(&url).await.map(|answer| answer.members).map_err(|error| error.to_string())
    })
    .await
}

/// Runs a client command against that member. Fails with what it says.
fn call(member: &Member, arguments: &[&str]) -> Result<String, String> {
    ask(&member.url(), arguments)
}

fn ask(endpoints: &str, arguments: &[&str]) -> Result<String, String> {
    let output = run(quorate().args(["--endpoints", endpoints]).args(arguments), "");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// Why the command fails.
fn fails(member: &Member, arguments: &[&str]) -> String {
    let said = call(member, arguments).expect_err("it is refused");
    said.trim_start_matches("Error: ").trim_end().to_owned()
}

async fn put(member: &Member, key: &str) -> Result<(), String> {
    let put = client::kv(&member.url()).put(client::put(key.to_owned(), "value")).await;
    put.map(drop).map_err(|status| status.message().to_owned())
}

/// Each member has each key.
async fn check_written(cluster: &Cluster, keys: &[String]) {
    cluster.agree().await;
    let mut kv = client::kv(&cluster.members[0].url());
    let all = kv.range(client::everything()).await.expect("it answers").into_inner().kvs;
    let lost = keys.iter().filter(|key| !all.iter().any(|kv| kv.key == key.as_bytes()));
    assert_eq!(lost.collect::<Vec<_>>(), Vec::<&String>::new());
}

/// Writes one key after the other through one member, and remembers what was acknowledged.
struct Writer {
    is_over: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
    keys: JoinHandle<Vec<String>>,
}

impl Writer {
    fn start(member: &Member) -> Self {
        let (is_over, count) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (until, counted) = (is_over.clone(), count.clone());
        let (name, mut kv) = (member.name.clone(), client::kv(&member.url()));
        let keys = tokio::spawn(async move {
            let mut keys = Vec::new();
            for number in 0.. {
                if until.load(SeqCst) {
                    break;
                }
                let key = format!("{name} {number}");
                if kv.put(client::put(key.clone(), "value")).await.is_ok() {
                    keys.push(key);
                    counted.fetch_add(1, SeqCst);
                }
                sleep(Duration::from_millis(2)).await;
            }
            keys
        });
        Self { is_over, count, keys }
    }

    /// Waits until some more writes are acknowledged.
    async fn wait_for_more(&self) {
        let before = self.count.load(SeqCst);
        eventually("no write is acknowledged", async || {
            let now = self.count.load(SeqCst);
            if now > before + 10 { Ok(()) } else { Err(format!("{now}")) }
        })
        .await;
    }

    /// Stops, and returns what was acknowledged.
    async fn stop(self) -> Vec<String> {
        self.is_over.store(true, SeqCst);
        self.keys.await.expect("the writer does not panic")
    }
}

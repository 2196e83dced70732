//! Watches on real clusters: nothing is lost or told twice when members die, lag, or are sent a
//! snapshot; and `etcdctl watch` and `quorate watch` print the same.

mod support;

use std::path::Path;
use std::process::Command;

use etcdpb::etcdserverpb::watch_client::WatchClient;
use etcdpb::etcdserverpb::watch_request::RequestUnion;
use etcdpb::etcdserverpb::{
    CompactionRequest, DeleteRangeRequest, WatchCreateRequest, WatchRequest,
};
use etcdpb::mvccpb::Event;
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tonic::Streaming;
use tonic::transport::Endpoint;

use support::client::{self, put};
use support::cluster::Cluster;
use support::process::Process;
use support::tools::{etcdctl, quorate, run, tools_are_there};
use support::{PATIENCE, eventually};

/// A watch on all keys that begin with `k`.
struct Watch(Streaming<etcdpb::etcdserverpb::WatchResponse>);

impl Watch {
    async fn open(url: &str, start_revision: i64) -> Self {
        let create = WatchCreateRequest {
            key: "k".into(),
            range_end: "l".into(),
            start_revision,
            ..Default::default()
        };
        let create = Some(RequestUnion::CreateRequest(create));
        let requests = tokio_stream::once(WatchRequest { request_union: create });
        let requests = requests.chain(tokio_stream::pending());
        let channel = Endpoint::from_shared(url.to_owned()).expect("a URL").connect_lazy();
        let opened = WatchClient::new(channel).watch(requests).await.expect("it serves");
        let mut watch = Self(opened.into_inner());
        let first = watch.0.message().await.expect("it goes on").expect("it is created");
        assert!(first.created && !first.canceled, "{first:?}");
        watch
    }

    /// The next events, so many of them.
    async fn events(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            let message = timeout(PATIENCE, self.0.message()).await;
            let response = message.unwrap_or_else(|_| panic!("{count} come, not {}", events.len()));
            let response = response.expect("it goes on").expect("it goes on");
            assert!(!response.canceled, "{response:?}");
            events.extend(response.events);
        }
        assert_eq!(events.len(), count);
        events
    }
}

fn revisions(events: &[Event]) -> Vec<i64> {
    let kvs = events.iter().map(|event| event.kv.as_ref().expect("it has a key"));
    kvs.map(|kv| kv.mod_revision).collect()
}

/// Writes a key again and again, at any member that takes it, and returns the revisions that were
/// acknowledged. What was not acknowledged is written again, with its own value.
async fn write(urls: &[String], values: std::ops::Range<usize>) {
    for value in values {
        eventually("nobody takes a write", async || {
            let url = &urls[value % urls.len()];
            let mut errors = Vec::new();
            for url in [url].into_iter().chain(urls) {
                match client::kv(url).put(put("k", value.to_string())).await {
                    Ok(_) => return Ok(()),
                    Err(error) => errors.push(error.to_string()),
                }
            }
            Err(errors.join("; "))
        })
        .await;
    }
}

/// Watchers on each member; the leader is killed in the middle. Those on the others hear all
/// revisions, and the same, without opening their stream again.
#[tokio::test(flavor = "multi_thread")]
async fn watchers_hear_all_though_the_leader_dies() {
    let mut cluster = Cluster::start(3).await;
    let urls = cluster.urls();
    let leader = cluster.leader().await;
    let mut watches = Vec::new();
    for url in &urls {
        watches.push(Watch::open(url, 0).await);
    }
    write(&urls, 0..100).await;
    let heard = watches[leader].events(100).await;
    cluster.members[leader].kill();
    let left: Vec<_> = (0..3).filter(|member| *member != leader).collect();
    let left_urls: Vec<_> = left.iter().map(|member| urls[*member].clone()).collect();
    write(&left_urls, 100..200).await;
    // A write may have been repeated that had been done.
    let last = client::kv(&left_urls[0]).range(client::key("k")).await.expect("it serves");
    let last = last.into_inner().kvs[0].mod_revision;
    let count = usize::try_from(last - 1).expect("it is positive");
    let all: Vec<i64> = (2..=last).collect();
    for member in left {
        let events = watches[member].events(count).await;
        assert_eq!(revisions(&events), all);
        assert_eq!(events[..100], heard[..]);
    }
    // One that was cut off goes on where it was, at the member that comes back.
    cluster.members[leader].start();
    cluster.ready().await;
    let mut again = Watch::open(&urls[leader], 102).await;
    assert_eq!(revisions(&again.events(count - 100).await), all[100..]);
}

/// A member with a watcher is held up until it has missed more than the others keep, so that a
/// snapshot takes the place of its store. Its watcher hears what it missed all the same.
#[tokio::test(flavor = "multi_thread")]
async fn watchers_hear_all_though_a_snapshot_takes_the_place_of_the_store() {
    let mut cluster = Cluster::of(3);
    for member in &mut cluster.members {
        member.flags.set("--snapshot-bytes", "20000");
    }
    cluster.start_all().await;
    let lagging = cluster.follower().await;
    let urls = cluster.urls();
    let others: Vec<_> = (0..3).filter(|m| *m != lagging).map(|m| urls[m].clone()).collect();
    let mut watch = Watch::open(&urls[lagging], 0).await;
    write(&others, 0..10).await;
    assert_eq!(watch.events(10).await.len(), 10);
    cluster.members[lagging].pause();
    write(&others, 10..1500).await;
    cluster.members[lagging].resume();
    cluster.members[lagging].process().wait_until_it_prints("received a snapshot");
    write(&others, 1500..1600).await;
    let events = watch.events(1590).await;
    let all: Vec<i64> = (12..=1601).collect();
    assert_eq!(revisions(&events), all);
}

/// The same watch by both programs at the same member, whatever the format.
#[tokio::test(flavor = "multi_thread")]
async fn both_programs_print_the_same() {
    if !tools_are_there() {
        return;
    }
    let mut cluster = Cluster::start(1).await;
    let url = cluster.members[0].url();
    let mut kv = client::kv(&url);
    for (key, value) in [("a", "1"), ("a", "2"), ("b", "two\nlines"), ("a\"b", "\u{e9}")] {
        kv.put(put(key, value)).await.expect("it serves");
    }
    let delete = DeleteRangeRequest { key: "a".into(), ..Default::default() };
    kv.delete_range(delete).await.expect("it serves");
    let directory = cluster.directory();
    let both = |name: &str, arguments: &[&str], end: &str| {
        // Its words about retries are for nobody else.
        let theirs =
            until(etcdctl(&url).args(arguments), &directory.join(format!("{name}-1")), end);
        let ours = quorate_at(&url, arguments);
        let ours = until(&mut { ours }, &directory.join(format!("{name}-2")), end);
        assert_eq!(ours, theirs, "{arguments:?}");
        ours
    };
    let all = ["watch", "--rev", "2", "--prev-kv", "--prefix", "a"];
    both("all", &all, "DELETE\na\n2\na\n\n");
    both("json", &[&all[..], &["-w", "json"]].concat(), "\"Created\":false}\n");
    both("range", &["watch", "a", "b", "--rev=3", "-w", "json"], "\"Created\":false}\n");
    let show = "printf '%s ' \"$ETCD_WATCH_EVENT_TYPE\" \"$ETCD_WATCH_KEY\" \
                \"$ETCD_WATCH_VALUE\" $ETCD_WATCH_REVISION; echo";
    let shown =
        both("hook", &["watch", "--rev=2", "--prefix", "", "--", "sh", "-c", show], "\"\" 6 \n");
    assert!(shown.contains("\"PUT\" \"b\" \"two\\nlines\" 6"), "{shown}");

    kv.compact(CompactionRequest { revision: 4, physical: true }).await.expect("it serves");
    for arguments in [&["watch", "a", "--rev", "2"][..], &["watch", "z", "a"]] {
        let [theirs, ours] = [etcdctl(&url).args(arguments), &mut quorate_at(&url, arguments)]
            .map(|command| run(command, ""));
        assert!(!theirs.status.success() && !ours.status.success());
        let [theirs, ours] = [theirs.stderr, ours.stderr].map(String::from_utf8);
        assert_eq!(ours, theirs);
    }
    cluster.members[0].stop();
}

fn quorate_at(url: &str, arguments: &[&str]) -> Command {
    let mut command = quorate();
    command.args(["--endpoints", url]).args(arguments);
    command
}

/// What a program has printed when it has printed that. It is ended then.
fn until(command: &mut Command, log: &Path, end: &str) -> String {
    Process::start(command, log).wait_until_it_prints(end)
}

/// `quorate watch` goes on at another member when its own is killed.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_goes_on_at_another_member() {
    let mut cluster = Cluster::start(3).await;
    let urls = cluster.urls();
    let endpoints = [&urls[1], &urls[2], &urls[0]].map(String::as_str).join(",");
    let mut command = quorate_at(&endpoints, &["watch", "k"]);
    // Until it is there, it can miss something.
    write(&urls, 0..1).await;
    let mut watching =
        Process::start(command.args(["--rev", "2"]), &cluster.directory().join("watch"));
    watching.wait_until_it_prints("PUT\nk\n0\n");
    cluster.members[1].kill();
    write(&[urls[0].clone(), urls[2].clone()], 1..50).await;
    let printed = watching.wait_until_it_prints("PUT\nk\n49\n");
    let mut values =
        printed.lines().filter_map(|line| line.parse::<usize>().ok()).collect::<Vec<_>>();
    assert!(values.is_sorted(), "{values:?}");
    values.dedup();
    assert_eq!(values, (0..50).collect::<Vec<_>>());
}

/// A member that is told to stop has watchers, and ends; they go on elsewhere, and miss nothing.
#[tokio::test(flavor = "multi_thread")]
async fn members_that_stop_send_their_watchers_elsewhere() {
    let mut cluster = Cluster::start(3).await;
    let (urls, endpoints) = (cluster.urls(), cluster.endpoints());
    write(&urls, 0..1).await;
    let arguments = ["watch", "k", "--rev", "2"];
    let directory = cluster.directory();
    let mut watches =
        vec![Process::start(&mut quorate_at(&endpoints, &arguments), &directory.join("ours"))];
    if tools_are_there() {
        let mut theirs = etcdctl(&endpoints);
        watches.push(Process::start(theirs.args(arguments), &directory.join("theirs")));
    }
    for watch in &mut watches {
        watch.wait_until_it_prints("PUT\nk\n0\n");
    }
    for stopped in 0..3 {
        cluster.members[stopped].stop();
        let others = (0..3).filter(|member| *member != stopped).map(|member| urls[member].clone());
        let others = others.collect::<Vec<_>>();
        write(&others, stopped + 1..stopped + 2).await;
        for watch in &mut watches {
            watch.wait_until_it_prints(&format!("PUT\nk\n{}\n", stopped + 1));
        }
        cluster.members[stopped].start();
        cluster.members[stopped].ready().await;
    }
}

/// What is typed, by both programs: watches, and what makes no sense.
#[tokio::test(flavor = "multi_thread")]
async fn watches_that_are_typed() {
    let cluster = Cluster::start(1).await;
    let url = cluster.members[0].url();
    let mut kv = client::kv(&url);
    for (key, value) in [("a", "1"), ("b", "2")] {
        kv.put(put(key, value)).await.expect("it serves");
    }
    let mut programs = vec![("ours", quorate_at(&url, &["watch", "-i"]))];
    if tools_are_there() {
        let mut theirs = etcdctl(&url);
        theirs.args(["watch", "-i"]);
        programs.push(("theirs", theirs));
    }
    for (name, mut program) in programs {
        let mut watching = Process::start(&mut program, &cluster.directory().join(name));
        watching.say("watch --rev 2 a");
        watching.wait_until_it_prints("PUT\na\n1\n");
        watching.say("nonsense");
        watching.wait_until_it_prints("Invalid command nonsense (only support watch)\n");
        watching.say("watch");
        let text = "Invalid command watch (command type or key is not provided)\n";
        watching.wait_until_it_prints(text);
        watching.say("watch b --rev=3");
        watching.wait_until_it_prints("PUT\nb\n2\n");
        if name == "ours" {
            // (etcdctl 3.4 takes such a command, and does not run it.)
            watching.say("watch b --rev=3 -- sh -c 'echo the key is $ETCD_WATCH_KEY'");
            watching.wait_until_it_prints("the key is \"b\"\n");
        }
        // The first one goes on.
        kv.put(put("a", name)).await.expect("it serves");
        watching.wait_until_it_prints(&format!("PUT\na\n{name}\n"));
        watching.say("progress");
        watching.wait_until_it_prints("progress notify: ");
    }
}

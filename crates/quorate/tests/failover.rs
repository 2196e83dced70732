//! The leader dies, again and again, under the hands of its clients.

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use etcdpb::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::request_op::Request;
use etcdpb::etcdserverpb::{Compare, RequestOp, ResponseHeader, TxnRequest};
use etcdpb::mvccpb::KeyValue;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tonic::transport::Channel;

use support::client::{self, http_get};
use support::cluster::{Cluster, Member};
use support::{eventually, tell};

const KILLS: usize = 10;
const WRITERS: usize = 4;
const COUNTERS: usize = 2;
const COUNTER: &str = "counter";

/// What a client does between two requests, so that two cores serve them all.
const REST: Duration = Duration::from_millis(5);

/// Clients write, count and read through all members while each leader is killed in its turn.
#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_write_is_lost_and_no_read_goes_back() {
    let mut cluster = Cluster::start(3).await;
    let witness = Arc::new(Witness::default());
    let (mut writers, mut counters, mut readers) = (JoinSet::new(), JoinSet::new(), JoinSet::new());
    let client = |first| Client::new(&cluster.urls(), first, witness.clone());
    (0..WRITERS).for_each(|number| drop(writers.spawn(write(number, client(number)))));
    (0..COUNTERS).for_each(|number| drop(counters.spawn(count(client(number)))));
    (0..cluster.members.len()).for_each(|number| drop(readers.spawn(read(client(number)))));

    for kill in 1..=KILLS {
        let leader = cluster.leader().await;
        let killed = Instant::now();
        cluster.members[leader].kill();
        let back = witness.first_write_since(killed).await - killed;
        tell(&format!("kill {kill:2}: the first write after {:3} ms", back.as_millis()));
        sleep(Duration::from_millis(300)).await;
        cluster.members[leader].start();
        cluster.members[leader].ready().await;
    }

    witness.is_over.store(true, SeqCst);
    let pages = writers.join_all().await.concat();
    let counted = counters.join_all().await;
    let reads = readers.join_all().await.iter().sum::<u64>();
    cluster.ready().await;
    cluster.agree().await;

    let mut kv = client::kv(&cluster.members[0].url());
    let written = kv.range(client::prefix("writer")).await.unwrap().into_inner().kvs;
    let written = written.iter().map(|kv| (key_of(kv), kv)).collect::<BTreeMap<_, _>>();
    for page in &pages {
        page.check(written.get(&*page.key).copied());
    }
    let acknowledged = pages.iter().map(|page| page.acknowledged.len()).sum::<usize>();

    let counter = kv.range(client::key(COUNTER)).await.unwrap().into_inner().kvs;
    let least = counted.iter().map(|counted| counted.acknowledged).sum::<i64>();
    let most = least + counted.iter().map(|counted| counted.unknown).sum::<i64>();
    let value = value_of(&counter[0]);
    assert!((least..=most).contains(&value), "{least} acknowledged, at most {most}, it is {value}");
    assert_eq!(counter[0].version, value, "each increment writes once");
    let keys = pages.len();
    tell(&format!("{acknowledged} writes on {keys} keys, {value} increments, {reads} reads"));
    assert!(acknowledged > KILLS && value > 0 && reads > 0, "the clients did next to nothing");
}

/// A member that forwarded a write to a leader which then died finds out by itself whether it was
/// lost, and sends it to the next one: `docs/adr/0006-forwards-belong-to-one-term.md`.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_in_flight_outlives_the_leader() {
    let mut cluster = patient_cluster().await;
    let leader = cluster.leader().await;
    let writes = write_past_a_held_up_leader(&mut cluster, leader).await;
    cluster.members[leader].kill();
    have_effect_once(&cluster, leader, writes).await;

    cluster.members[leader].start();
    cluster.ready().await;
    cluster.agree().await;
}

/// As above, but the old leader wakes up with the forwarded writes in its hands. It may append
/// them, and nobody may count that.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_in_flight_is_not_repeated_by_a_leader_that_comes_back() {
    let mut cluster = patient_cluster().await;
    let leader = cluster.leader().await;
    let writes = write_past_a_held_up_leader(&mut cluster, leader).await;
    let next = cluster.leader().await;
    assert_ne!(next, leader, "who is held up does not answer");
    cluster.members[leader].resume();
    have_effect_once(&cluster, leader, writes).await;

    cluster.ready().await;
    cluster.agree().await;
}

/// A cluster in which there is time to see a write in flight before there is a new leader.
async fn patient_cluster() -> Cluster {
    let mut cluster = Cluster::of(3);
    for member in &mut cluster.members {
        member.flags.set("--election-timeout", "1500");
    }
    cluster.start_all().await;
    // Each has announced itself: that is a proposal too, and is in flight no longer.
    for member in &cluster.members {
        pending(member, 0).await;
    }
    cluster
}

/// Waits until so many of the member's proposals are in flight.
async fn pending(member: &Member, count: usize) {
    let line = format!("etcd_server_proposals_pending {count}");
    eventually("another number of proposals is in flight", async || {
        let metrics = http_get(member.client, "/metrics").await;
        if metrics.lines().any(|told| told == line) { Ok(()) } else { Err(metrics) }
    })
    .await;
}

type Writes = JoinSet<Result<(), tonic::Status>>;

/// Holds the leader up, and begins a write at each other member. Returns when they are on their
/// way.
async fn write_past_a_held_up_leader(cluster: &mut Cluster, leader: usize) -> Writes {
    cluster.members[leader].pause();
    let mut writes = JoinSet::new();
    for member in others(cluster, leader) {
        let (key, url) = (member.name.clone(), member.url());
        writes.spawn(
            async move { client::kv(&url).put(client::put(key, "in flight")).await.map(drop) },
        );
    }
    for member in others(cluster, leader) {
        pending(member, 1).await;
    }
    writes
}

async fn have_effect_once(cluster: &Cluster, leader: usize, mut writes: Writes) {
    while let Some(written) = writes.join_next().await {
        let written = written.expect("the task does not panic");
        written.expect("a write in flight succeeds, and the client need not repeat it");
    }
    for member in others(cluster, leader) {
        let mut kv = client::kv(&member.url());
        let response = kv.range(client::key(member.name.clone())).await;
        let kvs = response.expect("there is a leader").into_inner().kvs;
        assert_eq!(kvs[0].version, 1, "the write of {} has effect once", member.name);
    }
}

fn others(cluster: &Cluster, leader: usize) -> impl Iterator<Item = &Member> {
    let members = cluster.members.iter().enumerate();
    members.filter(move |(number, _)| *number != leader).map(|(_, member)| member)
}

/// What the clients have seen, all together.
#[derive(Default)]
struct Witness {
    /// The greatest revision in any answer.
    revision: AtomicI64,
    /// The last number that was acknowledged, by key.
    acknowledged: Mutex<BTreeMap<String, i64>>,
    /// When each acknowledged write began, and when it ended.
    writes: Mutex<Vec<(Instant, Instant)>>,
    is_over: AtomicBool,
}

impl Witness {
    /// When the first write ended that began after that.
    async fn first_write_since(&self, since: Instant) -> Instant {
        eventually("nobody can write", async || {
            let writes = lock(&self.writes);
            let mut ends = writes.iter().filter(|(begin, _)| *begin >= since).map(|(_, end)| *end);
            ends.next().ok_or_else(|| format!("since {:?}", since.elapsed()))
        })
        .await
    }

    /// A linearizable answer never shows less than an answer that was there before the question.
    fn check(&self, revision_before: i64, header: Option<ResponseHeader>) {
        let revision = header.expect("each answer has a header").revision;
        assert!(
            revision >= revision_before,
            "revision {revision} in an answer that was asked for after {revision_before} was shown"
        );
        self.revision.fetch_max(revision, SeqCst);
    }
}

/// A client that asks the next member when one fails.
struct Client {
    members: Vec<KvClient<Channel>>,
    current: usize,
    witness: Arc<Witness>,
}

impl Client {
    fn new(urls: &[String], first: usize, witness: Arc<Witness>) -> Self {
        let members = urls.iter().map(|url| client::kv(url)).collect();
        Self { members, current: first, witness }
    }

    fn goes_on(&self) -> bool {
        !self.witness.is_over.load(SeqCst)
    }

    fn revision(&self) -> i64 {
        self.witness.revision.load(SeqCst)
    }

    fn kv(&mut self) -> &mut KvClient<Channel> {
        let count = self.members.len();
        &mut self.members[self.current % count]
    }

    async fn turn_to_next(&mut self) {
        self.current += 1;
        sleep(4 * REST).await;
    }
}

/// A key, and all that was written to it, in order.
///
/// A write without an answer may take effect at any later time. So it is the last one of its key,
/// and the writer goes on with a new page: then it is known exactly what each key may hold.
#[derive(Clone)]
struct Page {
    key: String,
    /// Numbers, and the revisions that the answers named.
    acknowledged: Vec<(i64, i64)>,
    unknown: Option<i64>,
}

impl Page {
    fn new(writer: usize, page: usize) -> Self {
        let key = format!("writer{writer}/page{page:04}");
        Self { key, acknowledged: Vec::new(), unknown: None }
    }

    fn check(&self, found: Option<&KeyValue>) {
        let Self { key, acknowledged, unknown } = self;
        let count = i64::try_from(acknowledged.len()).expect("not that many");
        let Some(found) = found else {
            assert_eq!(count, 0, "{key}: {acknowledged:?} were acknowledged, and are lost");
            return;
        };
        if found.version == count {
            let (number, revision) = *acknowledged.last().expect("it was written");
            assert_eq!((value_of(found), found.mod_revision), (number, revision), "{key}");
        } else {
            assert_eq!(found.version, count + 1, "{key}: {acknowledged:?}, perhaps {unknown:?}");
            assert_eq!(Some(value_of(found)), *unknown, "{key}");
            assert!(acknowledged.last().is_none_or(|(_, last)| found.mod_revision > *last));
        }
        if let Some((_, first)) = acknowledged.first() {
            assert_eq!(found.create_revision, *first, "{key}");
        }
    }
}

/// Writes one number after the other.
async fn write(writer: usize, mut client: Client) -> Vec<Page> {
    let mut pages = vec![Page::new(writer, 0)];
    for number in 1.. {
        if !client.goes_on() {
            break;
        }
        let (begin, revision_before) = (Instant::now(), client.revision());
        let page = pages.last_mut().expect("there is a first");
        let request = client::put(page.key.clone(), number.to_string());
        if let Ok(response) = client.kv().put(request).await {
            let header = response.into_inner().header;
            client.witness.check(revision_before, header);
            page.acknowledged.push((number, header.unwrap_or_default().revision));
            lock(&client.witness.writes).push((begin, Instant::now()));
            lock(&client.witness.acknowledged).insert(page.key.clone(), number);
            sleep(REST).await;
        } else {
            page.unknown = Some(number);
            let next = pages.len();
            pages.push(Page::new(writer, next));
            client.turn_to_next().await;
        }
    }
    pages
}

/// How often a client has incremented the counter.
#[derive(Default)]
struct Counted {
    acknowledged: i64,
    unknown: i64,
}

/// Increments the counter, if nobody did between the look and the write.
async fn count(mut client: Client) -> Counted {
    let mut counted = Counted::default();
    while client.goes_on() {
        let revision_before = client.revision();
        let Ok(response) = client.kv().range(client::key(COUNTER)).await else {
            client.turn_to_next().await;
            continue;
        };
        let response = response.into_inner();
        client.witness.check(revision_before, response.header);
        if let Ok(response) = client.kv().txn(increment(response.kvs.first())).await {
            let response = response.into_inner();
            client.witness.check(revision_before, response.header);
            counted.acknowledged += i64::from(response.succeeded);
            sleep(REST).await;
        } else {
            counted.unknown += 1;
            client.turn_to_next().await;
        }
    }
    counted
}

fn increment(now: Option<&KeyValue>) -> TxnRequest {
    let value = now.map_or(0, value_of) + 1;
    let compare = Compare {
        result: CompareResult::Equal.into(),
        target: CompareTarget::Mod.into(),
        key: COUNTER.into(),
        target_union: Some(TargetUnion::ModRevision(now.map_or(0, |now| now.mod_revision))),
        ..Compare::default()
    };
    let put = Request::RequestPut(client::put(COUNTER, value.to_string()));
    TxnRequest {
        compare: vec![compare],
        success: vec![RequestOp { request: Some(put) }],
        failure: Vec::new(),
    }
}

/// Reads all pages, and holds them against what was acknowledged before, and what it saw before.
async fn read(mut client: Client) -> u64 {
    let mut seen = BTreeMap::<String, i64>::new();
    let mut reads = 0;
    while client.goes_on() {
        let revision_before = client.revision();
        let acknowledged = lock(&client.witness.acknowledged).clone();
        let Ok(response) = client.kv().range(client::prefix("writer")).await else {
            client.turn_to_next().await;
            continue;
        };
        let response = response.into_inner();
        client.witness.check(revision_before, response.header);
        let now = response.kvs.iter().map(|kv| (key_of(kv), value_of(kv)));
        let now = now.collect::<BTreeMap<_, _>>();
        for (key, least) in acknowledged.iter().chain(&seen) {
            let found = now.get(key);
            assert!(found.is_some_and(|found| found >= least), "{key}: {least}, then {found:?}");
        }
        seen = now;
        reads += 1;
        sleep(REST).await;
    }
    reads
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("no task panics with it")
}

fn key_of(kv: &KeyValue) -> String {
    String::from_utf8_lossy(&kv.key).into_owned()
}

fn value_of(kv: &KeyValue) -> i64 {
    String::from_utf8_lossy(&kv.value).parse().expect("the value is a number")
}

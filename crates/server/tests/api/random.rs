//! Random requests to a real etcd and to us, one seed after the other: the answers must be the
//! same, but for who gives them.
//!
//! The keys are few and short, so that requests meet each other. `QUORATE_DIFFERENTIAL_REQUESTS`
//! says how many requests there are (2000 otherwise), and `QUORATE_DIFFERENTIAL_SEED` where they
//! begin; a difference names its seed.

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::compare::TargetUnion;
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::request_op::Request;
use tonic::transport::Channel;

use crate::differential::{Ask, answer};
use crate::etcd::Etcd;
use crate::local::{Local, Server};
use crate::watch::WatchStream;

/// So many requests are made of one seed.
pub(crate) const STORY: u64 = 100;

#[tokio::test]
async fn etcd_answers_random_requests_the_same() {
    let Some(mut etcd) = Etcd::start() else { return };
    let server = Server::start(&Local::new()).await;
    let channels = [etcd.channel().await, server.channel().await];
    let [mut theirs, mut ours] = channels.clone().map(KvClient::new);
    let count = number("QUORATE_DIFFERENTIAL_REQUESTS", 2000);
    let first = number("QUORATE_DIFFERENTIAL_SEED", 1);
    let mut revision = 1;
    for seed in first..first + count.div_ceil(STORY) {
        let mut random = Random(seed);
        for step in 0..STORY {
            let ask = random.ask(revision);
            let expected = answer(&mut theirs, ask.clone()).await;
            let got = answer(&mut ours, ask.clone()).await;
            let place = format!("request {step} of seed {seed} (begun with {first}): {ask:?}");
            assert_eq!(got, expected, "ours, and etcd's, to {place}");
            revision += i64::from(!matches!(ask, Ask::Range(_)));
            if random.one_in(20) {
                let [theirs, ours] = &channels;
                // Only what succeeds makes a revision: now it is known how many there are.
                revision = write_last(theirs).await;
                assert_eq!(write_last(ours).await, revision, "the revision after {place}");
                let watch = random.watch(revision);
                let expected = heard(theirs, watch.clone()).await;
                let got = heard(ours, watch.clone()).await;
                assert_eq!(got, expected, "ours, and etcd's, to {watch:?} after {place}");
            }
        }
    }
    server.stop().await;
}

/// The key that is written last while a watcher hears. It is before all other keys but one.
const LAST: &str = "A";

/// All that a watcher hears until it hears of [`LAST`], which it watches too; or until it is
/// canceled. How events come together depends on time, so each is by itself.
async fn heard(channel: &Channel, watch: pb::WatchCreateRequest) -> Vec<String> {
    let mut stream = WatchStream::open_as(channel.clone(), watch, None).await;
    let mut heard = Vec::new();
    let created = stream.next().await.expect("a first response");
    heard.push(format!("{} {}", created.canceled, created.cancel_reason));
    let last = write_last(channel).await;
    loop {
        let response = stream.next().await.expect("a response");
        for event in &response.events {
            heard.push(format!("{event:?}"));
            if event.kv.as_ref().is_some_and(|kv| kv.mod_revision >= last) {
                return heard;
            }
        }
        if response.canceled {
            heard.push(format!("{} {}", response.compact_revision, response.cancel_reason));
            return heard;
        }
    }
}

/// Writes and deletes the last key: one of both is heard by whoever hears only of puts, or only of
/// deletions. Returns the revision of the first.
async fn write_last(channel: &Channel) -> i64 {
    let mut kv = KvClient::new(channel.clone());
    let put = pb::PutRequest { key: LAST.into(), value: "last".into(), ..Default::default() };
    let answer = kv.put(put).await.expect("a put").into_inner();
    let delete = pb::DeleteRangeRequest { key: LAST.into(), ..Default::default() };
    kv.delete_range(delete).await.expect("a deletion");
    answer.header.map(|header| header.revision).unwrap_or_default()
}

pub(crate) fn number(variable: &str, otherwise: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable}: {text}")))
}

/// A source of requests: `SplitMix64`.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(crate) fn of<T: Copy>(&mut self, values: &[T]) -> T {
        let place = usize::try_from(self.below(values.len() as u64)).expect("it is in the list");
        values[place]
    }

    /// A request. The store is at that revision, or a little before.
    fn ask(&mut self, revision: i64) -> Ask {
        match self.below(20) {
            0..8 => Ask::Put(self.put()),
            8..10 => Ask::Delete(self.delete()),
            10..15 => Ask::Range(self.range(revision)),
            15..19 => Ask::Txn(self.txn(revision, 2)),
            _ => Ask::Compact(pb::CompactionRequest {
                revision: self.near(revision - 20),
                physical: self.one_in(2),
            }),
        }
    }

    fn near(&mut self, revision: i64) -> i64 {
        let offset = i64::try_from(self.below(30)).expect("it is small");
        revision + offset - 20
    }

    fn key(&mut self) -> bytes::Bytes {
        if self.one_in(50) {
            return bytes::Bytes::new();
        }
        self.of(&["a", "aa", "ab", "b", "c", "\0", "\u{7f}"]).into()
    }

    fn range_end(&mut self) -> bytes::Bytes {
        self.of(&["", "", "", "\0", "b", "ab", "d", "a"]).into()
    }

    fn put(&mut self) -> pb::PutRequest {
        pb::PutRequest {
            key: self.key(),
            value: self.of(&["", "1", "2", "z", "zz"]).into(),
            // A lease that there is not.
            lease: if self.one_in(30) { 77 } else { 0 },
            prev_kv: self.one_in(3),
            ignore_value: self.one_in(12),
            ignore_lease: self.one_in(12),
        }
    }

    fn delete(&mut self) -> pb::DeleteRangeRequest {
        let (key, range_end) = (self.key(), self.range_end());
        pb::DeleteRangeRequest { key, range_end, prev_kv: self.one_in(2) }
    }

    fn range(&mut self, revision: i64) -> pb::RangeRequest {
        let mut bound = |revision| if self.one_in(8) { self.near(revision).max(0) } else { 0 };
        let bounds = [bound(revision), bound(revision), bound(revision), bound(revision)];
        let [min_mod_revision, max_mod_revision, min_create_revision, max_create_revision] = bounds;
        // Where many have one version or value, the order among them is nobody's promise.
        let sort_target = self.of(&[0, 0, 0, 3]);
        pb::RangeRequest {
            key: self.key(),
            range_end: self.range_end(),
            limit: self.of(&[0, 0, 0, 1, 2, 5, -1]),
            revision: if self.one_in(3) { self.near(revision) } else { 0 },
            sort_order: self.of(&[0, 0, 1, 2]),
            sort_target,
            serializable: self.one_in(3),
            keys_only: self.one_in(4),
            count_only: self.one_in(6),
            min_mod_revision,
            max_mod_revision,
            min_create_revision,
            max_create_revision,
        }
    }

    /// A watcher of the last key, and of others after it, from some revision on that has been (or
    /// is compacted), or from the next one on.
    fn watch(&mut self, revision: i64) -> pb::WatchCreateRequest {
        let starts = [0, self.near(revision), self.near(revision - 40)];
        let start = self.of(&starts);
        pb::WatchCreateRequest {
            key: LAST.into(),
            range_end: self.of(&["", "\0", "aa", "b", "d"]).into(),
            start_revision: start.clamp(0, revision),
            filters: self.of(&[&[][..], &[], &[0], &[1]]).to_vec(),
            prev_kv: self.one_in(2),
            ..Default::default()
        }
    }

    fn txn(&mut self, revision: i64, depth: u32) -> pb::TxnRequest {
        let compare = (0..self.below(3)).map(|_| self.compare(revision)).collect();
        let success = (0..self.below(4)).map(|_| self.op(revision, depth)).collect();
        let failure = (0..self.below(4)).map(|_| self.op(revision, depth)).collect();
        pb::TxnRequest { compare, success, failure }
    }

    fn op(&mut self, revision: i64, depth: u32) -> pb::RequestOp {
        let request = match self.below(if depth == 0 { 7 } else { 8 }) {
            0..3 => Request::RequestPut(self.put()),
            3..5 => Request::RequestRange(self.range(revision)),
            5..7 => Request::RequestDeleteRange(self.delete()),
            _ => Request::RequestTxn(self.txn(revision, depth - 1)),
        };
        pb::RequestOp { request: (!self.one_in(60)).then_some(request) }
    }

    fn compare(&mut self, revision: i64) -> pb::Compare {
        let number = if self.one_in(2) { self.near(revision) } else { 1 };
        let target_union = match self.below(6) {
            0 => TargetUnion::Version(1),
            1 => TargetUnion::CreateRevision(number),
            2 => TargetUnion::ModRevision(number),
            3 => TargetUnion::Value(self.of(&["", "1", "z"]).into()),
            4 => TargetUnion::Lease(0),
            _ => {
                return pb::Compare { key: self.key(), ..Default::default() };
            }
        };
        pb::Compare {
            result: self.of(&[0, 1, 2, 3]),
            // Now and then another one than the union holds.
            target: self.of(&[0, 1, 2, 3, 4]),
            key: self.key(),
            range_end: self.range_end(),
            target_union: Some(target_union),
        }
    }
}

//! Alarms, the quota, hashes and backups, asked over a socket.

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;
use mvcc::Range;
use server::backup::{Backup, BackupError, Check};
use server::{AutoCompaction, Options, Origins};
use tokio::time::{Duration, sleep, timeout};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::etcd::Etcd;
use crate::local::{Local, Server};

const GET: i32 = 0;
const ACTIVATE: i32 = 1;
const DEACTIVATE: i32 = 2;
const NONE: i32 = 0;
const NOSPACE: i32 = 1;
const CORRUPT: i32 = 2;

async fn clients(server: &Server) -> (KvClient<Channel>, MaintenanceClient<Channel>) {
    let channel = server.channel().await;
    (KvClient::new(channel.clone()), MaintenanceClient::new(channel))
}

fn put(key: &str, bytes: usize) -> pb::PutRequest {
    let (key, value) = (key.to_owned().into(), vec![b'x'; bytes].into());
    pb::PutRequest { key, value, ..Default::default() }
}

async fn alarm(
    maintenance: &mut MaintenanceClient<Channel>,
    action: i32,
    alarm: i32,
) -> Vec<pb::AlarmMember> {
    let request = pb::AlarmRequest { action, member_id: 8, alarm };
    let answer = maintenance.alarm(request).await.expect("an alarm can be changed").into_inner();
    assert!(answer.header.is_some_and(|header| header.revision > 0 && header.member_id == 8));
    answer.alarms
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code, text: &str) {
    let status = answer.expect_err("it is refused");
    assert_eq!((status.code(), status.message()), (code, text));
}

const NO_SPACE: &str = "etcdserver: mvcc: database space exceeded";

#[tokio::test]
async fn alarms_are_raised_listed_and_disarmed() {
    let server = Server::start(&Local::new()).await;
    let (mut kv, mut maintenance) = clients(&server).await;
    let raised = pb::AlarmMember { member_id: 8, alarm: NOSPACE };
    assert_eq!(alarm(&mut maintenance, GET, NONE).await, []);
    assert_eq!(alarm(&mut maintenance, ACTIVATE, NONE).await, []);
    assert_eq!(alarm(&mut maintenance, ACTIVATE, NOSPACE).await, [raised]);
    assert_eq!(alarm(&mut maintenance, GET, NONE).await, [raised]);
    assert_eq!(alarm(&mut maintenance, GET, CORRUPT).await, []);

    refused(kv.put(put("a", 1)).await, Code::ResourceExhausted, NO_SPACE);
    let delete = pb::DeleteRangeRequest { key: "a".into(), ..Default::default() };
    kv.delete_range(delete.clone()).await.unwrap();
    let status = maintenance.status(pb::StatusRequest {}).await.unwrap().into_inner();
    assert_eq!(status.errors, ["memberID:8 alarm:NOSPACE "]);

    assert_eq!(alarm(&mut maintenance, DEACTIVATE, NONE).await, []);
    assert_eq!(alarm(&mut maintenance, DEACTIVATE, NOSPACE).await, [raised]);
    assert_eq!(alarm(&mut maintenance, DEACTIVATE, NOSPACE).await, []);
    kv.put(put("a", 1)).await.unwrap();

    let other = pb::AlarmRequest { action: ACTIVATE, member_id: 9, alarm: CORRUPT };
    maintenance.alarm(other).await.unwrap();
    let text = "etcdserver: corrupt cluster";
    refused(kv.put(put("a", 1)).await, Code::DataLoss, text);
    refused(kv.delete_range(delete).await, Code::DataLoss, text);
    let range = pb::RangeRequest { key: "a".into(), ..Default::default() };
    kv.range(range.clone()).await.unwrap();

    // A member that is wrong itself serves no reads, either.
    alarm(&mut maintenance, ACTIVATE, CORRUPT).await;
    refused(kv.range(range.clone()).await, Code::DataLoss, text);
    let read = pb::request_op::Request::RequestRange(range.clone());
    let success = vec![pb::RequestOp { request: Some(read) }];
    let txn = pb::TxnRequest { success, ..Default::default() };
    refused(kv.txn(txn).await, Code::DataLoss, text);
    alarm(&mut maintenance, DEACTIVATE, CORRUPT).await;
    kv.range(range).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn a_full_store_refuses_to_grow_until_there_is_space_again() {
    let options = Options { quota_bytes: Some(10_000), ..Options::default() };
    let frontend = Local::new().frontend(options);
    let server = Server::serve(frontend.clone(), Origins::default()).await;
    let upkeep = tokio::spawn(server::upkeep(frontend, AutoCompaction::Off, None));
    let (mut kv, mut maintenance) = clients(&server).await;
    let mut puts = 0;
    let refusal = loop {
        match kv.put(put("a", 1000)).await {
            Ok(_) => puts += 1,
            Err(status) => break status,
        }
    };
    assert!((5..10).contains(&puts), "{puts}");
    refused::<()>(Err(refusal), Code::ResourceExhausted, NO_SPACE);
    let raised = pb::AlarmMember { member_id: 8, alarm: NOSPACE };
    assert_eq!(alarm(&mut maintenance, GET, NONE).await, [raised]);
    let status = maintenance.status(pb::StatusRequest {}).await.unwrap().into_inner();
    assert_eq!(status.db_size_quota, 10_000);
    // What would fit by itself is refused too, as long as the alarm is raised.
    refused(kv.put(put("b", 1)).await, Code::ResourceExhausted, NO_SPACE);

    let compaction = pb::CompactionRequest { revision: i64::from(puts) + 1, physical: true };
    kv.compact(compaction).await.unwrap();
    let disarmed = async {
        while !alarm(&mut maintenance, GET, NONE).await.is_empty() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_mins(1), disarmed).await.expect("the member disarms its alarm");
    kv.put(put("b", 1000)).await.unwrap();
    upkeep.abort();
    server.stop().await;
}

#[tokio::test]
async fn a_backup_is_the_store() {
    let server = Server::start(&Local::new()).await;
    let (mut kv, mut maintenance) = clients(&server).await;
    for number in 0..50 {
        kv.put(put(&format!("{number}"), 2000)).await.unwrap();
    }
    let mut stream = maintenance.snapshot(pb::SnapshotRequest {}).await.unwrap().into_inner();
    let (mut file, mut remaining) = (Vec::new(), Vec::new());
    while let Some(piece) = stream.message().await.unwrap() {
        assert!(!piece.blob.is_empty() && piece.blob.len() <= 32 * 1024);
        file.extend_from_slice(&piece.blob);
        remaining.push(piece.remaining_bytes);
    }
    // As etcdctl wants it: blocks, and the hash after that.
    assert_eq!(file.len() % 512, 32);
    let (last, before) = remaining.split_last().expect("there are pieces");
    assert_eq!((*last, before.last()), (0, Some(&0)));
    assert!(before.windows(2).all(|pair| pair[0] > pair[1]), "{remaining:?}");

    let backup = Backup::read(&file, Check::Hash).unwrap();
    assert_eq!((backup.store.revision(), backup.store.key_count()), (51, 50));
    let key = backup.store.range(&Range { key: "7".into(), ..Range::default() }).unwrap();
    assert_eq!(key.kvs[0].value.len(), 2000);

    // In a value, where only the hash can tell.
    let value = file.windows(9).position(|bytes| bytes == b"xxxxxxxxx").unwrap();
    file[value + 4] ^= 1;
    assert!(matches!(Backup::read(&file, Check::Hash), Err(BackupError::Damaged)));
    Backup::read(&file, Check::Form).unwrap();
    assert!(matches!(Backup::read(&file[1..], Check::Form), Err(BackupError::Foreign)));
    assert!(matches!(Backup::read(b"", Check::Form), Err(BackupError::Foreign)));
    server.stop().await;
}

#[tokio::test]
async fn a_defragmentation_stops_nothing_and_nobody_goes_down() {
    let server = Server::start(&Local::new()).await;
    let (_, mut maintenance) = clients(&server).await;
    let answer = maintenance.defragment(pb::DefragmentRequest {}).await.unwrap().into_inner();
    assert_eq!(answer.header, None);

    let downgrade =
        |action, version: &str| pb::DowngradeRequest { action, version: version.to_owned() };
    let answer = maintenance.downgrade(downgrade(0, "3.5")).await.unwrap().into_inner();
    assert_eq!(answer.version, "3.6.0");
    let text = "etcdserver: invalid downgrade target version";
    refused(maintenance.downgrade(downgrade(0, "3.4")).await, Code::InvalidArgument, text);
    let text = "etcdserver: wrong downgrade target version format";
    refused(maintenance.downgrade(downgrade(0, "x")).await, Code::InvalidArgument, text);
    let text = "etcdserver: no inflight downgrade job";
    refused(maintenance.downgrade(downgrade(2, "")).await, Code::FailedPrecondition, text);
    server.stop().await;
}

/// The numbers of a real etcd, after the same requests.
#[tokio::test]
async fn the_hash_of_the_keys_is_that_of_etcd() {
    let Some(mut etcd) = Etcd::start() else { return };
    let server = Server::start(&Local::new()).await;
    let (ours, theirs) = (server.channel().await, etcd.channel().await);
    for channel in [&ours, &theirs] {
        let mut kv = KvClient::new(channel.clone());
        for number in 0..20 {
            kv.put(put(&format!("{}", number % 7), number)).await.unwrap();
        }
        for key in ["1", "2"] {
            let delete = pb::DeleteRangeRequest { key: key.into(), ..Default::default() };
            kv.delete_range(delete).await.unwrap();
        }
        let ops = ["x", "y", "z"].map(|key| pb::RequestOp {
            request: Some(pb::request_op::Request::RequestPut(put(key, 3))),
        });
        let txn = pb::TxnRequest { success: ops.to_vec(), ..Default::default() };
        kv.txn(txn).await.unwrap();
        kv.put(put("1", 200)).await.unwrap();
    }
    let hash = async |channel: &Channel, revision| {
        let mut maintenance = MaintenanceClient::new(channel.clone());
        let answer = maintenance.hash_kv(pb::HashKvRequest { revision }).await;
        let answer = answer.map(tonic::Response::into_inner);
        answer.map(|answer| (answer.hash, answer.compact_revision)).map_err(|e| e.code())
    };
    for revision in (0..=26).chain([-1]) {
        assert_eq!(hash(&ours, revision).await, hash(&theirs, revision).await, "at {revision}");
    }
    for channel in [&ours, &theirs] {
        let compaction = pb::CompactionRequest { revision: 18, physical: true };
        KvClient::new(channel.clone()).compact(compaction).await.unwrap();
    }
    // Not at 18 itself: etcd refuses that up to 3.5.
    for revision in [0, 17, 19, 20, 22, 23, 24, 25] {
        assert_eq!(hash(&ours, revision).await, hash(&theirs, revision).await, "at {revision}");
    }
    server.stop().await;
}

//! The services `Election` and `Lock`, asked over a socket, and side by side with a real etcd.

use std::time::Duration;

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::lease_client::LeaseClient;
use etcdpb::v3electionpb::election_client::ElectionClient;
use etcdpb::v3electionpb::{
    CampaignRequest, CampaignResponse, LeaderKey, LeaderRequest, LeaderResponse, ProclaimRequest,
    ProclaimResponse, ResignRequest, ResignResponse,
};
use etcdpb::v3lockpb::lock_client::LockClient;
use etcdpb::v3lockpb::{LockRequest, LockResponse, UnlockRequest, UnlockResponse};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tonic::transport::Channel;
use tonic::{Response, Status, Streaming};

use crate::etcd::{Etcd, text};
use crate::local::{Local, Server};

const PATIENCE: Duration = Duration::from_secs(20);

/// Clients of one server. Clones share its connection.
#[derive(Clone)]
struct Clients(Channel);

impl Clients {
    /// With the leases 1, 2 and 3.
    async fn new(channel: Channel) -> Self {
        for id in 1..=3 {
            let grant = pb::LeaseGrantRequest { ttl: 600, id };
            LeaseClient::new(channel.clone()).lease_grant(grant).await.expect("it is granted");
        }
        Self(channel)
    }

    async fn campaign(&self, lease: i64, value: &str) -> Result<CampaignResponse, Status> {
        let (name, value) = ("e".into(), value.to_owned().into());
        let request = CampaignRequest { name, lease, value };
        ElectionClient::new(self.0.clone()).campaign(request).await.map(Response::into_inner)
    }

    fn start_campaign(&self, lease: i64) -> JoinHandle<Result<CampaignResponse, Status>> {
        let clients = self.clone();
        tokio::spawn(async move { clients.campaign(lease, "v").await })
    }

    async fn proclaim(
        &self,
        leader: Option<LeaderKey>,
        value: &str,
    ) -> Result<ProclaimResponse, Status> {
        let request = ProclaimRequest { leader, value: value.to_owned().into() };
        ElectionClient::new(self.0.clone()).proclaim(request).await.map(Response::into_inner)
    }

    async fn resign(&self, leader: Option<LeaderKey>) -> Result<ResignResponse, Status> {
        let request = ResignRequest { leader };
        ElectionClient::new(self.0.clone()).resign(request).await.map(Response::into_inner)
    }

    async fn leader(&self) -> Result<LeaderResponse, Status> {
        let request = LeaderRequest { name: "e".into() };
        ElectionClient::new(self.0.clone()).leader(request).await.map(Response::into_inner)
    }

    async fn observe(&self) -> Streaming<LeaderResponse> {
        let request = LeaderRequest { name: "e".into() };
        let answer = ElectionClient::new(self.0.clone()).observe(request).await;
        answer.expect("anybody may look").into_inner()
    }

    async fn lock(&self, lease: i64) -> Result<LockResponse, Status> {
        let request = LockRequest { name: "l".into(), lease };
        LockClient::new(self.0.clone()).lock(request).await.map(Response::into_inner)
    }

    async fn unlock(&self, key: &'static str) -> Result<UnlockResponse, Status> {
        let request = UnlockRequest { key: key.into() };
        LockClient::new(self.0.clone()).unlock(request).await.map(Response::into_inner)
    }

    async fn revoke(&self, id: i64) {
        let revoke = pb::LeaseRevokeRequest { id };
        LeaseClient::new(self.0.clone()).lease_revoke(revoke).await.expect("it was there");
    }

    /// All keys, in the order in which they were created.
    async fn keys(&self) -> Vec<String> {
        let all = pb::RangeRequest {
            key: "\0".into(),
            range_end: "\0".into(),
            sort_order: pb::range_request::SortOrder::Ascend.into(),
            sort_target: pb::range_request::SortTarget::Create.into(),
            ..Default::default()
        };
        let answer = KvClient::new(self.0.clone()).range(all).await.expect("it is answered");
        let kvs = answer.into_inner().kvs;
        kvs.iter().map(|kv| String::from_utf8_lossy(&kv.key).into_owned()).collect()
    }

    /// Waits until that is so.
    async fn until_keys_are(&self, expected: &[&str]) {
        let so = async {
            while self.keys().await != expected {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, so).await.expect("it comes to that");
    }
}

#[track_caller]
fn soon<T>(future: impl Future<Output = T>) -> impl Future<Output = T> {
    let place = std::panic::Location::caller();
    async move { timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("never: {place}")) }
}

/// Each waits for the one before it, and for no other.
#[tokio::test]
async fn candidates_lead_one_after_the_other() {
    let server = Server::start(&Local::new()).await;
    let clients = Clients::new(server.channel().await).await;
    let first = clients.campaign(1, "one").await.unwrap().leader.unwrap();
    let expected = LeaderKey { name: "e".into(), key: "e/1".into(), rev: 2, lease: 1 };
    assert_eq!(first, expected);
    let second = clients.start_campaign(2);
    clients.until_keys_are(&["e/1", "e/2"]).await;
    let third = clients.start_campaign(3);
    clients.until_keys_are(&["e/1", "e/2", "e/3"]).await;

    // Whoever goes in the middle lets nobody lead.
    clients.revoke(2).await;
    clients.until_keys_are(&["e/1", "e/3"]).await;
    assert!(!second.is_finished() && !third.is_finished());
    clients.resign(Some(first)).await.unwrap();
    soon(second).await.unwrap().unwrap_err();
    let third = soon(third).await.unwrap().unwrap().leader.unwrap();
    assert_eq!(&third.key[..], b"e/3");
    let kv = clients.leader().await.unwrap().kv.unwrap();
    assert_eq!((&kv.key[..], &kv.value[..], kv.lease), (&b"e/3"[..], &b"v"[..], 3));
    server.stop().await;
}

/// A client that goes away leaves no key behind that others would wait for.
#[tokio::test]
async fn who_goes_away_while_waiting_gives_its_place_up() {
    let server = Server::start(&Local::new()).await;
    let clients = Clients::new(server.channel().await).await;
    clients.lock(1).await.unwrap();
    let waiting = {
        let clients = clients.clone();
        tokio::spawn(async move { clients.lock(2).await })
    };
    clients.until_keys_are(&["l/1", "l/2"]).await;
    waiting.abort();
    clients.until_keys_are(&["l/1"]).await;
    let candidate = clients.start_campaign(3);
    soon(candidate).await.unwrap().unwrap();
    server.stop().await;
}

/// etcd would say that it leads.
#[tokio::test]
async fn whose_lease_ends_while_waiting_does_not_lead() {
    let server = Server::start(&Local::new()).await;
    let clients = Clients::new(server.channel().await).await;
    let first = clients.campaign(1, "one").await.unwrap().leader;
    let second = clients.start_campaign(2);
    clients.until_keys_are(&["e/1", "e/2"]).await;
    clients.revoke(2).await;
    clients.resign(first).await.unwrap();
    let status = soon(second).await.unwrap().unwrap_err();
    assert_eq!(status.message(), "election: not leader");
    server.stop().await;
}

#[tokio::test]
async fn etcd_answers_the_same() {
    let Some(mut etcd) = Etcd::start() else { return };
    let server = Server::start(&Local::new()).await;
    let expected = tell_all(&Clients::new(etcd.channel().await).await).await;
    let got = tell_all(&Clients::new(server.channel().await).await).await;
    for (expected, got) in expected.iter().zip(&got) {
        assert_eq!(got, expected);
    }
    assert_eq!(got.len(), expected.len());
    server.stop().await;
}

/// One long conversation. What depends on who answers is left out.
async fn tell_all(clients: &Clients) -> Vec<String> {
    let mut told = vec![text(clients.leader().await, |answer| &mut answer.header)];
    let first = clients.campaign(1, "one").await;
    // (Where nobody leads, etcd does not even begin to answer.)
    let mut observed = soon(clients.observe()).await;
    let leader = first.clone().expect("nobody else is there").leader;
    told.push(text(first, |answer| &mut answer.header));
    told.push(text(soon(observed.message()).await.map(Option::unwrap_or_default), header_of));
    told.push(text(soon(clients.campaign(1, "once more")).await, |answer| &mut answer.header));
    told.push(text(soon(observed.message()).await.map(Option::unwrap_or_default), header_of));
    told.push(text(soon(clients.campaign(99, "no lease")).await, |answer| &mut answer.header));
    told.push(text(soon(clients.proclaim(leader.clone(), "two")).await, |answer| {
        &mut answer.header
    }));
    told.push(text(soon(observed.message()).await.map(Option::unwrap_or_default), header_of));
    told.push(text(soon(clients.leader()).await, header_of));

    let second = clients.start_campaign(2);
    clients.until_keys_are(&["e/1", "e/2"]).await;
    told.push(text(soon(clients.resign(leader.clone())).await, |answer| &mut answer.header));
    let second = soon(second).await.expect("it does not panic");
    told.push(text(second, |answer| &mut answer.header));
    told.push(text(soon(observed.message()).await.map(Option::unwrap_or_default), header_of));
    told.push(text(soon(clients.proclaim(leader.clone(), "late")).await, |answer| {
        &mut answer.header
    }));
    told.push(text(soon(clients.resign(leader)).await, |answer| &mut answer.header));
    told.push(text(soon(clients.proclaim(None, "who")).await, |answer| &mut answer.header));
    told.push(text(soon(clients.resign(None)).await, |answer| &mut answer.header));

    told.push(text(soon(clients.lock(1)).await, |answer| &mut answer.header));
    told.push(text(soon(clients.lock(1)).await, |answer| &mut answer.header));
    told.push(text(soon(clients.lock(99)).await, |answer| &mut answer.header));
    let waiting = {
        let clients = clients.clone();
        tokio::spawn(async move { clients.lock(3).await })
    };
    clients.until_keys_are(&["e/2", "l/1", "l/3"]).await;
    told.push(text(soon(clients.unlock("l/1")).await, |answer| &mut answer.header));
    let waited = soon(waiting).await.expect("it does not panic");
    told.push(text(waited, |answer| &mut answer.header));
    told.push(text(soon(clients.unlock("l/1")).await, |answer| &mut answer.header));
    told.push(text(soon(clients.unlock("")).await, |answer| &mut answer.header));
    told.push(format!("{:?}", clients.keys().await));
    told
}

fn header_of(answer: &mut LeaderResponse) -> &mut Option<pb::ResponseHeader> {
    &mut answer.header
}

//! What is open to whom, over every method that there is: the descriptors name them, so that a new
//! one comes in here by itself.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::time::Duration;

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::lease_client::LeaseClient;
use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage, MethodDescriptor};
use serde_json::json;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic_prost::ProstCodec;

use crate::auth::{with_token, with_users};
use crate::local::{Local, Server};

/// What anybody may, who has not logged in.
const OPEN: &[&str] = &[
    "etcdserverpb.Auth/AuthStatus",
    "etcdserverpb.Auth/Authenticate",
    "grpc.health.v1.Health/Check",
    "grpc.health.v1.Health/Watch",
    // Opened, but each watcher is refused: see `auth::watches_need_permission_for_all_their_keys`.
    "etcdserverpb.Watch/Watch",
];

/// What any user may, who has no permission for anything. All else is for administrators, or about
/// keys.
const FOR_USERS: &[&str] = &[
    "etcdserverpb.Lease/LeaseGrant",
    "etcdserverpb.Lease/LeaseLeases",
    "etcdserverpb.Cluster/MemberList",
    "etcdserverpb.Maintenance/Alarm",
    "etcdserverpb.Maintenance/Status",
];

#[tokio::test]
async fn nothing_else_is_open() {
    let server = Server::start(&Local::new()).await;
    let channel = server.channel().await;
    let tokens = with_users(&channel).await;
    let (root, ann) = (&tokens["root"], &tokens["ann"]);
    let grant = pb::LeaseGrantRequest { ttl: 1000, id: 7 };
    LeaseClient::new(channel.clone()).lease_grant(with_token(grant, root)).await.unwrap();
    let put = method("etcdserverpb.KV/Put");
    assert_eq!(ask(&channel, &put, Some(root)).await, Ok(()), "a key that ann may not see");

    for service in pool().services() {
        for method in service.methods() {
            let name = format!("{}/{}", service.full_name(), method.name());
            let is_open = OPEN.contains(&&name[..]);
            let is_for_users = is_open || FOR_USERS.contains(&&name[..]);
            for (token, text, is_allowed) in [
                (None, "etcdserver: user name is empty", is_open),
                (Some("nonsense"), "etcdserver: invalid auth token", is_open),
                (Some(&ann[..]), "etcdserver: permission denied", is_for_users),
            ] {
                let answer = ask(&channel, &method, token).await;
                let is_refused = answer.as_ref().is_err_and(|said| said == text);
                assert_eq!(is_refused, !is_allowed, "{name}: {answer:?}");
            }
        }
    }
    server.stop().await;
}

fn pool() -> DescriptorPool {
    DescriptorPool::decode(etcdpb::DESCRIPTORS).unwrap()
}

fn method(name: &str) -> MethodDescriptor {
    let (service, method) = name.split_once('/').unwrap();
    let service = pool().get_service_by_name(service).unwrap();
    service.methods().find(|known| known.name() == method).unwrap()
}

/// Asks for something that is about the key "x", the lease 7, or the user or role "x": of all this,
/// whatever the method has fields for. Whether that goes, by the first thing that is answered.
async fn ask(
    channel: &Channel,
    method: &MethodDescriptor,
    token: Option<&str>,
) -> Result<(), String> {
    let anything = json!({
        "key": "eA==", "name": "eA==", "user": "eA==", "role": "eA==", "ID": 7, "TTL": 60,
        "lease": 7, "keys": true, "leader": { "name": "eA==", "key": "eA==", "lease": 7 },
        "perm": { "key": "eA==" }, "success": [{ "request_range": { "key": "eA==" } }],
    });
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let message =
        DynamicMessage::deserialize_with_options(method.input(), anything, &options).unwrap();
    let stream = tokio_stream::iter([message]);
    let request = match token {
        Some(token) => with_token(stream, token),
        None => tonic::Request::new(stream),
    };
    let mut client = Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let service = method.parent_service().full_name().to_owned();
    let path = PathAndQuery::try_from(format!("/{service}/{}", method.name())).unwrap();
    let codec = ProstCodec::<DynamicMessage, ()>::default();
    let asking = async {
        let mut answers = client.streaming(request, path, codec).await?.into_inner();
        answers.message().await.map(drop)
    };
    // A stream that says nothing is open.
    let answer = timeout(Duration::from_secs(1), asking).await.unwrap_or(Ok(()));
    answer.map_err(|status| status.message().to_owned())
}

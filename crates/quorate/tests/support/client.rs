//! Clients: none of these calls is ever repeated behind the test's back.

use std::time::Duration;

use etcdpb::etcdserverpb::cluster_client::ClusterClient;
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;
use etcdpb::etcdserverpb::{
    AlarmRequest, AlarmType, HashKvRequest, HashKvResponse, MemberListRequest, MemberListResponse,
    PutRequest, RangeRequest, StatusRequest, StatusResponse,
};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

/// Longer than a member takes to say that it could not in time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const STATUS_TIMEOUT: Duration = Duration::from_secs(1);

/// A client of the service `KV`. It connects when it is used, and again when it has to.
pub(crate) fn kv(url: &str) -> KvClient<Channel> {
    let endpoint = endpoint(url).timeout(ANSWER_TIMEOUT).connect_timeout(CONNECT_TIMEOUT);
    KvClient::new(endpoint.connect_lazy()).max_decoding_message_size(usize::MAX)
}

/// How a member is. A member that is held up fails soon.
pub(crate) async fn status(url: &str) -> Result<StatusResponse, Status> {
    let endpoint = endpoint(url).timeout(STATUS_TIMEOUT).connect_timeout(STATUS_TIMEOUT);
    let mut maintenance = MaintenanceClient::new(endpoint.connect_lazy());
    Ok(maintenance.status(StatusRequest {}).await?.into_inner())
}

/// The hash of all that a member has, with its history.
pub(crate) async fn hash_kv(url: &str) -> Result<HashKvResponse, Status> {
    let endpoint = endpoint(url).timeout(ANSWER_TIMEOUT).connect_timeout(CONNECT_TIMEOUT);
    let mut maintenance = MaintenanceClient::new(endpoint.connect_lazy());
    Ok(maintenance.hash_kv(HashKvRequest { revision: 0 }).await?.into_inner())
}

/// The alarms that are raised, each with the member that it is about.
pub(crate) async fn alarms(url: &str) -> Result<Vec<(AlarmType, u64)>, Status> {
    let endpoint = endpoint(url).timeout(ANSWER_TIMEOUT).connect_timeout(CONNECT_TIMEOUT);
    let mut maintenance = MaintenanceClient::new(endpoint.connect_lazy());
    let alarms = maintenance.alarm(AlarmRequest::default()).await?.into_inner().alarms;
    Ok(alarms.into_iter().map(|raised| (raised.alarm(), raised.member_id)).collect())
}

/// Who the members are, and what they published of themselves.
pub(crate) async fn members(url: &str) -> Result<MemberListResponse, Status> {
    let endpoint = endpoint(url).timeout(ANSWER_TIMEOUT).connect_timeout(CONNECT_TIMEOUT);
    let mut cluster = ClusterClient::new(endpoint.connect_lazy());
    let request = MemberListRequest { linearizable: true };
    Ok(cluster.member_list(request).await?.into_inner())
}

fn endpoint(url: &str) -> Endpoint {
    Endpoint::from_shared(url.to_owned()).expect("a URL").tcp_nodelay(true)
}

/// A request to write.
pub(crate) fn put(key: impl Into<Bytes>, value: impl Into<Bytes>) -> PutRequest {
    PutRequest { key: key.into(), value: value.into(), ..PutRequest::default() }
}

/// A request to read one key, linearizably.
pub(crate) fn key(key: impl Into<Bytes>) -> RangeRequest {
    RangeRequest { key: key.into(), ..RangeRequest::default() }
}

/// A request to read all keys that begin with that, linearizably. The last byte is not 255.
pub(crate) fn prefix(prefix: &str) -> RangeRequest {
    let mut end = prefix.as_bytes().to_vec();
    *end.last_mut().expect("not empty") += 1;
    RangeRequest { range_end: end.into(), ..key(prefix.to_owned()) }
}

/// A request to read all that the member has, whatever the others have.
pub(crate) fn everything() -> RangeRequest {
    let zero = Bytes::from_static(b"\0");
    RangeRequest { range_end: zero.clone(), serializable: true, ..key(zero) }
}

/// Asks for that over plain HTTP, at the address that its `host` header names unless another one is
/// given.
pub(crate) async fn http(
    address: impl ToString,
    request: Request<&'static str>,
) -> hyper::Result<Response<Bytes>> {
    let stream = TcpStream::connect(address.to_string()).await.expect("somebody listens");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (head, body) = request.into_parts();
    let body = Full::new(Bytes::from_static(body.as_bytes()));
    let response = sender.send_request(Request::from_parts(head, body)).await?;
    let (head, body) = response.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}

/// Gets the text at that path, at an address of this machine.
pub(crate) async fn http_get(address: impl ToString, path: &str) -> String {
    let address = address.to_string();
    let request = Request::get(path).header("host", &address).body("").expect("a request");
    let response = http(&address, request).await.expect("an answer");
    String::from_utf8_lossy(response.body()).into_owned()
}

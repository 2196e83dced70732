//! The page of the demo, and the other end of its buttons.
//!
//! Whoever reaches these routes can stop members, so they are for this machine's own browser only:
//! the port is bound to loopback, and a request that another site's page sends is refused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::{PutRequest, PutResponse};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Endpoint;

use super::keeper::{self, Action};
use super::member::Member;
use crate::live::{Door, Story, elections};

const DIAL_TIMEOUT: Duration = Duration::from_millis(500);
/// A write waits for a new leader, if need be.
const PUT_TIMEOUT: Duration = Duration::from_secs(7);

#[derive(Clone)]
struct Cluster {
    members: Arc<Vec<Member>>,
    story: Arc<Story>,
}

impl Cluster {
    fn name_of(&self, id: u64) -> String {
        let member = self.members.iter().find(|member| member.plan.id == id);
        member.map_or_else(|| format!("{id:x}"), |member| member.plan.name.clone())
    }
}

/// Takes the port. Fails with a reason for people.
pub(super) async fn bind(port: u16) -> Result<TcpListener, String> {
    let bound = TcpListener::bind(("127.0.0.1", port)).await;
    bound.map_err(|error| {
        format!("cannot serve the page on 127.0.0.1:{port}: {error}; choose another --page-port")
    })
}

/// Serves the page, for ever.
pub(super) async fn serve(
    listener: TcpListener,
    members: Arc<Vec<Member>>,
    story: Arc<Story>,
) -> std::io::Result<()> {
    let routes = Router::new()
        .route("/api/live", get(live))
        .route("/api/elections", get(recall))
        .route("/api/members", get(list))
        .route("/api/members/{name}/{action}", post(act))
        .route("/api/put", post(put))
        .with_state(Cluster { members, story })
        .merge(server::page::routes(server::Player::own()?))
        .layer(middleware::from_fn(refuse_others));
    axum::serve(listener, server::page::guarded_routes(routes)).await
}

/// Refuses what does not come from the page itself: another site's page, or one whose name was made
/// to point to this machine.
async fn refuse_others(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = text(headers, header::HOST);
    let is_local = host
        .and_then(|host| host.rsplit_once(':'))
        .is_some_and(|(name, _)| matches!(name, "127.0.0.1" | "localhost"));
    let is_own =
        text(headers, header::ORIGIN).is_none_or(|origin| origin.strip_prefix("http://") == host);
    if is_local && is_own {
        next.run(request).await
    } else {
        refuse(StatusCode::FORBIDDEN, "open the page at the address that the demo printed")
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

async fn live(State(cluster): State<Cluster>) -> Response {
    server::trace::server_sent_events(ReceiverStream::new(cluster.story.listen(|| true)))
}

async fn recall(State(cluster): State<Cluster>) -> Response {
    elections::recall(cluster.story.hello().clone(), Door::default()).await
}

#[derive(Serialize)]
struct Members {
    members: Vec<Process>,
}

/// A member's process, as the page shows it.
#[derive(Serialize)]
struct Process {
    name: String,
    state: keeper::State,
    client: String,
    peer: String,
    pid: Option<u32>,
}

async fn list(State(cluster): State<Cluster>) -> Json<Members> {
    let members = cluster.members.iter().map(|member| {
        let life = member.life();
        Process {
            name: member.plan.name.clone(),
            state: life.state,
            client: member.plan.client_url.clone(),
            peer: member.plan.peer_url.clone(),
            pid: life.pid,
        }
    });
    Json(Members { members: members.collect() })
}

#[derive(Serialize)]
struct Done {
    ok: bool,
}

async fn act(
    State(cluster): State<Cluster>,
    Path((name, action)): Path<(String, String)>,
) -> Response {
    let Some(member) = cluster.members.iter().find(|member| member.plan.name == name) else {
        return refuse(StatusCode::NOT_FOUND, &format!("there is no member {name}"));
    };
    let action = match action.as_str() {
        "start" => Action::Start,
        "stop" => Action::Stop,
        "pause" => Action::Pause,
        "resume" => Action::Resume,
        _ => return refuse(StatusCode::NOT_FOUND, &format!("a member cannot {action}")),
    };
    match member.act(action).await {
        Ok(()) => Json(Done { ok: true }).into_response(),
        Err(reason) => refuse(StatusCode::CONFLICT, &reason),
    }
}

#[derive(Deserialize)]
struct Put {
    key: String,
    value: String,
}

#[derive(Serialize)]
struct PutDone {
    ok: bool,
    member: String,
    revision: i64,
    ms: f64,
}

/// Writes a value through any member that runs.
async fn put(State(cluster): State<Cluster>, Json(put): Json<Put>) -> Response {
    let running = cluster.members.iter().filter(|m| m.life().state == keeper::State::Running);
    let urls = running.map(|member| member.plan.client_url.clone()).collect::<Vec<_>>();
    if urls.is_empty() {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "no member is running");
    }
    let begin = Instant::now();
    let request =
        PutRequest { key: put.key.into(), value: put.value.into(), ..PutRequest::default() };
    match write(urls, request).await {
        Ok(response) => {
            let header = response.header.unwrap_or_default();
            Json(PutDone {
                ok: true,
                member: cluster.name_of(header.member_id),
                revision: header.revision,
                ms: begin.elapsed().as_secs_f64() * 1000.0,
            })
            .into_response()
        }
        Err(reason) => refuse(StatusCode::BAD_GATEWAY, &reason),
    }
}

/// Sends the request to the first member that can be reached, once: it may have been carried out
/// even if the answer gets lost.
async fn write(urls: Vec<String>, request: PutRequest) -> Result<PutResponse, String> {
    for url in urls {
        let endpoint = Endpoint::from_shared(url).map_err(|error| error.to_string())?;
        let endpoint = endpoint.connect_timeout(DIAL_TIMEOUT).timeout(PUT_TIMEOUT);
        if let Ok(channel) = endpoint.connect().await {
            let answer = KvClient::new(channel).put(request).await;
            return answer.map(tonic::Response::into_inner).map_err(|e| e.message().to_owned());
        }
    }
    Err("no member can be reached".to_owned())
}

#[derive(Serialize)]
struct Refused<'a> {
    error: &'a str,
}

fn refuse(status: StatusCode, reason: &str) -> Response {
    (status, Json(Refused { error: reason })).into_response()
}

//! What is served on the client port: the gRPC services, and beside them what is asked for with
//! plain HTTP.

use axum::Json;
use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use etcdpb::etcdserverpb::cluster_server::ClusterServer;
use etcdpb::etcdserverpb::kv_server::KvServer;
use etcdpb::etcdserverpb::lease_server::LeaseServer;
use etcdpb::etcdserverpb::maintenance_server::MaintenanceServer;
use etcdpb::etcdserverpb::watch_server::WatchServer;
use etcdpb::health::health_server::HealthServer;
use serde::{Deserialize, Serialize};
use tonic::Status;
use tonic::service::{InterceptorLayer, Routes};

use crate::ETCD_VERSION;
use crate::backend::Backend;
use crate::cluster::ClusterService;
use crate::frontend::Frontend;
use crate::gateway;
use crate::health::HealthService;
use crate::kv::KvService;
use crate::lease::LeaseService;
use crate::maintenance::MaintenanceService;
use crate::status::Error;
use crate::watch::WatchService;

/// Everything that a member serves to its clients.
pub fn router<B: Backend>(frontend: Frontend<B>) -> Router {
    let grpc = grpc(&frontend);
    let gateway = gateway::routes(&grpc, frontend.options().message_bytes_max());
    let http = Router::new()
        .route("/health", get(health::<B>).fallback(only_get))
        .route("/version", get(version).fallback(only_get))
        .route("/metrics", get(metrics::<B>))
        .with_state(frontend);
    grpc.merge(gateway).merge(http).fallback(not_found)
}

fn grpc<B: Backend>(frontend: &Frontend<B>) -> Router {
    let message_bytes_max = frontend.options().message_bytes_max();
    let kv = KvServer::new(KvService(frontend.clone()))
        .max_decoding_message_size(message_bytes_max)
        .max_encoding_message_size(usize::MAX);
    let watch = WatchServer::new(WatchService(frontend.clone()))
        .max_decoding_message_size(message_bytes_max)
        .max_encoding_message_size(usize::MAX);
    Routes::new(kv)
        .add_service(LeaseServer::new(LeaseService::new(frontend.clone())))
        .add_service(watch)
        .add_service(ClusterServer::new(ClusterService(frontend.clone())))
        .add_service(MaintenanceServer::new(MaintenanceService(frontend.clone())))
        .add_service(HealthServer::new(HealthService))
        .into_axum_router()
        .layer(InterceptorLayer::new(frontend.clone()))
}

/// The body of `/health`. Both are strings, as in etcd.
#[derive(Serialize)]
struct Health {
    health: &'static str,
    reason: String,
}

/// What `/health` may be asked.
#[derive(Deserialize)]
struct HealthQuery {
    /// `true`: whether this member works, whatever the cluster does.
    serializable: Option<String>,
}

async fn health<B: Backend>(
    State(frontend): State<Frontend<B>>,
    Query(query): Query<HealthQuery>,
) -> Response {
    let serializable = query.serializable.as_deref() == Some("true");
    match check(&frontend, serializable).await {
        Ok(()) => {
            frontend.metrics().health_successes.inc();
            Json(Health { health: "true", reason: String::new() }).into_response()
        }
        Err(reason) => {
            frontend.metrics().health_failures.inc();
            tracing::warn!(reason, "the health check fails");
            let body = Json(Health { health: "false", reason });
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}

/// Whether the member works: it has a leader, and that leader confirms a read.
async fn check<B: Backend>(frontend: &Frontend<B>, serializable: bool) -> Result<(), String> {
    if serializable {
        return Ok(());
    }
    if frontend.backend().status().leader.is_none() {
        return Err("RAFT NO LEADER".to_owned());
    }
    let read = frontend.read_index().await;
    read.map_err(|error: Error| format!("RANGE ERROR:{error}"))
}

/// The body of `/version`.
#[derive(Serialize)]
struct Versions {
    etcdserver: &'static str,
    etcdcluster: &'static str,
    storage: &'static str,
}

async fn version() -> Json<Versions> {
    let version = ETCD_VERSION;
    Json(Versions { etcdserver: version, etcdcluster: version, storage: version })
}

async fn metrics<B: Backend>(State(frontend): State<Frontend<B>>) -> Response {
    let text = frontend.metrics().render(frontend.backend(), frontend.hub().counts());
    ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response()
}

async fn only_get() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")], "Method Not Allowed\n")
        .into_response()
}

/// Says that it knows no such thing, in the language in which it was asked.
async fn not_found(request: Request) -> Response {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let is_grpc =
        content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
    if is_grpc {
        let path = request.uri().path();
        Status::unimplemented(format!("unknown method {path}")).into_http::<axum::body::Body>()
    } else {
        (StatusCode::NOT_FOUND, "404 page not found\n").into_response()
    }
}

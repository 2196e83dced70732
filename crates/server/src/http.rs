//! What is served on the client port: the gRPC services, and beside them what is asked for with
//! plain HTTP, down to the files of the page.

use axum::Json;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use etcdpb::etcdserverpb::auth_server::AuthServer;
use etcdpb::etcdserverpb::cluster_server::ClusterServer;
use etcdpb::etcdserverpb::kv_server::KvServer;
use etcdpb::etcdserverpb::lease_server::LeaseServer;
use etcdpb::etcdserverpb::maintenance_server::MaintenanceServer;
use etcdpb::etcdserverpb::watch_server::WatchServer;
use etcdpb::health::health_server::HealthServer;
use etcdpb::v3electionpb::election_server::ElectionServer;
use etcdpb::v3lockpb::lock_server::LockServer;
use serde::Serialize;
use tonic::Status;
use tonic::service::Routes;

use crate::ETCD_VERSION;
use crate::auth::{AuthService, admit};
use crate::backend::Backend;
use crate::calls;
use crate::checks;
use crate::cluster::ClusterService;
use crate::cors::{self, Origins};
use crate::frontend::Frontend;
use crate::gateway;
use crate::grpc_meter;
use crate::health::HealthService;
use crate::kv::KvService;
use crate::lease::LeaseService;
use crate::maintenance::MaintenanceService;
use crate::page;
use crate::queue::{ElectionService, LockService};
use crate::watch::WatchService;

/// Everything that a member serves to its clients. Pages of these origins may ask, too.
pub fn router<B: Backend>(frontend: Frontend<B>, origins: Origins) -> Router {
    let grpc = calls::attend(grpc(&frontend), &frontend);
    let grpc = grpc_meter::count(grpc, frontend.metrics().grpc());
    let gateway = gateway::routes(&grpc, frontend.options().message_bytes_max());
    let http = operators(frontend);
    cors::allow(grpc.merge(gateway).merge(http).fallback(file_or_not_found), origins)
}

/// What operators ask: metrics and health, and nothing that is in the store.
pub fn operators<B: Backend>(frontend: Frontend<B>) -> Router {
    Router::new()
        .merge(checks::routes())
        .route("/version", get(version).fallback(only_get))
        .route("/metrics", get(metrics::<B>))
        .with_state(frontend)
}

fn grpc<B: Backend>(frontend: &Frontend<B>) -> Router {
    let message_bytes_max = frontend.options().message_bytes_max();
    // How long a message to a client may be, the client says.
    macro_rules! bounded {
        ($service:expr) => {
            $service
                .max_decoding_message_size(message_bytes_max)
                .max_encoding_message_size(usize::MAX)
        };
    }
    Routes::new(bounded!(KvServer::new(KvService(frontend.clone()))))
        .add_service(bounded!(LeaseServer::new(LeaseService::new(frontend.clone()))))
        .add_service(bounded!(WatchServer::new(WatchService(frontend.clone()))))
        .add_service(bounded!(ClusterServer::new(ClusterService(frontend.clone()))))
        .add_service(bounded!(MaintenanceServer::new(MaintenanceService(frontend.clone()))))
        .add_service(bounded!(ElectionServer::new(ElectionService(frontend.clone()))))
        .add_service(bounded!(LockServer::new(LockService(frontend.clone()))))
        .add_service(bounded!(HealthServer::new(HealthService)))
        .add_service(bounded!(AuthServer::new(AuthService::new(frontend.clone()))))
        .into_axum_router()
        .layer(from_fn_with_state(frontend.clone(), admit::<B>))
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
    let (backend, options) = (frontend.backend(), &frontend.options());
    let text = frontend.metrics().render(backend, options, frontend.hub().counts());
    ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response()
}

pub(crate) async fn only_get() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")], "Method Not Allowed\n")
        .into_response()
}

/// Answers with a file of the page, or says that it knows no such thing, in the language in which
/// it was asked.
async fn file_or_not_found(request: Request) -> Response {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let is_grpc =
        content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
    if is_grpc {
        let path = request.uri().path();
        Status::unimplemented(format!("unknown method {path}")).into_http::<axum::body::Body>()
    } else if let Some(file) = page::find(&request) {
        file
    } else {
        (StatusCode::NOT_FOUND, "404 page not found\n").into_response()
    }
}

//! gRPC's own health check. The server as a whole has the name `""`, and it serves as long as it
//! can answer at all; whether there is a leader is asked elsewhere (`/health`).

use etcdpb::health::health_check_response::ServingStatus;
use etcdpb::health::health_server::Health;
use etcdpb::health::{HealthCheckRequest, HealthCheckResponse};
use tokio_stream::StreamExt;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

/// Serves `Health`.
pub(crate) struct HealthService;

#[tonic::async_trait]
impl Health for HealthService {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        match serving_status(&request.into_inner().service) {
            ServingStatus::ServiceUnknown => Err(Status::not_found("unknown service")),
            status => Ok(Response::new(HealthCheckResponse { status: status.into() })),
        }
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<BoxStream<HealthCheckResponse>>, Status> {
        let status = serving_status(&request.into_inner().service).into();
        // It never changes while the server lives.
        let now = tokio_stream::once(Ok(HealthCheckResponse { status }));
        Ok(Response::new(Box::pin(now.chain(tokio_stream::pending()))))
    }
}

fn serving_status(service: &str) -> ServingStatus {
    if service.is_empty() { ServingStatus::Serving } else { ServingStatus::ServiceUnknown }
}

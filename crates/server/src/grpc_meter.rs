//! Counts the calls of gRPC, and their bytes, under the names that dashboards for etcd know.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt;
use prometheus::core::Collector;
use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry};
use prost_reflect::{DescriptorPool, MethodDescriptor};
use tonic::{Code, Status};

use crate::metrics::Detail;

/// The counters.
#[derive(Debug)]
pub(crate) struct GrpcMeter {
    started: IntCounterVec,
    handled: IntCounterVec,
    received_bytes: IntCounter,
    sent_bytes: IntCounter,
    /// How long calls took, if somebody wants to know.
    seconds: Option<HistogramVec>,
    /// By path.
    methods: BTreeMap<String, Arc<Method>>,
}

/// What a method is called in the counters.
#[derive(Debug)]
struct Method {
    kind: &'static str,
    service: String,
    name: String,
}

impl GrpcMeter {
    /// Counters that are all zero.
    pub(crate) fn new(registry: &Registry, detail: Detail) -> Self {
        let labels = ["grpc_type", "grpc_service", "grpc_method"];
        let with_code = ["grpc_type", "grpc_service", "grpc_method", "grpc_code"];
        let counters = |name, help, labels: &[&str]| {
            IntCounterVec::new(Opts::new(name, help), labels).expect("the names are valid")
        };
        let counter = |name, help| IntCounter::new(name, help).expect("the name is valid");
        let pool = DescriptorPool::decode(etcdpb::DESCRIPTORS)
            .expect("the compiler of the protos made them");
        let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        let methods = methods.map(|method| Method::new(&method));
        let meter = Self {
            started: counters("grpc_server_started_total", "Calls that began.", &labels),
            handled: counters("grpc_server_handled_total", "Calls that ended.", &with_code),
            received_bytes: counter(
                "etcd_network_client_grpc_received_bytes_total",
                "Bytes that clients sent with gRPC.",
            ),
            sent_bytes: counter(
                "etcd_network_client_grpc_sent_bytes_total",
                "Bytes that were sent to clients with gRPC.",
            ),
            seconds: (detail == Detail::Extensive).then(|| {
                let help = "How long calls took until they ended.";
                let options = HistogramOpts::new("grpc_server_handling_seconds", help);
                HistogramVec::new(options, &labels).expect("the names are valid")
            }),
            methods: methods.map(|method| (method.path(), Arc::new(method))).collect(),
        };
        for method in meter.methods.values() {
            // As in etcd, what was never called is there too, with 0.
            meter.started.with_label_values(&method.labels());
        }
        let all: [Box<dyn Collector>; 4] = [
            Box::new(meter.started.clone()),
            Box::new(meter.handled.clone()),
            Box::new(meter.received_bytes.clone()),
            Box::new(meter.sent_bytes.clone()),
        ];
        let seconds =
            meter.seconds.iter().map(|seconds| -> Box<dyn Collector> { Box::new(seconds.clone()) });
        for collector in all.into_iter().chain(seconds) {
            registry.register(collector).expect("each name is registered once");
        }
        meter
    }
}

impl Method {
    fn new(method: &MethodDescriptor) -> Self {
        let kind = match (method.is_client_streaming(), method.is_server_streaming()) {
            (false, false) => "unary",
            (false, true) => "server_stream",
            (true, false) => "client_stream",
            (true, true) => "bidi_stream",
        };
        let service = method.parent_service().full_name().to_owned();
        Self { kind, service, name: method.name().to_owned() }
    }

    fn path(&self) -> String {
        format!("/{}/{}", self.service, self.name)
    }

    fn labels(&self) -> [&str; 3] {
        [self.kind, &self.service, &self.name]
    }
}

/// The names that gRPC's Go library gives the codes.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "Canceled",
        Code::Unknown => "Unknown",
        Code::InvalidArgument => "InvalidArgument",
        Code::DeadlineExceeded => "DeadlineExceeded",
        Code::NotFound => "NotFound",
        Code::AlreadyExists => "AlreadyExists",
        Code::PermissionDenied => "PermissionDenied",
        Code::ResourceExhausted => "ResourceExhausted",
        Code::FailedPrecondition => "FailedPrecondition",
        Code::Aborted => "Aborted",
        Code::OutOfRange => "OutOfRange",
        Code::Unimplemented => "Unimplemented",
        Code::Internal => "Internal",
        Code::Unavailable => "Unavailable",
        Code::DataLoss => "DataLoss",
        Code::Unauthenticated => "Unauthenticated",
    }
}

/// Has the calls of these services counted.
pub(crate) fn count(services: Router, meter: Arc<GrpcMeter>) -> Router {
    services.layer(middleware::from_fn_with_state(meter, count_call))
}

async fn count_call(State(meter): State<Arc<GrpcMeter>>, request: Request, next: Next) -> Response {
    let Some(method) = meter.methods.get(request.uri().path()).cloned() else {
        return next.run(request).await;
    };
    meter.started.with_label_values(&method.labels()).inc();
    let received = meter.received_bytes.clone();
    let request = request.map(|body| {
        Body::new(body.map_frame(move |frame| {
            received.inc_by(frame.data_ref().map_or(0, |data| data.len() as u64));
            frame
        }))
    });
    let mut call = Call { meter, method: Some(method), began: Instant::now() };
    let response = next.run(request).await;
    if let Some(status) = Status::from_header_map(response.headers()) {
        call.end(status.code());
    }
    response.map(|body| Body::new(Counted { body, call }))
}

/// A call that goes on. If nobody says how it ended, the client has hung up.
struct Call {
    meter: Arc<GrpcMeter>,
    /// Until it ends.
    method: Option<Arc<Method>>,
    began: Instant,
}

impl Call {
    fn end(&mut self, code: Code) {
        if let Some(method) = self.method.take() {
            let [kind, service, name] = method.labels();
            self.meter.handled.with_label_values(&[kind, service, name, code_name(code)]).inc();
            if let Some(seconds) = &self.meter.seconds {
                let took = self.began.elapsed().as_secs_f64();
                seconds.with_label_values(&[kind, service, name]).observe(took);
            }
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// The body of an answer.
struct Counted {
    body: Body,
    call: Call,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        match &frame {
            Poll::Pending => {}
            Poll::Ready(None) => self.call.end(Code::Ok),
            Poll::Ready(Some(Err(_))) => self.call.end(Code::Unknown),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.call.meter.sent_bytes.inc_by(data.len() as u64);
                } else if let Some(trailers) = frame.trailers_ref() {
                    let status = Status::from_header_map(trailers);
                    self.call.end(status.map_or(Code::Unknown, |status| status.code()));
                }
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

type Frame = hyper::body::Frame<Bytes>;

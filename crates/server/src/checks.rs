//! Whether the member is well, for those who start and stop it: `/health`, `/livez`, `/readyz`.
//!
//! `/livez` and `/readyz` make several checks, each of which has a path of its own below them. They
//! say `ok`, and with `?verbose` how each check went; `?exclude=NAME` leaves one out. `/health` is
//! older, and says the first thing that is wrong.

use axum::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use mvcc::{Alarm, Store};
use serde::Serialize;

use crate::backend::Backend;
use crate::frontend::Frontend;
use crate::http::only_get;
use crate::maintenance::alarm_name;

/// The paths.
pub(crate) fn routes<B: Backend>() -> Router<Frontend<B>> {
    let router = Router::new().route("/health", get(health::<B>).fallback(only_get));
    [LIVEZ, READYZ].into_iter().fold(router, |router, set| {
        let whole = get(async move |State(frontend): State<Frontend<B>>, query: Parts| {
            let checks = set.checks.iter().filter(|check| !excludes(&query, check.name()));
            answer(&frontend, set, checks.copied().collect(), &query).await
        });
        let router = router.route(set.path, whole.fallback(only_get));
        set.checks.iter().copied().fold(router, |router, check| {
            let one = get(async move |State(frontend): State<Frontend<B>>, query: Parts| {
                answer(&frontend, set, vec![check], &query).await
            });
            router.route(&format!("{}/{}", set.path, check.name()), one.fallback(only_get))
        })
    })
}

/// Several checks under one path.
#[derive(Clone, Copy)]
struct Set {
    path: &'static str,
    checks: &'static [Check],
}

const LIVEZ: Set = Set { path: "/livez", checks: &[Check::SerializableRead] };

const READYZ: Set = Set {
    path: "/readyz",
    checks: &[
        Check::DataCorruption,
        Check::SerializableRead,
        Check::LinearizableRead,
        Check::NonLearner,
    ],
};

/// One thing that can be wrong.
#[derive(Clone, Copy, Debug)]
enum Check {
    /// No member says that they differ.
    DataCorruption,
    /// This member can read its own store.
    SerializableRead,
    /// A leader confirms a read.
    LinearizableRead,
    /// It serves everything.
    NonLearner,
}

impl Check {
    fn name(self) -> &'static str {
        match self {
            Self::DataCorruption => "data_corruption",
            Self::SerializableRead => "serializable_read",
            Self::LinearizableRead => "linearizable_read",
            Self::NonLearner => "non_learner",
        }
    }

    async fn run<B: Backend>(self, frontend: &Frontend<B>) -> Result<(), String> {
        let fail_if = |is_so: bool, why: &str| if is_so { Err(why.to_owned()) } else { Ok(()) };
        match self {
            Self::DataCorruption => {
                let alarms = frontend.backend().read(|store| store.alarms().clone());
                let is_raised = alarms.iter().any(|raised| raised.alarm == Alarm::Corrupt);
                fail_if(is_raised, "alarm activated: CORRUPT")
            }
            Self::SerializableRead => {
                frontend.backend().read(Store::revision);
                Ok(())
            }
            Self::LinearizableRead => {
                frontend.read_index().await.map_err(|error| error.to_string())
            }
            Self::NonLearner => {
                fail_if(frontend.backend().status().is_learner, "not supported for learner")
            }
        }
    }
}

/// The parts of the query, of which several may have one name.
type Parts = Query<Vec<(String, String)>>;

fn excludes(query: &Parts, name: &str) -> bool {
    query.iter().any(|(part, value)| part == "exclude" && value == name)
}

async fn answer<B: Backend>(
    frontend: &Frontend<B>,
    set: Set,
    checks: Vec<Check>,
    query: &Parts,
) -> Response {
    let mut lines = Vec::new();
    let mut is_well = true;
    for check in checks {
        let name = check.name();
        let result = check.run(frontend).await;
        frontend.metrics().checked(set.path.trim_start_matches('/'), name, result.is_ok());
        match result {
            Ok(()) => lines.push(format!("[+]{name} ok\n")),
            Err(why) => {
                is_well = false;
                lines.push(format!("[-]{name} failed: {why}\n"));
            }
        }
    }
    let told = lines.concat();
    let plain = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    if !is_well {
        tracing::warn!(path = set.path, told, "the member is not well");
        // One line's end more: Go's servers add it to what went wrong.
        return (StatusCode::SERVICE_UNAVAILABLE, plain, told + "\n").into_response();
    }
    let is_verbose = query.iter().any(|(part, _)| part == "verbose");
    let shown = if is_verbose { told } else { String::new() };
    (plain, shown + "ok\n").into_response()
}

/// The body of `/health`. Both are strings, as in etcd.
#[derive(Serialize)]
struct Health {
    health: &'static str,
    reason: String,
}

async fn health<B: Backend>(State(frontend): State<Frontend<B>>, query: Parts) -> Response {
    match check_health(&frontend, &query).await {
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

/// Whether the member works: no alarm is raised, it has a leader, and that leader confirms a read.
/// With `serializable=true`, whether it works by itself.
async fn check_health<B: Backend>(frontend: &Frontend<B>, query: &Parts) -> Result<(), String> {
    let alarms = frontend.backend().read(|store| store.alarms().clone());
    let mut names = alarms.iter().map(|raised| alarm_name(raised.alarm));
    if let Some(name) = names.find(|name| !excludes(query, name)) {
        return Err(format!("ALARM {name}"));
    }
    if query.iter().any(|(part, value)| part == "serializable" && value == "true") {
        return Ok(());
    }
    if frontend.backend().status().leader.is_none() {
        return Err("RAFT NO LEADER".to_owned());
    }
    frontend.read_index().await.map_err(|error| format!("RANGE ERROR:{error}"))
}

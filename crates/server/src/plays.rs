//! Plays over HTTP: small simulated clusters, for the page.
//!
//! A play is a pure function of its words and of this program, so nothing is kept between two
//! requests: whoever asks again is told whether it is still the same, and two readers cannot
//! disturb each other. The words are those of docs/scenarios.md.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZero;
use std::sync::Arc;

use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use sim::{Play, StagedScenario};
use tokio::sync::Semaphore;

/// As many requests for a play may wait for their turn.
const WAITING_MAX: usize = 32;
/// Longer lists of actions are refused before they are read.
const ACTIONS_BYTES_MAX: usize = 16 << 10;

/// Serves `/api/sim` and `/api/scenarios`.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let house = Arc::new(House::new());
    let play = move |query, headers: HeaderMap| {
        let house = house.clone();
        async move { house.show(query, &headers).await }
    };
    Router::new().route("/api/sim", get(play)).route("/api/scenarios", get(list))
}

/// Where plays are shown: on so many stages at once, for so many who wait.
struct House {
    stages: Semaphore,
    seats: Semaphore,
}

type Words = Query<Vec<(String, String)>>;

impl House {
    fn new() -> Self {
        // One processor is left for those who keep the cluster running.
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let stages = processors.saturating_sub(1).max(1);
        Self { stages: Semaphore::new(stages), seats: Semaphore::new(stages + WAITING_MAX) }
    }

    async fn show(&self, Query(words): Words, headers: &HeaderMap) -> Response {
        let play = match read(&words) {
            Ok(play) => play,
            Err(why) => return (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response(),
        };
        let Ok(_seat) = self.seats.try_acquire() else {
            let why = "too many plays are asked for; try again\n";
            return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], why)
                .into_response();
        };
        let _stage = self.stages.acquire().await.expect("nobody closes the house");
        let run = tokio::task::spawn_blocking(move || {
            let mut trace = Vec::new();
            play.write_trace(&mut trace).expect("memory takes what is written");
            trace
        });
        match run.await {
            Ok(trace) => answer(trace, headers),
            Err(error) => {
                tracing::error!(%error, ?words, "a play failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "the play failed\n").into_response()
            }
        }
    }
}

/// Finds the play of these words.
fn read(words: &[(String, String)]) -> Result<Play, String> {
    let (mut scenario, mut seed, mut actions, mut until) = (None, None, "", None);
    for (name, value) in words {
        let number = || {
            let number = value.parse::<u64>();
            number.map(Some).map_err(|_| format!("{name}: {value:?} is no number"))
        };
        match name.as_str() {
            "s" => scenario = Some(value),
            "seed" => seed = number()?,
            "a" if value.len() > ACTIONS_BYTES_MAX => {
                return Err(format!("a: more than {ACTIONS_BYTES_MAX} bytes of actions"));
            }
            "a" => actions = value,
            "until" => until = number()?,
            _ => return Err(format!("{name:?} says nothing: there are s, seed, a and until")),
        }
    }
    let scenario = scenario.ok_or("s: which scenario?")?;
    Play::new(scenario, seed, actions, until).map_err(|error| error.to_string())
}

fn answer(trace: Vec<u8>, headers: &HeaderMap) -> Response {
    let mut hasher = DefaultHasher::new();
    trace.hash(&mut hasher);
    let tag = format!("\"{:016x}\"", hasher.finish());
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == tag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, "application/x-ndjson")], trace).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).expect("hexadecimal in quotes"));
    // Another version of the program may play it otherwise.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
    response
}

/// A scenario, as the page lists it.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    says: &'static str,
    members: u64,
    seed: u64,
    until: u64,
    actions: &'static str,
}

async fn list() -> Json<Vec<Listed>> {
    let listed = StagedScenario::ALL.iter().map(|scenario| Listed {
        name: scenario.name,
        says: scenario.says,
        members: scenario.members,
        seed: scenario.seed,
        until: scenario.until_ms,
        actions: scenario.actions,
    });
    Json(listed.collect())
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn ask(routes: &Router, uri: &str, tag: Option<&HeaderValue>) -> Response {
        let mut request = Request::get(uri);
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        routes.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn body(response: Response) -> Vec<u8> {
        to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn a_play_is_the_bytes_of_its_trace() {
        let routes = routes();
        let uri = "/api/sim?s=five&seed=7&a=700stop:lead,900put:f1:x:5&until=1200";
        let response = ask(&routes, uri, None).await;
        assert_eq!(response.status(), StatusCode::OK);
        let tag = response.headers()[header::ETAG].clone();
        let mut trace = Vec::new();
        let play = Play::new("five", Some(7), "700stop:lead,900put:f1:x:5", Some(1200)).unwrap();
        play.write_trace(&mut trace).unwrap();
        assert!(trace.len() > 10_000);
        assert_eq!(body(response).await, trace);
        let again = ask(&routes, uri, Some(&tag)).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(body(again).await, b"");
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        let routes = routes();
        let check = async |query: &str, why: &str| {
            let response = ask(&routes, &format!("/api/sim?{query}"), None).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
            assert_eq!(String::from_utf8(body(response).await).unwrap(), format!("{why}\n"));
        };
        check("", "s: which scenario?").await;
        check("s=five&seed=x", "seed: \"x\" is no number").await;
        check("s=five&until=61000", "61000 ms is too long: a run may take 60000 ms").await;
        check("s=five&b=1", "\"b\" says nothing: there are s, seed, a and until").await;
        let why = "cannot read the action \"5stpo:n1\": there is no \"stpo\"";
        check("s=five&a=5stpo:n1", why).await;
        let long = "5heal,".repeat(3000);
        check(&format!("s=five&a={long}"), "a: more than 16384 bytes of actions").await;
    }

    #[tokio::test]
    async fn a_full_house_says_so() {
        let house = House { stages: Semaphore::new(1), seats: Semaphore::new(0) };
        let words = vec![("s".to_owned(), "one".to_owned())];
        let response = house.show(Query(words), &HeaderMap::new()).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn the_scenarios_are_listed() {
        let response = ask(&routes(), "/api/scenarios", None).await;
        let listed = serde_json::from_slice::<serde_json::Value>(&body(response).await).unwrap();
        assert_eq!(listed.as_array().unwrap().len(), StagedScenario::ALL.len());
        assert_eq!(listed[0]["name"], "one");
    }
}

//! Plays over HTTP: small simulated clusters, for the page.
//!
//! A play is a pure function of its words and of this program, so nothing is kept between two
//! requests: whoever asks again is told whether it is still the same, and two readers cannot
//! disturb each other. The words are those of docs/scenarios.md; `player` carries them out.

mod player;

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

use self::player::Failure;
pub use self::player::Player;

/// As many requests for a play may wait for their turn.
const WAITING_MAX: usize = 32;
/// Longer lists of actions are refused before they are read.
const ACTIONS_BYTES_MAX: usize = 16 << 10;

/// Serves `/api/sim` and `/api/scenarios`.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(player: Player) -> Router<S> {
    let house = Arc::new(House::new(player));
    let play = move |query, headers: HeaderMap| {
        let house = house.clone();
        async move { house.show(query, &headers).await }
    };
    Router::new().route("/api/sim", get(play)).route("/api/scenarios", get(list))
}

/// Where plays are shown: on so many stages at once, for so many who wait.
struct House {
    player: Player,
    stages: Semaphore,
    seats: Semaphore,
}

type Words = Query<Vec<(String, String)>>;

impl House {
    fn new(player: Player) -> Self {
        // One processor is left for those who keep the cluster running.
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let stages = processors.saturating_sub(1).max(1);
        let seats = stages + WAITING_MAX;
        Self { player, stages: Semaphore::new(stages), seats: Semaphore::new(seats) }
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
        match self.player.play(&play).await {
            Ok(trace) => answer(trace, headers),
            Err(failure) => refuse(&play, &failure),
        }
    }
}

fn refuse(play: &Play, failure: &Failure) -> Response {
    let status = match failure {
        Failure::Long(_) => StatusCode::BAD_REQUEST,
        Failure::Slow(_) => StatusCode::SERVICE_UNAVAILABLE,
        Failure::Died { .. } | Failure::Process(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    tracing::error!(%play, %failure, "a play failed");
    (status, format!("{failure}\nTo have it again: quorate sim {play}\n")).into_response()
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

    /// Routes whose player is a shell script.
    fn routes(script: &str) -> Router {
        super::routes(Player::new("sh".into(), ["-c", script, "sim"]))
    }

    /// A play of one record, which says its words.
    const BRIEF: &str = r#"printf '{"k":"end","words":"%s"}\n' "$*""#;

    #[tokio::test]
    async fn a_play_that_is_known_is_not_sent_again() {
        let routes = routes(BRIEF);
        let uri = "/api/sim?s=five&seed=7&until=1200";
        let response = ask(&routes, uri, None).await;
        assert_eq!(response.status(), StatusCode::OK);
        let tag = response.headers()[header::ETAG].clone();
        let words = "--scenario five --seed 7 --until 1200 --trace -";
        let trace = format!("{{\"k\":\"end\",\"words\":\"{words}\"}}\n");
        assert_eq!(body(response).await, trace.into_bytes());
        let again = ask(&routes, uri, Some(&tag)).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(body(again).await, b"");
        let other = ask(&routes, "/api/sim?s=five&seed=8&until=1200", Some(&tag)).await;
        assert_eq!(other.status(), StatusCode::OK);
    }

    /// The engine dies in one play. Who asked for it is told so, and the next reader has theirs.
    #[tokio::test]
    async fn a_play_that_dies_ends_nothing_else() {
        let dies = "case \"$*\" in *five*) echo 'assertion failed' >&2; kill -ABRT $$;; esac";
        let routes = routes(&format!("{dies}; {BRIEF}"));
        let response = ask(&routes, "/api/sim?s=five", None).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let said = String::from_utf8(body(response).await).unwrap();
        let good = "the engine died in this play (signal: 6 (SIGABRT)): assertion failed\n\
                    To have it again: quorate sim --scenario five --seed 1 --until 2000\n";
        // A system that keeps dumps says so beside the signal.
        assert_eq!(said.replace(" (core dumped)", ""), good);
        assert_eq!(ask(&routes, "/api/sim?s=three", None).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn what_is_wrong_is_named() {
        let routes = routes(BRIEF);
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
        let player = Player::new("false".into(), [""; 0]);
        let house = House { player, stages: Semaphore::new(1), seats: Semaphore::new(0) };
        let words = vec![("s".to_owned(), "one".to_owned())];
        let response = house.show(Query(words), &HeaderMap::new()).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn the_scenarios_are_listed() {
        let response = ask(&routes(BRIEF), "/api/scenarios", None).await;
        let listed = serde_json::from_slice::<serde_json::Value>(&body(response).await).unwrap();
        assert_eq!(listed.as_array().unwrap().len(), StagedScenario::ALL.len());
        assert_eq!(listed[0]["name"], "one");
    }
}

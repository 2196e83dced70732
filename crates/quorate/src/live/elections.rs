//! The elections that the members of a cluster remember, as one trace.

use std::time::Duration;

use axum::response::Response;
use tokio::task::JoinSet;
use tokio::time::timeout;
use trace::{Event, NodeInfo};

use super::Door;

/// A member that does not answer in so long is left out.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks all members that the hello names at once, and answers with one trace. Who cannot be asked
/// is not in it: the others remember the messages that it sent them.
pub(crate) async fn recall(hello: Event, door: Door) -> Response {
    let Event::Hello { nodes, .. } = &hello else { unreachable!("a stream begins with a hello") };
    let mut memories = JoinSet::new();
    for node in nodes {
        memories.spawn(ask(node.clone(), door.clone()));
    }
    let mut all = memories.join_all().await.concat();
    all.sort_by_key(|(t, ..)| *t);
    let began = all.first().map_or(0, |(t, ..)| *t);
    all.insert(0, (began, None, hello));
    server::trace::recording(all)
}

type Told = (u64, Option<String>, Event);

/// What that member remembers.
async fn ask(node: NodeInfo, door: Door) -> Vec<Told> {
    let mut told = Vec::new();
    let asked = door.listen(&node, "/api/flight", |record| {
        if record.n.is_some() {
            told.push((record.t, record.n, record.event));
        }
    });
    let answered = timeout(PATIENCE, asked).await;
    match answered {
        Ok(Ok(())) => told,
        Ok(Err(error)) => {
            tracing::debug!(member = node.id, error, "cannot be asked for its elections");
            Vec::new()
        }
        Err(_) => Vec::new(),
    }
}

//! Those who look at the page that a member serves: they are told of all members, by one story for
//! all who look. While nobody does, nobody is listened to.

use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use server::Member;
use tls::Connector;
use tokio::sync::Mutex;
use tokio::time::sleep;
use tokio_stream::wrappers::ReceiverStream;
use trace::{Event, NodeInfo};

use super::{Door, Story, elections};

/// How long to wait before another attempt to listen to a member.
const PAUSE: Duration = Duration::from_millis(200);
/// How often it is looked whether there are other members now, or nobody listens any more.
const LOOK: Duration = Duration::from_secs(1);

/// What the members of a running member's cluster tell. Clones tell the same.
#[derive(Clone)]
pub(crate) struct Audience {
    member: Member,
    door: Door,
    /// The story that is being told, if somebody listens.
    story: Arc<Mutex<Weak<Story>>>,
}

impl Audience {
    /// Members whose URLs ask for TLS are dialed with that connector.
    pub(crate) fn new(member: Member, connector: Option<Arc<Connector>>) -> Self {
        Self { member, door: Door::new(connector), story: Arc::default() }
    }

    /// Serves `/api/live` and `/api/elections`.
    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route("/api/live", get(live))
            .route("/api/elections", get(recall))
            .with_state(self)
    }

    /// The story that is told now; a new one, if nobody listened. The other members are asked on
    /// behalf of who came last: that token is good for the longest time.
    async fn story(&self) -> Arc<Story> {
        let mut told = self.story.lock().await;
        if let Some(story) = told.upgrade() {
            return story;
        }
        let hello = self.member.hello();
        let nodes = nodes_of(&hello);
        let story = Arc::new(Story::new(hello, trace::Frame::default()));
        *told = Arc::downgrade(&story);
        for node in nodes.clone() {
            tokio::spawn(follow(node, self.door.clone(), Arc::downgrade(&story)));
        }
        tokio::spawn(self.clone().look(nodes, Arc::downgrade(&story)));
        story
    }

    /// Ends the story when there are other members than those that its hello named. Who listened
    /// asks for a new one.
    async fn look(self, nodes: Vec<NodeInfo>, story: Weak<Story>) {
        while story.strong_count() > 0 {
            sleep(LOOK).await;
            if nodes_of(&self.member.hello()) != nodes {
                let mut told = self.story.lock().await;
                if told.ptr_eq(&story) {
                    *told = Weak::new();
                }
                if let Some(story) = story.upgrade() {
                    story.end();
                }
                return;
            }
        }
    }
}

async fn live(State(audience): State<Audience>, headers: HeaderMap) -> Response {
    let watcher = audience.member.watcher(&headers);
    if let Err(refusal) = watcher.may_see() {
        return refusal;
    }
    audience.door.use_token_of(&headers);
    let story = audience.story().await;
    let told = story.listen(move || watcher.may_see().is_ok());
    server::trace::server_sent_events(ReceiverStream::new(told))
}

async fn recall(State(audience): State<Audience>, headers: HeaderMap) -> Response {
    if let Err(refusal) = audience.member.watcher(&headers).may_see() {
        return refusal;
    }
    audience.door.use_token_of(&headers);
    elections::recall(audience.member.hello(), audience.door).await
}

fn nodes_of(hello: &Event) -> Vec<NodeInfo> {
    let Event::Hello { nodes, .. } = hello else { unreachable!("a stream begins with a hello") };
    nodes.clone()
}

/// Tells the story what the member tells, for as long as there is a story.
async fn follow(node: NodeInfo, door: Door, story: Weak<Story>) {
    while story.strong_count() > 0 {
        let told = door.listen(&node, "/api/trace", |record| {
            // Each member says hello; the story has its own.
            if let (Some(story), false) =
                (story.upgrade(), matches!(record.event, Event::Hello { .. }))
            {
                story.tell(&node.id, record.t, record.event);
            }
        });
        // A member tells something all the time, but nobody may be listening any more.
        tokio::select! {
            ended = told => {
                if let Err(error) = ended {
                    tracing::debug!(member = node.id, error, "lost the member's trace");
                }
            }
            () = is_over(&story) => return,
        }
        sleep(PAUSE).await;
    }
}

/// Ends when the story is told to nobody any more.
async fn is_over(story: &Weak<Story>) {
    while story.strong_count() > 0 {
        sleep(LOOK).await;
    }
}

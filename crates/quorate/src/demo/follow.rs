//! Follows the trace of one member.

use std::sync::Arc;
use std::time::Duration;

use tls::Stream;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::sleep;
use trace::Event;

use super::keeper::{Life, State};
use super::plan::Plan;
use crate::live::{Story, listen};

/// How long to wait before another attempt.
const PAUSE: Duration = Duration::from_millis(50);

/// Tells the story what the member tells, whenever it runs. Ends with the member's keeper.
pub(super) async fn follow(plan: Plan, mut life: watch::Receiver<Life>, story: Arc<Story>) {
    let address = host::address_of(&plan.client_url).expect("the plan has an address");
    while life.wait_for(|life| life.state != State::Stopped).await.is_ok() {
        // It ends as the member does, and begins too early while the member starts.
        let told = async {
            let stream = Stream::Plain(TcpStream::connect(address).await?);
            listen(address, stream, "/api/trace", None, |record| {
                // Each member says hello; the story has its own.
                if !matches!(record.event, Event::Hello { .. }) {
                    story.tell(&plan.name, record.t, record.event);
                }
            })
            .await
        };
        if let Err(error) = told.await {
            tracing::debug!(member = plan.name, error, "lost the member's trace");
        }
        sleep(PAUSE).await;
    }
}

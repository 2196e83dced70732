//! Follows the trace of one member, over HTTP, as any other program could.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::sleep;
use trace::{Event, Record};

use super::keeper::{Life, State};
use super::plan::Plan;
use super::story::Story;

/// How long to wait before another attempt.
const PAUSE: Duration = Duration::from_millis(50);

/// A line that is longer is not a record.
const LINE_BYTES_MAX: usize = 16 << 20;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Tells the story what the member tells, whenever it runs. Ends with the member's keeper.
pub(super) async fn follow(plan: Plan, mut life: watch::Receiver<Life>, story: Arc<Story>) {
    while life.wait_for(|life| life.state != State::Stopped).await.is_ok() {
        // It ends as the member does, and begins too early while the member starts.
        if let Err(error) = listen(&plan, &story).await {
            tracing::debug!(member = plan.name, error, "lost the member's trace");
        }
        sleep(PAUSE).await;
    }
}

async fn listen(plan: &Plan, story: &Story) -> Result<(), Error> {
    let address = host::address_of(&plan.client_url).ok_or("not an address")?;
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/api/trace").header("host", address).body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    if !response.status().is_success() {
        return Err(response.status().to_string().into());
    }
    let mut body = response.into_body();
    let mut buffer = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            buffer.extend_from_slice(&data);
            tell_lines(&plan.name, &mut buffer, story)?;
        }
    }
    Ok(())
}

/// Tells the records of all whole lines, and takes them out of the buffer.
fn tell_lines(member: &str, buffer: &mut BytesMut, story: &Story) -> Result<(), Error> {
    while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
        let line = buffer.split_to(end);
        buffer.advance(1);
        if let Some(json) = line.strip_prefix(b"data: ") {
            let record = serde_json::from_slice::<Record>(json)?;
            // Each member says hello; the story has its own.
            if !matches!(record.event, Event::Hello { .. }) {
                story.tell(member, record.t, record.event);
            }
        }
    }
    if buffer.len() > LINE_BYTES_MAX { Err("an endless line".into()) } else { Ok(()) }
}

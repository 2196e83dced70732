//! Listens to the trace of a member, over HTTP, as any other program could.

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header;
use hyper_util::rt::TokioIo;
use tls::Stream;
use trace::Record;

/// A line that is longer is not a record.
const LINE_BYTES_MAX: usize = 16 << 20;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// Gives away each record that is told at `host:port`, to which `stream` leads, under that path,
/// until that ends. A token says on whose behalf it is asked.
pub(crate) async fn listen(
    address: &str,
    stream: Stream,
    path: &str,
    token: Option<&str>,
    mut give: impl FnMut(Record),
) -> Result<(), Error> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut request = Request::get(path).header(header::HOST, address);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, token);
    }
    let request = request.body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let mut body = response.into_body();
    if !status.is_success() {
        let why = body.collect().await?.to_bytes();
        return Err(format!("{status}: {}", String::from_utf8_lossy(&why).trim()).into());
    }
    let mut buffer = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            buffer.extend_from_slice(&data);
            take_lines(&mut buffer, &mut give)?;
        }
    }
    Ok(())
}

/// Takes the records of all whole lines out of the buffer.
fn take_lines(buffer: &mut BytesMut, give: &mut impl FnMut(Record)) -> Result<(), Error> {
    while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
        let line = buffer.split_to(end);
        buffer.advance(1);
        // A server-sent event, or a line of its own; what is neither is a comment or a pause.
        let json = line.strip_prefix(b"data: ").unwrap_or(&line);
        if json.starts_with(b"{") {
            give(serde_json::from_slice::<Record>(json)?);
        }
    }
    if buffer.len() > LINE_BYTES_MAX { Err("an endless line".into()) } else { Ok(()) }
}

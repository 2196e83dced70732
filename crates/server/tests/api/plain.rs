//! Plain HTTP, written by hand so that nothing is hidden. Version 1.0, so that an answer is what
//! comes until the server closes the connection.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What a server answers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    /// The headers, in lower case, a line each.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The body, which is JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Posts some text.
pub(crate) async fn post(address: &str, path: &str, body: &str) -> Answer {
    send(address, "POST", path, "", body).await
}

/// Sends a request. Each of the headers ends with a line's end.
pub(crate) async fn send(
    address: &str,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Answer {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.0\r\nhost: x\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    // A server that refuses what is too long need not read all of it.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    read.expect("it does not take long").expect("the server closes the connection");
    let answer = String::from_utf8(answer).expect("the answer is text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an empty line ends the head");
    let (line, headers) = head.split_once("\r\n").expect("there are headers");
    let code = line.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line");
    Answer { code, head: headers.to_lowercase(), body: body.to_owned() }
}

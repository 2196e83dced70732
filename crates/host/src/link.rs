//! A link: this member's voice to one other.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use bytes::BytesMut;
use tls::Stream;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::cluster::Peer;
use crate::handshake::{self, Identity};
use crate::security::Security;
use crate::traffic::Traffic;
use crate::wire::{self, Numbered};

/// Batches that may wait for the socket. What comes beyond is lost, as on a network.
const WAITING_MAX: usize = 1024;
/// A peer that does not take a single byte for so long is given up, and dialed again.
const PATIENCE: Duration = Duration::from_millis(PATIENCE_MS as u64);
const PATIENCE_MS: u32 = 2000;
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_millis(500);

/// Where the driver leaves messages for one peer.
#[derive(Debug)]
pub(crate) struct Link {
    messages: mpsc::Sender<Vec<Numbered>>,
    is_connected: Arc<AtomicBool>,
}

impl Link {
    /// Starts to dial the peer, until the link is dropped.
    pub(crate) fn start(
        runtime: &Handle,
        own: Identity,
        security: Security,
        peer: Peer,
        traffic: Arc<Traffic>,
    ) -> Self {
        let (messages, receiver) = mpsc::channel(WAITING_MAX);
        let is_connected = Arc::new(AtomicBool::new(false));
        let voice = Voice { own, security, peer, is_connected: is_connected.clone(), traffic };
        runtime.spawn(voice.run(receiver));
        Self { messages, is_connected }
    }

    /// Whether the peer takes what is sent. Tells so when the link is gone, too: it does not.
    pub(crate) fn is_connected(&self) -> Arc<AtomicBool> {
        self.is_connected.clone()
    }

    /// Sends the messages, or gives them back: the peer is not connected, or too slow.
    pub(crate) fn send(&self, messages: Vec<Numbered>) -> Result<(), Vec<Numbered>> {
        if !self.is_connected.load(Relaxed) {
            return Err(messages);
        }
        self.messages.try_send(messages).map_err(mpsc::error::TrySendError::into_inner)
    }
}

struct Voice {
    own: Identity,
    security: Security,
    peer: Peer,
    is_connected: Arc<AtomicBool>,
    traffic: Arc<Traffic>,
}

impl Voice {
    /// Ends when the link is dropped.
    async fn run(self, mut messages: mpsc::Receiver<Vec<Numbered>>) {
        let mut retry = RETRY_MIN;
        let mut complained = String::new();
        while !messages.is_closed() {
            match self.connect().await {
                Ok(stream) => {
                    tracing::info!(peer = %self.peer.name, "connected to peer");
                    (retry, complained) = (RETRY_MIN, String::new());
                    self.is_connected.store(true, Relaxed);
                    let error = self.speak(stream, &mut messages).await.err();
                    self.is_connected.store(false, Relaxed);
                    if let Some(error) = error {
                        tracing::info!(peer = %self.peer.name, %error, "lost the peer");
                    }
                }
                Err(error) => self.complain(&mut complained, &error),
            }
            sleep(retry).await;
            retry = (retry * 2).min(RETRY_MAX);
        }
    }

    /// Says what is wrong once, not at each attempt.
    fn complain(&self, complained: &mut String, error: &handshake::Error) {
        let (name, urls) = (&self.peer.name, &self.peer.urls);
        let text = error.to_string();
        if *complained != text {
            match error {
                handshake::Error::Refused(_) => {
                    tracing::error!(peer = %name, ?urls, "the peer is another one: {text}");
                }
                handshake::Error::Io(_) => {
                    tracing::warn!(peer = %name, ?urls, "cannot reach the peer yet: {text}");
                }
            }
            *complained = text;
        }
    }

    /// Tries one address after the other. Says what is wrong with the last.
    async fn connect(&self) -> Result<Stream, handshake::Error> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable).into();
        for url in &self.peer.urls {
            let dialed = timeout(PATIENCE, self.dial(url)).await;
            match dialed.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into())) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn dial(&self, url: &str) -> Result<Stream, handshake::Error> {
        let prepare = |socket: &TcpStream| {
            socket.set_nodelay(true)?;
            give_up_early(socket)
        };
        let mut stream = self.security.dial(url, prepare).await?;
        handshake::dial(&mut stream, self.own, self.peer.id).await?;
        Ok(stream)
    }

    /// Writes what comes, until the connection breaks or the driver ends.
    async fn speak(
        &self,
        stream: Stream,
        messages: &mut mpsc::Receiver<Vec<Numbered>>,
    ) -> io::Result<()> {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut buffer = BytesMut::new();
        let mut batches = Vec::new();
        let mut silence = [0; 1];
        loop {
            tokio::select! {
                // The peer never speaks on this connection: it can only close it.
                _ = reader.read(&mut silence) => {
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                count = messages.recv_many(&mut batches, WAITING_MAX) => {
                    if count == 0 {
                        return Ok(());
                    }
                    buffer.clear();
                    batches.drain(..).for_each(|batch| wire::encode(&batch, &mut buffer));
                    let bytes = buffer.len() as u64;
                    write_patiently(&mut writer, &mut buffer).await?;
                    self.traffic.sent_bytes.fetch_add(bytes, Relaxed);
                }
            }
        }
    }
}

/// Lets the system give up a peer that acknowledges nothing for too long. It would try for minutes
/// to reach one that is cut off, and when that is back, notice it minutes late.
#[cfg(target_os = "linux")]
fn give_up_early(stream: &TcpStream) -> io::Result<()> {
    Ok(rustix::net::sockopt::set_tcp_user_timeout(stream, PATIENCE_MS)?)
}

/// Other systems have no such setting.
#[cfg(not(target_os = "linux"))]
fn give_up_early(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

/// Writes it all, however long it takes. Fails if the peer takes nothing for too long.
async fn write_patiently(
    writer: &mut (impl AsyncWrite + Unpin),
    buffer: &mut BytesMut,
) -> io::Result<()> {
    while !buffer.is_empty() {
        if timeout(PATIENCE, writer.write_buf(buffer)).await?? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    // TLS may hold back the end of what it took.
    timeout(PATIENCE, writer.flush()).await??;
    Ok(())
}

#[cfg(test)]
mod tests {
    use raft::{Envelope, Message, NodeId, Term};

    use super::*;

    const LENGTH: usize = 1 << 20;

    /// The driver gets back what a link has no room for, and does not wait.
    #[test]
    fn what_has_no_room_is_given_back() {
        let (messages, _receiver) = mpsc::channel(WAITING_MAX);
        let is_connected = Arc::new(AtomicBool::new(true));
        let link = Link { messages, is_connected };
        let envelope = Envelope {
            from: NodeId(1),
            to: NodeId(2),
            term: Term(1),
            message: Message::Heard { round: 0 },
        };
        let batch = vec![(1, envelope)];
        for _ in 0..WAITING_MAX {
            link.send(batch.clone()).unwrap();
        }
        assert_eq!(link.send(batch.clone()), Err(batch.clone()));
        // Nor is anything kept for a peer that is not there.
        let (messages, mut receiver) = mpsc::channel(WAITING_MAX);
        let link = Link { messages, is_connected: Arc::default() };
        assert_eq!(link.send(batch.clone()), Err(batch));
        assert!(receiver.try_recv().is_err());
    }

    /// A slow network is no reason to give up: what would be sent again would be no faster.
    #[tokio::test(start_paused = true)]
    async fn a_slow_peer_is_waited_for() {
        let (mut writer, mut reader) = tokio::io::duplex(1 << 10);
        let slow = tokio::spawn(async move {
            let mut piece = vec![0; LENGTH / 16];
            for _ in 0..16 {
                sleep(PATIENCE / 2).await;
                reader.read_exact(&mut piece).await.unwrap();
            }
        });
        let mut buffer = BytesMut::zeroed(LENGTH);
        write_patiently(&mut writer, &mut buffer).await.unwrap();
        slow.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (mut writer, _reader) = tokio::io::duplex(1 << 10);
        let mut buffer = BytesMut::zeroed(LENGTH);
        let error = write_patiently(&mut writer, &mut buffer).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}

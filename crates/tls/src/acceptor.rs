//! The side that listens.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::files::{Error, Fresh, Pair, provider, roots};
use crate::stream::Stream;

/// A client that has not finished the handshake by then is let go.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who says more than this after being refused does not listen.
const UNREAD_BYTES_MAX: usize = 64 << 10;

/// Makes encrypted connections of those that come in.
#[derive(Debug)]
pub struct Acceptor {
    own: Pair,
    clients_ca: Option<PathBuf>,
    config: Fresh<ServerConfig>,
}

impl Acceptor {
    /// Shows the certificate `own`. With `clients_ca`, a client must show one that is signed by
    /// one of those in that file.
    pub fn new(own: Pair, clients_ca: Option<PathBuf>) -> Result<Self, Error> {
        let made = server_config(&own, clients_ca.as_ref())?;
        let mut files = vec![own.cert.clone(), own.key.clone()];
        files.extend(clients_ca.clone());
        Ok(Self { own, clients_ca, config: Fresh::new(files, made) })
    }

    /// Whether whoever connects must show a certificate.
    pub fn asks_for_certificates(&self) -> bool {
        self.clients_ca.is_some()
    }

    /// Shakes hands with who has connected.
    pub async fn accept(&self, socket: TcpStream) -> io::Result<Stream> {
        let config = self.config.get(|| server_config(&self.own, self.clients_ca.as_ref()));
        let shaking = TlsAcceptor::from(config).accept(socket).into_fallible();
        match timeout(PATIENCE, shaking).await {
            Ok(Ok(shaken)) => Ok(Stream::Encrypted(Box::new(shaken.into()))),
            Ok(Err((error, socket))) => {
                let _ = timeout(PATIENCE, let_read(socket)).await;
                Err(error)
            }
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// Waits until the other side has read why it is refused, and hangs up. If the socket were closed
/// while something of it is unread, as is what a client says that believed to be done, the system
/// would reset the connection, and the reason would be lost.
async fn let_read(mut socket: TcpStream) -> io::Result<()> {
    socket.shutdown().await?;
    let mut unread = [0; 1024];
    let mut left = UNREAD_BYTES_MAX;
    while left > 0 {
        match socket.read(&mut unread).await? {
            0 => break,
            count => left = left.saturating_sub(count),
        }
    }
    Ok(())
}

fn server_config(own: &Pair, clients_ca: Option<&PathBuf>) -> Result<ServerConfig, Error> {
    let (certificates, key) = own.read()?;
    let builder = ServerConfig::builder_with_provider(provider());
    let builder = builder.with_safe_default_protocol_versions()?;
    let builder = match clients_ca {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let roots = Arc::new(roots(file)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
            builder.with_client_cert_verifier(verifier.build()?)
        }
    };
    let mut config = builder.with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

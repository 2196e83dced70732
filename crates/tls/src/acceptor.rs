//! The side that listens.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS13;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::files::{Error, Fresh, Pair, provider_of, revocations, roots};
use crate::stream::Stream;

/// A client that has not finished the handshake by then is let go.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who says more than this after being refused does not listen.
const UNREAD_BYTES_MAX: usize = 64 << 10;

/// What must be so for a connection to be taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// Whoever connects must show a certificate that is signed by one of those in this file.
    pub signed_by: Option<PathBuf>,
    /// It must not be one of those that are revoked in this file, in PEM or DER form.
    pub not_revoked_in: Option<PathBuf>,
    /// It must be of one of these.
    pub named: Option<Named>,
    /// Nothing older than TLS 1.3 is spoken.
    pub only_newest: bool,
    /// The suites of TLS 1.2 that are spoken, by their names in the registry of IANA. All that are
    /// safe, if there is none.
    pub suites: Vec<String>,
}

/// What a certificate must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// This is the common name of its subject.
    CommonName(String),
    /// It was made for this host, among others.
    Host(String),
}

impl Demands {
    /// Only that certificates are signed by one of those in that file.
    pub fn signed_by(file: PathBuf) -> Self {
        Self { signed_by: Some(file), ..Self::default() }
    }
}

/// Makes encrypted connections of those that come in.
#[derive(Debug)]
pub struct Acceptor {
    own: Pair,
    demands: Demands,
    config: Fresh<ServerConfig>,
}

impl Acceptor {
    /// Shows the certificate `own`, and demands that of whoever connects.
    pub fn new(own: Pair, demands: Demands) -> Result<Self, Error> {
        let made = server_config(&own, &demands)?;
        let mut files = vec![own.cert.clone(), own.key.clone()];
        files.extend(demands.signed_by.clone());
        files.extend(demands.not_revoked_in.clone());
        Ok(Self { own, demands, config: Fresh::new(files, made) })
    }

    /// Whether whoever connects must show a certificate.
    pub fn asks_for_certificates(&self) -> bool {
        self.demands.signed_by.is_some()
    }

    /// Shakes hands with who has connected.
    pub async fn accept(&self, socket: TcpStream) -> io::Result<Stream> {
        let config = self.config.get(|| server_config(&self.own, &self.demands));
        let shaking = TlsAcceptor::from(config).accept(socket).into_fallible();
        match timeout(PATIENCE, shaking).await {
            Ok(Ok(shaken)) => self.check_name(Stream::Encrypted(Box::new(shaken.into()))),
            Ok(Err((error, socket))) => {
                let _ = timeout(PATIENCE, let_read(socket)).await;
                Err(error)
            }
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Acceptor {
    /// Refuses who has shown the certificate of somebody else.
    fn check_name(&self, stream: Stream) -> io::Result<Stream> {
        let Some(named) = &self.demands.named else { return Ok(stream) };
        let shown = stream.certificate();
        let is_named = shown.is_some_and(|shown| match named {
            Named::CommonName(name) => shown.common_name().as_ref() == Some(name),
            Named::Host(host) => shown.names(host),
        });
        let line = "its certificate is not of whom it should be";
        is_named.then_some(stream).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, line))
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

fn server_config(own: &Pair, demands: &Demands) -> Result<ServerConfig, Error> {
    let (certificates, key) = own.read()?;
    let provider = provider_of(&demands.suites)?;
    let builder = ServerConfig::builder_with_provider(provider.clone());
    let builder = if demands.only_newest {
        builder.with_protocol_versions(&[&TLS13])?
    } else {
        builder.with_safe_default_protocol_versions()?
    };
    let builder = match &demands.signed_by {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let roots = Arc::new(roots(file)?);
            let mut verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            if let Some(file) = &demands.not_revoked_in {
                // What other authorities have revoked, they say elsewhere.
                verifier = verifier.with_crls(revocations(file)?).allow_unknown_revocation_status();
            }
            builder.with_client_cert_verifier(verifier.build()?)
        }
    };
    let mut config = builder.with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

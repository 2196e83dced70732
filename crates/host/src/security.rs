//! How members make sure that nobody listens between them, if they are told to.

use std::io;
use std::sync::Arc;

use tls::{Acceptor, Connector, Stream};
use tokio::net::TcpStream;

use crate::cluster::{address_of, host_of, is_encrypted};

/// What a member needs for TLS with others.
#[derive(Clone, Debug, Default)]
pub struct Security {
    /// For those that connect. `None` if they connect without TLS.
    pub acceptor: Option<Arc<Acceptor>>,
    /// For `https://` URLs. `None` if there are none.
    pub connector: Option<Arc<Connector>>,
}

impl Security {
    /// Connects to a peer URL. `prepare` sees the socket first.
    pub(crate) async fn dial(
        &self,
        url: &str,
        prepare: impl FnOnce(&TcpStream) -> io::Result<()>,
    ) -> io::Result<Stream> {
        let address = address_of(url).ok_or(io::ErrorKind::AddrNotAvailable)?;
        let socket = TcpStream::connect(address).await?;
        prepare(&socket)?;
        if !is_encrypted(url) {
            return Ok(Stream::Plain(socket));
        }
        let Some(connector) = &self.connector else {
            let line = "it wants TLS, for which this member has no certificate";
            return Err(io::Error::new(io::ErrorKind::Unsupported, line));
        };
        connector.connect(host_of(url).unwrap_or(address), socket).await
    }

    /// Takes a connection.
    pub(crate) async fn accept(&self, socket: TcpStream) -> io::Result<Stream> {
        match &self.acceptor {
            None => Ok(Stream::Plain(socket)),
            Some(acceptor) => acceptor.accept(socket).await,
        }
    }
}

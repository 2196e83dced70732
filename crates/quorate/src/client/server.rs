//! One server: where it is, and how to connect to it.

use std::error::Error;
use std::io;

use hyper_util::rt::TokioIo;
use tls::Stream;
use tokio::net::TcpStream;
use tonic::transport::{Channel, Endpoint};

use super::security::Security;
use super::usage::Failure;

/// A server, as its name says.
pub(crate) struct Server {
    /// `host:port`.
    pub(crate) address: String,
    endpoint: Endpoint,
    /// What to do about TLS, if it speaks it.
    security: Option<Security>,
}

impl Server {
    /// Takes addresses with or without `http://` or `https://`. One without is of a server that
    /// speaks TLS if there are flags for that.
    pub(super) fn named(name: &str, security: &Security) -> Result<Self, Failure> {
        let unusable = |reason| Failure::Usage(format!("bad endpoint {name:?}: {reason}"));
        let (address, is_encrypted) = match name.split_once("://") {
            Some(("http", address)) => (address, false),
            Some(("https", address)) => (address, true),
            Some(_) => return Err(unusable("it is neither http:// nor https://")),
            None => (name, security.is_wanted()),
        };
        let address = address.trim_end_matches('/').to_owned();
        // What is spoken inside of TLS does not know of it.
        let endpoint = Endpoint::from_shared(format!("http://{address}"));
        let endpoint = endpoint.map_err(|_| unusable("not an address"))?.tcp_nodelay(true);
        Ok(Self { address, endpoint, security: is_encrypted.then(|| security.clone()) })
    }

    /// A connection for gRPC.
    pub(super) async fn channel(&self) -> Result<Channel, Box<dyn Error + Send + Sync>> {
        let Some(security) = &self.security else { return Ok(self.endpoint.connect().await?) };
        let (address, connector) = (self.address.clone(), security.connector(b"h2")?);
        let dial = tower::service_fn(move |_| {
            let (address, connector) = (address.clone(), connector.clone());
            async move {
                let socket = connect(&address).await?;
                let encrypted = connector.connect(host(&address), socket).await;
                Ok::<_, io::Error>(TokioIo::new(encrypted?))
            }
        });
        Ok(self.endpoint.connect_with_connector(dial).await?)
    }

    /// A connection for HTTP/1.
    pub(super) async fn dial(&self) -> Result<Stream, Box<dyn Error + Send + Sync>> {
        let socket = connect(&self.address).await?;
        let Some(security) = &self.security else { return Ok(Stream::Plain(socket)) };
        let connector = security.connector(b"http/1.1")?;
        Ok(connector.connect(host(&self.address), socket).await?)
    }
}

async fn connect(address: &str) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

fn host(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}

//! The way to members: whom to dial, how, and on whose behalf.

use std::sync::Arc;

use tls::{Connector, Stream};
use tokio::net::TcpStream;
use trace::{NodeInfo, Record};

use super::listen::{Error, listen};

/// How members are asked. The default asks for nobody, and without TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Door {
    /// For members whose URLs ask for TLS.
    pub(crate) connector: Option<Arc<Connector>>,
    /// Says who asks, while users matter.
    pub(crate) token: Option<String>,
}

impl Door {
    /// Gives away each record that the member tells under that path, until that ends.
    pub(crate) async fn listen(
        &self,
        node: &NodeInfo,
        path: &str,
        give: impl FnMut(Record),
    ) -> Result<(), Error> {
        let url = node.client.split(',').next().unwrap_or_default();
        let address = host::address_of(url).ok_or("it has not said where clients reach it")?;
        let socket = TcpStream::connect(address).await?;
        let stream = if host::is_encrypted(url) {
            let connector =
                self.connector.as_ref().ok_or("it speaks TLS, and this one does not")?;
            let name = host::host_of(url).ok_or("its URL names nobody")?;
            connector.connect(name, socket).await?
        } else {
            Stream::Plain(socket)
        };
        listen(address, stream, path, self.token.as_deref(), give).await
    }
}

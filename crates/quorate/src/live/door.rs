//! The way to members: whom to dial, how, and on whose behalf.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, header};
use tls::{Connector, Stream};
use tokio::net::TcpStream;
use trace::{NodeInfo, Record};

use super::listen::{Error, listen};

/// How members are asked. The default asks for nobody, and without TLS. Clones use the same token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Door {
    /// For members whose URLs ask for TLS.
    connector: Option<Arc<Connector>>,
    /// Says who asks, while users matter.
    token: Arc<Mutex<Option<String>>>,
}

impl Door {
    /// Asks for nobody yet.
    pub(crate) fn new(connector: Option<Arc<Connector>>) -> Self {
        Self { connector, ..Self::default() }
    }

    /// From now on members are asked on behalf of whoever sends these headers.
    pub(crate) fn use_token_of(&self, headers: &HeaderMap) {
        let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token.map(str::to_owned);
    }

    fn token(&self) -> Option<String> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

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
        listen(address, stream, path, self.token().as_deref(), give).await
    }
}

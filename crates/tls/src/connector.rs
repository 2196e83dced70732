//! The side that dials.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::certificate::bare;
use crate::files::{Error, Fresh, Pair, provider, roots};
use crate::stream::Stream;

/// Whose certificates are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those signed by a certificate in that file.
    File(PathBuf),
    /// Those that this machine trusts.
    System,
    /// Anybody's: encrypted, and open to whoever stands between.
    Anybody,
}

/// Makes encrypted connections of those that were dialed.
#[derive(Debug)]
pub struct Connector {
    trust: Trust,
    own: Option<Pair>,
    protocol: Option<&'static [u8]>,
    config: Fresh<ClientConfig>,
}

impl Connector {
    /// Trusts whom `trust` says, and shows `own` to who asks for it. `protocol` is what will be
    /// spoken, as TLS names it (ALPN): `h2` for gRPC.
    pub fn new(
        trust: Trust,
        own: Option<Pair>,
        protocol: Option<&'static [u8]>,
    ) -> Result<Self, Error> {
        let made = client_config(&trust, own.as_ref(), protocol)?;
        let mut files = own.iter().flat_map(|own| [own.cert.clone(), own.key.clone()]);
        let mut files = files.by_ref().collect::<Vec<_>>();
        if let Trust::File(file) = &trust {
            files.push(file.clone());
        }
        Ok(Self { trust, own, protocol, config: Fresh::new(files, made) })
    }

    /// Shakes hands with the server at `host`, a name or an address, to which `socket` leads.
    pub async fn connect(&self, host: &str, socket: TcpStream) -> io::Result<Stream> {
        let make = || client_config(&self.trust, self.own.as_ref(), self.protocol);
        let config = self.config.get(make);
        let name = ServerName::try_from(bare(host).to_owned()).map_err(|_| {
            let line = format!("{host:?} is neither a name nor an address");
            io::Error::new(io::ErrorKind::InvalidInput, line)
        })?;
        let shaken = TlsConnector::from(config).connect(name, socket).await?;
        Ok(Stream::Encrypted(Box::new(shaken.into())))
    }
}

fn client_config(
    trust: &Trust,
    own: Option<&Pair>,
    protocol: Option<&'static [u8]>,
) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(provider());
    let builder = builder.with_safe_default_protocol_versions()?;
    let builder = match trust {
        Trust::File(file) => builder.with_root_certificates(roots(file)?),
        Trust::System => builder.with_root_certificates(system_roots()),
        Trust::Anybody => {
            let verifier = Arc::new(Anybody(provider()));
            builder.dangerous().with_custom_certificate_verifier(verifier)
        }
    };
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let (certificates, key) = own.read()?;
            builder.with_client_auth_cert(certificates, key)?
        }
    };
    config.alpn_protocols = protocol.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(config)
}

/// Those that this machine trusts and that can be read. If there are none, nobody is trusted, and
/// each connection says so.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Believes each certificate; that who shows it has its key is still checked.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

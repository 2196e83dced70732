//! The flags of `serve` that are about TLS: etcd's names, etcd's environment variables.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use host::{Cluster, is_encrypted};
use tls::{Acceptor, Connector, Demands, Named, Pair, Trust};

use super::flags::FlagError;

/// TLS is spoken where a URL begins with `https://`.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct SecurityFlags {
    /// The certificate for clients, as PEM
    #[arg(long, env = "ETCD_CERT_FILE")]
    cert_file: Option<PathBuf>,
    /// Its key
    #[arg(long, env = "ETCD_KEY_FILE")]
    key_file: Option<PathBuf>,
    /// Clients must show a certificate that one of these has signed
    #[arg(long, env = "ETCD_TRUSTED_CA_FILE")]
    trusted_ca_file: Option<PathBuf>,
    /// Clients must show a certificate; as --trusted-ca-file alone says already
    #[arg(long, env = "ETCD_CLIENT_CERT_AUTH")]
    client_cert_auth: bool,
    /// Which certificates of clients are revoked, as PEM or DER
    #[arg(long, env = "ETCD_CLIENT_CRL_FILE", requires = "trusted_ca_file")]
    client_crl_file: Option<PathBuf>,
    /// Certificates of clients must be made for that host
    #[arg(long, env = "ETCD_CLIENT_CERT_ALLOWED_HOSTNAME", requires = "trusted_ca_file")]
    client_cert_allowed_hostname: Option<String>,
    /// Make a certificate for clients that nobody signed
    #[arg(long, env = "ETCD_AUTO_TLS")]
    auto_tls: bool,
    /// The certificate for other members, as PEM; this member shows it when it connects, too
    #[arg(long, env = "ETCD_PEER_CERT_FILE")]
    peer_cert_file: Option<PathBuf>,
    /// Its key
    #[arg(long, env = "ETCD_PEER_KEY_FILE")]
    peer_key_file: Option<PathBuf>,
    /// Other members must show a certificate that one of these has signed
    #[arg(long, env = "ETCD_PEER_TRUSTED_CA_FILE")]
    peer_trusted_ca_file: Option<PathBuf>,
    /// Other members must show a certificate; as --peer-trusted-ca-file alone says already
    #[arg(long, env = "ETCD_PEER_CLIENT_CERT_AUTH")]
    peer_client_cert_auth: bool,
    /// Which certificates of members are revoked, as PEM or DER
    #[arg(long, env = "ETCD_PEER_CRL_FILE", requires = "peer_trusted_ca_file")]
    peer_crl_file: Option<PathBuf>,
    /// Certificates of other members must be made for that host
    #[arg(long, env = "ETCD_PEER_CERT_ALLOWED_HOSTNAME", requires = "peer_trusted_ca_file")]
    peer_cert_allowed_hostname: Option<String>,
    /// Certificates of other members must have that common name
    #[arg(
        long,
        env = "ETCD_PEER_CERT_ALLOWED_CN",
        requires = "peer_trusted_ca_file",
        conflicts_with = "peer_cert_allowed_hostname"
    )]
    peer_cert_allowed_cn: Option<String>,
    /// Make a certificate for other members that nobody signed, and believe any of theirs
    #[arg(long, env = "ETCD_PEER_AUTO_TLS")]
    peer_auto_tls: bool,
    /// The suites of TLS 1.2 that are spoken, by their names at IANA [default: all that are safe]
    #[arg(long, env = "ETCD_CIPHER_SUITES", value_delimiter = ',')]
    cipher_suites: Vec<String>,
    /// The oldest TLS that is spoken
    #[arg(long, env = "ETCD_TLS_MIN_VERSION", default_value = "TLS1.2")]
    tls_min_version: TlsVersion,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TlsVersion {
    #[value(name = "TLS1.2")]
    Tls12,
    #[value(name = "TLS1.3")]
    Tls13,
}

/// The TLS on the side of the clients.
#[derive(Clone, Debug)]
pub(super) struct ClientTls {
    /// What clients speak with.
    pub(super) acceptor: Option<Arc<Acceptor>>,
    /// With what other members' clients' ends are dialed, for the page.
    pub(super) connector: Option<Arc<Connector>>,
    /// Whether the certificate of a client says which user it is.
    pub(super) name_users: bool,
}

/// What the flags say of one side.
struct Side<'a> {
    /// What stands before the name of each flag.
    prefix: &'static str,
    cert: Option<&'a PathBuf>,
    key: Option<&'a PathBuf>,
    ca: Option<&'a PathBuf>,
    /// What is demanded, but for who has signed certificates.
    demands: Demands,
    wants_certificate: bool,
    is_auto: bool,
}

impl SecurityFlags {
    /// The TLS that clients speak, if a URL asks for it.
    pub(super) fn clients(&self, data_dir: &Path, urls: &[String]) -> Result<ClientTls, FlagError> {
        let side = Side {
            prefix: "--",
            cert: self.cert_file.as_ref(),
            key: self.key_file.as_ref(),
            ca: self.trusted_ca_file.as_ref(),
            demands: Demands {
                not_revoked_in: self.client_crl_file.clone(),
                named: self.client_cert_allowed_hostname.clone().map(Named::Host),
                ..self.demands()
            },
            wants_certificate: self.client_cert_auth,
            is_auto: self.auto_tls,
        };
        let pair = side.pair(&data_dir.join("fixtures").join("client"), urls)?;
        let connector = pair.clone().map(|pair| side.connector(Some(pair))).transpose()?;
        let name_users = self.client_cert_auth;
        Ok(ClientTls { acceptor: side.acceptor(pair, urls)?, connector, name_users })
    }

    /// The TLS that members speak with each other.
    pub(super) fn peers(
        &self,
        data_dir: &Path,
        urls: &[String],
        cluster: &Cluster,
    ) -> Result<host::Security, FlagError> {
        let side = Side {
            prefix: "--peer-",
            cert: self.peer_cert_file.as_ref(),
            key: self.peer_key_file.as_ref(),
            ca: self.peer_trusted_ca_file.as_ref(),
            demands: Demands {
                not_revoked_in: self.peer_crl_file.clone(),
                named: match &self.peer_cert_allowed_cn {
                    Some(name) => Some(Named::CommonName(name.clone())),
                    None => self.peer_cert_allowed_hostname.clone().map(Named::Host),
                },
                ..self.demands()
            },
            wants_certificate: self.peer_client_cert_auth,
            is_auto: self.peer_auto_tls,
        };
        if urls.iter().any(|url| is_encrypted(url)) && !urls.iter().all(|url| is_encrypted(url)) {
            return Err("--listen-peer-urls: either all are https://, or none is".into());
        }
        let pair = side.pair(&data_dir.join("fixtures").join("peer"), urls)?;
        let mut dialed = cluster.peers.values().flat_map(|peer| &peer.urls);
        let connector = if pair.is_some() || dialed.any(|url| is_encrypted(url)) {
            Some(side.connector(pair.clone())?)
        } else {
            None
        };
        Ok(host::Security { acceptor: side.acceptor(pair, urls)?, connector })
    }

    /// What is demanded on both sides.
    fn demands(&self) -> Demands {
        Demands {
            suites: self.cipher_suites.clone(),
            only_newest: self.tls_min_version == TlsVersion::Tls13,
            ..Demands::default()
        }
    }
}

impl Side<'_> {
    /// The certificate of this side, if one was given or is to be made.
    fn pair(&self, directory: &Path, urls: &[String]) -> Result<Option<Pair>, FlagError> {
        let prefix = self.prefix;
        match (self.cert, self.key) {
            (Some(cert), Some(key)) => Ok(Some(Pair { cert: cert.clone(), key: key.clone() })),
            (None, None) if self.is_auto => {
                let mut hosts =
                    urls.iter().filter_map(|url| host::host_of(url)).collect::<Vec<_>>();
                hosts.extend(["localhost", "127.0.0.1", "::1"]);
                let pair = tls::self_signed(directory, &hosts);
                pair.map(Some).map_err(|error| format!("{prefix}auto-tls: {error}"))
            }
            (None, None) => Ok(None),
            _ => Err(format!("{prefix}cert-file and {prefix}key-file belong together")),
        }
    }

    /// What dials this side of other members.
    fn connector(&self, pair: Option<Pair>) -> Result<Arc<Connector>, FlagError> {
        let trust = match (self.ca, self.is_auto) {
            (Some(ca), _) => Trust::File(ca.clone()),
            (None, true) => Trust::Anybody,
            (None, false) => Trust::System,
        };
        let connector = Connector::new(trust, pair, None).map_err(|error| error.to_string())?;
        Ok(Arc::new(connector))
    }

    fn acceptor(
        &self,
        pair: Option<Pair>,
        urls: &[String],
    ) -> Result<Option<Arc<Acceptor>>, FlagError> {
        let prefix = self.prefix;
        let Some(url) = urls.iter().find(|url| is_encrypted(url)) else { return Ok(None) };
        let Some(pair) = pair else {
            return Err(format!(
                "{url} asks for TLS: give {prefix}cert-file and {prefix}key-file, or \
                 {prefix}auto-tls"
            ));
        };
        if self.wants_certificate && self.ca.is_none() {
            return Err(format!(
                "{prefix}client-cert-auth: whose certificates? Give {prefix}trusted-ca-file"
            ));
        }
        let demands = Demands { signed_by: self.ca.cloned(), ..self.demands.clone() };
        let acceptor = Acceptor::new(pair, demands).map_err(|error| error.to_string())?;
        Ok(Some(Arc::new(acceptor)))
    }
}

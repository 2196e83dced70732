//! The flags of the client commands that are about TLS: etcdctl's names, and its environment
//! variables.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tls::{Connector, Pair, Trust};

use super::usage::Failure;

/// Whom to believe, and what to show.
#[derive(Args, Clone)]
pub(crate) struct Security {
    /// Believe servers whose certificate one of these has signed [default: those that this machine
    /// trusts]
    #[arg(long, global = true, env = "ETCDCTL_CACERT")]
    cacert: Option<PathBuf>,
    /// The certificate to show, as PEM
    #[arg(long, global = true, env = "ETCDCTL_CERT", requires = "key_of_cert")]
    cert: Option<PathBuf>,
    /// Its key
    #[arg(
        long = "key",
        global = true,
        env = "ETCDCTL_KEY",
        requires = "cert",
        value_name = "KEY_FILE"
    )]
    key_of_cert: Option<PathBuf>,
    /// Believe any server: whoever stands between can read and change all
    #[arg(long, global = true, env = "ETCDCTL_INSECURE_SKIP_TLS_VERIFY")]
    insecure_skip_tls_verify: bool,
}

impl Security {
    /// The same without the flags, for another cluster.
    pub(super) fn of(cacert: Option<PathBuf>, own: Option<(PathBuf, PathBuf)>) -> Self {
        let (cert, key_of_cert) = own.unzip();
        Self { cacert, cert, key_of_cert, insecure_skip_tls_verify: false }
    }

    /// Whether a server whose address does not say so is to be spoken to with TLS.
    pub(super) fn is_wanted(&self) -> bool {
        self.cacert.is_some() || self.cert.is_some() || self.insecure_skip_tls_verify
    }

    /// Whether the files can be used.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.is_wanted() {
            self.connector(b"h2").map_err(|error| Failure::Failed(error.to_string()))?;
        }
        Ok(())
    }

    /// What makes connections that speak `protocol`.
    pub(super) fn connector(&self, protocol: &'static [u8]) -> Result<Arc<Connector>, tls::Error> {
        let trust = match &self.cacert {
            _ if self.insecure_skip_tls_verify => Trust::Anybody,
            Some(file) => Trust::File(file.clone()),
            None => Trust::System,
        };
        let own = self.cert.clone().zip(self.key_of_cert.clone());
        let own = own.map(|(cert, key)| Pair { cert, key });
        Connector::new(trust, own, Some(protocol)).map(Arc::new)
    }
}

//! Certificates and keys as files, and what was made of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::VerifierBuilderError;
use rustls::{RootCertStore, SupportedCipherSuite};

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has not what it should have.
    #[error("{} has no {what} in PEM form", path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
        /// What it should have.
        what: &'static str,
    },
    /// There is no such cipher suite, or it is not safe.
    #[error("{0} is no cipher suite that is spoken here")]
    UnknownSuite(String),
    /// A certificate and its key do not fit, or one of them is of a kind that is not known.
    #[error("cannot use the certificates: {0}")]
    Unusable(#[from] rustls::Error),
    /// Nobody can be asked for certificates of these.
    #[error("cannot use the certificates of those to trust: {0}")]
    NoTrust(#[from] VerifierBuilderError),
    /// A self-signed certificate cannot be made, or stored.
    #[error("cannot make a certificate in {}: {reason}", directory.display())]
    SelfSigned {
        /// Where it would be.
        directory: PathBuf,
        /// Why.
        reason: String,
    },
}

/// A certificate, with those that vouch for it, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The file of the certificates, the own one first.
    pub cert: PathBuf,
    /// The file of the key.
    pub key: PathBuf,
}

impl Pair {
    pub(crate) fn read(
        &self,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Error> {
        let pem = read(&self.key)?;
        let key = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| Error::Nothing { path: self.key.clone(), what: "private key" })?;
        Ok((certificates(&self.cert)?, key))
    }
}

/// The certificates in a file, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let pem = read(path)?;
    let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let found = found.ok().filter(|found| !found.is_empty());
    found.ok_or_else(|| Error::Nothing { path: path.to_owned(), what: "certificate" })
}

/// The certificates in a file, as those to trust.
pub(crate) fn roots(path: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

/// Which certificates are revoked, as a file says in PEM or DER form.
pub(crate) fn revocations(
    path: &Path,
) -> Result<Vec<CertificateRevocationListDer<'static>>, Error> {
    let bytes = read(path)?;
    if !bytes.starts_with(b"-----BEGIN") {
        return Ok(vec![bytes.into()]);
    }
    let found = CertificateRevocationListDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
    let found = found.ok().filter(|found| !found.is_empty());
    found.ok_or_else(|| Error::Nothing { path: path.to_owned(), what: "list of revocations" })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })
}

/// The cryptography, chosen here and nowhere else.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The same, with only those suites of TLS 1.2, if any are named. Nobody chooses among those of
/// TLS 1.3, which all are safe.
pub(crate) fn provider_of(suites: &[String]) -> Result<Arc<CryptoProvider>, Error> {
    if suites.is_empty() {
        return Ok(provider());
    }
    let mut provider = ring::default_provider();
    let known = provider.cipher_suites.clone();
    for name in suites {
        if !known.iter().any(|suite| is_named(suite, name)) {
            return Err(Error::UnknownSuite(name.clone()));
        }
    }
    provider
        .cipher_suites
        .retain(|suite| suite.tls13().is_some() || suites.iter().any(|name| is_named(suite, name)));
    Ok(Arc::new(provider))
}

/// Whether a suite is called so. Go leaves out the end of some names, and rustls has its own for
/// those of TLS 1.3.
fn is_named(suite: &SupportedCipherSuite, name: &str) -> bool {
    let own = suite.suite().as_str().unwrap_or_default().replace("TLS13_", "TLS_");
    own == name || own.strip_suffix("_SHA256") == Some(name)
}

/// What was made of some files. It is made anew when one of them changes.
#[derive(Debug)]
pub(crate) struct Fresh<T> {
    files: Vec<PathBuf>,
    made: Mutex<(Vec<Option<SystemTime>>, Arc<T>)>,
}

impl<T> Fresh<T> {
    pub(crate) fn new(files: Vec<PathBuf>, made: T) -> Self {
        let times = times(&files);
        Self { files, made: Mutex::new((times, Arc::new(made))) }
    }

    /// What the files make now. If they make nothing, what they made before: a file that is half
    /// written is no reason to take no more connections.
    pub(crate) fn get(&self, make: impl FnOnce() -> Result<T, Error>) -> Arc<T> {
        let now = times(&self.files);
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if made.0 != now {
            made.0 = now;
            match make() {
                Ok(fresh) => {
                    tracing::info!(files = ?self.files, "read the certificates again");
                    made.1 = Arc::new(fresh);
                }
                Err(error) => tracing::warn!(%error, "the old certificates stay in use"),
            }
        }
        made.1.clone()
    }
}

fn times(files: &[PathBuf]) -> Vec<Option<SystemTime>> {
    let time = |file: &PathBuf| fs::metadata(file).and_then(|metadata| metadata.modified()).ok();
    files.iter().map(time).collect()
}

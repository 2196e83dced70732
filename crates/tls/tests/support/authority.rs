//! Certificates for tests. (The tests of `quorate` use this file too.)

use std::fs;
use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tls::Pair;

/// Signs certificates, and keeps all files.
pub(crate) struct Authority {
    directory: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().expect("there is room for a directory");
        let key = KeyPair::generate().expect("keys can be made");
        let mut params = CertificateParams::new(Vec::new()).expect("no name is wrong");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "authority of a test");
        let certificate = params.self_signed(&key).expect("it signs itself");
        fs::write(directory.path().join("ca.pem"), certificate.pem()).expect("a file");
        Self { directory, issuer: Issuer::new(params, key) }
    }

    /// Its own certificate, which others are to trust.
    pub(crate) fn ca(&self) -> PathBuf {
        self.file("ca.pem")
    }

    /// A file beside it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a certificate for `host`, and its key.
    pub(crate) fn sign(&self, name: &str, host: &str) -> Pair {
        let key = KeyPair::generate().expect("keys can be made");
        let mut params = CertificateParams::new([host.to_owned()]).expect("the host is a name");
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.issuer).expect("it can be signed");
        let pair = Pair {
            cert: self.file(&format!("{name}.pem")),
            key: self.file(&format!("{name}.key")),
        };
        fs::write(&pair.key, key.serialize_pem()).expect("a file");
        fs::write(&pair.cert, certificate.pem()).expect("a file");
        pair
    }
}

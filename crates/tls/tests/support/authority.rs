//! Certificates for tests. (The tests of `quorate` use this file too.)

#![allow(dead_code, reason = "each test file is a program of its own, and uses a part of this")]

use std::fs;
use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
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
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
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
        params.serial_number = Some(serial(name));
        let certificate = params.signed_by(&key, &self.issuer).expect("it can be signed");
        let pair = Pair {
            cert: self.file(&format!("{name}.pem")),
            key: self.file(&format!("{name}.key")),
        };
        fs::write(&pair.key, key.serialize_pem()).expect("a file");
        fs::write(&pair.cert, certificate.pem()).expect("a file");
        pair
    }

    /// Writes the list of those that are not to be believed any more, as `.pem` and as `.der`.
    pub(crate) fn revoke(&self, names: &[&str]) -> PathBuf {
        let revoked = names.iter().map(|name| RevokedCertParams {
            serial_number: serial(name),
            revocation_time: date_time_ymd(2020, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(2999, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params.signed_by(&self.issuer).expect("it can be signed");
        let path = self.file("revoked.pem");
        fs::write(&path, list.pem().expect("it is text")).expect("a file");
        fs::write(path.with_extension("der"), list.der()).expect("a file");
        path
    }
}

/// The number of the certificate of that name.
fn serial(name: &str) -> SerialNumber {
    SerialNumber::from_slice(name.as_bytes())
}

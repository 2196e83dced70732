//! What the other side showed of itself.

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use crate::subject;

/// A certificate that was believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate(pub(crate) CertificateDer<'static>);

impl Certificate {
    /// The common name of its subject: whom it is about.
    pub fn common_name(&self) -> Option<String> {
        subject::common_name(&self.0)
    }

    /// Whether it names that host, a name or an address, among those that it was made for.
    pub fn names(&self, host: &str) -> bool {
        let Ok(parsed) = ParsedCertificate::try_from(&self.0) else { return false };
        let name = ServerName::try_from(bare(host));
        name.is_ok_and(|name| verify_server_name(&parsed, &name).is_ok())
    }
}

/// A host as it is written outside of URLs: an address of IPv6 without its brackets.
pub(crate) fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

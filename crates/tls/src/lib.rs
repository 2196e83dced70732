//! Connections that are encrypted, or not.
//!
//! ```text
//!   Acceptor     the side that listens: its own certificate, and what it demands of others
//!   Connector    the side that dials: whom it trusts, and perhaps its own certificate
//!   Stream       what both make of a socket: TLS, or the socket as it is
//!   Certificate  what the other side showed
//! ```
//!
//! Certificates and keys are PEM files. They are read again when they change, so a certificate can
//! be renewed while a member runs. All cryptography is rustls, with TLS 1.2 and 1.3.

mod acceptor;
mod certificate;
mod connector;
mod files;
mod self_signed;
mod stream;
mod subject;

pub use acceptor::{Acceptor, Demands, Named};
pub use certificate::Certificate;
pub use connector::{Connector, Trust};
pub use files::{Error, Pair};
pub use self_signed::self_signed;
pub use stream::Stream;

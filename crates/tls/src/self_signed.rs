//! A certificate that nobody signed: etcd's `--auto-tls`.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::certificate::bare;
use crate::files::{Error, Pair};

/// The certificate for `hosts` in that directory. It is made at the first call, and used from then
/// on.
pub fn self_signed(directory: &Path, hosts: &[&str]) -> Result<Pair, Error> {
    let pair = Pair { cert: directory.join("cert.pem"), key: directory.join("key.pem") };
    if pair.cert.exists() && pair.key.exists() {
        return Ok(pair);
    }
    let failed = |reason: String| Error::SelfSigned { directory: directory.to_owned(), reason };
    let hosts = hosts.iter().map(|host| bare(host).to_owned()).collect::<Vec<_>>();
    let made =
        rcgen::generate_simple_self_signed(hosts).map_err(|error| failed(error.to_string()))?;
    let store = || {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        write_private(&pair.key, made.signing_key.serialize_pem().as_bytes())?;
        write_private(&pair.cert, made.cert.pem().as_bytes())
    };
    store().map_err(|error| failed(error.to_string()))?;
    Ok(pair)
}

/// Writes a file that only its owner may read. It is there as a whole, or not at all.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

//! Handshakes over loopback, with certificates that are made for the test.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tls::{Acceptor, Connector, Error, Pair, Stream, Trust, self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Signs certificates, and keeps all files.
struct Authority {
    directory: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        fs::write(directory.path().join("ca.pem"), params.self_signed(&key).unwrap().pem())
            .unwrap();
        Self { directory, issuer: Issuer::new(params, key) }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a certificate for `host`, and its key.
    fn sign(&self, name: &str, host: &str) -> Pair {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let pair = Pair {
            cert: self.file(&format!("{name}.pem")),
            key: self.file(&format!("{name}.key")),
        };
        fs::write(&pair.key, key.serialize_pem()).unwrap();
        fs::write(&pair.cert, cert.pem()).unwrap();
        pair
    }

    fn trust(&self) -> Trust {
        Trust::File(self.file("ca.pem"))
    }
}

/// Connects both sides, and has each say something to the other.
async fn greet(acceptor: &Acceptor, connector: &Connector, host: &str) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let listens = async {
        let mut stream = acceptor.accept(listener.accept().await?.0).await?;
        answer(&mut stream).await
    };
    let dials = async {
        let mut stream = connector.connect(host, TcpStream::connect(address).await?).await?;
        stream.write_all(b"hello").await?;
        let mut heard = [0; 5];
        // A server that wants a certificate says so only here: its handshake ends after ours.
        stream.read_exact(&mut heard).await?;
        assert_eq!(&heard, b"world");
        Ok(())
    };
    let (listened, dialed) = tokio::join!(listens, dials);
    let dialed: io::Result<()> = dialed;
    dialed.and(listened)
}

async fn answer(stream: &mut Stream) -> io::Result<()> {
    let mut heard = [0; 5];
    stream.read_exact(&mut heard).await?;
    assert_eq!(&heard, b"hello");
    stream.write_all(b"world").await?;
    stream.flush().await
}

fn connector(trust: Trust, own: Option<Pair>) -> Connector {
    Connector::new(trust, own, None).unwrap()
}

#[tokio::test]
async fn only_the_right_server_is_believed() {
    let (ours, others) = (Authority::new(), Authority::new());
    let acceptor = Acceptor::new(ours.sign("server", "127.0.0.1"), None).unwrap();
    greet(&acceptor, &connector(ours.trust(), None), "127.0.0.1").await.unwrap();
    let refused = greet(&acceptor, &connector(others.trust(), None), "127.0.0.1").await;
    assert!(refused.unwrap_err().to_string().contains("invalid peer certificate"));
    let refused = greet(&acceptor, &connector(Trust::System, None), "127.0.0.1").await;
    assert!(refused.unwrap_err().to_string().contains("invalid peer certificate"));
    let refused = greet(&acceptor, &connector(ours.trust(), None), "other.example").await;
    assert!(refused.unwrap_err().to_string().contains("not valid for name"));
    // Who believes anybody believes this one too.
    greet(&acceptor, &connector(Trust::Anybody, None), "other.example").await.unwrap();
}

#[tokio::test]
async fn a_client_shows_what_it_is_asked_for() {
    let (ours, others) = (Authority::new(), Authority::new());
    let server = ours.sign("server", "localhost");
    let acceptor = Acceptor::new(server, Some(ours.file("ca.pem"))).unwrap();
    let greet = async |own| greet(&acceptor, &connector(ours.trust(), own), "localhost").await;
    greet(Some(ours.sign("client", "client"))).await.unwrap();
    assert!(greet(None).await.is_err());
    assert!(greet(Some(others.sign("client", "client"))).await.is_err());
}

/// A certificate is renewed while all run. A file that is half written changes nothing.
#[tokio::test]
async fn renewed_certificates_are_used() {
    let (ours, others) = (Authority::new(), Authority::new());
    let own = ours.sign("server", "localhost");
    let acceptor = Acceptor::new(own.clone(), None).unwrap();
    let (old, new) = (connector(ours.trust(), None), connector(others.trust(), None));
    greet(&acceptor, &old, "localhost").await.unwrap();

    replace(&own.cert, b"-----BEGIN CERT");
    greet(&acceptor, &old, "localhost").await.unwrap();

    let renewed = others.sign("server", "localhost");
    replace(&own.key, &fs::read(&renewed.key).unwrap());
    replace(&own.cert, &fs::read(&renewed.cert).unwrap());
    greet(&acceptor, &new, "localhost").await.unwrap();
    assert!(greet(&acceptor, &old, "localhost").await.is_err());
}

/// Writes a file so that it is seen to have changed, however coarse the times of files are.
fn replace(path: &Path, bytes: &[u8]) {
    let before = fs::metadata(path).unwrap().modified().unwrap();
    while fs::metadata(path).unwrap().modified().unwrap() == before {
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn a_self_signed_certificate_is_made_once() {
    let directory = TempDir::new().unwrap();
    let directory = directory.path().join("fixtures").join("client");
    let hosts = || vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let pair = self_signed(&directory, hosts()).unwrap();
    let made = fs::read(&pair.cert).unwrap();
    assert_eq!(self_signed(&directory, hosts()).unwrap(), pair);
    assert_eq!(fs::read(&pair.cert).unwrap(), made);
    Acceptor::new(pair.clone(), None).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&pair.key), mode(&directory)), (0o600, 0o700));
    }
}

#[test]
fn what_is_wrong_is_said() {
    let ours = Authority::new();
    let good = ours.sign("good", "localhost");
    let other = ours.sign("other", "localhost");
    let error = |cert: &Path, key: &Path| {
        let own = Pair { cert: cert.to_owned(), key: key.to_owned() };
        Acceptor::new(own, None).unwrap_err()
    };
    let missing = ours.file("missing.pem");
    assert!(matches!(error(&missing, &good.key), Error::Read { path, .. } if path == missing));
    assert!(matches!(error(&good.key, &good.key), Error::Nothing { what: "certificate", .. }));
    assert!(matches!(error(&good.cert, &good.cert), Error::Nothing { what: "private key", .. }));
    assert!(matches!(error(&good.cert, &other.key), Error::Unusable(_)));
    let trusting = Connector::new(Trust::File(missing.clone()), None, None).unwrap_err();
    let text = trusting.to_string();
    assert!(text.starts_with(&format!("cannot read {}", missing.display())), "{text}");
}

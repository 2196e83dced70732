//! Handshakes over loopback, with certificates that are made for the test.

#[path = "support/authority.rs"]
mod authority;

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tls::{Acceptor, Connector, Demands, Error, Named, Pair, Stream, Trust, self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use authority::Authority;

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

fn trust(authority: &Authority) -> Trust {
    Trust::File(authority.ca())
}

fn connector(trust: Trust, own: Option<Pair>) -> Connector {
    Connector::new(trust, own, None).expect("the files are good")
}

#[tokio::test]
async fn only_the_right_server_is_believed() {
    let (ours, others) = (Authority::new(), Authority::new());
    let acceptor = Acceptor::new(ours.sign("server", "127.0.0.1"), Demands::default()).unwrap();
    greet(&acceptor, &connector(trust(&ours), None), "127.0.0.1").await.unwrap();
    let refused = greet(&acceptor, &connector(trust(&others), None), "127.0.0.1").await;
    assert!(refused.unwrap_err().to_string().contains("invalid peer certificate"));
    let refused = greet(&acceptor, &connector(Trust::System, None), "127.0.0.1").await;
    assert!(refused.unwrap_err().to_string().contains("invalid peer certificate"));
    let refused = greet(&acceptor, &connector(trust(&ours), None), "other.example").await;
    assert!(refused.unwrap_err().to_string().contains("not valid for name"));
    // Who believes anybody believes this one too.
    greet(&acceptor, &connector(Trust::Anybody, None), "other.example").await.unwrap();
}

#[tokio::test]
async fn a_client_shows_what_it_is_asked_for() {
    let (ours, others) = (Authority::new(), Authority::new());
    let server = ours.sign("server", "localhost");
    let acceptor = Acceptor::new(server, Demands::signed_by(ours.ca())).unwrap();
    let greet = async |own| greet(&acceptor, &connector(trust(&ours), own), "localhost").await;
    greet(Some(ours.sign("client", "client"))).await.unwrap();
    assert!(greet(None).await.is_err());
    assert!(greet(Some(others.sign("client", "client"))).await.is_err());
}

/// Also if the client has said much in the meantime: it takes its handshake for done.
#[tokio::test]
async fn who_is_refused_reads_why() {
    let ours = Authority::new();
    let acceptor =
        Acceptor::new(ours.sign("server", "localhost"), Demands::signed_by(ours.ca())).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connector = connector(trust(&ours), None);
    for _ in 0..20 {
        let listens = async { acceptor.accept(listener.accept().await.unwrap().0).await };
        let dials = async {
            let socket = TcpStream::connect(address).await?;
            let mut stream = connector.connect("localhost", socket).await?;
            for _ in 0..3 {
                stream.write_all(&[b'x'; 4096]).await?;
                stream.flush().await?;
                // It is refused in between.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            stream.read_exact(&mut [0]).await
        };
        let (listened, dialed): (_, io::Result<usize>) = tokio::join!(listens, dials);
        assert!(listened.is_err());
        let error = dialed.unwrap_err().to_string();
        assert_eq!(error, "received fatal alert: CertificateRequired");
    }
}

/// Who takes a connection can ask whether a certificate is of a host.
#[tokio::test]
async fn a_certificate_names_its_hosts() {
    let ours = Authority::new();
    let acceptor =
        Acceptor::new(ours.sign("server", "localhost"), Demands::signed_by(ours.ca())).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for (host, others) in [
        ("one.example", "two.example"),
        ("10.0.0.1", "10.0.0.2"),
        ("[2001:db8::1]", "[2001:db8::2]"),
    ] {
        let own = ours.sign("client", host.trim_matches(['[', ']']));
        let connector = connector(trust(&ours), Some(own));
        let (accepted, connected) = tokio::join!(
            async { acceptor.accept(listener.accept().await.unwrap().0).await },
            async {
                let socket = TcpStream::connect(address).await.unwrap();
                connector.connect("localhost", socket).await
            }
        );
        let shown = accepted.unwrap().certificate().unwrap();
        assert!(shown.names(host) && !shown.names(others) && !shown.names(""), "{host}");
        assert!(connected.unwrap().certificate().unwrap().names("localhost"));
    }
}

/// A certificate is renewed while all run. A file that is half written changes nothing.
#[tokio::test]
async fn renewed_certificates_are_used() {
    let (ours, others) = (Authority::new(), Authority::new());
    let own = ours.sign("server", "localhost");
    let acceptor = Acceptor::new(own.clone(), Demands::default()).unwrap();
    let (old, new) = (connector(trust(&ours), None), connector(trust(&others), None));
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
    let time = || fs::metadata(path).and_then(|about| about.modified()).expect("the file is there");
    let before = time();
    while time() == before {
        fs::write(path, bytes).expect("the file can be written");
    }
}

#[test]
fn a_self_signed_certificate_is_made_once() {
    let directory = TempDir::new().unwrap();
    let directory = directory.path().join("fixtures").join("client");
    let hosts = ["localhost", "127.0.0.1", "[::1]"];
    let pair = self_signed(&directory, &hosts).unwrap();
    let made = fs::read(&pair.cert).unwrap();
    assert_eq!(self_signed(&directory, &hosts).unwrap(), pair);
    assert_eq!(fs::read(&pair.cert).unwrap(), made);
    Acceptor::new(pair.clone(), Demands::default()).unwrap();
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
        Acceptor::new(own, Demands::default()).unwrap_err()
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

#[tokio::test]
async fn who_connects_must_be_of_that_name() {
    let ours = Authority::new();
    let server = ours.sign("server", "localhost");
    let greet = async |named, own| {
        let demands = Demands { named: Some(named), ..Demands::signed_by(ours.ca()) };
        let acceptor = Acceptor::new(server.clone(), demands).unwrap();
        greet(&acceptor, &connector(trust(&ours), Some(own)), "localhost").await
    };
    let (ann, bob) = (ours.sign("ann", "a.example"), ours.sign("bob", "b.example"));
    let name = |name: &str| Named::CommonName(name.to_owned());
    let host = |host: &str| Named::Host(host.to_owned());
    greet(name("ann"), ann.clone()).await.unwrap();
    greet(host("a.example"), ann).await.unwrap();
    assert!(greet(name("ann"), bob.clone()).await.is_err());
    assert!(greet(host("a.example"), bob).await.is_err());
}

#[tokio::test]
async fn who_was_revoked_is_refused() {
    let ours = Authority::new();
    let server = ours.sign("server", "localhost");
    let (ann, bob) = (ours.sign("ann", "a.example"), ours.sign("bob", "b.example"));
    let list = ours.revoke(&["bob"]);
    for list in [list.with_extension("pem"), list.with_extension("der")] {
        let demands = Demands { not_revoked_in: Some(list), ..Demands::signed_by(ours.ca()) };
        let acceptor = Acceptor::new(server.clone(), demands).unwrap();
        let client = |own: &Pair| connector(trust(&ours), Some(own.clone()));
        greet(&acceptor, &client(&ann), "localhost").await.unwrap();
        let refused = greet(&acceptor, &client(&bob), "localhost").await.unwrap_err();
        assert!(refused.to_string().contains("CertificateRevoked"), "{refused}");
    }
}

#[tokio::test]
async fn only_what_is_demanded_is_spoken() {
    let ours = Authority::new();
    let server = ours.sign("server", "localhost");
    let client = connector(trust(&ours), None);
    let with = |suites: &[&str], only_newest| Demands {
        suites: suites.iter().map(|&suite| suite.to_owned()).collect(),
        only_newest,
        ..Demands::default()
    };
    // The name of IANA, and that of Go.
    for suite in [
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
        "TLS_AES_128_GCM_SHA256",
    ] {
        let acceptor = Acceptor::new(server.clone(), with(&[suite], false)).unwrap();
        greet(&acceptor, &client, "localhost").await.unwrap();
    }
    let acceptor = Acceptor::new(server.clone(), with(&[], true)).unwrap();
    greet(&acceptor, &client, "localhost").await.unwrap();
    let weak = Acceptor::new(server, with(&["TLS_RSA_WITH_RC4_128_SHA"], false)).unwrap_err();
    assert_eq!(weak.to_string(), "TLS_RSA_WITH_RC4_128_SHA is no cipher suite that is spoken here");
}

//! Members and clients that speak TLS: who is believed, who is refused, and what is said then.

#[path = "../../tls/tests/support/authority.rs"]
mod authority;
mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tls::{Connector, Pair, Stream, Trust};
use tokio::net::TcpStream;

use authority::Authority;
use support::cluster::{Cluster, Member};
use support::eventually;
use support::tools::{etcdctl, quorate, run, tools_are_there};

const HOST: &str = "127.0.0.1";

/// A cluster, who signs for its members, and its clients.
struct Encrypted {
    cluster: Cluster,
    members_ca: Authority,
    clients: Clients,
}

/// Who signs for clients and what they talk to, and what one of them shows.
struct Clients {
    ca: Authority,
    own: Pair,
}

impl Encrypted {
    /// Members that show certificates to each other, and want to see those of clients.
    fn of(size: usize) -> Self {
        let (members_ca, clients) = (Authority::new(), Clients::new());
        let mut cluster = Cluster::of(size);
        for member in &mut cluster.members {
            secure(member, &members_ca, &clients.ca);
        }
        Self { cluster, members_ca, clients }
    }

    async fn start(size: usize) -> Self {
        let mut encrypted = Self::of(size);
        encrypted.cluster.members.iter_mut().for_each(Member::start);
        encrypted.ready().await;
        encrypted
    }

    /// Waits until all members serve.
    async fn ready(&mut self) {
        for member in &mut self.cluster.members {
            let url = url(member);
            serves(member, || self.clients.quorate(&url)).await;
        }
    }

    fn urls(&self) -> String {
        self.cluster.members.iter().map(url).collect::<Vec<_>>().join(",")
    }
}

impl Clients {
    fn new() -> Self {
        let ca = Authority::new();
        Self { own: ca.sign("client", "client.example"), ca }
    }

    /// Our client, with all that it needs.
    fn quorate(&self, endpoints: &str) -> Command {
        let mut command = quorate();
        self.trust_and_show(command.args(["--endpoints", endpoints]));
        command
    }

    /// etcd's client, with all that it needs.
    fn etcdctl(&self, endpoints: &str) -> Command {
        let mut command = etcdctl(endpoints);
        self.trust_and_show(&mut command);
        command
    }

    fn trust_and_show(&self, command: &mut Command) {
        command.arg("--cacert").arg(self.ca.ca());
        command.arg("--cert").arg(&self.own.cert).arg("--key").arg(&self.own.key);
    }
}

/// Gives a member certificates for both sides, and `https://` everywhere.
fn secure(member: &mut Member, members_ca: &Authority, clients_ca: &Authority) {
    encrypt(member);
    let path = |path: &Path| path.to_str().expect("a temporary name is Unicode").to_owned();
    for (prefix, authority) in [("--", clients_ca), ("--peer-", members_ca)] {
        let own = authority.sign(&member.name, HOST);
        member.flags.set(&format!("{prefix}cert-file"), path(&own.cert));
        member.flags.set(&format!("{prefix}key-file"), path(&own.key));
        member.flags.set(&format!("{prefix}trusted-ca-file"), path(&authority.ca()));
        member.flags.set(&format!("{prefix}client-cert-auth"), "true");
    }
}

fn encrypt(member: &mut Member) {
    let peer = format!("https://{}", member.peer);
    member.flags.set("--listen-client-urls", url(member));
    member.flags.set("--listen-peer-urls", &peer);
    member.flags.set("--initial-advertise-peer-urls", &peer);
    let all = member.flags.value("--initial-cluster").replace("http://", "https://");
    member.flags.set("--initial-cluster", all);
}

/// Where clients reach it.
fn url(member: &Member) -> String {
    format!("https://{}", member.client)
}

/// Waits until a member, if it runs, answers a linearizable read.
async fn serves(member: &mut Member, client: impl Fn() -> Command) {
    let name = member.name.clone();
    let process = member.process();
    eventually(&format!("{name} does not serve"), async || {
        assert!(process.ended().is_none(), "{name} ended:\n{}", process.output());
        let output = run(client().args(["get", "any", "--command-timeout=1s"]), "");
        if output.status.success() { Ok(()) } else { Err(said(&output)) }
    })
    .await;
}

/// What a program said on stderr.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a program printed. It must have succeeded.
fn printed(command: &mut Command) -> String {
    let output = run(command, "");
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("it is text")
}

/// Runs a client that must fail, and say each of these.
fn refused(command: &mut Command, says: &[&str]) {
    let output = run(command, "");
    assert!(!output.status.success(), "{command:?}: {output:?}");
    let error = said(&output);
    for text in says {
        assert!(error.contains(text), "{command:?}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_and_clients_that_believe_each_other() {
    let mut encrypted = Encrypted::start(3).await;
    let all = encrypted.urls();
    assert_eq!(printed(encrypted.clients.quorate(&all).args(["put", "a", "1"])), "OK\n");
    // Each member tells that it is to be spoken to with TLS, and can be.
    let health = ["endpoint", "health", "--cluster"];
    let first = url(&encrypted.cluster.members[0]);
    let health = printed(encrypted.clients.quorate(&first).args(health));
    assert_eq!(health.matches("is healthy").count(), 3, "{health}");

    encrypted.cluster.members[0].kill();
    assert_eq!(printed(encrypted.clients.quorate(&all).args(["get", "a"])), "a\n1\n");
    // A certificate is enough to be spoken to with TLS, without a scheme.
    let bare = encrypted.cluster.members[1].client.to_string();
    assert_eq!(printed(encrypted.clients.quorate(&bare).args(["get", "a"])), "a\n1\n");
    encrypted.cluster.members[0].start();
    encrypted.ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn etcds_client() {
    if !tools_are_there() {
        return;
    }
    let encrypted = Encrypted::start(3).await;
    let all = encrypted.urls();
    assert_eq!(printed(encrypted.clients.etcdctl(&all).args(["put", "a", "1"])), "OK\n");
    assert_eq!(printed(encrypted.clients.etcdctl(&all).args(["get", "a"])), "a\n1\n");
    let members = printed(encrypted.clients.etcdctl(&all).args(["member", "list"]));
    assert_eq!(members.matches("started").count(), 3, "{members}");
    assert_eq!(members, printed(encrypted.clients.quorate(&all).args(["member", "list"])));
    let health = ["endpoint", "health", "--cluster"];
    // (It reports on stderr.)
    let output = run(encrypted.clients.etcdctl(&all).args(health), "");
    assert!(output.status.success(), "{output:?}");
    let mut without = etcdctl(&all);
    without.arg("--cacert").arg(encrypted.clients.ca.ca());
    refused(without.args(["get", "a", "--command-timeout=1s"]), &["context deadline exceeded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_joins() {
    let mut encrypted = Encrypted::start(1).await;
    let first = url(&encrypted.cluster.members[0]);
    let number = encrypted.cluster.prepare_member();
    let urls = [0, number].map(|number| encrypted.cluster.members[number].peer);
    let peer = format!("https://{}", urls[1]);
    let added = ["member", "add", "m2", "--peer-urls", &peer];
    printed(encrypted.clients.quorate(&first).args(added));

    let member = &mut encrypted.cluster.members[number];
    member.flags.set("--initial-cluster", format!("m1=https://{},m2={peer}", urls[0]));
    member.flags.set("--initial-cluster-state", "existing");
    secure(member, &encrypted.members_ca, &encrypted.clients.ca);
    member.start();
    encrypted.ready().await;
    let second = url(&encrypted.cluster.members[number]);
    assert_eq!(printed(encrypted.clients.quorate(&second).args(["put", "a", "1"])), "OK\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_are_refused() {
    let encrypted = Encrypted::start(1).await;
    let address = encrypted.cluster.members[0].client.to_string();
    let client = || {
        let mut command = quorate();
        command.args(["--endpoints", &format!("https://{address}"), "get", "a"]);
        command
    };
    let (ours, others) = (encrypted.clients.ca.ca(), encrypted.members_ca.ca());
    refused(client().arg("--cacert").arg(&ours), &[&address, "CertificateRequired"]);
    refused(client().arg("--cacert").arg(&others), &[&address, "invalid peer certificate"]);
    refused(&mut client(), &[&address, "invalid peer certificate"]);
    let stranger = encrypted.members_ca.sign("stranger", "stranger.example");
    let mut of_others = client();
    of_others.arg("--cacert").arg(&ours);
    of_others.arg("--cert").arg(&stranger.cert).arg("--key").arg(&stranger.key);
    refused(&mut of_others, &[&address, "received fatal alert"]);

    // Files that are no certificates, and flags that are only half there.
    let missing = encrypted.clients.ca.file("missing.pem");
    let name = missing.to_str().unwrap();
    refused(client().arg("--cacert").arg(&missing), &["cannot read", name]);
    refused(client().arg("--cert").arg(&encrypted.clients.own.cert), &["--key"]);

    // Who does not speak TLS at all.
    let mut plain = quorate();
    plain.args(["--endpoints", &format!("http://{address}"), "--command-timeout=2s", "get", "a"]);
    refused(&mut plain, &[&address]);

    // Nobody of these was in the way of others.
    assert_eq!(printed(encrypted.clients.quorate(&address).args(["put", "a", "1"])), "OK\n");
}

/// Two members go on; the third is not believed, and all say why.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_another_authority_vouches_for() {
    let mut encrypted = Encrypted::of(3);
    let third = &mut encrypted.cluster.members[2];
    let others = Authority::new();
    secure(third, &others, &encrypted.clients.ca);
    // It believes the others, so that it can hear what they think.
    let ca = encrypted.members_ca.ca();
    third.flags.set("--peer-trusted-ca-file", ca.to_str().unwrap());
    let lines = third_is_refused(encrypted).await;
    assert!(lines[0].contains("invalid peer certificate"), "{lines:?}");
    assert!(lines[2].contains("received fatal alert"), "{lines:?}");
}

/// The same for a certificate that is good, but not for the host of this member.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_shows_the_certificate_of_another_host() {
    let mut encrypted = Encrypted::of(3);
    let other = encrypted.members_ca.sign("other", "other.example");
    let third = &mut encrypted.cluster.members[2];
    third.flags.set("--peer-cert-file", other.cert.to_str().unwrap());
    third.flags.set("--peer-key-file", other.key.to_str().unwrap());
    let lines = third_is_refused(encrypted).await;
    assert!(lines[0].contains("not valid for name"), "{lines:?}");
    assert!(lines[2].contains("names no host of its peer URLs"), "{lines:?}");
}

/// Starts all, and returns what each says of the third, or the third of the others.
async fn third_is_refused(mut encrypted: Encrypted) -> Vec<String> {
    let members = &mut encrypted.cluster.members;
    members.iter_mut().for_each(Member::start);
    let mut lines = Vec::new();
    for member in members.iter_mut() {
        let name = member.name.clone();
        let process = member.process();
        let what = format!("{name} does not complain");
        let line = eventually(&what, async || {
            let log = process.output();
            let complaints = ["cannot reach the peer", "the peer is another one"];
            let is_about = |line: &&str| name == "m3" || line.contains("m3");
            let is_complaint = |line: &&str| complaints.iter().any(|text| line.contains(text));
            // Who is not there yet is no reason to complain.
            let is_real = |line: &&str| !line.contains("Connection refused");
            let mut lines = log.lines().filter(is_about).filter(is_complaint).filter(is_real);
            lines.next().map(str::to_owned).ok_or_else(|| log.clone())
        });
        lines.push(line.await);
    }
    for number in [0, 1] {
        let member = &mut encrypted.cluster.members[number];
        let url = url(member);
        serves(member, || encrypted.clients.quorate(&url)).await;
    }
    lines
}

/// Nobody looks at who somebody is, and still nobody listens.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_nobody_signed() {
    let mut cluster = Cluster::of(3);
    for member in &mut cluster.members {
        encrypt(member);
        member.flags.set("--auto-tls", "true");
        member.flags.set("--peer-auto-tls", "true");
        member.start();
    }
    let trusting = |url: &str| {
        let mut command = quorate();
        command.args(["--endpoints", url, "--insecure-skip-tls-verify"]);
        command
    };
    for member in &mut cluster.members {
        let url = url(member);
        serves(member, || trusting(&url)).await;
    }
    // Its certificate is the same after a restart.
    let member = &mut cluster.members[0];
    let file = member.data_dir.join("fixtures/client/cert.pem");
    let before = std::fs::read(&file).unwrap();
    member.kill();
    member.start();
    let first = url(member);
    serves(member, || trusting(&first)).await;
    assert_eq!(std::fs::read(&file).unwrap(), before);
    // Who trusts just that certificate need not trust anybody.
    let mut exact = quorate();
    exact.args(["--endpoints", &first, "put", "a", "1", "--cacert"]).arg(&file);
    assert_eq!(printed(&mut exact), "OK\n");
    let mut doubting = quorate();
    refused(doubting.args(["--endpoints", &first, "get", "a"]), &["invalid peer certificate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn http_over_tls() {
    let encrypted = Encrypted::start(1).await;
    let member = &encrypted.cluster.members[0];
    let get = async |path: &str| {
        let request = Request::get(path).header("host", HOST).body(Empty::<Bytes>::new()).unwrap();
        let stream = dial(&encrypted, b"http/1.1").await;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        text(sender.send_request(request).await.unwrap()).await
    };
    let version = get("/version").await;
    assert!(version.contains("etcdserver"), "{version}");
    assert_eq!(get("/health").await, r#"{"health":"true","reason":""}"#);

    // Browsers speak HTTP/2 where it is offered.
    let address = format!("{}/version", url(member));
    let request = Request::get(address).body(Empty::<Bytes>::new()).unwrap();
    let stream = TokioIo::new(dial(&encrypted, b"h2").await);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(text(sender.send_request(request).await.unwrap()).await, version);

    let file = encrypted.cluster.directory().join("trace.ndjson");
    let mut save = encrypted.clients.quorate(&url(member));
    printed(save.args(["trace", "save", "--for", "1s"]).arg(&file));
    let trace = std::fs::read_to_string(file).unwrap();
    assert!(trace.contains("hello"), "{trace}");
}

/// A connection to the first member, to speak that.
async fn dial(encrypted: &Encrypted, protocol: &'static [u8]) -> Stream {
    let trust = Trust::File(encrypted.clients.ca.ca());
    let connector = Connector::new(trust, Some(encrypted.clients.own.clone()), Some(protocol));
    let address: SocketAddr = encrypted.cluster.members[0].client;
    let socket = TcpStream::connect(address).await.expect("it listens");
    connector.expect("the files are good").connect(HOST, socket).await.expect("both believe")
}

async fn text(response: Response<hyper::body::Incoming>) -> String {
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    String::from_utf8(body.to_vec()).expect("it is text")
}

/// The common name of a client's certificate is its user. A token goes before it.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_say_who_asks() {
    let encrypted = Encrypted::start(1).await;
    let ca = &encrypted.clients.ca;
    let address = url(&encrypted.cluster.members[0]);
    let show = |mut command: Command, name: &str| {
        let own = ca.sign(name, "client.example");
        command.arg("--cacert").arg(ca.ca()).arg("--cert").arg(own.cert).arg("--key").arg(own.key);
        command
    };
    let ours = |name: &str, arguments: &[&str]| {
        let mut command = quorate();
        command.args(["--endpoints", &address]).args(arguments);
        show(command, name)
    };
    for arguments in [
        &["user", "add", "root", "--no-password"][..],
        &["user", "grant-role", "root", "root"],
        &["user", "add", "ann", "--no-password"],
        &["user", "add", "bob:secret"],
        &["role", "add", "some"],
        &["role", "grant-permission", "some", "readwrite", "a"],
        &["user", "grant-role", "ann", "some"],
        &["auth", "enable"],
    ] {
        printed(&mut ours("client", arguments));
    }
    assert_eq!(printed(&mut ours("ann", &["put", "a", "1"])), "OK\n");
    assert_eq!(printed(&mut ours("root", &["put", "b", "1"])), "OK\n");
    refused(&mut ours("ann", &["put", "b", "1"]), &["etcdserver: permission denied"]);
    refused(&mut ours("nobody", &["put", "a", "1"]), &["etcdserver: permission denied"]);
    let as_bob = ["--user", "bob:secret", "put", "a", "1"];
    refused(&mut ours("root", &as_bob), &["etcdserver: permission denied"]);
    if tools_are_there() {
        let theirs = |name: &str, key: &str| {
            let mut command = etcdctl(&address);
            command.args(["put", key, "1"]);
            show(command, name)
        };
        assert_eq!(printed(&mut theirs("ann", "a")), "OK\n");
        refused(&mut theirs("ann", "b"), &["etcdserver: permission denied"]);
    }

    // Over JSON nobody is known by a certificate, as with etcd.
    let trust = Trust::File(ca.ca());
    let own = ca.sign("root", "client.example");
    let connector = Connector::new(trust, Some(own), Some(b"http/1.1")).unwrap();
    let socket = TcpStream::connect(encrypted.cluster.members[0].client).await.unwrap();
    let stream = connector.connect(HOST, socket).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let body = http_body_util::Full::new(Bytes::from_static(br#"{"key":"YQ=="}"#));
    let request = Request::post("/v3/kv/range").header("host", HOST).body(body).unwrap();
    let answer = text(sender.send_request(request).await.unwrap()).await;
    assert!(answer.contains("etcdserver: user name is empty"), "{answer}");
}

/// Members that are not of the name that the others demand are not believed.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_another_name() {
    let mut encrypted = Encrypted::of(3);
    for member in &mut encrypted.cluster.members[..2] {
        let own = encrypted.members_ca.sign("a member", HOST);
        member.flags.set("--peer-cert-file", own.cert.to_str().unwrap());
        member.flags.set("--peer-key-file", own.key.to_str().unwrap());
    }
    for member in &mut encrypted.cluster.members {
        member.flags.set("--peer-cert-allowed-cn", "a member");
        member.start();
    }
    for number in [0, 1] {
        let member = &mut encrypted.cluster.members[number];
        let url = url(member);
        serves(member, || encrypted.clients.quorate(&url)).await;
    }
    let process = encrypted.cluster.members[0].process();
    process.wait_until_it_prints("its certificate is not of whom it should be");
}

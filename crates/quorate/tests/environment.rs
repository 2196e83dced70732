//! Every flag of `serve` through its environment variable, as deployments of etcd have them.

mod support;

use std::process::Command;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use support::process::Process;
use support::tools::quorate;
use support::{client, eventually, free_addresses};

#[tokio::test(flavor = "multi_thread")]
async fn a_member_without_a_single_flag() {
    let directory = tempfile::tempdir().unwrap();
    let [client, peer] = free_addresses();
    let (client_url, peer_url) = (format!("http://{client}"), format!("http://{peer}"));
    let data_dir = directory.path().join("data");
    let mut command = quorate();
    command
        .arg("serve")
        .current_dir(directory.path())
        .env("ETCD_NAME", "by-variable")
        .env("ETCD_DATA_DIR", &data_dir)
        .env("ETCD_LISTEN_CLIENT_URLS", &client_url)
        .env("ETCD_ADVERTISE_CLIENT_URLS", "http://a.example:1,http://b.example:2")
        .env("ETCD_LISTEN_PEER_URLS", &peer_url)
        .env("ETCD_INITIAL_ADVERTISE_PEER_URLS", &peer_url)
        .env("ETCD_INITIAL_CLUSTER", format!("by-variable={peer_url}"))
        .env("ETCD_INITIAL_CLUSTER_STATE", "new")
        .env("ETCD_INITIAL_CLUSTER_TOKEN", "another-token")
        .env("ETCD_HEARTBEAT_INTERVAL", "70")
        .env("ETCD_ELECTION_TIMEOUT", "210")
        .env("ETCD_LOG_LEVEL", "warn");
    let process = Process::start(&mut command, &directory.path().join("log"));

    let members = eventually(&format!("it does not serve: {}", process.output()), async || {
        let list = client::members(&client_url).await.map_err(|error| error.to_string())?;
        let is_published = list.members.iter().all(|member| !member.name.is_empty());
        if is_published { Ok(list) } else { Err("it has not published its name".to_owned()) }
    })
    .await;
    let [member] = &members.members[..] else { panic!("{members:?}") };
    assert_eq!(member.name, "by-variable");
    assert_eq!(member.peer_urls, [&*peer_url]);
    assert_eq!(member.client_urls, ["http://a.example:1", "http://b.example:2"]);

    let cluster_id = members.header.unwrap().cluster_id;
    let initial_cluster = format!("by-variable={peer_url}");
    let expected = |token| host::Cluster::parse(&initial_cluster, token).unwrap().id.0;
    assert_eq!(cluster_id, expected("another-token"));
    assert_ne!(cluster_id, expected("etcd-cluster"));

    TcpStream::connect(peer).await.expect("it listens for members");
    assert!(data_dir.join("member/wal").is_dir(), "the data is elsewhere");
    let timing = r#""timing":{"election_us":[210000,420000],"heartbeat_us":70000}"#;
    let hello = trace_hello(&client.to_string()).await;
    assert!(hello.contains(timing), "{timing} is not in {hello}");
    assert_eq!(process.output(), "", "only warnings are to be logged");
    client::kv(&client_url).put(client::put("a", "1")).await.unwrap();
}

/// A value that is refused shows that the variable is read.
#[test]
fn variables_are_checked_as_flags_are() {
    for (variable, value, flag) in [
        ("ETCD_NAME", "nobody", "--name"),
        ("ETCD_LISTEN_CLIENT_URLS", "nonsense", "--listen-client-urls"),
        ("ETCD_ADVERTISE_CLIENT_URLS", "nonsense", "--advertise-client-urls"),
        ("ETCD_LISTEN_PEER_URLS", "nonsense", "--listen-peer-urls"),
        ("ETCD_INITIAL_ADVERTISE_PEER_URLS", "http://h:1", "--initial-advertise-peer-urls"),
        ("ETCD_INITIAL_CLUSTER", "nonsense", "--initial-cluster"),
        ("ETCD_INITIAL_CLUSTER_STATE", "existing", "--initial-cluster-state"),
        ("ETCD_HEARTBEAT_INTERVAL", "nonsense", "--heartbeat-interval"),
        ("ETCD_ELECTION_TIMEOUT", "nonsense", "--election-timeout"),
        ("ETCD_LOG_LEVEL", "nonsense", "--log-level"),
    ] {
        let mut command = quorate();
        command.arg("serve").env("ETCD_INITIAL_CLUSTER", "default=http://localhost:2380");
        let says = refusal(command.env(variable, value));
        assert!(says.contains(flag) && says.contains(value), "{variable}={value}: {says}");
    }
}

/// A flag goes before its variable.
#[test]
fn flags_come_first() {
    let mut command = quorate();
    command.args(["serve", "--log-level", "flag"]).env("ETCD_LOG_LEVEL", "variable");
    let says = refusal(&mut command);
    assert!(says.contains("\"flag\""), "{says}");
}

/// What the program says, which ends by itself.
fn refusal(command: &mut Command) -> String {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    command.current_dir(directory.path());
    let mut process = Process::start(command, &directory.path().join("log"));
    assert!(!process.wait().success(), "{command:?}");
    process.output()
}

/// The first record of the member's trace.
async fn trace_hello(address: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("it serves");
    let request = format!("GET /api/trace HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut text = Vec::new();
    eventually("the trace does not begin", async || {
        stream.read_buf(&mut text).await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&text);
        let hello = text.lines().find(|line| line.contains("\"hello\"") && line.ends_with('}'));
        hello.map(str::to_owned).ok_or_else(|| text.to_string())
    })
    .await
}

//! Plain HTTP on the client port, written by hand so that nothing is hidden.

use std::time::Duration;

use crate::local::{Local, Server};
use crate::plain::send;
use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::kv_client::KvClient;
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;
use server::{Options, Origins};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Sends bytes; returns all that comes until the server closes the connection.
async fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    stream.write_all(bytes).await.expect("the server reads");
    let mut answer = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    read.expect("it does not take long").expect("the server closes the connection");
    String::from_utf8(answer).expect("the answer is text")
}

/// Sends a request; returns the status line, the headers and the body.
async fn ask(server: &Server, method: &str, path: &str) -> (String, String, String) {
    let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let answer = exchange(server, request.as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("an empty line ends the head");
    let (line, headers) = head.split_once("\r\n").expect("there are headers");
    (line.to_owned(), headers.to_lowercase(), body.to_owned())
}

/// The value of a metric that has no labels.
pub(crate) async fn metric(server: &Server, name: &str) -> f64 {
    let (_, _, body) = ask(server, "GET", "/metrics").await;
    let mut values = body.lines().filter_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    values.next_back().expect("the metric is there")
}

#[tokio::test]
async fn health_depends_on_a_leader() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let (line, _, body) = ask(&server, "GET", "/health").await;
    assert_eq!((&line[..], &body[..]), ("HTTP/1.1 200 OK", r#"{"health":"true","reason":""}"#));

    local.change(|status| status.leader = None);
    let (line, _, body) = ask(&server, "GET", "/health").await;
    assert_eq!(line, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(body, r#"{"health":"false","reason":"RAFT NO LEADER"}"#);
    let (line, ..) = ask(&server, "GET", "/health?serializable=true").await;
    assert_eq!(line, "HTTP/1.1 200 OK");

    let (line, headers, body) = ask(&server, "POST", "/health").await;
    assert_eq!(line, "HTTP/1.1 405 Method Not Allowed");
    assert!(headers.contains("allow: get"), "{headers}");
    assert_eq!(body, "Method Not Allowed\n");
    server.stop().await;
}

#[tokio::test]
async fn an_alarm_is_no_health() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let mut maintenance = MaintenanceClient::new(server.channel().await);
    let raise = |alarm| pb::AlarmRequest { action: 1, member_id: 8, alarm };
    maintenance.alarm(raise(1)).await.unwrap();
    let (line, _, body) = ask(&server, "GET", "/health").await;
    assert_eq!(line, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(body, r#"{"health":"false","reason":"ALARM NOSPACE"}"#);
    let (line, ..) = ask(&server, "GET", "/health?exclude=NOSPACE").await;
    assert_eq!(line, "HTTP/1.1 200 OK");

    assert_eq!(ask(&server, "GET", "/readyz").await.0, "HTTP/1.1 200 OK");
    maintenance.alarm(raise(2)).await.unwrap();
    let (line, _, body) = ask(&server, "GET", "/readyz/data_corruption").await;
    assert_eq!(line, "HTTP/1.1 503 Service Unavailable");
    assert_eq!(body, "[-]data_corruption failed: alarm activated: CORRUPT\n\n");
    server.stop().await;
}

#[tokio::test]
async fn a_member_tells_whether_it_lives_and_is_ready() {
    let local = Local::new();
    let server = Server::start(&local).await;
    for path in ["/livez", "/readyz", "/livez/serializable_read", "/readyz/linearizable_read"] {
        let (line, _, body) = ask(&server, "GET", path).await;
        assert_eq!((&line[..], &body[..]), ("HTTP/1.1 200 OK", "ok\n"), "{path}");
    }
    let (_, _, body) = ask(&server, "GET", "/readyz?verbose&exclude=linearizable_read").await;
    let lines = ["[+]data_corruption ok", "[+]serializable_read ok", "[+]non_learner ok", "ok"];
    assert_eq!(body.lines().collect::<Vec<_>>(), lines);

    local.change(|status| status.leader = None);
    assert_eq!(ask(&server, "GET", "/livez").await.0, "HTTP/1.1 200 OK");
    let (line, _, body) = ask(&server, "GET", "/readyz").await;
    assert_eq!(line, "HTTP/1.1 503 Service Unavailable");
    // All checks are told when one fails.
    assert!(body.contains("[+]data_corruption ok\n"), "{body}");
    let failed = "[-]linearizable_read failed: etcdserver: request timed out\n";
    assert!(body.contains(failed), "{body}");
    assert_eq!(ask(&server, "GET", "/readyz?exclude=linearizable_read").await.0, "HTTP/1.1 200 OK");
    assert_eq!(ask(&server, "POST", "/livez").await.0, "HTTP/1.1 405 Method Not Allowed");
    assert_eq!(ask(&server, "GET", "/livez/none").await.0, "HTTP/1.1 404 Not Found");

    local.change(|status| (status.leader, status.is_learner) = (Some(8), true));
    let (_, _, body) = ask(&server, "GET", "/readyz/non_learner").await;
    assert_eq!(body, "[-]non_learner failed: not supported for learner\n\n");
    let (_, _, body) = ask(&server, "GET", "/metrics").await;
    let line = r#"etcd_server_healthcheck{name="non_learner",type="readyz"} 0"#;
    assert!(body.lines().any(|l| l == line), "{body}");
    server.stop().await;
}

#[tokio::test]
async fn pages_of_the_allowed_origins_may_ask() {
    let of = |origins: &[&str]| Origins::new(origins.iter().map(|&origin| origin.to_owned()));
    let asked = async |origins, method| {
        let server = Server::serve(Local::new().frontend(Options::default()), origins).await;
        let address = server.address.to_string();
        let answer = send(&address, method, "/v3/kv/range", "origin: http://a\r\n", "{}").await;
        server.stop().await;
        (answer.code, answer.head.contains("access-control-allow-origin: http://a\r\n"))
    };
    assert_eq!(asked(of(&["http://a", "http://b"]), "OPTIONS").await, (200, true));
    assert_eq!(asked(of(&["http://a"]), "POST").await, (400, true));
    assert_eq!(asked(of(&["http://b"]), "OPTIONS").await, (200, false));
    assert_eq!(asked(of(&[]), "POST").await, (400, false));

    let server = Server::start(&Local::new()).await;
    let answer = send(&server.address.to_string(), "OPTIONS", "/v3/kv/range", "", "").await;
    assert_eq!(answer.code, 200);
    for line in [
        "access-control-allow-origin: *",
        "access-control-allow-methods: post, get, options, put, delete",
        "access-control-allow-headers: accept, content-type, authorization",
    ] {
        assert!(answer.head.contains(line), "{line} is not in {answer:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_version_is_one_of_etcd() {
    let server = Server::start(&Local::new()).await;
    let (_, headers, body) = ask(&server, "GET", "/version").await;
    assert!(headers.contains("content-type: application/json"), "{headers}");
    assert_eq!(body, r#"{"etcdserver":"3.6.0","etcdcluster":"3.6.0","storage":"3.6.0"}"#);
    assert_eq!(ask(&server, "GET", "/v2/keys").await.0, "HTTP/1.1 404 Not Found");
    server.stop().await;
}

#[tokio::test]
async fn metrics_have_the_names_of_etcd() {
    let local = Local::new();
    let server = Server::start(&local).await;
    let mut kv = KvClient::new(server.channel().await);
    for _ in 0..3 {
        let put = pb::PutRequest { key: "a".into(), ..Default::default() };
        kv.put(put).await.unwrap();
    }
    let delete = pb::DeleteRangeRequest { key: "a".into(), ..Default::default() };
    kv.delete_range(delete).await.unwrap();
    kv.range(pb::RangeRequest { key: "a".into(), ..Default::default() }).await.unwrap();
    kv.txn(pb::TxnRequest::default()).await.unwrap();
    kv.put(pb::PutRequest::default()).await.unwrap_err();
    local.change(|status| status.leader_changes = 4);

    for _ in 0..2 {
        let (_, headers, body) = ask(&server, "GET", "/metrics").await;
        assert!(headers.contains("content-type: text/plain"), "{headers}");
        for line in [
            "etcd_server_has_leader 1",
            "etcd_server_is_leader 1",
            "etcd_server_leader_changes_seen_total 4",
            "# TYPE etcd_server_leader_changes_seen_total counter",
            "etcd_server_proposals_committed_total 5",
            "etcd_server_proposals_applied_total 5",
            "etcd_server_proposals_pending 0",
            "etcd_server_proposals_failed_total 0",
            "etcd_mvcc_put_total 3",
            "etcd_mvcc_delete_total 1",
            "etcd_mvcc_range_total 1",
            "etcd_mvcc_txn_total 1",
            "etcd_debugging_mvcc_keys_total 0",
            "etcd_debugging_mvcc_current_revision 5",
            "etcd_disk_wal_fsync_duration_seconds_count 0",
            "etcd_server_quota_backend_bytes 2147483648",
            "etcd_debugging_mvcc_put_total 3",
            "etcd_debugging_mvcc_delete_total 1",
            "etcd_debugging_mvcc_range_total 1",
            "etcd_debugging_mvcc_txn_total 1",
            "etcd_debugging_auth_revision 1",
            "etcd_server_slow_apply_total 0",
            r#"etcd_server_id{server_id="8"} 1"#,
            r#"etcd_server_version{server_version="3.6.0"} 1"#,
            r#"etcd_cluster_version{cluster_version="3.6"} 1"#,
            r#"etcd_network_peer_sent_bytes_total{To="9"} 0"#,
            r#"etcd_network_peer_received_bytes_total{From="9"} 0"#,
            r#"etcd_network_peer_sent_failures_total{To="9"} 0"#,
            r#"etcd_network_peer_round_trip_time_seconds_bucket{To="9",le="0.0001"} 0"#,
            r#"etcd_network_peer_round_trip_time_seconds_bucket{To="9",le="3.2768"} 0"#,
            r#"etcd_network_peer_round_trip_time_seconds_bucket{To="9",le="+Inf"} 0"#,
            r#"etcd_network_peer_round_trip_time_seconds_count{To="9"} 0"#,
            "# TYPE etcd_network_peer_round_trip_time_seconds histogram",
            concat!(
                r#"grpc_server_handling_seconds_count{grpc_method="Put","#,
                r#"grpc_service="etcdserverpb.KV",grpc_type="unary"} 4"#
            ),
            concat!(
                r#"grpc_server_started_total{grpc_method="Put",grpc_service="etcdserverpb.KV","#,
                r#"grpc_type="unary"} 4"#
            ),
            concat!(
                r#"grpc_server_started_total{grpc_method="Watch","#,
                r#"grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"} 0"#
            ),
            concat!(
                r#"grpc_server_handled_total{grpc_code="OK",grpc_method="Put","#,
                r#"grpc_service="etcdserverpb.KV",grpc_type="unary"} 3"#
            ),
            concat!(
                r#"grpc_server_handled_total{grpc_code="InvalidArgument",grpc_method="Put","#,
                r#"grpc_service="etcdserverpb.KV",grpc_type="unary"} 1"#
            ),
        ] {
            assert!(body.lines().any(|l| l == line), "{line} is not in:\n{body}");
        }
        assert!(!cfg!(target_os = "linux") || body.contains("\nprocess_resident_memory_bytes "));
    }
    server.stop().await;
}

#[tokio::test]
async fn garbage_is_refused_and_the_server_goes_on() {
    let server = Server::start(&Local::new()).await;
    assert!(
        exchange(&server, b"\x16\x03\x01\0\xa5hello, is this TLS?\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400")
    );
    assert!(exchange(&server, b"once upon a time\r\n\r\n").await.starts_with("HTTP/1.1 400"));
    // HTTP/2, and then not.
    let mut broken = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    broken.extend_from_slice(&[0xff; 64]);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&broken).await.unwrap();
    let closed = timeout(Duration::from_secs(10), stream.read_to_end(&mut Vec::new())).await;
    closed.expect("the server closes the connection").unwrap();

    assert_eq!(ask(&server, "GET", "/health").await.0, "HTTP/1.1 200 OK");
    server.stop().await;
}

#[tokio::test]
async fn a_shutdown_lets_requests_finish() {
    let local = Local::new();
    let server = Server::start(&local).await;
    local.change(|status| status.leader = None);
    let mut kv = KvClient::new(server.channel().await);
    let put = tokio::spawn(async move {
        kv.put(pb::PutRequest { key: "a".into(), ..Default::default() }).await
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let stop = tokio::spawn(server.stop());
    tokio::time::sleep(Duration::from_millis(50)).await;
    local.change(|status| status.leader = Some(8));
    put.await.unwrap().unwrap();
    stop.await.unwrap();
}

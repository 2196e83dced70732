//! `quorate trace save` records what a cluster does, for the page to open.

mod support;

use trace::{Event, Frame, Record, Role};

use support::cluster::Cluster;
use support::tools::{quorate, run};

#[tokio::test(flavor = "multi_thread")]
async fn what_members_do_is_saved() {
    let cluster = Cluster::start(3).await;
    let file = cluster.directory().join("incident.ndjson");
    let mut save = quorate();
    save.args(["--endpoints", &cluster.endpoints(), "trace", "save", "--for", "3s"]).arg(&file);
    let saving = tokio::task::spawn_blocking(move || run(&mut save, ""));
    let mut writes = 0;
    while !saving.is_finished() {
        writes += 1;
        let arguments = ["--endpoints", &cluster.endpoints(), "put", "x", &writes.to_string()];
        assert!(run(quorate().args(arguments), "").status.success());
    }
    let output = saving.await.unwrap();
    assert!(output.status.success(), "{output:?}");

    let text = std::fs::read_to_string(file).unwrap();
    let records = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let records = records.collect::<Vec<Record>>();
    assert!(matches!(records[0].event, Event::Hello { .. }));
    let mut frame = Frame::default();
    for (number, record) in (0..).zip(&records) {
        assert_eq!(record.i, number);
        frame.fold(record);
    }
    assert!(records.is_sorted_by_key(|record| record.t));
    assert_eq!(frame.members.len(), 3);
    let leads = |member: &trace::Member| member.role == Role::Leader;
    assert_eq!(frame.members.values().filter(|member| leads(member)).count(), 1);
    assert!(frame.members.values().all(|member| member.kv.iter().any(|(key, _)| key == "x")));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_is_a_failure() {
    let file = tempfile::tempdir().unwrap().path().join("nothing.ndjson");
    let mut save = quorate();
    save.args(["--endpoints", "127.0.0.1:1", "trace", "save"]).arg(&file);
    let output = run(&mut save, "");
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("no member told anything"), "{error}");
    assert!(!file.exists());
}

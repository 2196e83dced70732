//! Plays: `quorate sim` prints one as the page is sent it; and a member that serves one bears that
//! it dies.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod support;

use std::fs;
use std::process::{Command, Output};

use hyper::{Request, Response, StatusCode, body::Bytes};
use rustix::process::{Pid, Signal, kill_process};

use support::cluster::{Cluster, Member};
use support::{client, eventually};

/// Asks the member for a play.
async fn ask(member: &Member, query: &str) -> Response<Bytes> {
    let request = Request::get(format!("/api/sim?{query}"));
    let request = request.header("host", member.client.to_string());
    client::http(member.client, request.body("").unwrap()).await.unwrap()
}

fn sim(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_quorate");
    Command::new(program).arg("sim").args(arguments).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_sends_the_bytes_that_are_printed() {
    let cluster = Cluster::start(1).await;
    let [member] = &cluster.members[..] else { unreachable!() };
    let actions = "700stop:lead,900put:f1:x:5";
    let query = |scenario| format!("s={scenario}&seed=7&a={actions}&until=1200");
    // Two readers at once: each has what they asked for.
    let (five, seven) = (query("five"), query("seven"));
    let (five, seven) = tokio::join!(ask(member, &five), ask(member, &seven));
    for (scenario, response) in [("five", five), ("seven", seven)] {
        assert_eq!(response.status(), StatusCode::OK);
        let words = ["--scenario", scenario, "--seed", "7", "--actions", actions];
        let printed = sim(&[&words[..], &["--until", "1200", "--trace", "-"]].concat());
        assert!(*response.body() == printed.stdout);
    }
}

/// What a broken assertion does in a release build, done from outside to a play that is under way.
#[tokio::test(flavor = "multi_thread")]
async fn a_play_that_dies_leaves_its_member_serving() {
    let mut cluster = Cluster::start(1).await;
    let [member] = &mut cluster.members[..] else { unreachable!() };
    let pid = member.process().pid();
    let long = tokio::spawn({
        let query = "s=seven&until=60000";
        let address = member.client;
        async move {
            let request = Request::get(format!("/api/sim?{query}"));
            let request = request.header("host", address.to_string());
            client::http(address, request.body("").unwrap()).await.unwrap()
        }
    });
    let play = eventually("no play is under way", async || {
        child_of(pid).ok_or_else(|| "no child".to_owned())
    })
    .await;
    kill_process(play, Signal::ABORT).unwrap();
    let answer = long.await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let said = String::from_utf8(answer.body().to_vec()).unwrap();
    assert!(said.starts_with("the engine died in this play (signal: 6 (SIGABRT)"), "{said}");
    let again = "To have it again: quorate sim --scenario seven --seed 1 --until 60000\n";
    assert!(said.ends_with(again), "{said}");
    assert_eq!(member.process().ended(), None);
    client::kv(&member.url()).put(client::put("a", "1")).await.unwrap();
    assert_eq!(ask(member, "s=one").await.status(), StatusCode::OK);
}

/// A process that the process of that number started.
fn child_of(parent: Pid) -> Option<Pid> {
    let is_child = |pid: &Pid| {
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
        let stat = stat.unwrap_or_default();
        // After the name, which is in parentheses: the state, and the parent.
        let after = stat.rsplit_once(") ").map(|(_, after)| after.to_owned()).unwrap_or_default();
        after.split(' ').nth(1).is_some_and(|word| word.parse() == Ok(parent.as_raw_nonzero()))
    };
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let mut numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.find_map(|number| Pid::from_raw(number).filter(is_child))
}

#[test]
fn a_play_is_printed_byte_for_byte() {
    let actions = "700stop:lead,900put:f1:x:5";
    let words = ["--scenario", "five", "--seed", "7", "--actions", actions, "--until", "1200"];
    let output = sim(&[&words[..], &["--trace", "-"]].concat());
    assert!(output.status.success(), "{output:?}");
    let mut trace = Vec::new();
    let play = sim::Play::new("five", Some(7), actions, Some(1200)).unwrap();
    play.write_trace(&mut trace).unwrap();
    assert!(output.stdout == trace);
    // The first line says how to have it again.
    let first = String::from_utf8(trace).unwrap().lines().next().unwrap().to_owned();
    assert!(first.contains(&format!("quorate sim {} --trace -", words.join(" "))), "{first}");
}

#[test]
fn a_trace_goes_to_a_file_and_the_summary_to_the_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run.ndjson");
    let output = sim(&["--scenario", "one", "--trace", path.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let summary = String::from_utf8(output.stdout).unwrap();
    assert!(summary.starts_with("--scenario one --seed 1 --until 2000: "), "{summary}");
    let trace = fs::read_to_string(path).unwrap();
    assert!(trace.lines().last().unwrap().contains(r#""k":"end","why":"over""#));
}

#[test]
fn bad_words_are_named() {
    let output = sim(&["--scenario", "five", "--actions", "5stpo:n1"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(r#"cannot read the action "5stpo:n1": there is no "stpo""#), "{error}");
}

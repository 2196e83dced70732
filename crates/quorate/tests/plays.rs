//! `quorate sim` prints a play as the page would be sent it.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::process::{Command, Output};

fn sim(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_quorate");
    Command::new(program).arg("sim").args(arguments).output().unwrap()
}

/// `server` has the test that `GET /api/sim` answers with the same.
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
    let trace = std::fs::read_to_string(path).unwrap();
    assert!(trace.lines().last().unwrap().contains(r#""k":"end","why":"over""#));
}

#[test]
fn bad_words_are_named() {
    let output = sim(&["--scenario", "five", "--actions", "5stpo:n1"]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(r#"cannot read the action "5stpo:n1": there is no "stpo""#), "{error}");
}

//! The story's recorded runs: in each, what must not happen is there to be seen in the records; and
//! the same words, given to the core as it is, make a run in which it does not.
//!
//! `cargo xtask story-traces` records them, from copies of the core in which a rule is missing.
//! What is looked for here is found anew, from the fold of the records: nothing that the
//! simulator's checks said is believed.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use sim::Play;
use trace::{Event, Frame, Phase, Record, Role, Run};

/// As much as a chapter may fetch.
const BYTES_MAX: usize = 120_000;

/// What must never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    /// Two lead in one term.
    TwoLeaders,
    /// A leader does not hold what was committed before it was elected.
    LeadsWithout,
    /// Two members commit different entries at one index.
    CommittedTwice,
    /// A read does not find what was acknowledged before it was asked for.
    Forgotten,
}

#[test]
fn a_vote_that_ignores_logs_loses_a_committed_entry() {
    check("stale_vote", &[Wrong::LeadsWithout, Wrong::CommittedTwice, Wrong::Forgotten]);
}

#[test]
fn an_entry_of_an_earlier_term_on_a_majority_is_lost() {
    check("old_term_commit", &[Wrong::LeadsWithout]);
}

#[test]
fn a_disk_that_lies_loses_an_acknowledged_write() {
    check("lying_disk", &[Wrong::LeadsWithout, Wrong::CommittedTwice, Wrong::Forgotten]);
}

#[test]
fn a_change_in_one_jump_makes_two_leaders() {
    check("one_jump", &[Wrong::TwoLeaders, Wrong::CommittedTwice]);
}

/// Without hints it only takes longer.
#[test]
fn a_refusal_without_a_hint_breaks_nothing() {
    check("no_hint", &[]);
}

#[test]
fn each_recorded_run_is_looked_at() {
    let names = fs::read_dir(directory()).unwrap().map(|file| file.unwrap().file_name());
    assert_eq!(names.count(), 5, "there is a run that no test here looks at");
}

fn check(name: &str, wrong: &[Wrong]) {
    let text = fs::read_to_string(directory().join(name).with_extension("ndjson")).unwrap();
    assert!(text.len() < BYTES_MAX, "{} bytes", text.len());
    let records = read(&text);
    assert_eq!(wrongs(&records), wrong.iter().copied().collect());

    let told = records.iter().filter_map(|record| match &record.event {
        Event::Invariant { ok: false, wit, .. } => wit.clone(),
        _ => None,
    });
    let broken = usize::from(!wrong.is_empty());
    assert_eq!(told.count(), broken, "the broken rule is told once, with what shows it");

    let run = run_of(&records);
    assert!(run.mutant.is_some());
    assert_eq!(run.cmd, format!("cargo xtask story-traces {name}"));
    let actions = run.actions.unwrap_or_default();
    let play = Play::new(&run.scenario, Some(run.seed), &actions, run.until).unwrap();
    let mut twin = Vec::new();
    assert_eq!(play.write_trace(&mut twin).unwrap().violation, None);
    assert_eq!(wrongs(&read(&String::from_utf8(twin).unwrap())), BTreeSet::new());
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../web/story/recorded")
}

fn read(text: &str) -> Vec<Record> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn run_of(records: &[Record]) -> Run {
    let Event::Hello { run: Some(run), .. } = &records[0].event else { panic!("no run") };
    run.clone()
}

/// What is there to be seen in these records. The runs are short, so that tails are whole logs.
fn wrongs(records: &[Record]) -> BTreeSet<Wrong> {
    let (mut frame, mut witness) = (Frame::default(), Witness::default());
    for record in records {
        frame.fold(record);
        let member = record.n.as_ref().map(|name| (name, &frame.members[name]));
        match (&record.event, member) {
            (Event::Standing { role: Role::Leader, term, .. }, Some((name, member))) => {
                witness.leads(*term, name, &member.log);
            }
            (Event::Committed { ci }, Some((_, member))) => witness.commits(*ci, &member.log),
            (Event::Operation { op, ph, asked }, _) => match ph {
                Phase::Invoked => witness.asked(op, asked.cmd.as_deref().unwrap_or_default()),
                Phase::Ok => witness.answered(op, asked.val.as_deref()),
                Phase::Fail | Phase::Lost => {}
            },
            _ => {}
        }
    }
    witness.wrongs
}

/// Keeps what was seen.
#[derive(Default)]
struct Witness {
    leaders: BTreeMap<u64, String>,
    /// By index: the term of the entry that was committed there, as far as anybody said.
    committed: BTreeMap<u64, u64>,
    requests: BTreeMap<String, Asked>,
    /// What was acknowledged last. No two writes run at once in these runs.
    acknowledged: BTreeMap<String, String>,
    wrongs: BTreeSet<Wrong>,
}

enum Asked {
    Put(String, String),
    /// A read, and what it must find.
    Get(Option<String>),
}

type Log = [(u64, u64, String)];

impl Witness {
    fn leads(&mut self, term: u64, name: &str, log: &Log) {
        let known = self.leaders.entry(term).or_insert_with(|| name.to_owned());
        if known != name {
            self.wrongs.insert(Wrong::TwoLeaders);
        }
        let holds =
            |index: u64, term: u64| log.iter().any(|entry| (entry.0, entry.1) == (index, term));
        let before = self.committed.iter().filter(|(_, committed)| **committed < term);
        if before.into_iter().any(|(index, term)| !holds(*index, *term)) {
            self.wrongs.insert(Wrong::LeadsWithout);
        }
    }

    fn commits(&mut self, commit: u64, log: &Log) {
        for (index, term, _) in log.iter().filter(|entry| entry.0 <= commit) {
            if self.committed.entry(*index).or_insert(*term) != term {
                self.wrongs.insert(Wrong::CommittedTwice);
            }
        }
    }

    fn asked(&mut self, op: &str, command: &str) {
        let mut words = command.split(' ').map(str::to_owned);
        let asked = match (words.next().as_deref(), words.next(), words.next()) {
            (Some("put"), Some(key), Some(value)) => Asked::Put(key, value),
            (Some("get"), Some(key), None) => Asked::Get(self.acknowledged.get(&key).cloned()),
            other => panic!("{other:?} is not expected in these runs"),
        };
        self.requests.insert(op.to_owned(), asked);
    }

    fn answered(&mut self, op: &str, value: Option<&str>) {
        match self.requests.remove(op).unwrap() {
            Asked::Put(key, value) => drop(self.acknowledged.insert(key, value)),
            Asked::Get(expected) => {
                if expected.as_deref().is_some_and(|expected| value != Some(expected)) {
                    self.wrongs.insert(Wrong::Forgotten);
                }
            }
        }
    }
}

//! The contract: the types here write and read exactly what docs/trace.md promises. The samples in
//! `samples.ndjson` are one record of every kind, and one of every message.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use raft::{
    Ballot, Change, Configuration, Entry, Envelope, Index, Message, NodeId, Payload, Position,
    Restored, Snapshot, Term, Ticket,
};
use serde_json::Value;
use trace::{
    Aggregate, Asked, Body, Durable, Event, Fault, Frame, Kind, Member, NodeInfo, Observer,
    PeerSight, Phase, Record, Role, Run, Sight, Times, Timing, VERSION,
};

const SAMPLES: &str = include_str!("samples.ndjson");
const PAGE: &str = include_str!("../../../docs/trace.md");

#[test]
fn each_sample_is_written_so() {
    let samples = samples();
    for (sample, line) in samples.iter().zip(SAMPLES.lines()) {
        assert_eq!(serde_json::to_string(sample).unwrap(), line);
    }
    assert_eq!(samples.len(), SAMPLES.lines().count());
}

#[test]
fn each_sample_is_read_so() {
    for (sample, line) in samples().iter().zip(SAMPLES.lines()) {
        assert_eq!(&serde_json::from_str::<Record>(line).unwrap(), sample, "{line}");
    }
}

#[test]
fn the_page_names_the_same_kinds_and_fields() {
    let rows = rows();
    let mut shown = BTreeSet::new();
    let mut check = |kind: &Value, fields: &Object| {
        let kind = kind.as_str().unwrap();
        let row = rows.get(kind).unwrap_or_else(|| panic!("the page has no row of {kind}"));
        for field in fields.keys().filter(|field| !["i", "t", "n", "k"].contains(&field.as_str())) {
            assert!(row.contains(&format!("`{field}`")), "the row of {kind} has no {field}: {row}");
        }
        shown.insert(kind.to_owned());
    };
    for line in SAMPLES.lines() {
        let record = serde_json::from_str::<Object>(line).unwrap();
        check(&record["k"], &record);
        if let Some(Value::Object(body)) = record.get("b") {
            check(&record["m"], body);
        }
    }
    assert_eq!(shown, rows.into_keys().collect());
}

type Object = serde_json::Map<String, Value>;

/// The rows of both tables of the page: what the first column names, and the rest.
fn rows() -> BTreeMap<String, String> {
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let rows = rows.filter(|(first, _)| *first != "m");
    rows.map(|(kind, rest)| (kind.to_owned(), rest.to_owned())).collect()
}

/// The samples are a stream, and so they can be folded.
#[test]
fn the_samples_are_a_story() {
    let mut frame = Frame::default();
    for (number, sample) in samples().iter().enumerate() {
        assert_eq!(sample.i, number as u64);
        frame.fold(sample);
    }
    let b = &frame.members["B"];
    assert_eq!((b.role, b.term, b.ci, b.ai), (Role::Leader, 2, 4, 4));
    assert_eq!(b.log.last(), Some(&(4, 2, "del a".to_owned())));
    let keys = b.kv.iter().map(|(key, value)| (key.as_str(), value.as_deref()));
    assert_eq!(keys.collect::<Vec<_>>(), [("d", None), ("b", Some("2")), ("a", None)]);
    assert_eq!(frame.members["C"].role, Role::Stopped);
}

/// Fields that a later version adds are no trouble to an earlier reader.
#[test]
fn unknown_fields_are_skipped() {
    let read = |line: &str| serde_json::from_str::<Record>(line).unwrap().event;
    let new = read(r#"{"i":0,"t":1,"n":"A","k":"ci","ci":7,"why":{"new":[1]}}"#);
    assert_eq!(new, Event::Committed { ci: 7 });
    let new = read(
        r#"{"i":0,"t":1,"n":"A","k":"tx","id":1,"to":"B","m":"AER","term":1,
            "b":{"ok":true,"mi":3,"new":1},"new":2}"#,
    );
    let b = Body::Matched { ok: true, mi: 3 };
    assert_eq!(new, Event::Sent { id: 1, to: "B".into(), m: Kind::AER, term: 1, b, eta: None });
}

/// "A reader skips kinds that it does not know." It can also pass them on, as a record that says
/// nothing, so that the numbers of a stream keep no holes.
#[test]
fn unknown_kinds_are_skipped() {
    let line = r#"{"i":4,"t":1,"n":"A","k":"new","role":"L","x":[1,2]}"#;
    let record = serde_json::from_str::<Record>(line).unwrap();
    assert_eq!(record.event, Event::Unknown);
    let mut frame = Frame::default();
    frame.fold(&record);
    assert_eq!(frame.members["A"], Member::default());
    let written = serde_json::to_string(&record).unwrap();
    assert_eq!(written, r#"{"i":4,"t":1,"n":"A","k":"unknown"}"#);
}

/// A message that a later version adds does not make its record unreadable.
#[test]
fn unknown_messages_are_read() {
    let line = r#"{"i":0,"t":1,"n":"A","k":"tx","id":1,"to":"B","m":"NEW","term":1,"b":{"x":1}}"#;
    let record = serde_json::from_str::<Record>(line).unwrap();
    let unknown = Event::Sent {
        id: 1,
        to: "B".into(),
        m: Kind::Unknown,
        term: 1,
        b: Body::Nothing {},
        eta: None,
    };
    assert_eq!(record.event, unknown);
}

/// Who has the trace of a simulated run has what it takes to see it again.
#[test]
fn a_run_is_told_so() {
    let storm = r#"{"cmd":"quorate sim --seed 7","seed":7,"scenario":"storm"}"#;
    let run = serde_json::from_str::<Run>(storm).unwrap();
    assert_eq!(serde_json::to_string(&run).unwrap(), storm);
    let line = r#"{"cmd":"","seed":7,"scenario":"five","actions":"9heal","until":900}"#;
    let run = serde_json::from_str::<Run>(line).unwrap();
    let Event::Hello { can, nodes, timing, .. } = hello() else { panic!("that is no hello") };
    let (cluster, voters, build) = (String::new(), Vec::new(), "0.1.0".into());
    let (src, run) = ("sim".into(), Some(run));
    let hello = Event::Hello { v: 1, src, cluster, nodes, voters, timing, build, can, run };
    let written = serde_json::to_string(&hello).unwrap();
    assert!(written.ends_with(&format!(r#","run":{line}}}"#)), "{written}");
}

/// A little story of three members: one record of every kind, one of every message.
fn samples() -> Vec<Record> {
    let mut events = vec![
        (None, hello()),
        (Some("A"), Event::Key(member(Role::Follower, 1))),
        (Some("B"), Event::Key(member(Role::Follower, 1))),
        (Some("C"), Event::Key(Member { tm: None, ..member(Role::Leader, 1) })),
        (Some("C"), Event::Fault { f: Fault::Pause }),
        (Some("C"), Event::Fault { f: Fault::Resume }),
        (Some("C"), Event::Fault { f: Fault::Stop }),
        (Some("C"), Event::Fault { f: Fault::Start }),
        (Some("C"), Event::Fault { f: Fault::Stop }),
    ];
    for (role, term) in [(Role::PreCandidate, 1), (Role::Candidate, 2), (Role::Leader, 2)] {
        let vote = (role != Role::PreCandidate).then(|| "B".to_owned());
        let lead = (role == Role::Leader).then(|| "B".to_owned());
        events.push((Some("B"), Event::Standing { role, term, vote, lead }));
        if role != Role::Leader {
            events.push((Some("B"), Event::Timer { dur: 180_000, dl: 1_180_000 }));
        }
    }
    events.extend(sent().into_iter().map(|event| (Some("B"), event)));
    events.extend(rest().map(|(member, event)| (Some(member), event)));
    events.extend(simulated().map(|event| (None, event)));
    events.push((Some("A"), Event::Gap { lost: 17 }));
    events.push((Some("A"), Event::Key(member(Role::Follower, 2))));
    let records = (0..).zip(events);
    records
        .map(|(i, (n, event))| Record { i, t: 1_000_000 + i, n: n.map(str::to_owned), event })
        .collect()
}

/// What befalls the log and the clients.
fn rest() -> impl Iterator<Item = (&'static str, Event)> {
    let text = |text: &str| text.to_owned();
    let op = |ph, asked| Event::Operation { op: "B:1f".into(), ph, asked };
    let nothing = Asked::default;
    let joint = trace::Configuration { idx: 5, learners: names(&["D"]), ..configuration() };
    let some = |text: &str| Some(text.to_owned());
    let changes = vec![(text("b"), Some(text("2"))), (text("a"), None)];
    let entries = vec![(3, 2, text("noop")), (4, 2, text("del a"))];
    [
        ("A", Event::Received { from: "B".into(), id: 3 }),
        ("B", Event::Dropped { from: "B".into(), id: 4, why: "not connected".into() }),
        ("B", op(Phase::Invoked, Asked { cmd: some("del a"), ..nothing() })),
        ("B", Event::Truncated { from: 3, lost: vec![(3, 1, text("put c 3"))] }),
        ("B", Event::Appended { e: entries }),
        ("B", Event::Durable(Durable { di: 4, term: 2, vote: some("B") })),
        ("B", Event::Committed { ci: 4 }),
        ("B", Event::Applied { ai: 4, set: changes }),
        ("B", op(Phase::Ok, nothing())),
        ("B", op(Phase::Fail, nothing())),
        ("B", op(Phase::Invoked, Asked { cmd: some("get b"), by: some("c1"), val: None })),
        ("B", op(Phase::Ok, Asked { val: some("2"), ..nothing() })),
        ("B", op(Phase::Lost, nothing())),
        ("B", Event::Snapshot(trace::Snapshot { si: 4, st: 2, bi: 2 })),
        ("B", Event::Configuration(trace::Configuration { out: names(&["A", "B"]), ..joint })),
        ("B", Event::Aggregate(figures())),
    ]
    .into_iter()
}

/// What is only known where the world is simulated.
fn simulated() -> impl Iterator<Item = Event> {
    let cut = vec![("A".to_owned(), "B".to_owned()), ("B".to_owned(), "A".to_owned())];
    let rule = |ok, wit| Event::Invariant { name: "election".into(), ok, wit };
    let wit = "A and B lead term 2".to_owned();
    [
        Event::Network { cut },
        Event::Network { cut: Vec::new() },
        Event::Action { a: "900stop:lead".into(), on: vec!["C".into()], why: None },
        Event::Action {
            a: "900stop:lead".into(),
            on: Vec::new(),
            why: Some("nobody leads".into()),
        },
        rule(true, None),
        rule(false, Some(wit)),
        Event::End { why: "violation".into() },
    ]
    .into_iter()
}

fn hello() -> Event {
    let node = |name: &str, port: u16| NodeInfo {
        id: name.into(),
        client: format!("http://127.0.0.1:{port}"),
        peer: format!("http://127.0.0.1:{}", port + 1),
    };
    Event::Hello {
        v: VERSION,
        src: "live".into(),
        cluster: "cdf818194e3a8c32".into(),
        nodes: vec![node("A", 2379), node("B", 22379), node("C", 32379)],
        voters: vec!["A".into(), "B".into(), "C".into()],
        timing: Timing { election_us: (150_000, 300_000), heartbeat_us: 50_000 },
        build: "0.1.0".into(),
        can: vec!["write".into(), "fault".into()],
        run: None,
    }
}

fn configuration() -> trace::Configuration {
    let voters = names(&["A", "B", "C"]);
    trace::Configuration { idx: 0, voters, out: Vec::new(), learners: Vec::new() }
}

fn figures() -> Aggregate {
    let times = |n| Times { n, p50: 800, p99: 4100, max: 9000 };
    let near = PeerSight { up: true, tx: 412, rx: 410, heard: Some(990_000), ..Default::default() };
    let near = PeerSight { rtt: Some(310), lag: Some((2, 1500)), ..near };
    let peers = [("A".to_owned(), near), ("C".to_owned(), PeerSight::default())].into();
    Aggregate { win: 1_000_000, since: 158_000, op: times(1003), disk: times(97), peers }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn member(role: Role, term: u64) -> Member {
    Member {
        role,
        term,
        vote: Some("C".into()),
        lead: Some("C".into()),
        log: vec![(2, 1, "put a 1".into()), (3, 1, "put c 3".into())],
        first: 2,
        ci: 2,
        ai: 2,
        kv: vec![("d".into(), None), ("a".into(), Some("1".into()))],
        tm: Some((180_000, 1_180_000)),
        du: Durable { di: 3, term, vote: Some("C".into()) },
        sn: trace::Snapshot { si: 1, st: 1, bi: 1 },
        cf: configuration(),
    }
}

/// All that B can say, in the words of its observer.
fn sent() -> Vec<Event> {
    let last = Position::new(4, 2);
    let command = |text: &str| Bytes::from(text.to_owned());
    let entry = |index, payload| Entry { position: Position::new(index, 2), payload };
    let entries = vec![entry(3, Payload::Noop), entry(4, Payload::Command(command("del a")))];
    let configuration = Configuration::new([NodeId(1), NodeId(2)]).into();
    let snapshot = Snapshot { position: last, configuration, bytes: 1024, checksum: 0 };
    let (commit, matched, ticket) = (Index(3), Index(4), Ticket(9));
    let messages = [
        Message::RequestPreVote { last },
        Message::PreVote { asked_in: Term(1), ballot: Ballot::Granted },
        Message::RequestVote { last, forced: false },
        Message::Vote { ballot: Ballot::Refused },
        Message::Append { previous: Position::new(2, 1), entries, commit },
        Message::Append { previous: last, entries: Vec::new(), commit },
        Message::Appended { matched },
        Message::Rejected { refused: matched, hint: Position::new(2, 1) },
        Message::Heartbeat { commit, round: 5 },
        Message::Heard { round: 5 },
        Message::Forward { number: 1, commands: vec![command("put b 2"), command("del a")] },
        Message::RequestReadIndex { ticket },
        Message::ReadIndex { ticket, index: commit },
        Message::TimeoutNow,
        Message::Chunk { snapshot, offset: 512, data: command("...") },
        Message::ChunkReceived { position: last, next: 515 },
        Message::RequestChange { ticket, change: vec![Change::Promote(NodeId(3))] },
        Message::ChangeAnswer { ticket, result: Ok(last) },
    ];
    let mut observer = Observer::new(sight(), &Restored::default());
    observer.set_watched(0, true);
    for (id, message) in (1..).zip(messages) {
        let envelope = Envelope { from: NodeId(2), to: NodeId(1), term: Term(2), message };
        // The time of arrival is only known in a simulated run.
        let eta = (id == 2).then_some(22_000);
        observer.sent(0, &envelope, id, eta);
    }
    observer.take().into_iter().map(|(_, event)| event).collect()
}

fn sight() -> Sight {
    let names = [(1, "A"), (2, "B"), (3, "C")];
    let text = |command: &Bytes| String::from_utf8_lossy(command).into_owned();
    Sight {
        own: NodeId(2),
        names: names.map(|(id, name)| (NodeId(id), name.to_owned())).into(),
        tick_us: 10_000,
        command: text,
        logged: text,
    }
}

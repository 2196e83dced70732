//! What an observer tells, and what it leaves out.

use bytes::Bytes;
use raft::{
    Configuration, ElectionTimer, Entry, Envelope, Index, Message, NodeId, Payload, Position,
    Restored, RoleName, Standing, Status, Term, Ticket, Write,
};
use trace::{Asked, Event, Member, Observer, Phase, Sight};

#[test]
fn nothing_is_told_that_nobody_watches() {
    let mut observer = observer(false);
    observer.wrote(0, &write(1..=3));
    observer.asked(0, Ticket(1), &"put a 1".into());
    observer.look(0, &status(timer(0, 15)), Index(3));
    assert_eq!(observer.take(), []);
}

#[test]
fn a_request_has_a_name_and_a_text() {
    let mut observer = observer(true);
    observer.asked(3, Ticket(0x1f), &"put a 1".into());
    observer.answered(5, Ticket(0x1f), Phase::Ok);
    let op = |ph, cmd: Option<&str>| {
        let (op, cmd) = ("A:1f".to_owned(), cmd.map(str::to_owned));
        Event::Operation { op, ph, asked: Asked { cmd, ..Asked::default() } }
    };
    let told = [(3, op(Phase::Invoked, Some("put a 1"))), (5, op(Phase::Ok, None))];
    assert_eq!(observer.take(), told);
}

/// Keys, values and texts are cut after 64 characters, not bytes.
#[test]
fn texts_are_cut() {
    let long = "ä".repeat(100);
    let cut = long.chars().take(64).collect::<String>();
    let mut observer = observer(true);
    let bytes = Bytes::from(long);
    observer.asked(0, Ticket(1), &bytes);
    observer.applied([(bytes.clone(), Some(bytes))]);
    observer.look(0, &status(None), Index(1));
    let told = observer.take().into_iter().map(|(_, event)| event).collect::<Vec<_>>();
    let asked = Asked { cmd: Some(cut.clone()), ..Asked::default() };
    let op = Event::Operation { op: "A:1".into(), ph: Phase::Invoked, asked };
    assert!(told.contains(&op), "{told:?}");
    let set = vec![(cut.clone(), Some(cut))];
    assert!(told.contains(&Event::Applied { ai: 1, set }), "{told:?}");
}

/// Many changes of one key between two looks are one change: they push no other out.
#[test]
fn a_busy_key_pushes_no_other_out() {
    let mut observer = watched_since_the_first_look();
    observer.applied([change("a", 1)]);
    observer.applied((0..100).map(|value| change("b", value)));
    observer.look(1, &status(None), Index(101));
    check_fold(&mut observer, Member::default());
}

/// Keys that look alike when they are cut are one key for those who watch.
#[test]
fn keys_that_look_alike_are_one() {
    let mut observer = watched_since_the_first_look();
    let long = "k".repeat(64);
    observer.applied([change(&format!("{long}1"), 1), change(&format!("{long}2"), 2)]);
    observer.look(1, &status(None), Index(2));
    let member = check_fold(&mut observer, Member::default());
    assert_eq!(member.kv, [(long, Some("2".to_owned()))]);
}

/// A timer that is set again and again is told now and then, and at last as it was set last.
#[test]
fn the_last_setting_of_a_timer_is_told() {
    let mut observer = observer(true);
    let mut told = |now, timer| {
        observer.look(now, &status(timer), Index(0));
        let told = observer.take().into_iter();
        told.filter_map(|(_, event)| match event {
            Event::Timer { dur, dl } => Some((dur, dl)),
            _ => None,
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(told(0, timer(0, 15)), [(150_000, 150_000)]);
    assert_eq!(told(10_000, timer(1, 15)), []);
    assert_eq!(told(11_000, timer(0, 20)), [], "so soon it is not told again");
    assert_eq!(told(12_000, timer(0, 30)), []);
    assert_eq!(told(20_000, timer(1, 30)), [(300_000, 310_000)]);
    assert_eq!(told(30_000, timer(2, 30)), [], "it is told once");
}

/// It may be set again within one tick, for another time.
#[test]
fn a_timer_that_is_set_twice_in_a_tick_is_told() {
    let mut observer = observer(true);
    observer.look(0, &status(timer(0, 15)), Index(0));
    observer.take();
    observer.look(25_000, &status(timer(0, 25)), Index(0));
    assert_eq!(observer.take(), [(25_000, Event::Timer { dur: 250_000, dl: 275_000 })]);
}

/// What a busy member is asked to tell costs it no more than so much: an append of many entries
/// counts as much as many records.
#[test]
fn a_long_append_is_left_out() {
    let mut observer = watched_since_the_first_look();
    observer.wrote(0, &write(1..=10_000));
    observer.look(1, &status(None), Index(0));
    assert_eq!(observer.take(), []);
    observer.look(200_000, &status(None), Index(0));
    let told = observer.take().into_iter().map(|(_, event)| event).collect::<Vec<_>>();
    assert_eq!(told, [Event::Gap { lost: 1 }, observer.key()]);
}

/// Who begins to watch gets a key. What an earlier viewer missed is no concern of theirs.
#[test]
fn a_gap_ends_with_its_viewers() {
    let mut observer = watched_since_the_first_look();
    (0..1000).for_each(|ticket| observer.answered(0, Ticket(ticket), Phase::Ok));
    observer.set_watched(900_000, false);
    observer.set_watched(900_000, true);
    observer.look(1_000_000, &status(None), Index(0));
    assert_eq!(observer.take(), []);
}

/// An election that nobody watched is remembered, from the key before it on; and what is of no
/// interest then is not.
#[test]
fn an_election_is_remembered() {
    let mut observer = observer(false);
    let message = |message| Envelope { from: NodeId(1), to: NodeId(2), term: Term(1), message };
    let heard = Envelope { from: NodeId(2), to: NodeId(1), ..message(Message::TimeoutNow) };
    observer.look(10, &status(None), Index(0));
    observer.received(20, &heard, 1);
    let key = observer.key();
    let mut candidate = status(None);
    candidate.standing.role = RoleName::Candidate;
    observer.sent(30, &message(Message::Heartbeat { commit: Index(0), round: 0 }), 2, None);
    let last = Position::default();
    observer.sent(30, &message(Message::RequestVote { last, forced: true }), 3, None);
    observer.look(30, &candidate, Index(0));
    observer.dropped(40, 3, "not connected");
    observer.dropped(40, 2, "not connected");
    assert_eq!(observer.take(), []);
    let recalled = observer.recall();
    let kinds = recalled.iter().map(|(t, event)| {
        let event = serde_json::to_value(event).unwrap();
        (*t, event["k"].as_str().unwrap().to_owned())
    });
    let good = [(10, "st"), (20, "rx"), (20, "key"), (30, "tx"), (30, "st"), (40, "dx")];
    let good = good.map(|(t, kind)| (t, kind.to_owned()));
    let kinds = kinds.filter(|(_, kind)| kind != "cf").collect::<Vec<_>>();
    assert_eq!(kinds, good);
    assert_eq!(recalled.iter().find(|(_, event)| matches!(event, Event::Key(_))).unwrap().1, key);
}

/// Under load, what is rare is told all the same, and so are the figures.
#[test]
fn what_is_rare_is_never_left_out() {
    let mut observer = watched_since_the_first_look();
    for ticket in 0..1000 {
        observer.asked(0, Ticket(ticket), &Bytes::from_static(b"x"));
        observer.answered(500, Ticket(ticket), Phase::Ok);
    }
    let message = Message::TimeoutNow;
    let rare = Envelope { from: NodeId(1), to: NodeId(2), term: Term(1), message };
    observer.sent(600, &rare, 7, None);
    observer.look(1_000_000, &status(None), Index(0));
    let told = observer.take();
    assert!(told.iter().any(|(_, event)| matches!(event, Event::Sent { id: 7, .. })));
    assert!(told.iter().any(|(_, event)| matches!(event, Event::Gap { .. })));
    let figures = told.iter().find_map(|(_, event)| match event {
        Event::Aggregate(figures) => Some(figures),
        _ => None,
    });
    assert_eq!(figures.map(|figures| (figures.op.n, figures.op.max)), Some((1000, 500)));
}

/// What a snapshot brought is told with a key, as are the values that it took the place of.
#[test]
fn the_keys_of_a_snapshot_are_told() {
    let mut observer = watched_since_the_first_look();
    observer.applied([change("a", 1)]);
    observer.restored([change("b", 2), change("c", 3)]);
    observer.look(1, &status(None), Index(9));
    let member = check_fold(&mut observer, Member::default());
    let keys = member.kv.iter().map(|(key, _)| &key[..]).collect::<Vec<_>>();
    assert_eq!((keys, member.ai), (vec!["b", "c"], 9));
}

/// A member that joins has a number, until it has said how it is called.
#[test]
fn who_joined_is_called_by_name_once_that_is_known() {
    let mut observer = watched_since_the_first_look();
    let joined = NodeId(0x2a);
    let grown = Status {
        configuration: (Index(1), Configuration::new([NodeId(1), joined]).into()),
        ..status(None)
    };
    let told = |observer: &mut Observer| {
        observer.look(1, &grown, Index(0));
        let told = observer.take().into_iter();
        let voters = told.filter_map(|(_, event)| match event {
            Event::Configuration(configuration) => Some(configuration.voters),
            _ => None,
        });
        voters.flatten().collect::<Vec<_>>()
    };
    assert_eq!(observer.nameless(), []);
    assert_eq!(told(&mut observer), ["A".to_owned(), joined.to_string()]);
    assert_eq!(observer.nameless(), [joined]);
    observer.call(joined, "B".to_owned());
    assert_eq!(told(&mut observer), ["A", "B"]);
    assert_eq!(observer.nameless(), []);
}

fn watched_since_the_first_look() -> Observer {
    let mut observer = observer(false);
    observer.look(0, &status(None), Index(0));
    observer.set_watched(0, true);
    observer
}

fn observer(watched: bool) -> Observer {
    let text = |command: &Bytes| String::from_utf8_lossy(command).into_owned();
    let names = [(NodeId(1), "A".to_owned())].into();
    let sight = Sight { own: NodeId(1), names, tick_us: 10_000, command: text, logged: text };
    let mut observer = Observer::new(sight, &Restored::default());
    observer.set_watched(0, watched);
    observer
}

/// The fold of what was told since `member` is what a key would say.
fn check_fold(observer: &mut Observer, mut member: Member) -> Member {
    for (_, event) in observer.take() {
        member.fold(&event);
    }
    member.first = 1; // A log that is empty begins with its next entry.
    member.cf.voters = vec!["A".to_owned()];
    assert_eq!(Event::Key(member.clone()), observer.key());
    member
}

fn status(timer: Option<ElectionTimer>) -> Status {
    let standing = Standing { role: RoleName::Follower, term: Term(0), vote: None, leader: None };
    let (last, commit, durable) = (Position::default(), Index(0), Index(0));
    let configuration = (Index(0), Configuration::new([NodeId(1)]).into());
    let (base, snapshot) = (Position::default(), None);
    Status { standing, last, commit, durable, base, snapshot, loss: None, configuration, timer }
}

#[allow(clippy::unnecessary_wraps, reason = "a status has one or none")]
fn timer(elapsed: u32, timeout: u32) -> Option<ElectionTimer> {
    Some(ElectionTimer { elapsed, timeout })
}

fn change(key: &str, value: u32) -> trace::Change {
    (Bytes::from(key.to_owned()), Some(value.to_string().into()))
}

fn write(indexes: std::ops::RangeInclusive<u64>) -> Write {
    let payload = Payload::Command("put a 1".into());
    let entry = |index| Entry { position: Position::new(index, 1), payload: payload.clone() };
    Write { entries: indexes.map(entry).collect(), ..Write::default() }
}

//! How one record changes a member.

use std::ops::RangeInclusive;

use trace::{EntryText, Event, Fault, Frame, Member, Record, Role};

#[test]
fn a_key_replaces_all() {
    let key = Member { role: Role::Leader, term: 3, ai: 2, ..log(5..=6) };
    let folded = fold(log(1..=9), [Event::Key(key.clone())]);
    assert_eq!(folded, key);
}

#[test]
fn a_log_is_kept_as_far_as_its_tail() {
    let tail = Member::TAIL as u64;
    let full = fold(Member::default(), [appended(1..=tail)]);
    assert_eq!(full, log(1..=tail));
    let member = fold(full, [appended(tail + 1..=tail + 2)]);
    assert_eq!(member, log(3..=tail + 2));
    let member = fold(member, [appended(tail + 3..=9 * tail)]);
    assert_eq!(member, log(8 * tail + 1..=9 * tail));
}

#[test]
fn a_truncated_log_ends_before() {
    let truncated = |from| Event::Truncated { from, lost: Vec::new() };
    assert_eq!(fold(log(4..=9), [truncated(7)]), log(4..=6));
    // Nothing of the tail is left: the next entry is where it was cut.
    let empty = Member { first: 4, ..Member::default() };
    assert_eq!(fold(log(4..=9), [truncated(4)]), empty);
    let empty = Member { first: 2, ..Member::default() };
    assert_eq!(fold(log(4..=9), [truncated(2)]), empty);
    assert_eq!(fold(empty, [appended(2..=3)]), log(2..=3));
}

/// Where records are missing until the next key, a picture of the log still has no hole and no
/// index twice.
#[test]
fn a_log_has_no_hole() {
    assert_eq!(fold(log(4..=9), [appended(12..=13)]), log(12..=13));
    assert_eq!(fold(log(4..=9), [appended(8..=9), appended(9..=11)]), log(4..=11));
    assert_eq!(fold(log(4..=9), [Event::Appended { e: Vec::new() }]), log(4..=9));
}

#[test]
fn keys_are_kept_in_the_order_of_their_change() {
    let member = fold(Member::default(), [applied(1, &[("a", Some("1")), ("b", Some("1"))])]);
    let member = fold(member, [applied(2, &[("a", Some("2"))]), applied(3, &[("c", None)])]);
    let kv = [("b", Some("1")), ("a", Some("2")), ("c", None)];
    assert_eq!((member.ai, keys(&member)), (3, kv.into()));
    let names = ["1", "2", "3", "4", "5", "6", "a"];
    let member = fold(member, names.map(|name| applied(4, &[(name, Some("3"))])));
    let names = keys(&member).into_iter().map(|(name, _)| name);
    assert!(names.eq(["c", "1", "2", "3", "4", "5", "6", "a"]), "{:?}", member.kv);
}

#[test]
fn a_leader_has_no_timer() {
    let timer = Event::Timer { dur: 5, dl: 7 };
    let member = fold(Member::default(), [timer.clone(), standing(Role::Candidate)]);
    assert_eq!((member.role, member.tm), (Role::Candidate, Some((5, 7))));
    let member = fold(member, [standing(Role::Leader)]);
    assert_eq!((member.role, member.tm), (Role::Leader, None));
    let member = fold(member, [standing(Role::Follower), timer]);
    assert_eq!((member.role, member.tm), (Role::Follower, Some((5, 7))));
}

/// What a member holds on its disk outlives it; whom it followed does not.
#[test]
fn a_stopped_member_keeps_its_disk() {
    let fault = |f| Event::Fault { f };
    let running = Member { term: 3, vote: Some("A".into()), ci: 6, ai: 5, ..log(4..=9) };
    let led = Member { lead: Some("A".into()), tm: Some((5, 7)), ..running.clone() };
    let held = fold(led.clone(), [fault(Fault::Pause), fault(Fault::Resume)]);
    assert_eq!(held, led);
    let stopped = fold(led, [fault(Fault::Stop)]);
    assert_eq!(stopped, Member { role: Role::Stopped, ..running.clone() });
    assert_eq!(fold(stopped, [fault(Fault::Start)]), running);
}

#[test]
fn a_frame_knows_whom_a_record_is_about() {
    let mut frame = Frame::default();
    let record = |n: Option<&str>, event| Record { i: 0, t: 0, n: n.map(str::to_owned), event };
    frame.fold(&record(None, Event::Committed { ci: 1 }));
    assert!(frame.members.is_empty());
    frame.fold(&record(Some("A"), Event::Committed { ci: 2 }));
    frame.fold(&record(Some("B"), Event::Committed { ci: 3 }));
    let commits = frame.members.iter().map(|(name, member)| (name.as_str(), member.ci));
    assert!(commits.eq([("A", 2), ("B", 3)]));
}

fn fold(mut member: Member, events: impl IntoIterator<Item = Event>) -> Member {
    events.into_iter().for_each(|event| member.fold(&event));
    member
}

/// A member of which nothing but its log is known.
fn log(indexes: RangeInclusive<u64>) -> Member {
    Member { first: *indexes.start(), log: entries(indexes), ..Member::default() }
}

fn appended(indexes: RangeInclusive<u64>) -> Event {
    Event::Appended { e: entries(indexes) }
}

fn entries(indexes: RangeInclusive<u64>) -> Vec<EntryText> {
    indexes.map(|index| (index, 1, format!("put a {index}"))).collect()
}

fn applied(ai: u64, set: &[(&str, Option<&str>)]) -> Event {
    let set = set.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned)));
    Event::Applied { ai, set: set.collect() }
}

fn keys(member: &Member) -> Vec<(&str, Option<&str>)> {
    member.kv.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect()
}

fn standing(role: Role) -> Event {
    Event::Standing { role, term: 0, vote: None, lead: None }
}

//! Plays: what somebody does to a small cluster is what happens, and nothing else goes wrong.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use sim::{Play, StagedScenario};
use trace::{Event, Fault, Frame, Record, Role};

fn bytes(scenario: &str, actions: &str, until_ms: u64) -> Vec<u8> {
    let play = Play::new(scenario, None, actions, Some(until_ms)).unwrap();
    let mut bytes = Vec::new();
    let outcome = play.write_trace(&mut bytes).unwrap();
    assert_eq!(outcome.violation, None, "{play}");
    bytes
}

fn records(scenario: &str, actions: &str, until_ms: u64) -> Vec<Record> {
    let text = String::from_utf8(bytes(scenario, actions, until_ms)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn fold(records: &[Record]) -> Frame {
    let mut frame = Frame::default();
    for record in records {
        frame.fold(record);
    }
    frame
}

/// What became of each action.
fn acts(records: &[Record]) -> Vec<(String, Vec<String>, Option<String>)> {
    let acts = records.iter().filter_map(|record| match &record.event {
        Event::Action { a, on, why } => Some((a.clone(), on.clone(), why.clone())),
        _ => None,
    });
    acts.collect()
}

/// What the clients were told, in order.
fn answers(records: &[Record]) -> Vec<(trace::Phase, Option<String>)> {
    let answers = records.iter().filter_map(|record| match &record.event {
        Event::Operation { ph, asked, .. } if *ph != trace::Phase::Invoked => {
            Some((*ph, asked.val.clone()))
        }
        _ => None,
    });
    answers.collect()
}

#[test]
fn each_scenario_ends_as_it_should() {
    for scenario in StagedScenario::ALL {
        let records = records(scenario.name, "", scenario.until_ms);
        let last = records.last().unwrap();
        assert_eq!(last.t, 1000 * scenario.until_ms);
        assert_eq!(last.event, Event::End { why: "over".into() });
        for (action, on, why) in acts(&records) {
            assert_eq!(why, None, "{action} of {}", scenario.name);
            assert_ne!(on, [""; 0], "{action} of {}", scenario.name);
        }
    }
}

#[test]
fn the_same_words_give_the_same_bytes() {
    let actions = "700put:lead:x:5,800cut:lead-f1.f2.f3.f4,1200heal";
    assert_eq!(bytes("five", actions, 1500), bytes("five", actions, 1500));
    assert_ne!(bytes("five", actions, 1500), bytes("five", "", 1500));
}

/// Acting in the past changes nothing before it.
#[test]
fn runs_are_the_same_until_they_differ() {
    let actions = "600put:lead:x:5,700stop:n2";
    let is_before = |record: &&Record| (1..900_000).contains(&record.t);
    let plain = records("five", actions, 1000);
    let before = plain.iter().filter(is_before).collect::<Vec<_>>();
    assert!(before.len() > 300);
    let longer = records("five", actions, 1400);
    assert_eq!(before, longer.iter().filter(is_before).collect::<Vec<_>>());
    let more = records("five", &format!("{actions},900stop:n3,950get:lead:x"), 1000);
    assert_eq!(before, more.iter().filter(is_before).collect::<Vec<_>>());
}

#[test]
fn a_scenario_may_have_timers_of_its_own() {
    let records = records("five:60:20", "", 600);
    let Event::Hello { timing, .. } = &records[0].event else { panic!("no hello") };
    assert_eq!((timing.election_us, timing.heartbeat_us), ((60_000, 120_000), 20_000));
    let leads =
        |record: &&Record| matches!(record.event, Event::Standing { role: Role::Leader, .. });
    let first = records.iter().find(leads).unwrap();
    assert!(first.t < 200_000, "the usual ones would lead later than {} us", first.t);
}

#[test]
fn time_outs_may_lie_close_together() {
    let records = records("five:150:50:20", "", 400);
    let Event::Hello { timing, .. } = &records[0].event else { panic!("no hello") };
    assert_eq!(timing.election_us, (150_000, 170_000));
    let set = records.iter().filter_map(|record| match record.event {
        Event::Timer { dur, .. } => Some(dur),
        _ => None,
    });
    assert!(set.clone().count() > 5 && set.clone().all(|dur| (150_000..=170_000).contains(&dur)));
}

#[test]
fn every_scenario_bears_all_timers_that_are_not_refused() {
    for scenario in StagedScenario::ALL {
        for timers in ["40:10", "40:20", "2000:1000", "2000:10", "40:10:0", "40:20:2000"] {
            bytes(&format!("{}:{timers}", scenario.name), "", 300);
        }
    }
    assert!(Play::new("five:30:20", None, "", None).is_err());
}

#[test]
fn a_stopped_leader_is_followed_by_another() {
    let records = records("five", "800stop:lead,1700start:n1,1700start:n2,1700start:n3", 2000);
    let first = &acts(&records)[0].1[0];
    let stopped = records.iter().position(|it| it.event == Event::Fault { f: Fault::Stop });
    let before = fold(&records[..stopped.unwrap()]);
    assert_eq!(before.members[first].role, Role::Leader);
    let after = fold(&records);
    let (name, leader) = after.members.iter().find(|(_, it)| it.role == Role::Leader).unwrap();
    assert!(name != first && leader.term > before.members[first].term);
}

/// A write on the side of the few is never committed, one on the side of the many is; and when the
/// cut is healed, only that one is there.
#[test]
fn a_cut_decides_who_may_write() {
    let actions = "700cut:lead.f1-f2.f3.f4,750put:lead:x:few,1300put:lead:x:many,1500heal";
    let records = records("five", actions, 2500);
    let frame = fold(&records);
    for member in frame.members.values() {
        assert_eq!(member.kv, [("x".to_owned(), Some("many".to_owned()))]);
    }
    let is_truncated = |record: &Record| matches!(record.event, Event::Truncated { .. });
    assert!(records.iter().any(is_truncated));
    let lost = records.iter().filter_map(|record| match &record.event {
        Event::Dropped { why, .. } => Some(why.as_str()),
        _ => None,
    });
    assert!(lost.clone().count() > 20 && lost.clone().all(|why| why == "cut"));
}

#[test]
fn reads_say_what_is_there() {
    let actions = "500put:lead:x:1,700get:n1:x,700get:n2:x,700get:n3:x:local,900del:n2:x,\
                   1100get:lead:x,1100get:lead:x:local";
    let told = answers(&records("three", actions, 1500));
    let ok = |text: &str| (trace::Phase::Ok, Some(text.to_owned()));
    let done = (trace::Phase::Ok, None);
    assert_eq!(told.len(), 7);
    assert_eq!(told.iter().filter(|answer| **answer == ok("1")).count(), 3);
    assert_eq!(told.iter().filter(|answer| **answer == done).count(), 2);
    assert_eq!(told.iter().filter(|answer| **answer == ok("")).count(), 2);
}

/// The member that was cut off still says what it has, which is not so any more; asked for a
/// linearizable read it says nothing.
#[test]
fn a_local_read_may_be_stale() {
    let actions = "500put:lead:x:old,700cut:lead,1200put:lead:x:new,1600get:n1:x:local,\
                   1600get:n2:x:local,1600get:n3:x:local";
    let told = answers(&records("three", actions, 1700));
    let values = told.into_iter().filter_map(|(_, value)| value).collect::<Vec<_>>();
    assert_eq!(values.iter().filter(|value| *value == "old").count(), 1, "{values:?}");
    assert_eq!(values.iter().filter(|value| *value == "new").count(), 2, "{values:?}");
}

#[test]
fn members_come_and_go() {
    let actions = "600put:lead:x:1,700learn:n4,1000promote:n4,1300joint:n1-n5,1900remove:n2";
    let records = records("three", actions, 2600);
    for (action, _, why) in acts(&records) {
        assert_eq!(why, None, "{action}");
    }
    let is_joint =
        |record: &Record| matches!(&record.event, Event::Configuration(it) if it.out.len() == 4);
    assert!(records.iter().any(is_joint));
    let frame = fold(&records);
    for name in ["n3", "n4", "n5"] {
        let member = &frame.members[name];
        assert_eq!(member.kv, [("x".to_owned(), Some("1".to_owned()))], "{name}");
        assert!(member.log.iter().any(|(.., text)| text == "members n3 n4 n5"), "{member:?}");
        assert_eq!(member.cf.voters, ["n3", "n4", "n5"]);
    }
}

#[test]
fn a_member_that_is_far_behind_is_sent_a_snapshot() {
    let writes = (0..20).map(|it| format!("{}put:lead:k{it}:v", 800 + 20 * it));
    let writes = writes.collect::<Vec<_>>().join(",");
    let play = |who: &str| {
        let actions = format!("700stop:f1,{writes},1300snap:lead,1400start:{who}");
        records("three", &actions, 2200)
    };
    let plain = play("f2");
    let why = acts(&plain).last().unwrap().2.clone();
    assert_eq!(why, Some("there are no 2 followers".to_owned()));
    let stopped = &acts(&plain)[0].1[0];
    let records = play(stopped);
    let is_chunk = |record: &&Record| match &record.event {
        Event::Sent { m, to, .. } => *m == trace::Kind::IS && to == stopped,
        _ => false,
    };
    assert!(records.iter().filter(is_chunk).count() > 0);
    let frame = fold(&records);
    assert!(frame.members.values().all(|member| member.ai >= 21));
    assert!(frame.members[stopped].sn.bi >= 21);
    let values = frame.members.values().map(|member| &member.kv).collect::<Vec<_>>();
    assert!(values.iter().all(|kv| *kv == values[0]), "what the snapshot brought is told, too");
}

/// What is told to be on the disk is what a member finds there, and no promise is given before.
#[test]
fn promises_wait_for_the_disk() {
    let mut frame = Frame::default();
    let mut promises = 0;
    for record in records("five", "700put:lead:x:5,900power:lead,1500start:n1", 2000) {
        let durable = record.n.as_ref().and_then(|n| frame.members.get(n)).map(|it| it.du.clone());
        match &record.event {
            Event::Sent {
                m: trace::Kind::AER, b: trace::Body::Matched { ok: true, mi }, ..
            } => {
                assert!(durable.unwrap().di >= *mi, "{record:?}");
                promises += 1;
            }
            Event::Sent { m: trace::Kind::RV, term, .. } => {
                let durable = durable.unwrap();
                assert_eq!((durable.term, durable.vote), (*term, record.n.clone()));
                promises += 1;
            }
            _ => {}
        }
        frame.fold(&record);
    }
    assert!(promises > 10);
}

#[test]
fn messages_can_be_tampered_with() {
    let actions = "600drop:lead~f1:AE,600late:lead~f2:AE:100,600twice:lead~f3:AE,610put:lead:x:5";
    let records = records("five", actions, 1200);
    let on = acts(&records).into_iter().map(|(_, on, _)| on).collect::<Vec<_>>();
    let sent_to = |name: &str| {
        let after = records.iter().filter(|record| record.t >= 600_000);
        let mut sent = after.filter_map(|record| match &record.event {
            Event::Sent { id, to, m: trace::Kind::AE, .. } if to == name => {
                Some((record.n.clone().unwrap(), *id, record.t))
            }
            _ => None,
        });
        sent.next().unwrap()
    };
    let ends = |(from, id, _): &(String, u64, u64)| {
        let ends = records.iter().filter_map(move |record| match &record.event {
            Event::Received { from: of, id: number } if (of, number) == (from, id) => {
                Some(("arrives", record.t))
            }
            Event::Dropped { from: of, id: number, .. } if (of, number) == (from, id) => {
                Some(("lost", record.t))
            }
            _ => None,
        });
        ends.collect::<Vec<_>>()
    };
    let follower = |place: usize| on[place].iter().find(|name| *name != &on[3][0]).unwrap();
    let dropped = sent_to(follower(0));
    assert_eq!(ends(&dropped).iter().map(|end| end.0).collect::<Vec<_>>(), ["lost"]);
    let late = sent_to(follower(1));
    assert!(ends(&late)[0].1 >= late.2 + 119_000);
    let twice = sent_to(follower(2));
    assert_eq!(ends(&twice).iter().map(|end| end.0).collect::<Vec<_>>(), ["arrives", "arrives"]);
}

/// The page names a message that is seen on its way by its sender and number.
#[test]
fn a_message_on_its_way_can_be_lost() {
    let plain = records("three", "600put:lead:x:5", 1000);
    let sent = plain.iter().find(|record| {
        record.t == 600_000 && matches!(record.event, Event::Sent { m: trace::Kind::AE, .. })
    });
    let sent = sent.unwrap();
    let (from, Event::Sent { id, .. }) = (sent.n.clone().unwrap(), &sent.event) else { panic!() };
    for (trick, expected) in [("drop", 0), ("twice", 2), ("late", 1)] {
        let ms = if trick == "late" { ":30" } else { "" };
        let actions = format!("600put:lead:x:5,610{trick}:{from}:{id}{ms}");
        let records = records("three", &actions, 1000);
        let arrivals = records.iter().filter(|record| {
            matches!(&record.event, Event::Received { from: of, id: number }
                if (of, number) == (&from, id))
        });
        let arrivals = arrivals.map(|record| record.t).collect::<Vec<_>>();
        assert_eq!(arrivals.len(), expected, "{trick}");
        assert!(trick != "late" || arrivals[0] > 630_000);
    }
    let late = records("three", &format!("900drop:{from}:{id}"), 1000);
    assert_eq!(acts(&late)[0].2, Some(format!("message {id} of {from} is not on its way")));
}

#[test]
fn a_member_that_is_held_up_goes_on() {
    let records = records("three", "700pause:f1,800put:lead:x:1,900pause:f1,1500resume:n1", 1400);
    let held = acts(&records)[0].1[0].clone();
    assert_eq!(fold(&records).members[&held].kv, []);
    let actions = format!("700pause:f1,800put:lead:x:1,1500resume:{held}");
    let records = self::records("three", &actions, 2200);
    assert_eq!(fold(&records).members[&held].kv.len(), 1);
}

#[test]
fn clocks_and_disks_can_be_bad() {
    let actions = "500skew:n1:500,500skew:n2:-500,600disk:lead:100,700put:lead:x:1";
    let records = records("three", actions, 1500);
    let leader = &acts(&records)[2].1[0];
    let first_after = |is_wanted: fn(&Event) -> bool| {
        let mut own = records.iter().filter(|it| it.t > 700_000 && it.n.as_ref() == Some(leader));
        own.find(|record| is_wanted(&record.event)).unwrap().t
    };
    // The others' disks are quick, and they are a majority. The leader itself is slower.
    assert!(first_after(|event| matches!(event, Event::Committed { .. })) < 770_000);
    assert!(first_after(|event| matches!(event, Event::Applied { .. })) >= 800_000);
}

#[test]
fn leadership_is_handed_over() {
    let records = records("three", "700lead:f2", 1200);
    let to = acts(&records)[0].1[0].clone();
    let frame = fold(&records);
    assert_eq!((frame.members[&to].role, frame.members[&to].term), (Role::Leader, 2));
    let transfer = |record: &Record| matches!(record.event, Event::Sent { m: trace::Kind::TN, .. });
    assert!(records.iter().any(transfer));
}

#[test]
fn what_cannot_be_read_is_named() {
    let check = |word: &str, why: &str| {
        let actions = format!("1heal,{word}");
        let found = Play::new("five", None, &actions, None).unwrap_err().to_string();
        assert_eq!(found, format!("cannot read the action {word:?}: {why}"));
    };
    check("stop:n1", "it begins with no time in milliseconds");
    check("9", r#"there is no """#);
    check("9stop", r#""stop" needs a member"#);
    check("9stop:x", r#""x" is no member, as n1, lead and f1 are"#);
    check("9stop:n1:n2", r#""stop" has no use for "n2""#);
    check("9drop:n1~n2:XX", r#""XX" is no kind of message"#);
    check("9disk:n1:1e9", r#""1e9" is no number up to 60000"#);
    check("9put:n1:a b:c", r#""a b" is no key of letters, digits, "-", "_" and ".""#);
    check("9put:n1:a:b:x", r#""x" is no client, as c1 is"#);
    check("9joint:n1", r#""n1" has no two sides, as n1-n2 has"#);
    let error = Play::new("fve", None, "", None).unwrap_err().to_string();
    assert!(error.starts_with("there is no scenario \"fve\": there are one, three"), "{error}");
    let error = Play::new("five", None, "", Some(60_001)).unwrap_err().to_string();
    assert_eq!(error, "60001 ms is too long: a run may take 60000 ms");
    let many = "9heal,".repeat(501);
    let error = Play::new("five", None, &many, None).unwrap_err().to_string();
    assert_eq!(error, "501 actions are too many: there may be 500");
}

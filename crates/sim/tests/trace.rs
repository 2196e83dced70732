//! The trace of a run.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

use std::collections::{BTreeMap, BTreeSet};

use sim::{Scenario, Setup};
use trace::{Event, Frame, Record, Role};

fn bytes(setup: &Setup) -> Vec<u8> {
    let mut bytes = Vec::new();
    let outcome = sim::write_trace(setup, &mut bytes).unwrap();
    assert_eq!(outcome.violation, None, "{setup}");
    assert_eq!(outcome, sim::run(setup), "the telling changes what is told");
    bytes
}

fn records(setup: &Setup) -> Vec<Record> {
    let text = String::from_utf8(bytes(setup)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A short run of everything that can go wrong.
fn stormy(seed: u64) -> Setup {
    Setup { until_ms: Some(500), ..Setup::new(seed) }
}

fn calm(seed: u64) -> Setup {
    Setup { scenario: Scenario::Calm, until_ms: Some(200), ..Setup::new(seed) }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    assert_eq!(bytes(&stormy(3)), bytes(&stormy(3)));
    assert_ne!(bytes(&stormy(3)), bytes(&stormy(4)));
}

#[test]
fn records_are_numbered_and_in_order_of_time() {
    let records = records(&stormy(5));
    assert!(matches!(records[0].event, Event::Hello { .. }));
    for (number, pair) in records.windows(2).enumerate() {
        assert_eq!(pair[0].i, number as u64);
        assert!(pair[0].t <= pair[1].t, "{:?} before {:?}", pair[0], pair[1]);
    }
}

/// Nothing arrives or gets lost that was not sent, and a message that does neither is still on its
/// way at the end.
#[test]
fn every_message_has_its_sending_and_its_end() {
    let records = records(&stormy(6));
    let mut sent = BTreeMap::new();
    let mut ended = BTreeSet::new();
    for record in &records {
        let from = record.n.clone().unwrap_or_default();
        match &record.event {
            Event::Sent { id, eta, .. } => {
                assert!(sent.insert((from, *id), eta.unwrap()).is_none());
            }
            Event::Received { from, id } | Event::Dropped { from, id, .. } => {
                assert!(sent.contains_key(&(from.clone(), *id)), "{record:?}");
                ended.insert((from.clone(), *id));
            }
            _ => {}
        }
    }
    let end = records.last().unwrap().t;
    assert!(ended.len() > 500);
    for (message, eta) in sent {
        assert!(ended.contains(&message) || eta > end, "{message:?} of {end}");
    }
}

/// A picture of the timer needs no guess: whoever campaigns does so at the time that was told.
#[test]
fn a_timer_runs_out_when_it_was_said() {
    let mut campaigns = 0;
    for seed in 1..=3 {
        let mut frame = Frame::default();
        for record in records(&calm(seed)) {
            if let (Event::Standing { role: Role::PreCandidate, .. }, Some(name)) =
                (&record.event, &record.n)
            {
                let (_, deadline) = frame.members[name].tm.unwrap();
                assert_eq!(record.t, deadline, "seed {seed}: {record:?}");
                campaigns += 1;
            }
            frame.fold(&record);
        }
    }
    assert!(campaigns > 0);
}

/// The fold of all records is what the members came to: here, when all is calm, the same.
#[test]
fn the_fold_of_a_trace_is_where_the_members_are() {
    let mut frame = Frame::default();
    for record in records(&calm(2)) {
        frame.fold(&record);
    }
    let members = frame.members.values().collect::<Vec<_>>();
    assert_eq!(members.iter().filter(|member| member.role == Role::Leader).count(), 1);
    for pair in members.windows(2) {
        assert!(pair[0].ai > 10);
        assert_eq!((pair[0].term, pair[0].ai), (pair[1].term, pair[1].ai));
        assert_eq!((&pair[0].log, &pair[0].kv), (&pair[1].log, &pair[1].kv));
    }
}

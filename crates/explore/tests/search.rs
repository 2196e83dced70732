//! The search itself: that it visits what there is to visit, and tells how it got there.

use std::time::Duration;

use explore::catalogue::Catalogue;
use explore::replay;
use explore::scenario::{Bounds, Scenario};
use explore::search::{End, Limits, Report, explore};
use explore::state::{Move, State};
use raft::{Change, NodeId};

const LIMITS: Limits = Limits { states: 1_000_000, time: Duration::from_mins(1) };

fn small() -> Scenario {
    let bounds = Bounds { time_outs: 1, crashes: 1, doubles: 1, ..Bounds::default() };
    Scenario::of_three("small", bounds)
}

fn check(scenario: &Scenario) -> Report {
    let report = explore(scenario, LIMITS);
    assert!(matches!(report.end, End::Complete), "{report}");
    report
}

/// Each member is named by a change that never comes, so none may be taken for another. Then every
/// state is visited under each of its names: exactly as many as the search with renamings says.
#[test]
fn renamings_lose_no_state_and_take_no_two_for_one() {
    let few = check(&small());
    let named = (1..=3).map(|id| vec![Change::Remove(NodeId(id))]).collect();
    let all = check(&Scenario { changes: named, ..small() });
    assert_eq!(all.states as u64, all.named);
    assert_eq!(few.named, all.named);
    assert!(few.states * 5 < all.states, "{few}\n{all}");
}

#[test]
fn a_search_is_always_the_same() {
    let (first, second) = (check(&small()), check(&small()));
    let figures = |it: &Report| (it.states, it.named, it.moves, it.depth, it.members);
    assert_eq!(figures(&first), figures(&second));
}

#[test]
fn a_search_stops_at_its_limit() {
    let report = explore(&small(), Limits { states: 100, ..LIMITS });
    assert!(matches!(report.end, End::Limited), "{report}");
}

#[test]
fn a_small_cluster_elects_and_commits() {
    let report = check(&small());
    assert_eq!((report.leaders, report.committed), (1, 1), "{report}");
}

/// The first move of each state, as long as there is one.
#[test]
fn a_path_is_told_as_a_script() {
    let scenario = Scenario::of_three("one", Bounds { time_outs: 1, ..Bounds::default() });
    let (mut catalogue, members) = Catalogue::new(&scenario);
    let mut state = State::new(members, scenario.bounds);
    let mut path: Vec<Move> = Vec::new();
    while let Some(next) = state.moves(&catalogue).first().copied() {
        state = state.after(&mut catalogue, next).unwrap();
        path.push(next);
    }
    let script = replay::script(&scenario, &path);
    let lines = script.lines().collect::<Vec<_>>();
    let beginning = [
        "cluster 3 heartbeat=1 election=10 batch=1024 lag=0",
        "campaign n1",
        "deliver from=n1 to=n2 count=1",
        "deliver from=n2 to=n1 count=1",
        "persist n1 until=1",
    ];
    assert_eq!(lines[..beginning.len()], beginning);
    assert_eq!(state.past().committed(), 1, "{script}");
}

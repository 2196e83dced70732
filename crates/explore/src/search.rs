//! Through all states, in the order of how many moves lead to them.
//!
//! Of each state that was visited only its fingerprint is kept, and which move led to it from which
//! other; whole states are only at the frontier. So a fault is found by a shortest path, and the
//! path can be told.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

use crate::catalogue::{Act, Catalogue, Checked, MemberId};
use crate::scenario::{Bounds, Scenario};
use crate::state::{Move, MoveKind, State};

/// When to give up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// After so many states.
    pub states: usize,
    /// After so long.
    pub time: Duration,
}

/// What a search found.
#[derive(Debug)]
pub struct Report {
    /// The name of the scenario.
    pub scenario: &'static str,
    /// How many states were visited, of each orbit one.
    pub states: usize,
    /// How many states those stand for, under all names.
    pub named: u64,
    /// How many moves were tried.
    pub moves: u64,
    /// How many moves lead to the last state.
    pub depth: usize,
    /// The most states that were at the frontier.
    pub frontier: usize,
    /// How many conditions of a single member were met.
    pub members: usize,
    /// The most terms that had a leader on one path.
    pub leaders: usize,
    /// The most entries that were committed.
    pub committed: usize,
    /// How long it took.
    pub time: Duration,
    /// How it ended.
    pub end: End,
}

/// How a search ended.
#[derive(Debug)]
pub enum End {
    /// There are no more states.
    Complete,
    /// A limit was reached.
    Limited,
    /// Something did not hold.
    Broken {
        /// What.
        fault: String,
        /// A shortest path to it.
        path: Vec<Move>,
    },
}

/// Which state a state was reached from, and how.
#[derive(Clone, Copy)]
struct Step {
    from: u32,
    by: Move,
}

/// Visits every state that a scenario comes to.
pub fn explore(scenario: &Scenario, limits: Limits) -> Report {
    let started = Instant::now();
    let (mut catalogue, members) = Catalogue::new(scenario);
    let mut search = Search::default();
    let mut moves = 0;
    let end = match begin(&mut catalogue, members) {
        Err(fault) => End::Broken { fault, path: Vec::new() },
        Ok((prelude, first)) => {
            search.prelude = prelude;
            search.visit(&catalogue, first, None);
            loop {
                let Some((number, depth, state)) = search.frontier.pop_front() else {
                    break End::Complete;
                };
                search.depth = depth;
                if search.visited.len() >= limits.states || started.elapsed() >= limits.time {
                    break End::Limited;
                }
                let broken = state.moves(&catalogue).into_iter().find_map(|by| {
                    moves += 1;
                    let step = Step { from: number, by };
                    match state.after(&mut catalogue, by) {
                        Ok(next) => {
                            search.visit(&catalogue, next, Some((step, depth)));
                            None
                        }
                        Err(fault) => Some(End::Broken { fault, path: search.path(step) }),
                    }
                });
                if let Some(broken) = broken {
                    break broken;
                }
            }
        }
    };
    Report {
        scenario: scenario.name,
        states: search.visited.len(),
        named: search.named,
        moves,
        depth: search.depth,
        frontier: search.frontier_max,
        members: catalogue.members_met(),
        leaders: search.leaders,
        committed: search.committed,
        time: started.elapsed(),
        end,
    }
}

/// Brings the cluster to where the search begins: by which path, and the state there.
fn begin(catalogue: &mut Catalogue, members: Vec<MemberId>) -> Checked<(Vec<Move>, State)> {
    let bounds = catalogue.scenario().bounds;
    if !catalogue.scenario().is_led {
        return Ok((Vec::new(), State::new(members, bounds)));
    }
    let campaign = Move { member: 0, kind: MoveKind::Act(Act::TimeOut) };
    let state = State::new(members, Bounds { time_outs: 1, ..Bounds::default() });
    let (rest, state) = state.after(catalogue, campaign)?.settle(catalogue)?;
    Ok(([vec![campaign], rest].concat(), state.bounded(bounds)))
}

#[derive(Default)]
struct Search {
    /// What happens before the first state.
    prelude: Vec<Move>,
    visited: HashSet<u64>,
    /// How each state was reached, in the order of visits. The first one was not.
    steps: Vec<Option<Step>>,
    /// The states whose moves were not tried yet, with their number and depth.
    frontier: VecDeque<(u32, usize, State)>,
    frontier_max: usize,
    depth: usize,
    named: u64,
    leaders: usize,
    committed: usize,
}

impl Search {
    fn visit(&mut self, catalogue: &Catalogue, state: State, reached: Option<(Step, usize)>) {
        let (fingerprint, names) = state.fingerprint(catalogue);
        if !self.visited.insert(fingerprint) {
            return;
        }
        self.named += names as u64;
        self.leaders = self.leaders.max(state.past().leaders());
        self.committed = self.committed.max(state.past().committed());
        let number = u32::try_from(self.steps.len()).expect("memory ends before");
        self.steps.push(reached.map(|(step, _)| step));
        let depth = reached.map_or(0, |(_, depth)| depth + 1);
        self.frontier.push_back((number, depth, state));
        self.frontier_max = self.frontier_max.max(self.frontier.len());
    }

    fn path(&self, last: Step) -> Vec<Move> {
        let before = |step: &Step| self.steps[step.from as usize];
        let mut path =
            std::iter::successors(Some(last), before).map(|step| step.by).collect::<Vec<_>>();
        path.extend(self.prelude.iter().rev());
        path.reverse();
        path
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match &self.end {
            End::Complete => "complete",
            End::Limited => "stopped at a limit",
            End::Broken { .. } => "BROKEN",
        };
        write!(
            f,
            "{:<16} {:>9} states for {:>9}, {:>9} moves, depth {:>3}, {:>6} members, leaders {}, \
             committed {}, frontier {:>7}, {:>6.1} s, {end}",
            self.scenario,
            self.states,
            self.named,
            self.moves,
            self.depth,
            self.members,
            self.leaders,
            self.committed,
            self.frontier,
            self.time.as_secs_f64(),
        )
    }
}

//! Tells a path as a golden script. Put it into `crates/raft/tests/scripts`, and the same happens
//! there, with everything that members say.

use raft::Change;

use crate::catalogue::{Act, Catalogue, Checked, MessageId, command};
use crate::names::{id_at, place};
use crate::scenario::{Bounds, Scenario};
use crate::state::{Move, MoveKind, State, is_idle, link};

/// The commands of a golden script that take a path, which begins where the cluster does.
pub fn script(scenario: &Scenario, path: &[Move]) -> String {
    let (mut catalogue, members) = Catalogue::new(scenario);
    let mut state = State::new(members, Bounds::ALL);
    let mut network = Network::default();
    let mut lines = vec![scenario.command()];
    for step in path {
        lines.extend(tell(&catalogue, &state, &mut network, *step));
        let Ok(next) = follow(&mut catalogue, &state, &mut network, *step) else { break };
        state = next;
    }
    lines.join("\n")
}

/// All that was sent and has neither arrived nor got lost, in this order; and whether it could
/// still have an effect. The search forgets what could not, a script does not.
#[derive(Default)]
struct Network(Vec<(MessageId, bool)>);

impl Network {
    /// Takes the message that is the next one on a link after so many with an effect. Returns how
    /// many were before it, which are lost.
    fn take(&mut self, catalogue: &Catalogue, on: (usize, usize), lost: u8, again: bool) -> usize {
        let on_link = |message: MessageId| link(catalogue.envelope(message)) == on;
        let network = self.0.iter().enumerate();
        let with_effect = network.filter(|(_, (message, alive))| on_link(*message) && *alive);
        let target = with_effect.map(|(at, _)| at).nth(usize::from(lost));
        let target = target.expect("the search delivered it");
        let before = self.0[..target].iter().filter(|(message, _)| on_link(*message)).count();
        let taken = self.0[target];
        let mut at = 0;
        self.0.retain(|(message, _)| {
            at += 1;
            at > target + 1 || !on_link(*message)
        });
        self.0.extend(again.then_some(taken));
        before
    }
}

fn tell(
    catalogue: &Catalogue,
    state: &State,
    network: &mut Network,
    Move { member, kind }: Move,
) -> Vec<String> {
    let id = id_at(usize::from(member));
    let writes = &catalogue.member(state.member(usize::from(member))).pending;
    match kind {
        MoveKind::Deliver { from, lost, again } => {
            let on = (usize::from(from), usize::from(member));
            let link = format!("from={} to={id}", id_at(on.0));
            let lost = network.take(catalogue, on, lost, again);
            let drop = (lost > 0).then(|| format!("drop {link} count={lost}"));
            let again = if again { " again=true" } else { "" };
            drop.into_iter().chain([format!("deliver {link} count=1{again}")]).collect()
        }
        MoveKind::Act(act) => match act {
            Act::TimeOut => vec![format!("campaign {id}")],
            Act::Beat => vec![format!("tick 1 {id}")],
            Act::Receive(_) => unreachable!("a message is delivered"),
            Act::Persist(count) => {
                let last = &writes[usize::from(count) - 1];
                vec![format!("persist {id} until={}", last.id.0)]
            }
            Act::Crash(0) => vec![format!("crash {id}"), format!("restart {id}")],
            Act::Crash(kept) => vec![format!("crash {id} kept={kept}"), format!("restart {id}")],
            Act::Propose(number) => vec![format!("propose {id} {}", command(number))],
            Act::Change(number) => {
                let change = &catalogue.scenario().changes[usize::from(number)];
                let steps = change.iter().map(Change::to_string).collect::<Vec<_>>().join(", ");
                vec![format!("change {id} \"{steps}\"")]
            }
            Act::Transfer(to) => vec![format!("transfer {id} to={}", id_at(usize::from(to)))],
        },
    }
}

/// Takes a step, and notes what it sends.
fn follow(
    catalogue: &mut Catalogue,
    state: &State,
    network: &mut Network,
    step: Move,
) -> Checked<State> {
    let (next, sends) = state.step(catalogue, step)?;
    network.0.extend(sends.into_iter().map(|message| (message, true)));
    for (message, alive) in &mut network.0 {
        let envelope = catalogue.envelope(*message);
        let receiver = next.member(place(envelope.to));
        *alive &= !is_idle(envelope, catalogue.facts(receiver).durable_term);
    }
    Ok(next)
}

// @ts-check
// The runs that the reader made, one below the other: where each leaves the one before it, who led
// when, and what each has come to at the moment that is shown.

import { leaderOf } from "../run/actions.js";
import { reigns } from "../model/reigns.js";
import { patch, round, shape } from "../scene/tree.js";
import { termClass } from "../scene/term.js";
import { say } from "../text.js";

/** @import { Branch, Runner } from "../run/runner.js" */

const WIDTH = 250;
const HEIGHT = 8;

export function drawBranches(/** @type {HTMLElement} */ card, /** @type {Runner} */ run) {
  card.hidden = run.branches.length < 2;
  if (card.hidden) return;
  const rows = run.branches.map((branch, place) => row(branch, place, run));
  patch(card, [shape("h2", {}, say("branches")), shape("ol", {}, rows)]);
}

function row(/** @type {Branch} */ branch, /** @type {number} */ place, /** @type {Runner} */ run) {
  const { recording, to } = branch.trace;
  const { t } = run.player;
  const frame = recording.frame(t);
  const leader = leaderOf(frame);
  const committed = Math.max(0, ...[...frame.members.values()].map(({ ci }) => ci));
  const name = branch.did || say("firstRun");
  const at = branch.did ? `${Math.ceil(branch.at / 1000)} ms · ` : "";
  const state = leader
    ? say("branchState", { leader: leader.name, term: leader.term, ci: committed })
    : say("branchNoLeader", { ci: committed });
  return shape("li", { key: place }, [
    shape(
      "button",
      {
        type: "button",
        "data-branch": place,
        "aria-current": branch === run.shown ? "true" : undefined,
      },
      [
        shape("b", { class: "mono" }, `${at}${name}`),
        shape("small", {}, state),
        tape(branch, t, to),
      ],
    ),
  ]);
}

/** Who led when, as the large tape shows it. */
function tape(
  /** @type {Branch} */ { trace, at },
  /** @type {number} */ t,
  /** @type {number} */ to,
) {
  const x = (/** @type {number} */ time) => round((time / to) * WIDTH);
  const bands = reigns(trace.recording, trace.from, to).map(({ name, term, from, to: end }) =>
    shape("rect", {
      key: `${name}${term}`,
      class: `band ${termClass(term)}`,
      x: x(from),
      width: Math.max(1, round(x(end) - x(from) - 1)),
      height: HEIGHT,
      rx: 2,
    }),
  );
  const attrs = { class: "tape", viewBox: `0 -2 ${WIDTH} ${HEIGHT + 4}`, "aria-hidden": "true" };
  return shape("svg", attrs, [
    shape("rect", { key: "track", class: "track", width: WIDTH, height: HEIGHT, rx: 4 }),
    ...bands,
    at > 0 && shape("path", { key: "fork", class: "fork", d: `M${x(at)} -2V${HEIGHT + 2}` }),
    shape("circle", { key: "now", class: "knob", cx: x(t), cy: HEIGHT / 2, r: 4 }),
  ]);
}

// @ts-check
// Chapter 3: the states of a member, and the ways between them. Those that are open to the chosen
// member now are lit; where it came from is told.

import { at, patch, shape } from "../scene/tree.js";
import { termClass } from "../scene/term.js";
import { learn, say } from "../text.js";

/** @import { Member } from "../model/types.js" */
/** @import { Role } from "../protocol.js" */
/** @import { Runner } from "../run/runner.js" */
/** @import { Shape } from "../scene/tree.js" */
/** @import { ExtraPage } from "./types.js" */

await learn("roles");

const WIDTH = 258;
const HEIGHT = 92;
const Y = 44;
const RADIUS = 15;
/** Where each state stands. */
const X = { F: 28, P: 97, C: 166, L: 231 };
/** Each way, and the height of its curve: on above, back below. */
const WAYS = /** @type {const} */ ([
  ["F", "P", 0],
  ["P", "C", 0],
  ["C", "L", 0],
  ["P", "F", 24],
  ["C", "F", 36],
  ["L", "F", 48],
]);
/** @typedef {keyof typeof X} State */

/** @returns {boolean} */
export function draw(/** @type {HTMLElement} */ card, /** @type {ExtraPage} */ { run, member }) {
  if (!member) return false;
  const { name, role, term } = member;
  patch(card, [
    shape("h2", {}, say("inspectMember", { name })),
    shape(
      "svg",
      {
        key: "states",
        class: `states ${termClass(term)}`,
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        "aria-hidden": "true",
      },
      [
        ...WAYS.map(([from, to, curve]) => way(from, to, curve, from === role)),
        ...Object.keys(X).map((one) => state(/** @type {State} */ (one), one === role)),
      ],
    ),
    shape("p", { key: "next", class: "quiet" }, say(`next${role}`)),
    shape("p", { key: "last", class: "quiet" }, cameFrom(run, member)),
  ]);
  return true;
}

function state(/** @type {State} */ role, /** @type {boolean} */ isNow) {
  const place = at(X[role], Y);
  return shape("g", { key: role, class: isNow ? "now" : "", transform: place }, [
    shape("circle", { r: RADIUS, class: `of${role}` }),
    shape("text", { y: -RADIUS - 6 }, say(role)),
  ]);
}

/**
 * @param {State} from
 * @param {State} to
 * @param {number} curve
 * @param {boolean} isOpen
 * @returns {Shape}
 */
function way(from, to, curve, isOpen) {
  const [a, b] = [X[from], X[to]];
  const foot = Y + RADIUS;
  const on = curve === 0;
  const d = on
    ? `M${a + RADIUS + 4} ${Y}H${b - RADIUS - 9}`
    : `M${a - 5} ${foot + 4}Q${(a + b) / 2} ${foot + curve} ${b + 8} ${foot + 7}`;
  const head = on ? `M${b - RADIUS - 4} ${Y}l-8 -4v8z` : `M${b + 4} ${foot + 3}l9 0l-4 7z`;
  return shape("g", { key: `${from}${to}`, class: isOpen ? "way open" : "way" }, [
    shape("path", { d }),
    shape("path", { class: "tip", d: head }),
  ]);
}

/** The last change of a member's state. */
function cameFrom(/** @type {Runner} */ run, /** @type {Member} */ { name, role }) {
  const { recording, t } = run.stage;
  /** @type {Role | null} */
  let before = null;
  /** @type {{t: number, from: Role, to: Role} | null} */
  let last = null;
  for (const record of recording.changes(0, t)) {
    if (record.k !== "st" || record.n !== name) continue;
    if (before !== null && before !== record.role)
      last = { t: record.t, from: before, to: record.role };
    before = record.role;
  }
  if (!last || last.to !== role) return "";
  const at = (last.t / 1000).toFixed(1);
  return say("cameFrom", { t: at, from: say(last.from), to: say(last.to) });
}

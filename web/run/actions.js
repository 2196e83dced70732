// @ts-check
// What the reader does to a run, in the words of docs/scenarios.md.

import { say } from "../text.js";

/** @import { Frame, Message } from "../model/types.js" */
/** @typedef {{label: string, action: string}} Offer something to do, as a button says it */

/** How much later a message arrives that the reader delays, in milliseconds. */
const LATE = 60;

/**
 * A run's actions with one more. It happens at the first whole millisecond from `t` on, so that
 * everything up to `t` stays as it was.
 * @param {string} actions
 * @param {number} t in microseconds
 * @param {string} action
 */
export function addAction(actions, t, action) {
  const at = Math.ceil(t / 1000);
  return [...actions.split(",").filter(Boolean), `${at}${action}`].join(",");
}

/** @returns {Offer[]} for a message that is under way; none else */
export function messageOffers(/** @type {Message | undefined} */ message, /** @type {number} */ t) {
  if (!message || t < message.t0 || (message.t1 !== null && t >= message.t1)) return [];
  const [from, id] = message.key.split(":");
  return [
    offer("actDrop", "", `drop:${from}:${id}`),
    offer("actDelay", String(LATE), `late:${from}:${id}:${LATE}`),
    offer("actDouble", "", `twice:${from}:${id}`),
  ];
}

/** @returns {Offer} */
export function offer(
  /** @type {import("../text.js").Word} */ word,
  /** @type {string} */ name,
  /** @type {string} */ action,
) {
  return { label: say(word, { name }), action };
}

/** The leader of the newest term among those that run. */
export function leaderOf(/** @type {Frame} */ { members }) {
  const leaders = [...members.values()].filter(({ role, paused }) => role === "L" && !paused);
  return leaders.sort((a, b) => b.term - a.term)[0] ?? null;
}

// @ts-check
// What a leader knows of its followers' logs: the highest index that each has promised to hold, as
// far as those promises have come to it in its present term.

/** @import { Member } from "./types.js" */
/** @import { Recording } from "./recording.js" */

/**
 * @param {Recording} recording
 * @param {Member} leader
 * @param {number} t
 * @returns {Map<string, number>} by follower
 */
export function matched(recording, leader, t) {
  /** @type {Map<string, number>} */
  const found = new Map();
  for (const message of recording.messages.between(leader.since, t)) {
    const { m, to, from, term, b, t1, dropped } = message;
    if (m !== "AER" || to !== leader.name || term !== leader.term || !b.ok) continue;
    if (dropped || t1 === null || t1 > t) continue;
    found.set(from, Math.max(found.get(from) ?? 0, b.mi ?? 0));
  }
  return found;
}

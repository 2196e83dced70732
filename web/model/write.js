// @ts-check
// A stretch of a recording as a trace: text, one record a line.

/** @import { Hello } from "../protocol.js" */
/** @import { Recording } from "./recording.js" */
/** @import { Member } from "./types.js" */

/**
 * A stretch of a recording as text: a hello, each member as it was, and what followed.
 * @param {Hello} hello
 * @param {Recording} recording
 * @param {number} from
 * @param {number} to
 */
export function writeTrace(hello, recording, from, to) {
  const members = [...recording.frame(from - 1).members.values()];
  const records = [
    { ...hello, t: from },
    ...members.filter((member) => member.heard > 0).map((member) => whole(member, from)),
    ...recording.between(from, to),
  ];
  return records.map((record, i) => `${JSON.stringify({ ...record, i })}\n`).join("");
}

/** A member as the record that tells the whole of it. */
function whole(/** @type {Member} */ member, /** @type {number} */ t) {
  const { name, role, term, vote, lead, log, first, ci, ai, kv, timer } = member;
  const tm = timer && [timer.dur, timer.dl];
  return {
    i: 0,
    t,
    n: name,
    k: "key",
    role,
    term,
    vote,
    lead,
    log,
    first,
    ci,
    ai,
    kv: [...kv],
    tm,
  };
}

// @ts-check
// Chapter 8: how a write becomes an entry that a majority holds.

import { short } from "../../model/short.js";
import { isWrite, millis, place, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const leads = run.leader(0);
  const asked = run.after(leads?.t, "op", isWrite);
  const cmd = asked?.cmd ?? "";
  const sent = asked && run.appended(asked.t, cmd);
  const index = sent ? place(sent, cmd) : 0;
  const promises = run.names
    .flatMap((name) => promise(run, name, leads?.n, index, sent?.t) ?? [])
    .sort((a, b) => a.t0 - b.t0);
  const [first] = promises;
  const committed = run.committed(sent?.t, leads?.n, index);
  const answered = run.answer(asked);
  const later = run.after(committed?.t, "ci", ({ n, ci }) => n !== leads?.n && ci >= index);
  const held = answered ? 1 + promises.filter(({ t0 }) => t0 <= answered.t).length : 0;
  const slowest = Math.max(0, ...promises.map(({ t0 }) => t0));
  const late = answered ? Math.max(0, slowest - answered.t) : 0;
  return {
    beats: [time(asked), first?.t0 ?? null, time(committed), time(answered), time(later)],
    values: {
      cmd: short(cmd),
      leader: leads?.n ?? "",
      follower: first?.from ?? "",
      later: later?.n ?? "",
      held,
      members: run.names.length,
      late: millis(late),
    },
    checks: [
      { t: time(answered), holds: held * 2 > run.names.length },
      { t: slowest || null, holds: late > 0 && promises.length + 1 === run.names.length },
    ],
  };
}

/**
 * The message in which a follower first promised to hold an entry.
 * @param {Reader} run
 * @param {string} name
 * @param {string | undefined} leader
 * @param {number} index
 * @param {number | undefined} t
 */
function promise(run, name, leader, index, t) {
  if (name === leader || t === undefined || index === 0) return null;
  return run.messages(t).find(({ m, from, b }) => {
    return m === "AER" && from === name && b.ok === true && (b.mi ?? 0) >= index;
  });
}

// @ts-check
// Chapter 9: two leaders on two sides of a wall.

import { short } from "../../model/short.js";
import { has, isWrite, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const old = run.leader(0);
  const wall = run.after(old?.t, "net", ({ cut }) => cut.length > 0);
  const cutOff = wall?.cut.some(([from]) => from === old?.n);
  const alone = wall && cutOff ? run.names.filter((name) => reaches(wall.cut, old?.n, name)) : [];
  const leads = run.leader(wall?.t, old?.term);
  const lost = run.after(wall?.t, "op", (op) => isWrite(op) && alone.includes(op.n));
  const kept = run.after(leads?.t, "op", (op) => isWrite(op) && !alone.includes(op.n));
  const healed = run.after(wall?.t, "net", ({ cut }) => cut.length === 0);
  const dropped = run.after(healed?.t, "tr", ({ n }) => n === old?.n);
  const before = run.member(old?.n, wall?.t ?? 0)?.ci;
  const after = run.member(old?.n, (healed?.t ?? 1) - 1)?.ci;
  const logs = run.members(run.end).filter(({ log }) => has(log, kept?.cmd ?? "?"));
  const answered = run.answer(kept);
  return {
    beats: [wall, lost, leads, answered, healed, dropped].map(time),
    values: {
      minority: alone.join(", "),
      old: old?.n ?? "",
      oldTerm: old?.term ?? 0,
      leader: leads?.n ?? "",
      term: leads?.term ?? 0,
      lostCmd: short(lost?.cmd ?? ""),
      keptCmd: short(kept?.cmd ?? ""),
      members: run.names.length,
    },
    checks: [
      { t: time(healed), holds: before !== undefined && before === after },
      { t: time(dropped), holds: answered !== null && logs.length === run.names.length },
    ],
  };
}

/** Whether no direct link between two members is cut. */
function reaches(
  /** @type {readonly (readonly [string, string])[]} */ cut,
  /** @type {string | undefined} */ from,
  /** @type {string} */ to,
) {
  return from === to || !cut.some(([a, b]) => a === from && b === to);
}

// @ts-check
// Chapter 2: three nodes without a protocol.

import { short } from "../../model/short.js";
import { isWrite, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const leads = run.leader(0);
  const asked = run.all("op").filter(isWrite);
  const other = asked.find(({ by }) => by !== asked[0].by) ?? null;
  const answered = asked.map((one) => run.answer(one));
  const last = answered.every((one) => one !== null) ? lastOf(answered) : null;
  const ends = new Set(run.members(run.end).map(({ kv }) => kv.get("x")));
  return {
    beats: [time(leads), time(other), time(last), last && run.end],
    values: {
      first: asked[0]?.n ?? "",
      firstCmd: short(asked[0]?.cmd ?? ""),
      second: other?.n ?? "",
      secondCmd: short(other?.cmd ?? ""),
      answers: answered.length,
      disagreements: ends.size - 1,
    },
    checks: [
      { t: last && run.end, holds: ends.size > 1 },
      { t: time(last), holds: new Set(asked.map(({ n }) => n)).size === run.names.length },
    ],
  };
}

/** @template T @returns {T | null} */
function lastOf(/** @type {T[]} */ all) {
  return all.at(-1) ?? null;
}

// @ts-check
// Chapter 1: a single node, and a write.

import { isWrite, place, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const leads = run.leader(0);
  const asked = run.after(leads?.t, "op", isWrite);
  const held = asked && run.appended(asked.t, asked.cmd ?? "");
  const index = held ? place(held, asked?.cmd) : 0;
  const committed = held && run.committed(held.t, held.n, index);
  const answered = run.answer(asked);
  const value = asked?.cmd?.split(" ")[2] ?? "";
  const kv = run.member(leads?.n, run.end)?.kv;
  const after = answered && committed ? answered.t - committed.t : 0;
  return {
    beats: [leads, asked, held, committed, answered].map(time),
    values: { leader: leads?.n ?? "", value, after: `${(after / 1000).toFixed(2)} ms` },
    checks: [
      { t: time(answered), holds: value !== "" && kv?.get("x") === value },
      { t: time(answered), holds: answered !== null && after >= 0 },
    ],
  };
}

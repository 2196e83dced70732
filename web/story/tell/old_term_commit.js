// @ts-check
// Chapter 11, figure 8 of the paper: copies of an old entry are counted.

import { short } from "../../model/short.js";
import { isWrite, place, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const old = run.leader(0);
  const wall = run.after(old?.t, "net", ({ cut }) => cut.length > 0);
  const asked = run.after(wall?.t, "op", isWrite);
  const cmd = asked?.cmd ?? "";
  const held = asked && run.appended(asked.t, cmd);
  const index = held ? place(held, cmd) : 0;
  const second = run.leader(held?.t, old?.term);
  const third = run.leader(second?.t, second?.term);
  const counted = run.committed(third?.t, third?.n, index);
  const last = run.leader(counted?.t, third?.term);
  return {
    beats: [held, second, third, counted, last].map(time),
    values: {
      old: old?.n ?? "",
      oldTerm: old?.term ?? 0,
      cmd: short(cmd),
      second: second?.n ?? "",
      secondTerm: second?.term ?? 0,
      third: third?.n ?? "",
      thirdTerm: third?.term ?? 0,
      last: last?.n ?? "",
      lastTerm: last?.term ?? 0,
    },
    checks: [
      { t: time(counted), holds: counted !== null },
      { t: time(last), holds: last !== null && !run.holds(last.n, last.t, cmd) },
    ],
  };
}

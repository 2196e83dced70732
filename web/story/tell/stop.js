// @ts-check
// Chapter 6: a leader is stopped.

import { millis, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const old = run.leader(0);
  const gone = run.after(old?.t, "ft", ({ f, n }) => f === "stop" && n === old?.n);
  const asks = run.after(gone?.t, "st", ({ role }) => role === "P");
  const leads = run.leader(gone?.t, old?.term);
  const back = run.after(leads?.t, "ft", ({ f, n }) => f === "start" && n === old?.n);
  const follows = run.after(back?.t, "st", ({ n, lead }) => n === old?.n && lead === leads?.n);
  const down = gone && leads && old ? unavailable(run, old.n, gone.t, leads.t) : 0;
  return {
    beats: [old, gone, asks, leads, back, follows].map(time),
    values: {
      old: old?.n ?? "",
      oldTerm: old?.term ?? 0,
      first: asks?.n ?? "",
      leader: leads?.n ?? "",
      term: leads?.term ?? 0,
      down: millis(down),
    },
    checks: [
      { t: time(leads), holds: (leads?.term ?? 0) > (old?.term ?? 0) },
      { t: time(leads), holds: down > 0 },
    ],
  };
}

/** From the first heartbeat that was missed to the new leader. */
function unavailable(
  /** @type {Reader} */ run,
  /** @type {string} */ old,
  /** @type {number} */ gone,
  /** @type {number} */ led,
) {
  const said = run.messages(0, gone).filter(({ from, m }) => from === old && m === "HB");
  return led - ((said.at(-1)?.t0 ?? gone) + run.hello.timing.heartbeat_us);
}

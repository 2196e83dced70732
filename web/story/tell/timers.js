// @ts-check
// Chapter 4: the two timers.

import { millis, Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { State } from "../../protocol.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const asks = run.after(0, "st", ({ role }) => role === "P");
  const leads = run.leader(asks?.t);
  const beat = run.after(leads?.t, "tx", ({ m, n }) => m === "HB" && n === leads?.n);
  const last = run.after(beat && beat.t + 120_000, "tx", ({ m }) => m === "HB");
  const dl = asks ? (run.member(asks.n, asks.t - 1)?.timer?.dl ?? 0) : 0;
  const off = asks ? Math.abs(asks.t - dl) : 0;
  const silence = leads ? longestSilence(run, leads) : 0;
  return {
    beats: [asks, leads, beat, last].map(time),
    values: {
      first: asks?.n ?? "",
      leader: leads?.n ?? "",
      off: millis(off),
      silence: millis(silence),
    },
    checks: [
      { t: time(asks), holds: off <= 10_000 },
      { t: time(last), holds: silence > 0 && silence < run.hello.timing.election_us[0] },
    ],
  };
}

/** The longest time in which a follower heard nothing of its leader. */
function longestSilence(/** @type {Reader} */ run, /** @type {State} */ leads) {
  const heard = run.messages(leads.t).filter(({ from, t1 }) => from === leads.n && t1 !== null);
  const gaps = run.names.flatMap((name) => {
    const times = heard.filter(({ to }) => to === name).map(({ t1 }) => Number(t1));
    return times.slice(1).map((t, place) => t - times[place]);
  });
  return Math.max(0, ...gaps);
}

// @ts-check
// Chapter 10: how a log becomes that of the leader.

import { Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const old = run.leader(0);
  const wall = run.after(old?.t, "net", ({ cut }) => cut.length > 0);
  const own = run.after(wall?.t, "ap", ({ n }) => n === old?.n);
  const healed = run.after(own?.t, "net", ({ cut }) => cut.length === 0);
  const leads =
    run
      .all("st")
      .findLast(
        ({ role, t }) => role === "L" && t > (wall?.t ?? Infinity) && t < (healed?.t ?? 0),
      ) ?? null;
  // It may have left before the wall fell, and come through just so.
  const asks =
    leads &&
    run.messages(leads.t).find(({ m, from, to, dropped }) => {
      return m === "AE" && from === leads.n && to === old?.n && !dropped;
    });
  const refusal = run.after(
    asks?.t0,
    "tx",
    ({ m, n, b }) => m === "AER" && n === old?.n && b.ok === false,
  );
  const cut = run.after(refusal?.t, "tr", ({ n }) => n === old?.n);
  const equal = run.after(cut?.t, "rx", ({ n, from, id }) => {
    const message = n === leads?.n && from === old?.n ? run.message(`${from}:${id}`) : undefined;
    return message?.m === "AER" && message.b.ok === true && message.t0 >= (cut?.t ?? 0);
  });
  const trips = run
    .messages(healed?.t ?? run.end, equal?.t)
    .filter(({ m, from }) => m === "AER" && from === old?.n);
  const erased = run.all("tr").filter(({ n, from, t }) => (run.member(n, t - 1)?.ci ?? 0) >= from);
  return {
    beats: [
      ...[own, leads].map(time),
      asks && healed ? Math.max(asks.t0, healed.t) : null,
      ...[refusal, cut, equal].map(time),
    ],
    values: {
      old: old?.n ?? "",
      leader: leads?.n ?? "",
      term: leads?.term ?? 0,
      trips: trips.length,
      erased: erased.length,
    },
    checks: [
      { t: time(equal), holds: trips.length > 0 && trips.length <= 3 },
      { t: time(cut), holds: cut !== null && erased.length === 0 },
    ],
  };
}

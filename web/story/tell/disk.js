// @ts-check
// Chapter 12: what a loss of power takes, and what it does not.

import { Reader, time } from "../reader.js";

/** @import { Trace } from "../../model/file.js" */
/** @import { Told } from "../types.js" */

/** @returns {Told} */
export default function tell(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const gone = run.after(0, "ft", ({ f }) => f === "stop");
  const name = gone?.n;
  const voted =
    run
      .all("st")
      .findLast(({ n, vote, t }) => n === name && vote !== null && t <= (gone?.t ?? 0)) ?? null;
  const back = run.after(gone?.t, "ft", ({ f, n }) => f === "start" && n === name);
  const whole = run.after(back?.t, "key", ({ n }) => n === name);
  const caught = run.after(whole?.t, "ap", ({ n }) => n === name);
  const before = run.member(name, (gone?.t ?? 1) - 1);
  const found = run.member(name, whole?.t ?? 0);
  const kept = whole && before && found?.term === before.term && found.vote === before.vote;
  const entries = whole ? whole.first - 1 + whole.log.length : 0;
  const promised = run
    .messages(0, gone?.t)
    .filter(({ m, from, b }) => m === "AER" && from === name && b.ok)
    .reduce((most, { b }) => Math.max(most, b.mi ?? 0), 0);
  return {
    beats: [voted, gone, whole, caught].map(time),
    values: {
      voter: name ?? "",
      term: before?.term ?? 0,
      vote: found?.vote ?? "",
      entries,
    },
    checks: [
      { t: time(whole), holds: kept === true },
      { t: time(whole), holds: whole !== null && promised > 0 && entries >= promised },
    ],
  };
}

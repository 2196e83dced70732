// @ts-check
// Chapters 3 and 4: roles and timers. Each says what of its texts came true in a run.

import { millis, Reader, time } from "./reader.js";

/** @import { Trace } from "../model/file.js" */
/** @import { State } from "../protocol.js" */
/** @import { Told } from "./types.js" */

/** What may follow on a role. A member that is stopped starts as a follower. */
const ARROWS = { F: "FP", P: "FPC", C: "FPCL", L: "LF", X: "XF" };

/** @returns {Told} */
export function states(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const asks = run.after(0, "st", ({ role }) => role === "P");
  const stands = run.after(asks?.t, "st", ({ role }) => role === "C");
  const leads = run.leader(stands?.t);
  const follows = run.after(leads?.t, "st", ({ lead, n }) => lead === leads?.n && n !== leads?.n);
  const changes = run.names.map((name) => roles(run, name));
  const legal = changes.every((all) => all.every(([from, to]) => ARROWS[from].includes(to)));
  return {
    beats: [run.all("tm")[0]?.t ?? 0, asks, stands, leads, follows].map(time),
    values: {
      first: asks?.n ?? "",
      term: stands?.term ?? 0,
      leader: leads?.n ?? "",
      moves: changes.flat().filter(([from, to]) => from !== to).length,
    },
    checks: [
      { t: time(leads), holds: legal },
      { t: time(leads), holds: leads !== null },
    ],
  };
}

/** The roles of a member, each with the one that followed it. */
function roles(/** @type {Reader} */ run, /** @type {string} */ name) {
  const all = run
    .all("st")
    .filter(({ n }) => n === name)
    .map(({ role }) => role);
  return all.slice(1).map((role, place) => /** @type {const} */ ([all[place], role]));
}

/** @returns {Told} */
export function timers(/** @type {Trace} */ trace) {
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

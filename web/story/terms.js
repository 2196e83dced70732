// @ts-check
// Chapters 6 and 7: how one leader follows another. Each says what of its texts came true in a run.

import { millis, Reader, time } from "./reader.js";

/** @import { Trace } from "../model/file.js" */
/** @import { Told } from "./types.js" */

/** @returns {Told} */
export function stop(/** @type {Trace} */ trace) {
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

/** @returns {Told} */
export function split(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const stood = run.all("st").filter(({ role }) => role === "C");
  const first = stood.find(({ term, n }) => stood.some((one) => one.term === term && one.n !== n));
  const second = stood.find(({ term, n }) => term === first?.term && n !== first.n) ?? null;
  const term = first?.term ?? 0;
  const votes = run
    .all("rx")
    .filter(({ t }) => t >= (second?.t ?? Infinity))
    .find(({ from, id }) => isVote(run, from, id, term));
  const again = run.after(votes?.t, "st", ({ role, t }) => role === "P" && t > (second?.t ?? 0));
  const leads = run.leader(again?.t, term);
  const leaders = run.leaders().get(term)?.size ?? 0;
  return {
    beats: [second, votes ?? null, again, leads].map(time),
    values: {
      first: first?.n ?? "",
      second: second?.n ?? "",
      term,
      again: again?.n ?? "",
      leader: leads?.n ?? "",
      last: leads?.term ?? 0,
      leaders,
    },
    checks: [
      { t: time(leads), holds: second !== null && leaders === 0 },
      { t: time(leads), holds: !run.votedTwice() },
    ],
  };
}

function isVote(
  /** @type {Reader} */ run,
  /** @type {string} */ from,
  /** @type {number} */ id,
  /** @type {number} */ term,
) {
  const message = run.message(`${from}:${id}`);
  return message?.m === "RVR" && message.term === term;
}

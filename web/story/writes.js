// @ts-check
// Chapters 1, 2 and 8: how a write becomes the truth. Each says what of its texts came true in a
// run.

import { short } from "../model/short.js";
import { isWrite, millis, place, Reader, time } from "./reader.js";

/** @import { Trace } from "../model/file.js" */
/** @import { Told } from "./types.js" */

/** @returns {Told} */
export function one(/** @type {Trace} */ trace) {
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

/** @returns {Told} */
export function many(/** @type {Trace} */ trace) {
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

/** @returns {Told} */
export function replicate(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const leads = run.leader(0);
  const asked = run.after(leads?.t, "op", isWrite);
  const cmd = asked?.cmd ?? "";
  const sent = asked && run.appended(asked.t, cmd);
  const index = sent ? place(sent, cmd) : 0;
  const promises = run.names
    .flatMap((name) => promise(run, name, leads?.n, index, sent?.t) ?? [])
    .sort((a, b) => a.t0 - b.t0);
  const [first] = promises;
  const committed = run.committed(sent?.t, leads?.n, index);
  const answered = run.answer(asked);
  const later = run.after(committed?.t, "ci", ({ n, ci }) => n !== leads?.n && ci >= index);
  const held = answered ? 1 + promises.filter(({ t0 }) => t0 <= answered.t).length : 0;
  const slowest = Math.max(0, ...promises.map(({ t0 }) => t0));
  const late = answered ? Math.max(0, slowest - answered.t) : 0;
  return {
    beats: [time(asked), first?.t0 ?? null, time(committed), time(answered), time(later)],
    values: {
      cmd: short(cmd),
      leader: leads?.n ?? "",
      follower: first?.from ?? "",
      later: later?.n ?? "",
      held,
      members: run.names.length,
      late: millis(late),
    },
    checks: [
      { t: time(answered), holds: held * 2 > run.names.length },
      { t: slowest || null, holds: late > 0 && promises.length + 1 === run.names.length },
    ],
  };
}

/**
 * The message in which a follower first promised to hold an entry.
 * @param {Reader} run
 * @param {string} name
 * @param {string | undefined} leader
 * @param {number} index
 * @param {number | undefined} t
 */
function promise(run, name, leader, index, t) {
  if (name === leader || t === undefined || index === 0) return null;
  return run.messages(t).find(({ m, from, b }) => {
    return m === "AER" && from === name && b.ok === true && (b.mi ?? 0) >= index;
  });
}

/** @template T @returns {T | null} */
function lastOf(/** @type {T[]} */ all) {
  return all.at(-1) ?? null;
}

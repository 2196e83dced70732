// @ts-check
// Chapters 1, 2 and 8 to 11: how a write becomes the truth. Each says what of its texts came true
// in a run.

import { short } from "../model/short.js";
import { millis, Reader, time } from "./reader.js";

/** @import { Trace } from "../model/file.js" */
/** @import { Appended, Entry, Operation } from "../protocol.js" */
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

/** @returns {Told} */
export function partition(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const old = run.leader(0);
  const wall = run.after(old?.t, "net", ({ cut }) => cut.length > 0);
  const cutOff = wall?.cut.some(([from]) => from === old?.n);
  const alone = wall && cutOff ? run.names.filter((name) => reaches(wall.cut, old?.n, name)) : [];
  const leads = run.leader(wall?.t, old?.term);
  const lost = run.after(wall?.t, "op", (op) => isWrite(op) && alone.includes(op.n));
  const kept = run.after(leads?.t, "op", (op) => isWrite(op) && !alone.includes(op.n));
  const healed = run.after(wall?.t, "net", ({ cut }) => cut.length === 0);
  const dropped = run.after(healed?.t, "tr", ({ n }) => n === old?.n);
  const before = run.member(old?.n, wall?.t ?? 0)?.ci;
  const after = run.member(old?.n, (healed?.t ?? 1) - 1)?.ci;
  const logs = run.members(run.end).filter(({ log }) => has(log, kept?.cmd ?? "?"));
  const answered = run.answer(kept);
  return {
    beats: [wall, lost, leads, answered, healed, dropped].map(time),
    values: {
      minority: alone.join(", "),
      old: old?.n ?? "",
      oldTerm: old?.term ?? 0,
      leader: leads?.n ?? "",
      term: leads?.term ?? 0,
      lostCmd: short(lost?.cmd ?? ""),
      keptCmd: short(kept?.cmd ?? ""),
      members: run.names.length,
    },
    checks: [
      { t: time(healed), holds: before !== undefined && before === after },
      { t: time(dropped), holds: answered !== null && logs.length === run.names.length },
    ],
  };
}

/** @returns {Told} */
export function repair(/** @type {Trace} */ trace) {
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

/** @returns {Told} */
export function mayLead(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const old = run.leader(0);
  const wall = run.after(old?.t, "net", ({ cut }) => cut.length > 0);
  const stale = run.names.find((name) => wall?.cut.every((link) => link.includes(name)));
  const asked = run.after(wall?.t, "op", isWrite);
  const held = asked && run.appended(asked.t, asked.cmd ?? "");
  const committed = held && run.committed(held.t, old?.n, place(held, asked?.cmd));
  const alone = run.after(committed?.t, "st", ({ n, role }) => n === stale && role === "P");
  const gone = run.after(committed?.t, "ft", ({ f, n }) => f === "stop" && n === old?.n);
  const refused = run.after(
    gone?.t,
    "tx",
    ({ m, to, b }) => m === "PVR" && to === stale && b.ok === false,
  );
  const leads = run.leader(gone?.t, old?.term);
  const got = run.after(committed?.t, "ap", ({ n, e }) => n === stale && has(e, asked?.cmd ?? "?"));
  const wrongly = run
    .all("st")
    .some(({ n, role, t }) => n === stale && role === "L" && t < (got?.t ?? Infinity));
  const terms = [wall?.t, gone?.t].map((t) => run.member(stale, (t ?? 0) - 1)?.term ?? 0);
  return {
    beats: [wall, committed, alone, gone, refused, leads].map(time),
    values: {
      stale: stale ?? "",
      cmd: short(asked?.cmd ?? ""),
      voter: refused?.n ?? "",
      leader: leads?.n ?? "",
      grown: terms[1] - terms[0],
    },
    checks: [
      { t: time(got ?? leads), holds: leads !== null && !wrongly },
      { t: time(gone), holds: alone !== null && terms[0] === terms[1] },
    ],
  };
}

function isWrite(/** @type {Operation} */ { ph, cmd }) {
  return ph === "inv" && cmd !== undefined && cmd.startsWith("put ");
}

function has(/** @type {readonly Entry[]} */ entries, /** @type {string} */ text) {
  return entries.some(([, , said]) => said === text);
}

/** The index of an entry with some text among those that were appended. */
function place(/** @type {Appended} */ { e }, /** @type {string | undefined} */ text) {
  return e.find(([, , said]) => said === text)?.[0] ?? 0;
}

/** @template T @returns {T | null} */
function lastOf(/** @type {T[]} */ all) {
  return all.at(-1) ?? null;
}

/** Whether no direct link between two members is cut. */
function reaches(
  /** @type {readonly (readonly [string, string])[]} */ cut,
  /** @type {string | undefined} */ from,
  /** @type {string} */ to,
) {
  return from === to || !cut.some(([a, b]) => a === from && b === to);
}

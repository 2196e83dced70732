// @ts-check
// Chapters 9 to 11: whose log counts. Each says what of its texts came true in a run.

import { short } from "../model/short.js";
import { isWrite, place, Reader, time } from "./reader.js";

/** @import { Trace } from "../model/file.js" */
/** @import { Entry } from "../protocol.js" */
/** @import { Told } from "./types.js" */

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

function has(/** @type {readonly Entry[]} */ entries, /** @type {string} */ text) {
  return entries.some(([, , said]) => said === text);
}

/** Whether no direct link between two members is cut. */
function reaches(
  /** @type {readonly (readonly [string, string])[]} */ cut,
  /** @type {string | undefined} */ from,
  /** @type {string} */ to,
) {
  return from === to || !cut.some(([a, b]) => a === from && b === to);
}

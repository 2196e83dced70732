// @ts-check
// What happens when a rule is missing: recorded runs of engines that lack one, each told like a
// chapter. What can be verified here is the harm.

import { short } from "../model/short.js";
import { isWrite, millis, place, Reader, time } from "./reader.js";

/** @import { Trace } from "../model/file.js" */
/** @import { StoryRecord } from "../protocol.js" */
/** @import { Told } from "./types.js" */

/** Chapter 11: a vote is granted whatever the candidate's log. @returns {Told} */
export function staleVote(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const old = run.leader(0);
  const wall = run.after(old?.t, "net", ({ cut }) => cut.length > 0);
  const asked = run.after(wall?.t, "op", isWrite);
  const cmd = asked?.cmd ?? "";
  const answered = run.answer(asked);
  const leads = run.leader(answered?.t, old?.term);
  const granted = run.after(
    answered?.t,
    "tx",
    ({ n, m, to, b }) => m === "RVR" && to === leads?.n && b.ok === true && n !== leads?.n,
  );
  const lost = run.after(leads?.t, "tr", (record) => loses(record, cmd));
  return {
    beats: [wall, answered, granted, leads, lost].map(time),
    values: {
      stale: leads?.n ?? "",
      cmd: short(cmd),
      voter: granted?.n ?? "",
      term: leads?.term ?? 0,
      victim: lost?.n ?? "",
      acked: answered ? millis(answered.t) : "",
    },
    checks: [
      { t: time(leads), holds: leads !== null && !holds(run, leads.n, leads.t, cmd) },
      { t: time(lost), holds: lost !== null },
    ],
  };
}

/** Chapter 11, figure 8 of the paper: copies of an old entry are counted. @returns {Told} */
export function oldTermCommit(/** @type {Trace} */ trace) {
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
      { t: time(last), holds: last !== null && !holds(run, last.n, last.t, cmd) },
    ],
  };
}

/** Chapter 12: the disk says that it has written what it has not. @returns {Told} */
export function lyingDisk(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const asked = run.after(run.leader(0)?.t, "op", isWrite);
  const cmd = asked?.cmd ?? "";
  const answered = run.answer(asked);
  const gone = run.after(answered?.t, "ft", ({ f }) => f === "stop");
  const back = run.after(gone?.t, "key", ({ n, log }) => n === gone?.n && !has(log, cmd));
  const leads = run.leader(back?.t);
  const cut = run.after(leads?.t, "tr", (record) => loses(record, cmd));
  const read = run.after(cut?.t, "op", ({ ph, cmd }) => ph === "inv" && !!cmd?.startsWith("get "));
  const told = run.answer(read);
  const left = run.members(run.end).filter(({ log }) => has(log, cmd));
  return {
    beats: [answered, gone, back, leads, cut, told].map(time),
    values: {
      cmd: short(cmd),
      first: gone?.n ?? "",
      leader: leads?.n ?? "",
      term: leads?.term ?? 0,
      last: cut?.n ?? "",
      acked: answered ? millis(answered.t) : "",
    },
    checks: [
      { t: time(cut), holds: answered !== null && left.length === 0 },
      { t: time(told), holds: told !== null && !told.val },
    ],
  };
}

/** Chapter 14: from three members to five in one jump. @returns {Told} */
export function oneJump(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const old = run.leader(0);
  const jump = run.after(old?.t, "ap", ({ n, e }) => n === old?.n && e.some(isMembers));
  const joined = run.after(jump?.t, "ap", ({ n, e }) => n !== old?.n && e.some(isMembers));
  const first = run.leader(jump?.t, old?.term);
  const second = run.after(
    first?.t,
    "st",
    ({ n, role, term }) => role === "L" && term === first?.term && n !== first.n,
  );
  const count = run.leaders().get(first?.term ?? 0)?.size ?? 0;
  return {
    beats: [old, jump, joined, first, second].map(time),
    values: {
      old: old?.n ?? "",
      joined: joined?.n ?? "",
      first: first?.n ?? "",
      second: second?.n ?? "",
      term: first?.term ?? 0,
      count,
    },
    checks: [{ t: time(second), holds: count === 2 }],
  };
}

function holds(
  /** @type {Reader} */ run,
  /** @type {string} */ name,
  /** @type {number} */ t,
  /** @type {string} */ cmd,
) {
  return has(run.member(name, t)?.log ?? [], cmd);
}

function has(
  /** @type {readonly (readonly [number, number, string])[]} */ log,
  /** @type {string} */ cmd,
) {
  return log.some(([, , text]) => text === cmd);
}

function loses(
  /** @type {Extract<StoryRecord, {k: "tr"}>} */ { lost },
  /** @type {string} */ cmd,
) {
  return has(lost, cmd);
}

function isMembers(/** @type {readonly [number, number, string]} */ [, , text]) {
  return text.startsWith("members");
}

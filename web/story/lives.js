// @ts-check
// Chapters 12 to 16: what a cluster lives through. Each says what of its texts came true in a run.

import { Claims } from "../model/claims.js";
import { millis, Reader, time } from "./reader.js";

/** @import { Trace } from "../model/file.js" */
/** @import { Told } from "./types.js" */

/** @returns {Told} */
export function disk(/** @type {Trace} */ trace) {
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

/** @returns {Told} */
export function snapshots(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const leads = run.leader(0);
  const asked = run.after(leads?.t, "op", ({ cmd }) => cmd?.startsWith("put ") ?? false);
  const gone = run.after(asked?.t, "ft", ({ f }) => f === "stop");
  const behind = gone?.n;
  const shorter = run.after(gone?.t, "act", ({ a }) => a.includes("snap"));
  const piece = run.after(gone?.t, "tx", ({ m, to }) => m === "IS" && to === behind);
  const index = piece?.b.si ?? 0;
  const restored = run.committed(piece?.t, behind, index);
  const caught = run.after(restored?.t, "ci", ({ n, ci }) => n === behind && ci > index);
  const applied = [behind, leads?.n].map((name) => run.member(name, run.end)?.ai ?? 0);
  const marks = run.all("ci").filter(({ n, t }) => n === behind && t > (restored?.t ?? 0));
  const back = marks.some(({ ci }, place) => place > 0 && ci < marks[place - 1].ci);
  return {
    beats: [asked, gone, shorter, piece, caught].map(time),
    values: { leader: leads?.n ?? "", behind: behind ?? "", index, applied: applied[0] },
    checks: [
      { t: time(caught), holds: applied[0] === applied[1] && applied[0] > index },
      { t: time(caught), holds: restored !== null && !back },
    ],
  };
}

/** @returns {Told} */
export function members(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const leads = run.leader(0);
  const added = run.after(leads?.t, "act", ({ a }) => a.includes("learn"));
  const joined = added?.a.split(":")[1] ?? "";
  const learns = run.after(added?.t, "ap", ({ n, e }) => n === leads?.n && e.some(isMembers));
  const votes = run.after(
    (learns?.t ?? 0) + 1,
    "ap",
    ({ n, e }) => n === leads?.n && e.some(isMembers),
  );
  const counted = votes && run.committed(votes.t, leads?.n, votes.e.find(isMembers)?.[0] ?? 0);
  const most = Math.max(0, ...[...run.leaders().values()].map((names) => names.size));
  const log = (/** @type {string | undefined} */ name) =>
    JSON.stringify(run.member(name, run.end)?.log);
  return {
    beats: [leads, learns, votes, counted].map(time),
    values: { leader: leads?.n ?? "", joined, members: run.members(run.end).length, most },
    checks: [
      { t: time(leads), holds: most === 1 },
      { t: time(counted), holds: log(joined) !== undefined && log(joined) === log(leads?.n) },
    ],
  };
}

function isMembers(/** @type {readonly [number, number, string]} */ [, , text]) {
  return text.startsWith("members");
}

/** @returns {Told} */
export function reads(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const old = run.leader(0);
  const wall = run.after(old?.t, "net", ({ cut }) => cut.length > 0);
  const leads = run.leader(wall?.t, old?.term);
  const moved = run.after(
    leads?.t,
    "ax",
    ({ n, set }) => n === leads?.n && set.some(([key]) => key === "x"),
  );
  const asks = run
    .all("op")
    .filter(({ n, ph, t }) => n === old?.n && ph === "inv" && t > (moved?.t ?? Infinity));
  const local = run.answer(asks.find(({ cmd }) => isRead(cmd, true)) ?? null);
  const asked = asks.find(({ cmd }) => isRead(cmd, false)) ?? null;
  const silent = asked && run.answer(asked) === null ? asked.t + 100_000 : null;
  const other = run.after(
    moved?.t,
    "op",
    ({ n, ph, cmd }) => n === leads?.n && ph === "inv" && isRead(cmd, false),
  );
  const answered = run.answer(other);
  const before = run.member(old?.n, wall?.t ?? 0)?.kv.get("x") ?? "";
  const after = run.member(leads?.n, moved?.t ?? 0)?.kv.get("x") ?? "";
  const reads = run.all("op").filter(({ cmd }) => isRead(cmd, false));
  const wrong = reads.filter((read) => run.answer(read)?.val === before);
  return {
    beats: [wall?.t ?? null, time(moved), time(local), time(asked), silent, time(answered)],
    values: {
      old: old?.n ?? "",
      leader: leads?.n ?? "",
      before,
      after,
      local: local?.val ?? "",
      stale: wrong.length,
    },
    checks: [
      { t: time(local), holds: local !== null && local.val === before && before !== after },
      { t: silent, holds: silent !== null && wrong.length === 0 },
      { t: time(answered), holds: answered !== null && answered.val === after },
    ],
  };
}

function isRead(/** @type {string | undefined} */ cmd, /** @type {boolean} */ isLocal) {
  return cmd !== undefined && cmd.startsWith("get ") && cmd.endsWith(" local") === isLocal;
}

/** @returns {Told} */
function breaks(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const [fault] = [...run.all("ft"), ...run.all("net")]
    .filter(({ t }) => t > 0)
    .sort((a, b) => a.t - b.t);
  const leads = run.leader(fault?.t);
  const verdicts = new Claims(trace.recording.records).at(run.end);
  const broken = verdicts.filter(({ witness }) => witness !== null).length;
  const ends = new Set(run.members(run.end).map(({ kv }) => JSON.stringify([...kv].sort())));
  return {
    beats: [time(fault), time(leads), ends.size === 1 ? run.end : null],
    values: {
      leader: leads?.n ?? "",
      term: leads?.term ?? 0,
      checks: verdicts.reduce((sum, { checks }) => sum + checks, 0),
      broken,
      span: millis(run.end),
    },
    checks: [{ t: run.end, holds: broken === 0 }],
  };
}

export { breaks as break };

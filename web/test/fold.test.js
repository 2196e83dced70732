import assert from "node:assert/strict";
import { test } from "node:test";
import { blank, KEYS, step, TAIL } from "../model/fold.js";

const KEY = {
  t: 10,
  n: "A",
  k: "key",
  role: "F",
  term: 2,
  vote: "B",
  lead: "B",
  first: 4,
  log: [
    [4, 1, "put a 1"],
    [5, 2, "put b 2"],
  ],
  ci: 4,
  ai: 4,
  kv: [["a", "1"]],
  tm: [200, 210],
};

/** Member A after some records that follow its key. */
function after(...records) {
  const all = [KEY, ...records.map((record, i) => ({ t: 20 + i, n: "A", ...record }))];
  return all.reduce(step, blank(["A", "B"])).members.get("A");
}

test("a key says all of a member and takes the place of what was known", () => {
  const member = after();
  assert.equal(member.role, "F");
  assert.deepEqual(member.log, KEY.log);
  assert.equal(member.first, 4);
  assert.deepEqual([...member.kv], [["a", "1"]]);
  assert.deepEqual(member.timer, { dur: 200, dl: 210 });
  const again = after({ k: "ap", e: [[6, 2, "noop"]] }, { ...KEY, t: 30, tm: null });
  assert.deepEqual(again.log, KEY.log);
  assert.equal(again.timer, null);
});

test("a state changes role, term, vote and leader; a leader has no timer", () => {
  const member = after({ k: "st", role: "L", term: 3, vote: "A", lead: "A" });
  assert.deepEqual([member.role, member.term, member.vote, member.lead], ["L", 3, "A", "A"]);
  assert.equal(member.timer, null);
  assert.equal(member.since, 20);
  assert.notEqual(after({ k: "st", role: "C", term: 3, vote: "A", lead: null }).timer, null);
});

test("a role's beginning moves only when role or term changes", () => {
  const state = { k: "st", role: "C", term: 3, vote: "A", lead: null };
  assert.equal(after(state, state).since, 20);
  assert.equal(after(state, { ...state, term: 4 }).since, 21);
});

test("a timer is set", () => {
  assert.deepEqual(after({ k: "tm", dur: 300, dl: 400 }).timer, { dur: 300, dl: 400 });
});

test("entries are appended, replace what they overlap, and only a tail is kept", () => {
  assert.deepEqual(
    after({ k: "ap", e: [[6, 2, "noop"]] }).log.map(([index]) => index),
    [4, 5, 6],
  );
  const replaced = after({ k: "ap", e: [[5, 3, "del a"]] }).log;
  assert.deepEqual(replaced.at(-1), [5, 3, "del a"]);
  assert.equal(replaced.length, 2);
  const many = Array.from({ length: TAIL + 5 }, (_, i) => [6 + i, 2, "noop"]);
  const member = after({ k: "ap", e: many });
  assert.equal(member.log.length, TAIL);
  assert.equal(member.first, member.log[0][0]);
});

test("entries beyond a hole begin a new tail", () => {
  const member = after({ k: "ap", e: [[9, 2, "noop"]] });
  assert.deepEqual([member.first, member.log.length], [9, 1]);
});

test("a truncation drops the end and remembers what was lost", () => {
  const member = after({ k: "tr", from: 5, lost: [[5, 2, "put b 2"]] });
  assert.deepEqual(member.log, [[4, 1, "put a 1"]]);
  assert.deepEqual(member.lost, { t: 20, from: 5, entries: [[5, 2, "put b 2"]] });
  const all = after({ k: "tr", from: 3, lost: [] });
  assert.deepEqual([all.first, all.log.length], [3, 0]);
});

test("commit and apply", () => {
  const member = after(
    { k: "ci", ci: 5 },
    {
      k: "ax",
      ai: 5,
      set: [
        ["b", "2"],
        ["a", null],
      ],
    },
  );
  assert.deepEqual([member.ci, member.ai, member.committed], [5, 5, 20]);
  assert.deepEqual([...member.kv], [["b", "2"]]);
});

test("the key set last comes last, and only so many are kept", () => {
  const set = Array.from({ length: KEYS + 3 }, (_, i) => [`k${i}`, "v"]);
  const member = after({ k: "ax", ai: 5, set }, { k: "ax", ai: 6, set: [["k9", "w"]] });
  assert.equal(member.kv.size, KEYS);
  assert.deepEqual([...member.kv].at(-1), ["k9", "w"]);
  assert.equal(member.kv.has("a"), false);
});

test("faults", () => {
  const stopped = after({ k: "ft", f: "stop" });
  assert.deepEqual([stopped.role, stopped.timer, stopped.lead], ["X", null, null]);
  assert.equal(stopped.log.length, 2, "its disk stays");
  assert.equal(after({ k: "ft", f: "stop" }, { k: "ft", f: "start" }).role, "F");
  assert.equal(after({ k: "ft", f: "pause" }).paused, true);
  assert.equal(after({ k: "ft", f: "pause" }, { k: "ft", f: "resume" }).paused, false);
  assert.equal(after({ k: "ft", f: "pause" }, { k: "ft", f: "stop" }).paused, false);
});

test("a snapshot takes the place of a log that ends before it", () => {
  const sn = { k: "sn", si: 40, st: 2, bi: 40 };
  const replaced = after(sn);
  assert.deepEqual([replaced.log, replaced.first, replaced.base], [[], 41, 40]);
  const next = after(sn, { k: "ap", e: [[41, 2, "put a 9"]] });
  assert.deepEqual([next.log, next.first, next.base], [[[41, 2, "put a 9"]], 41, 40]);
});

test("who keeps a snapshot of what it holds goes on with the log after it", () => {
  const kept = after({ k: "sn", si: 4, st: 2, bi: 4 });
  assert.deepEqual([kept.base, kept.log.length], [4, 2]);
});

test("what is on the disk, and who belongs to the cluster, is told", () => {
  const du = { k: "du", di: 7, term: 3, vote: "B" };
  const cf = { k: "cf", idx: 7, voters: ["A", "B"], learners: ["C"] };
  const { disk, configuration } = after(du, cf);
  assert.deepEqual([disk.di, disk.vote, configuration.learners], [7, "B", ["C"]]);
  const [sn, bare] = [{ si: 4, st: 2, bi: 3 }, { ...KEY, t: 50 }];
  assert.equal(after({ ...bare, sn }).base, 3);
  assert.equal(after(du, bare).disk.di, 0, "a key without it says nothing of it");
});

test("a gap is counted, and the key after it makes the member right again", () => {
  const member = after({ k: "gap", lost: 7 }, { ...KEY, t: 40, ci: 5 });
  assert.deepEqual([member.missing, member.ci], [7, 5]);
});

test("messages, requests and unknown kinds only show that a member is alive", () => {
  const before = after();
  for (const record of [
    { k: "tx", id: 1, to: "B", m: "HB", term: 2, b: {} },
    { k: "rx", from: "B", id: 1 },
    { k: "dx", from: "A", id: 1, why: "" },
    { k: "op", op: "1", ph: "inv", cmd: "x" },
    { k: "new" },
  ]) {
    assert.deepEqual(after(record), { ...before, heard: 20 });
  }
});

test("the watched key is that of the highest applied index, whoever applied it", () => {
  const frame = [
    KEY,
    { t: 20, n: "A", k: "ax", ai: 6, set: [["new", "1"]] },
    { t: 30, n: "B", k: "ax", ai: 5, set: [["old", "1"]] },
  ].reduce(step, blank(["A", "B"]));
  assert.deepEqual(frame.watched, { key: "new", index: 6 });
  assert.deepEqual(step(blank(["A"]), { ...KEY, kv: [["z", "1"]] }).watched, {
    key: "a",
    index: 4,
  });
});

test("a step leaves the old frame as it was", () => {
  const frame = step(blank(["A"]), KEY);
  const copy = structuredClone(frame);
  step(frame, { t: 20, n: "A", k: "ax", ai: 5, set: [["a", "9"]] });
  step(frame, { t: 20, n: "A", k: "ap", e: [[6, 2, "noop"]] });
  assert.deepEqual(frame, copy);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { blank } from "../model/fold.js";
import { Recording } from "../model/recording.js";
import { LIVE_FLIGHT, picture } from "../model/view.js";

const T = 10_000_000;
const key = (n, more = {}) => ({
  t: T - 5_000_000,
  n,
  k: "key",
  role: "F",
  term: 1,
  vote: null,
  lead: "A",
  log: [[1, 1, "put a 7"]],
  first: 1,
  ci: 1,
  ai: 1,
  kv: [["a", "7"]],
  tm: null,
  ...more,
});

function shown(t, records, look = {}) {
  const recording = new Recording(blank(["A", "B", "C"]));
  for (const record of [key("A", { role: "L" }), key("B"), key("C"), ...records])
    recording.add(record);
  return picture(recording, t, {
    live: false,
    screen: (time) => time,
    now: t,
    still: false,
    chosen: null,
    ...look,
  });
}

const sent = (t, m, more = {}) => ({
  t,
  n: "A",
  k: "tx",
  id: 1,
  to: "B",
  m,
  term: 1,
  b: {},
  ...more,
});
const came = (t, more = {}) => ({ t, n: "B", k: "rx", from: "A", id: 1, ...more });

test("in a replay a message is where it was, linearly from departure to arrival", () => {
  const records = [sent(T, "HB"), came(T + 100)];
  const part = (t) => shown(t, records).flights[0]?.part;
  assert.deepEqual([part(T), part(T + 25), part(T + 50), part(T + 100)], [0, 0.25, 0.5, undefined]);
  assert.equal(part(T - 1), undefined);
});

test("live, a message is drawn slower, only when both ends are known, and a reply after it", () => {
  const live = { live: true };
  assert.deepEqual(shown(T + 10, [sent(T, "RV")], live).flights, []);
  const records = [sent(T, "RV"), came(T + 100)];
  assert.equal(shown(T + LIVE_FLIGHT / 2, records, live).flights[0].part, 0.5);
  const reply = [sent(T, "RVR"), came(T + 100)];
  assert.deepEqual(shown(T + LIVE_FLIGHT / 2, reply, live).flights, []);
  assert.equal(shown(T + LIVE_FLIGHT * 1.5, reply, live).flights[0].part, 0.5);
});

test("live heartbeats are thinned, votes are not", () => {
  const many = (m) =>
    Array.from({ length: 6 }, (_, i) => [
      sent(T + i * 20_000, m, { id: i }),
      came(T + i * 20_000 + 100, { id: i }),
    ]).flat();
  const count = (m) => shown(T + 150_000, many(m), { live: true }).flights.length;
  assert.equal(count("RV"), 6);
  assert.ok(count("HB") <= 2 && count("HB") >= 1);
});

test("a dropped message comes half way and turns into a cross that fades", () => {
  const records = [
    sent(T, "RV"),
    { t: T + 50, n: "A", k: "dx", from: "A", id: 1, why: "unreachable" },
  ];
  const at = (age) => shown(T + age, records).flights[0];
  assert.equal(at(100_000).cross, null);
  assert.ok(at(100_000).part < 0.5);
  assert.ok(at(500_000).cross > 0);
  assert.equal(at(2_000_000), undefined);
});

test("a candidate's tally holds its own vote and those that have arrived", () => {
  const records = [
    { t: T, n: "B", k: "st", role: "C", term: 2, vote: "B", lead: null },
    { t: T + 10, n: "C", k: "tx", id: 5, to: "B", m: "RVR", term: 2, b: { ok: true } },
    { t: T + 12, n: "A", k: "tx", id: 6, to: "B", m: "RVR", term: 2, b: { ok: false } },
    { t: T + 20, n: "B", k: "rx", from: "A", id: 6 },
    { t: T + 30, n: "B", k: "rx", from: "C", id: 5 },
  ];
  const tally = (t) => shown(t, records).members[1].tally;
  assert.equal(tally(T - 1), null);
  assert.deepEqual(tally(T + 25), [false, true, false]);
  assert.deepEqual(tally(T + 30), [false, true, true]);
});

test("the centre holds the applied value of the watched key, also where it is behind", () => {
  const values = shown(T + 1, [{ t: T, n: "A", k: "ax", ai: 2, set: [["b", "9"]] }]).members.map(
    ({ value }) => value,
  );
  assert.deepEqual(values, ["9", "", ""]);
});

test("a timer shrinks to nothing and a silent member shows its age", () => {
  const records = [{ t: T, n: "B", k: "tm", dur: 200_000, dl: T + 200_000 }];
  assert.deepEqual(shown(T + 50_000, records).members[1].timer, { part: 0.75, ms: 150 });
  assert.equal(shown(T + 300_000, records).members[1].timer.part, 0);
  assert.equal(shown(T, records).members[1].silent, null);
  assert.equal(shown(T, records, { now: T + 3_000_000 }).members[1].silent, 3_000_000);
});

test("lost entries fall for a while, a commit pulses for a while", () => {
  const records = [
    { t: T, n: "B", k: "tr", from: 1, lost: [[1, 1, "put a 7"]] },
    { t: T, n: "C", k: "ci", ci: 1 },
  ];
  const [, b, c] = shown(T + 210_000, records).members;
  assert.equal(b.lost.part, 0.5);
  assert.ok(c.pulse > 0 && c.pulse < 1);
  const [, late, still] = shown(T + 800_000, records).members;
  assert.deepEqual([late.lost, still.pulse], [null, 0]);
});

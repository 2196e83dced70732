import assert from "node:assert/strict";
import { test } from "node:test";
import { blank, step } from "../model/fold.js";
import { Recording } from "../model/recording.js";
import { random, stream } from "./generator.js";

const NAMES = ["A", "B", "C"];

function record(records) {
  const recording = new Recording(blank(NAMES));
  for (const one of records) recording.add(one);
  return recording;
}

/** The frame by definition: all records in order of time, folded from the beginning. */
function played(records, t) {
  return records
    .filter((one) => one.t <= t)
    .sort((a, b) => a.t - b.t)
    .reduce(step, blank(NAMES));
}

test("a frame is the same by scrubbing as by playing", () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const records = stream(seed, 1500);
    const recording = record(records);
    const next = random(seed);
    for (let i = 0; i < 25; i += 1) {
      const t = recording.from + Math.floor(next() * (recording.to - recording.from));
      assert.deepEqual(recording.frame(t), played(records, t), `seed ${seed}, t ${t}`);
    }
  }
});

test("frames asked for while records still come are right, and stay right", () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const records = stream(seed, 900);
    const recording = new Recording(blank(NAMES));
    records.forEach((one, i) => {
      recording.add(one);
      if (i % 40 === 0) recording.frame(recording.to);
    });
    for (const t of [records[300].t, records[600].t, recording.to]) {
      assert.deepEqual(recording.frame(t), played(records, t), `seed ${seed}, t ${t}`);
    }
  }
});

test("forgetting the past changes no later frame", () => {
  const records = stream(7, 2000);
  const recording = record(records);
  const middle = records[1200].t;
  const before = [middle, records[1700].t].map((t) => recording.frame(t));
  recording.forget(middle);
  assert.ok(recording.records.length < 1200);
  assert.deepEqual(
    [middle, records[1700].t].map((t) => recording.frame(t)),
    before,
  );
  assert.ok(recording.changes(0, Infinity).every((one) => one.t >= middle));
});

test("a slice shows the same frames and messages as the whole", () => {
  const recording = record(stream(3, 1500));
  const [from, to] = [recording.records[500].t, recording.records[900].t];
  const part = recording.slice(from, to);
  for (const t of [from, Math.floor((from + to) / 2), to]) {
    assert.deepEqual(part.frame(t), recording.frame(t));
  }
  const inside = recording.messages.between(from, to).filter((message) => message.t0 >= from);
  assert.deepEqual(
    part.messages.between(from, to).map((message) => message.key),
    inside.map((message) => message.key),
  );
});

test("a clock that steps back does not turn a member's order around", () => {
  const recording = record([
    { t: 100, n: "A", k: "ci", ci: 1 },
    { t: 40, n: "A", k: "ci", ci: 2 },
    { t: 60, n: "B", k: "ci", ci: 9 },
  ]);
  assert.equal(recording.frame(100).members.get("A").ci, 2);
  assert.equal(recording.frame(60).members.get("B").ci, 9);
  assert.equal(recording.frame(60).members.get("A").ci, 0);
});

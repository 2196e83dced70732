// The engine and the page agree on the trace: the page folds the samples that the engine's own
// tests hold, one of every kind of record and of message, into what they say.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { blank, step } from "../model/fold.js";

const path = new URL("../../crates/trace/tests/samples.ndjson", import.meta.url);
const records = readFileSync(path, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

test("each kind of record is there, and the page takes it", () => {
  const kinds = new Set(records.map((record) => record.k));
  const told = "hello key st tm tx rx dx ap tr ci ax op du sn cf ft net act ag iv end gap";
  assert.deepEqual([...kinds].sort(), told.split(" ").sort());
});

test("the samples fold to the story that they tell", () => {
  const [hello, ...story] = records;
  const frame = story.reduce(step, blank(hello.voters));
  const last = story.at(-1);
  assert.equal(last.k, "key");
  const member = frame.members.get(last.n);
  assert.equal(member.role, last.role);
  assert.equal(member.term, last.term);
  assert.deepEqual(member.log, last.log);
  // A deleted key is in a key record, and in no table.
  assert.ok(last.kv.some(([, value]) => value === null));
  assert.deepEqual(
    [...member.kv],
    last.kv.filter(([, value]) => value !== null),
  );
  assert.equal(frame.members.get("C").role, "X");
});

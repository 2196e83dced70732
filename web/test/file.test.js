import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { NoTrace, readTrace } from "../model/file.js";
import { writeTrace } from "../model/write.js";
import { stream } from "./generator.js";

const HELLO = {
  i: 0,
  t: 0,
  k: "hello",
  v: 1,
  src: "sim",
  cluster: "",
  nodes: ["A", "B", "C"].map((id) => ({ id, client: "", peer: "" })),
  voters: ["A", "B", "C"],
  timing: { election_us: [150_000, 300_000], heartbeat_us: 50_000 },
  build: "",
  can: [],
};
const lines = (records) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

test("the engine's samples are a trace", () => {
  const path = new URL("../../crates/trace/tests/samples.ndjson", import.meta.url);
  const { hello, recording, lines: count } = readTrace(readFileSync(path, "utf8"));
  assert.ok(count > 30);
  assert.equal(recording.frame(Infinity).members.size, hello.nodes.length);
});

test("a stretch that is written and read again shows the same frames", () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const records = stream(seed, 900);
    const whole = readTrace(lines([HELLO, ...records]));
    const [from, to] = [whole.from + (whole.to - whole.from) / 3, whole.to];
    const part = readTrace(writeTrace(HELLO, whole.recording, from, to));
    for (let t = from; t <= to; t += (to - from) / 17) {
      const seen = ({ recording }) =>
        [...recording.frame(t).members.values()].map(
          ({ name, role, term, log, ci, ai, kv, timer }) => [
            name,
            role,
            term,
            log,
            ci,
            ai,
            [...kv],
            timer,
          ],
        );
      assert.deepEqual(seen(part), seen(whole), `seed ${seed}`);
    }
  }
});

test("what is no trace is refused, with the line", () => {
  const refused = (text) => {
    try {
      readTrace(text);
    } catch (error) {
      assert.ok(error instanceof NoTrace);
      return error.line;
    }
    return null;
  };
  assert.equal(refused(""), 1);
  assert.equal(refused("<html>"), 1);
  assert.equal(refused(lines([{ k: "st", t: 1, n: "A" }])), 1);
  assert.equal(refused(`${lines([HELLO])}{"k":"st"}\n`), 2);
  assert.equal(refused(`${lines([HELLO])}\n{"i":1,`), 2);
  assert.equal(refused(lines([HELLO])), null);
});

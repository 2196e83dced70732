import assert from "node:assert/strict";
import { test } from "node:test";
import { Lines, parse } from "../live/stream.js";

test("lines are whole again, wherever the stream was cut", () => {
  const text = ': hello\n\ndata: {"k":"ci","t":1}\n\ndata: {"k":"ci","t":2}\n\n';
  const whole = text.split("\n").slice(0, -1);
  for (let size = 1; size <= text.length; size += 1) {
    const lines = new Lines();
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g"));
    assert.deepEqual(pieces.flatMap((piece) => lines.take(piece)), whole);
  }
});

test("what is no record is skipped", () => {
  assert.deepEqual(parse('data: {"k":"ci","t":1,"ci":4}'), { k: "ci", t: 1, ci: 4 });
  const others = ["", ": hello", "data: ", "data: {", "data: 4", 'data: {"k":"ci"}', "event: x"];
  for (const line of others) assert.equal(parse(line), null, line);
});

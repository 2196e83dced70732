import assert from "node:assert/strict";
import { test } from "node:test";
import { read } from "../story/odds.js";

const st = (t, n, role, term) => JSON.stringify({ i: 0, t, n, k: "st", role, term });
const trace = (...lines) => lines.join("\n");

test("the first leader ends the count, and terms that only had candidates were lost", () => {
  const text = trace(
    st(100_000, "n1", "C", 1),
    st(110_000, "n2", "C", 1),
    st(300_000, "n1", "C", 2),
    '{"k":"tx","m":"RV"}',
    st(340_500, "n1", "L", 2),
    st(900_000, "n3", "C", 3),
  );
  assert.deepEqual(read(text, 7, 1000), { seed: 7, ms: 340.5, lost: 1 });
});

test("a run without a leader lasts to its end", () => {
  assert.deepEqual(read(st(1, "n1", "C", 1), 8, 600), { seed: 8, ms: 600, lost: 1 });
  assert.deepEqual(read("", 9, 600), { seed: 9, ms: 600, lost: 0 });
});

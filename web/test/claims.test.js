import assert from "node:assert/strict";
import { test } from "node:test";
import { Claims } from "../model/claims.js";

const st = (t, n, term) => ({ t, n, k: "st", role: "L", term, vote: n, lead: n });
const ap = (t, n, ...e) => ({ t, n, k: "ap", e });
const ci = (t, n, index) => ({ t, n, k: "ci", ci: index });
const ax = (t, n, index) => ({ t, n, k: "ax", ai: index, set: [] });
const key = (t, n, log) => ({ t, n, k: "key", role: "F", term: 1, log, ci: 0, ai: 0, kv: [] });

function broken(...records) {
  const claims = new Claims(records);
  return claims
    .at(Infinity)
    .filter(({ witness }) => witness)
    .map(({ claim, witness }) => `${claim} ${witness.name} ${witness.other} ${witness.what}`);
}

test("a run in which all is well breaks nothing, and was checked", () => {
  const records = [
    st(1, "A", 1),
    ap(2, "A", [1, 1, "put x 1"]),
    ap(3, "B", [1, 1, "put x 1"]),
    ci(4, "A", 1),
    ax(4, "A", 1),
    ax(5, "B", 1),
    st(6, "B", 2),
  ];
  assert.deepEqual(broken(...records), []);
  const counts = (t) => new Claims(records).at(t).map(({ checks }) => checks);
  assert.deepEqual(counts(3), [1, 1, 0, 0, 0]);
  assert.deepEqual(counts(6), [2, 1, 1, 2, 0]);
});

test("two leaders of one term", () => {
  assert.deepEqual(broken(st(1, "A", 3), st(2, "A", 3), st(3, "B", 3)), ["election B A T3"]);
});

test("one position with two entries, or with two pasts", () => {
  assert.deepEqual(broken(ap(1, "A", [1, 1, "a"]), ap(2, "B", [1, 1, "b"])), ["matching B A 1@1"]);
  assert.deepEqual(
    broken(ap(1, "A", [1, 1, "a"], [2, 3, "c"]), ap(2, "B", [1, 2, "b"], [2, 3, "c"])),
    ["matching B A 2@3"],
  );
});

test("a log that begins later has no past to compare", () => {
  assert.deepEqual(
    broken(ap(1, "A", [1, 1, "a"], [2, 1, "b"]), key(2, "B", []), ap(3, "B", [2, 1, "b"])),
    [],
  );
});

test("a leader that lacks a committed entry, and a log that loses one", () => {
  const committed = [ap(1, "A", [1, 1, "a"]), ci(2, "A", 1)];
  assert.deepEqual(broken(...committed, ap(3, "B", [1, 2, "b"]), st(4, "B", 3)), [
    "completeness B A 1@1",
  ]);
  const lost = { t: 3, n: "A", k: "tr", from: 1, lost: [] };
  assert.deepEqual(broken(...committed, lost), ["completeness A A 1@1"]);
});

test("two members that apply different entries at one index", () => {
  assert.deepEqual(
    broken(ap(1, "A", [1, 1, "a"]), ax(2, "A", 1), ap(3, "B", [1, 2, "b"]), ax(4, "B", 1)),
    ["machine B A 1@2"],
  );
});

test("a witness is shown from its own time on", () => {
  const claims = new Claims([st(1, "A", 3), st(9, "B", 3)]);
  assert.deepEqual([claims.at(8)[0].witness, claims.at(9)[0].witness?.name], [null, "B"]);
});

const op = (t, n, name, ph, more) => ({ t, n, k: "op", op: name, ph, ...more });
/** A request from one time to another; without the second it is not answered. */
const ask = (n, cmd, from, to, val) => {
  const name = `${n}${from}`;
  return [op(from, n, name, "inv", { cmd }), to && op(to, n, name, "ok", { val })].filter(Boolean);
};
const inOrder = (...all) => all.flat().sort((a, b) => a.t - b.t);

test("a read that is told what was replaced before it was asked for", () => {
  const writes = [ask("A", "put x 1", 1, 2), ask("B", "put x 2", 3, 4)];
  assert.deepEqual(broken(...inOrder(...writes, ask("A", "get x", 5, 6, "1"))), ["reads A B x"]);
  assert.deepEqual(broken(...inOrder(...writes, ask("A", "get x", 5, 6, ""))), ["reads A A x"]);
  const gone = ask("A", "del x", 5, 6);
  assert.deepEqual(broken(...inOrder(...writes, gone, ask("B", "get x", 7, 8, "2"))), [
    "reads B A x",
  ]);
  assert.deepEqual(broken(...inOrder(...writes, gone, ask("B", "get x", 7, 8, ""))), []);
});

test("a read that may have been right is let pass", () => {
  const first = ask("A", "put x 1", 1, 2);
  const read = (from, val, how = "") => ask("A", `get x${how}`, from, 9, val);
  for (const more of [
    [ask("B", "put x 2", 3, 6), read(5, "1")],
    [ask("B", "put x 2", 3, 4), read(5, "2")],
    [ask("B", "put x 2", 3, 4), read(5, "1", " local")],
    [ask("B", "put x 2", 3, 4), ask("C", "put x 1", 3), read(5, "1")],
    [ask("B", "put x 2", 3, 4), ask("C", "txn", 3, 4), read(5, "1")],
    [ask("B", "put y 2", 3, 4), read(5, "1")],
  ])
    assert.deepEqual(broken(...inOrder(first, ...more)), []);
});

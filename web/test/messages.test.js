import assert from "node:assert/strict";
import { test } from "node:test";
import { Messages } from "../model/messages.js";

const tx = (t, id = 1) => ({ t, n: "A", k: "tx", id, to: "B", m: "HB", term: 1, b: {} });
const rx = (t, id = 1) => ({ t, n: "B", k: "rx", from: "A", id });

function messages(...records) {
  const found = new Messages();
  for (const record of records) found.add(record);
  return found;
}

test("both ends are joined, whichever comes first", () => {
  for (const records of [
    [tx(10), rx(15)],
    [rx(15), tx(10)],
  ]) {
    const [message] = messages(...records).between(0, 100);
    assert.deepEqual([message.t0, message.t1, message.dropped], [10, 15, false]);
  }
});

test("a message that has not arrived has no end", () => {
  assert.equal(messages(tx(10)).between(0, 100)[0].t1, null);
});

test("clocks that differ never make a message arrive before it left", () => {
  const [message] = messages(tx(10), rx(4)).between(0, 100);
  assert.deepEqual([message.t0, message.t1], [10, 10]);
});

test("a lost message is dropped, and a late arrival does not undo it", () => {
  const lost = { t: 12, n: "A", k: "dx", from: "A", id: 1, why: "unreachable" };
  const [message] = messages(tx(10), lost, rx(20)).between(0, 100);
  assert.deepEqual([message.t1, message.dropped], [12, true]);
});

test("a stretch holds what left in it and what was under way, in order", () => {
  const found = messages(
    tx(30, 2),
    rx(90, 2),
    tx(10, 1),
    rx(12, 1),
    tx(50, 3),
    rx(60, 3),
    tx(200, 4),
  );
  assert.deepEqual(
    found.between(40, 100).map(({ key }) => key),
    ["A:2", "A:3"],
  );
  assert.deepEqual(
    found.between(0, 10).map(({ key }) => key),
    ["A:1"],
  );
});

test("what left long ago is forgotten", () => {
  const found = messages(tx(10, 1), tx(50, 2));
  found.forget(20);
  assert.deepEqual(
    found.between(0, 100).map(({ key }) => key),
    ["A:2"],
  );
  found.add(rx(60, 1));
  assert.equal(found.between(0, 100).length, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { layout } from "../scene/layout.js";
import { arrange } from "../scene/strip.js";

const STAGES = [
  [780, 545],
  [390, 440],
  [640, 420],
  [1500, 900],
];
/** The crown and label above a disc, the log strip below it. */
const ABOVE = 45;
const BELOW = 50;

test("one to nine members lie inside the stage and apart from each other", () => {
  for (const [width, height] of STAGES) {
    for (let count = 1; count <= 9; count += 1) {
      const { places, radius } = layout(count, width, height);
      const what = `${count} on ${width}x${height}`;
      assert.equal(places.length, count);
      for (const [i, { x, y }] of places.entries()) {
        assert.ok(x - radius >= 0 && x + radius <= width, `${what}: across`);
        assert.ok(y - radius - ABOVE >= -1 && y + radius + BELOW <= height + 1, `${what}: ${y}`);
        for (const other of places.slice(i + 1)) {
          assert.ok(Math.hypot(other.x - x, other.y - y) > 2 * radius + 16, `${what}: apart`);
        }
      }
    }
  }
});

test("two members stand on top of an odd count, and the picture is symmetric", () => {
  for (const count of [3, 5, 7]) {
    const { places } = layout(count, 800, 560);
    assert.ok(Math.abs(places[0].y - places[1].y) < 1e-6);
    assert.ok(Math.abs(places[0].x + places[1].x - 800) < 1e-6);
    assert.ok(places.slice(2).every(({ y }) => y > places[0].y));
  }
});

test("a strip shows the end of a log and folds what does not fit", () => {
  const log = Array.from({ length: 12 }, (_, i) => ({
    index: i + 1,
    term: 1,
    text: `a=${i}`,
    committed: true,
  }));
  const { cells, folded, width } = arrange(log, 190);
  assert.equal(cells.at(-1).index, 12);
  assert.equal(folded, 12 - cells.length);
  assert.ok(width <= 190 && cells.length <= 5 && cells.length >= 2);
  assert.deepEqual(arrange([], 190), { cells: [], folded: 0, width: 0 });
  assert.equal(arrange(log.slice(0, 2), 190).folded, 0);
});

test("a strip always shows the last entry, however narrow it is", () => {
  const log = [{ index: 9, term: 1, text: "a long text", committed: false }];
  const { cells, folded } = arrange(log, 10);
  assert.deepEqual([cells.length, folded], [1, 8]);
});

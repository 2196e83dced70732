import assert from "node:assert/strict";
import { test } from "node:test";
import { ElectionWatch, span } from "../model/elections.js";
import { blank } from "../model/fold.js";
import { Recording } from "../model/recording.js";

const HEARTBEAT = 50_000;
const st = (t, n, role, term, lead = null) => ({ t, n, k: "st", role, term, vote: null, lead });
const beat = (t, id) => [
  { t, n: "A", k: "tx", id, to: "B", m: "HB", term: 1, b: {} },
  { t: t + 100, n: "B", k: "rx", from: "A", id },
];
/** A leads term 1 and is stopped; B campaigns twice and leads term 3. */
const STORY = [
  st(1_000_000, "A", "L", 1, "A"),
  { t: 1_000_100, n: "A", k: "ap", e: [[1, 1, "noop"]] },
  { t: 1_000_900, n: "A", k: "ci", ci: 1 },
  ...beat(1_050_000, 1),
  ...beat(1_100_000, 2),
  { t: 1_150_000, n: "A", k: "tx", id: 3, to: "B", m: "HB", term: 1, b: {} },
  { t: 1_120_000, n: "A", k: "ft", f: "stop" },
  st(1_300_000, "B", "P", 1),
  st(1_301_000, "B", "C", 2),
  st(1_500_000, "B", "C", 3),
  st(1_502_000, "B", "L", 3, "B"),
  { t: 1_502_100, n: "B", k: "ap", e: [[2, 3, "noop"]] },
  { t: 1_502_200, n: "C", k: "ci", ci: 2 },
  { t: 1_503_000, n: "B", k: "ci", ci: 1 },
  { t: 1_504_000, n: "B", k: "ci", ci: 2 },
];

function watch(records) {
  const recording = new Recording(blank(["A", "B", "C"]));
  const elections = new ElectionWatch(recording, HEARTBEAT);
  for (const record of records) {
    recording.add(record);
    elections.see(record);
  }
  return elections;
}

const END = { t: 1_600_000, n: "B", k: "tm", dur: 1, dl: 1 };

test("an election is told from the last heartbeat that arrived to its first commit", () => {
  const found = watch([...STORY, END]).finished();
  assert.deepEqual(
    found.map(({ term }) => term),
    [1, 3],
  );
  const [first, second] = found;
  assert.deepEqual([first.previous, first.lastHeard, first.down], [null, null, null]);
  assert.deepEqual(second, {
    term: 3,
    leader: "B",
    previous: "A",
    lastHeard: 1_100_000,
    began: 1_300_000,
    won: 1_502_000,
    committed: 1_504_000,
    down: 352_000,
  });
});

test("its replay begins before the last heartbeat and ends after the commit", () => {
  const [, election] = watch([...STORY, END]).finished();
  const { from, to } = span(election);
  assert.ok(from < 1_100_000 && from > 1_050_000);
  assert.ok(to > 1_504_000 && to < END.t);
});

test("an election is told once, and not before its replay is whole", () => {
  const elections = watch(STORY);
  assert.deepEqual(
    elections.finished().map(({ term }) => term),
    [1],
  );
  assert.deepEqual(elections.finished(), []);
});

test("an election without a commit is told after a while", () => {
  const elections = watch([st(1_000_000, "A", "L", 1, "A"), { ...END, t: 3_900_000 }]);
  assert.deepEqual(elections.finished(), []);
  const late = watch([st(1_000_000, "A", "L", 1, "A"), { ...END, t: 4_100_000 }]);
  assert.equal(late.finished()[0].committed, null);
});

test("a leader known from its key is nobody's election, and an older term is none", () => {
  const key = {
    t: 5,
    n: "A",
    k: "key",
    role: "L",
    term: 4,
    vote: "A",
    lead: "A",
    log: [],
    first: 1,
    ci: 0,
    ai: 0,
    kv: [],
    tm: null,
  };
  assert.deepEqual(watch([key, st(6, "B", "L", 3, "B"), { ...END, t: 9_000_000 }]).finished(), []);
});

// What members remember of elections becomes replays, as if the page had been there.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Session } from "../live/session.js";
import { readTrace } from "../model/file.js";

const hello = {
  k: "hello",
  v: 1,
  src: "live",
  cluster: "c",
  nodes: ["A", "B"].map((id) => ({ id, client: "", peer: "" })),
  voters: ["A", "B"],
  timing: { election_us: [150_000, 300_000], heartbeat_us: 50_000 },
  build: "",
  can: [],
};
const key = (t, n, role, term) => ({
  ...{ t, n, k: "key", role, term, vote: null, lead: null, log: [[1, 1, "noop"]], first: 1 },
  ...{ ci: 1, ai: 1, kv: [], tm: null },
});
const stands = (t, n, role, term) => ({ t, n, k: "st", role, term, vote: n, lead: null });

function trace(...records) {
  const lines = [{ ...hello, t: 0 }, ...records].map((record, i) =>
    JSON.stringify({ i, ...record }),
  );
  return readTrace(lines.join("\n"));
}

test("an election before the page was opened can be replayed", () => {
  const session = new Session();
  session.recall(
    trace(
      stands(1_000_000, "A", "L", 1),
      key(9_000_000, "B", "F", 1),
      stands(9_200_000, "B", "P", 1),
      stands(9_210_000, "B", "C", 2),
      stands(9_230_000, "B", "L", 2),
    ),
  );
  assert.deepEqual(
    session.elections.map(({ term, leader, previous, down }) => ({ term, leader, previous, down })),
    [
      // Since the first heartbeat that did not come.
      { term: 2, leader: "B", previous: "A", down: 180_000 },
      { term: 1, leader: "A", previous: null, down: null },
    ],
  );
  const [{ clip, from, to }] = session.elections;
  assert.ok(from < 9_000_000 && to > 9_230_000);
  assert.equal(clip.frame(9_100_000).members.get("B").log.length, 1);
});

test("an election that the page saw itself is not remembered over it", () => {
  const session = new Session();
  session.recall(trace(stands(1_000_000, "A", "L", 1)));
  const [seen] = session.elections;
  session.recall(trace(stands(1_000_000, "A", "L", 1), stands(2_000_000, "B", "L", 2)));
  assert.equal(session.elections.length, 2);
  assert.equal(session.elections[1], seen);
});

test("figures are kept beside the recording", () => {
  const session = new Session();
  session.take({ ...hello, i: 0, t: 0 }, 5);
  session.take({ i: 1, t: 7, n: "A", k: "ag", win: 1, since: 2, op: {}, disk: {}, peers: {} }, 9);
  assert.equal(session.figures.get("A").at, 9);
  assert.equal(session.recording.records.length, 0);
});

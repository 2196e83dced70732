import assert from "node:assert/strict";
import { test } from "node:test";
import { health } from "../model/health.js";

const NOW = 10_000_000;

/** A frame of members given as "role" with flags: `-` silent, `p` paused. */
function frame(...roles) {
  const members = roles.map((role, i) => ({
    name: "ABCDEFGHI"[i],
    role: role[0],
    term: role[0] === "L" ? 3 : 2,
    paused: role.includes("p"),
    heard: role.includes("-") ? NOW - 5_000_000 : NOW - 1000,
  }));
  return {
    t: NOW,
    members: new Map(members.map((member) => [member.name, member])),
    watched: null,
  };
}

function check(roles, verdict, spare) {
  const found = health(frame(...roles), NOW);
  assert.deepEqual([found.verdict, found.spare], [verdict, spare], roles.join(" "));
  return found;
}

test("the verdict and what can still be lost", () => {
  check(["L", "F", "F"], "healthy", 1);
  check(["L", "F", "F", "F", "F"], "healthy", 2);
  check(["L"], "healthy", 0);
  check(["L", "F", "X"], "brink", 0);
  check(["L", "F", "F", "F", "X"], "degraded", 1);
  check(["L", "F", "Fp"], "brink", 0);
  check(["L", "F", "F-"], "brink", 0);
  check(["F", "C", "X"], "electing", 0);
  check(["L-", "F", "F"], "electing", 0);
  check(["L", "X", "X"], "lost", -1);
});

test("of two leaders the one of the newer term counts", () => {
  const two = frame("L", "L", "F");
  two.members.get("B").term = 4;
  const found = health(two, NOW);
  assert.deepEqual([found.leader, found.term], ["B", 4]);
});

test("who is missing, and why", () => {
  const found = check(["L", "X", "Fp", "F-", "F"], "lost", -1);
  assert.deepEqual([found.stopped, found.paused, found.silent], [["B"], ["C"], ["D"]]);
});

test("nothing heard yet is not a failure", () => {
  const none = frame("F", "F", "F");
  for (const member of none.members.values()) member.heard = 0;
  assert.equal(health(none, 0).verdict, "unknown");
});

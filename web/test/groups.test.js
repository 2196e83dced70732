import assert from "node:assert/strict";
import { test } from "node:test";
import { groups } from "../model/groups.js";
import { random } from "./generator.js";

const NAMES = ["A", "B", "C", "D", "E"];
const between = (left, right) =>
  [...left].flatMap((a) =>
    [...right].flatMap((b) => [
      [a, b],
      [b, a],
    ]),
  );
const check = (cut, expected) =>
  assert.equal(
    groups(NAMES, cut)
      .map((group) => group.join(""))
      .join(" "),
    expected,
  );

test("a whole network is one group, and a cut one falls apart", () => {
  check([], "ABCDE");
  check(between("AB", "CDE"), "CDE AB");
  check(between("A", "BCDE"), "BCDE A");
  check([...between("A", "BCDE"), ...between("B", "CDE")], "CDE A B");
});

test("one way, or a detour, holds a group together", () => {
  check(
    [
      ["A", "B"],
      ["A", "C"],
      ["A", "D"],
      ["A", "E"],
    ],
    "ABCDE",
  );
  check(between("AB", "DE"), "ABCDE");
});

test("the groups are those of a search from member to member", () => {
  const next = random(3);
  for (let i = 0; i < 300; i += 1) {
    const cut = between(NAMES, NAMES).filter(() => next() < 0.7);
    const gone = (a, b) => cut.some(([x, y]) => x === a && y === b);
    const reach = (name, seen = new Set([name])) => {
      for (const other of NAMES) {
        if (seen.has(other) || (gone(name, other) && gone(other, name))) continue;
        seen.add(other);
        reach(other, seen);
      }
      return seen;
    };
    for (const group of groups(NAMES, cut))
      assert.deepEqual(
        NAMES.filter((name) => reach(group[0]).has(name)),
        group,
      );
  }
});

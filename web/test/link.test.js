import assert from "node:assert/strict";
import { test } from "node:test";
import { readLink, writeLink } from "../model/link.js";
import { random } from "./generator.js";

test("what a link is written from is read from it", () => {
  const next = random(7);
  const pick = (list) => list[Math.floor(next() * list.length)];
  for (let i = 0; i < 500; i += 1) {
    const face = pick(["story", "play", "live", "open"]);
    const spec = pick([
      null,
      {
        scenario: pick(["five", "apart"]),
        seed: Math.floor(next() * 1e6),
        actions: pick(["", "450cut:n1.n2-n3~n4,900heal", "1put:n1:x:a-b_c.d:c2"]),
        until: 1 + Math.floor(next() * 5000),
      },
    ]);
    const t = pick([null, 0, Math.floor(next() * 1e9)]);
    const chapter = 1 + Math.floor(next() * 16);
    const inStory = pick([{}, { beat: 3 }, { off: 2 }, { beat: 1, off: 1 }]);
    const story = { face, chapter, ...inStory, spec, t };
    const place = face === "story" ? story : { face, chapter: null, spec, t };
    assert.deepEqual(readLink(writeLink(place)), place);
  }
});

test("an action can be read in the address", () => {
  const spec = { scenario: "five", seed: 18, actions: "450cut:n1-n2,900heal", until: 1320 };
  assert.equal(
    writeLink({ face: "play", chapter: null, spec, t: 846_000 }),
    "#play?s=five&seed=18&a=450cut:n1-n2,900heal&until=1320&t=846000",
  );
});

test("what makes no sense leads somewhere still", () => {
  assert.equal(readLink("").face, "live");
  assert.equal(readLink("#nowhere?x=1").face, "live");
  assert.equal(readLink("#story").chapter, 1);
  assert.equal(readLink("#story/0").chapter, 1);
  const { spec, t } = readLink("#play?s=five&seed=-1&until=999999999&t=soon");
  assert.deepEqual([spec.seed, spec.until, t], [1, 2000, null]);
});

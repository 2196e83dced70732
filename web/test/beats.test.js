// Has the engine run each chapter of the story, and looks for the chapter's beats in the trace, and
// for everything that a reader can verify.
//
//   QUORATE=target/debug/quorate node --test web/test/beats.test.js

import assert from "node:assert/strict";
import { test } from "node:test";
import { readTrace } from "../model/file.js";
import { CHAPTERS } from "../story/chapters.js";
import { noEngine as skip, play } from "./engine.js";
import { english } from "./stories.js";

for (const { id, spec, teller } of CHAPTERS) {
  const { beats, checks } = english[id];

  test(`${id}: the engine tells the chapter, beat by beat`, { skip }, async () => {
    const text = await play(spec);
    assert.equal(await play(spec), text, "the same words give the same run");
    const told = (await teller(false))(readTrace(text));
    assert.equal(told.beats.length, beats.length);
    assert.equal(told.checks.length, checks.length);
    for (const [i, t] of told.beats.entries())
      assert.ok(t !== null && t >= (told.beats[i - 1] ?? 0), `beat ${i + 1}: ${told.beats}`);
    for (const [i, check] of told.checks.entries())
      assert.ok(check.holds && check.t !== null, `check ${i + 1}: ${JSON.stringify(told)}`);
    const texts = Object.values(english[id]).flat(2).join();
    for (const name of texts.match(/\{\w+\}/g) ?? [])
      assert.notEqual(told.values[name.slice(1, -1)] ?? "", "", `${name} is filled in`);
  });
}

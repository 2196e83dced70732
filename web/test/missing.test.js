import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Claims } from "../model/claims.js";
import { readTrace } from "../model/file.js";
import { CHAPTERS } from "../story/chapters.js";
import { noEngine, play } from "./engine.js";
import { chineseHarms as chinese, harms as english } from "./stories.js";
import rules from "../story/en/titles.js";
import chineseRules from "../story/zh/titles.js";

/** What is worse, and not wrong. */
const HARMLESS = new Set(["no_hint"]);
const all = CHAPTERS.flatMap(({ without }) => without);
const holes = (texts) => [...new Set(JSON.stringify(texts).match(/\{\w+\}/g))].sort();

test("every rule that may be missing has its texts in both languages", () => {
  const names = all.map(({ name }) => name);
  for (const table of [english, chinese])
    assert.deepEqual(Object.keys(table).sort(), names.toSorted());
  for (const name of names) assert.ok(rules[name] && /[一-鿿]/.test(chineseRules[name]), name);
  for (const name of names) {
    const [en, zh] = [english[name], chinese[name]];
    assert.deepEqual([zh.beats.length, zh.checks.length], [en.beats.length, en.checks.length]);
    assert.ok(zh.beats.flat().every((text) => /[一-鿿]/.test(text)));
  }
});

for (const { name, spec, teller } of all) {
  const skip = spec.recorded ? false : noEngine;

  test(`${name}: the trace tells of it beat by beat, and of a broken claim`, { skip }, async () => {
    const file = new URL(`../story/recorded/${spec.recorded}.ndjson`, import.meta.url);
    const trace = readTrace(spec.recorded ? readFileSync(file, "utf8") : await play(spec));
    const told = (await teller())(trace);
    assert.equal(told.beats.length, english[name].beats.length);
    for (const [i, t] of told.beats.entries())
      assert.ok(t !== null && t >= (told.beats[i - 1] ?? 0), `beat ${i + 1}: ${told.beats}`);
    assert.equal(told.checks.length, english[name].checks.length);
    for (const { t, holds } of told.checks) assert.ok(t !== null && holds, JSON.stringify(told));
    for (const text of [english[name], chinese[name]])
      for (const hole of holes(text))
        assert.notEqual(told.values[hole.slice(1, -1)] ?? "", "", hole);
    const broken = new Claims(trace.recording.records).at(trace.to);
    assert.equal(broken.some(({ witness }) => witness !== null), !HARMLESS.has(name));
  });
}

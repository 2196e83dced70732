// Has the engine run each chapter of the story, and looks for the chapter's beats in the trace, and
// for everything that a reader can verify.
//
//   QUORATE=target/debug/quorate node --test web/test/beats.test.js

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { readTrace } from "../model/file.js";
import { CHAPTERS } from "../story/chapters.js";
import { english } from "./stories.js";

const engine = process.env.QUORATE;
const skip = engine ? false : "QUORATE names no engine";
const run = promisify(execFile);

/** The run that a chapter shows, as the engine prints it and the page is sent it. */
async function play({ scenario, seed, actions, until }) {
  const words = ["--scenario", scenario, "--seed", String(seed), "--until", String(until)];
  if (actions !== "") words.push("--actions", actions);
  const options = { maxBuffer: 64 << 20 };
  return (await run(engine, ["sim", ...words, "--trace", "-"], options)).stdout;
}

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

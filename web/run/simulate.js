// @ts-check
// Asks the engine for a run. The same words always give the same run, so it is asked once. Runs of
// an engine that lacks a rule were recorded: they are files of the page.

import { readTrace } from "../model/file.js";
import { say } from "../text.js";

/** @import { Trace } from "../model/file.js" */
/** @import { Spec } from "../model/link.js" */

/** How many runs are kept. */
const KEPT = 24;
/** @type {Map<string, Promise<Trace>>} */
const runs = new Map();

/**
 * @param {Spec} spec
 * @returns {Promise<Trace>}
 */
export function simulate(spec) {
  const { scenario, seed, actions, until, recorded } = spec;
  const words = { s: scenario, seed: String(seed), a: actions, until: String(until) };
  const path = recorded
    ? `story/recorded/${recorded}.ndjson`
    : `api/sim?${new URLSearchParams(words)}`;
  const known = runs.get(path);
  if (known) return known;
  const run = ask(path);
  runs.set(path, run);
  run.catch(() => runs.delete(path));
  for (const old of runs.keys()) if (runs.size > KEPT) runs.delete(old);
  return run;
}

async function ask(/** @type {string} */ path) {
  const response = await fetch(path).catch(() => null);
  if (!response) throw new Error(say("unreachable"));
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim() || String(response.status));
  return readTrace(text);
}

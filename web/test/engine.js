// The engine, for tests that ask it for runs.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const engine = process.env.QUORATE;
const execute = promisify(execFile);

export const noEngine = engine ? false : "QUORATE names no engine";

/** A run, as the engine prints it and the page is sent it. */
export async function play({ scenario, seed, actions, until }) {
  const words = ["--scenario", scenario, "--seed", String(seed), "--until", String(until)];
  if (actions !== "") words.push("--actions", actions);
  const options = { maxBuffer: 64 << 20 };
  // Who finds a rule broken says so with its status, and tells the run all the same.
  const run = execute(engine, ["sim", ...words, "--trace", "-"], options);
  return (await run.catch((error) => error)).stdout;
}

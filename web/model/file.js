// @ts-check
// A trace as text, one record a line, as the simulator answers it and `quorate trace save` keeps
// it: to a recording that can be replayed from its beginning to its end.

import { blank } from "./fold.js";
import { Recording } from "./recording.js";

/** @import { Hello, StoryRecord } from "../protocol.js" */
/**
 * @typedef {object} Trace
 * @property {Hello} hello
 * @property {Recording} recording
 * @property {number} from
 * @property {number} to
 * @property {number} lines how many records there were
 * @property {string} text as it came
 */

/** Why a text is no trace. */
export class NoTrace extends Error {
  constructor(/** @type {number} */ line, /** @type {unknown} */ cause) {
    super(`line ${line}`, { cause });
    this.line = line;
  }
}

/**
 * @param {string} text
 * @returns {Trace}
 */
export function readTrace(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const [first, ...rest] = lines.map(parse);
  if (first?.k !== "hello") throw new NoTrace(1, "no hello");
  const hello = /** @type {Hello} */ (first);
  const recording = new Recording(blank(hello.nodes.map((node) => node.id)));
  const records = /** @type {StoryRecord[]} */ (
    rest.filter((one) => typeof one.n === "string" || one.n === undefined)
  );
  for (const record of records) recording.add(record);
  // A key may tell of a member that has been silent for long: the story begins with what follows.
  const from = records.find((record) => record.k !== "key")?.t ?? recording.from;
  return { hello, recording, from, to: recording.to, lines: lines.length, text };
}

/** @returns {any} */
function parse(/** @type {string} */ line, /** @type {number} */ place) {
  try {
    const record = JSON.parse(line);
    if (typeof record.k === "string" && Number.isFinite(record.t)) return record;
  } catch (cause) {
    throw new NoTrace(place + 1, cause);
  }
  throw new NoTrace(place + 1, "no record");
}

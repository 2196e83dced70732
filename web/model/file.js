// @ts-check
// A trace as text, one record a line, as the simulator answers it and `quorate trace save` keeps
// it: to a recording that can be replayed from its beginning to its end.

import { blank } from "./fold.js";
import { Recording } from "./recording.js";

/** @import { Hello, StoryRecord } from "../protocol.js" */
/** @import { Member } from "./types.js" */
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

/**
 * A stretch of a recording as text: a hello, each member as it was, and what followed.
 * @param {Hello} hello
 * @param {Recording} recording
 * @param {number} from
 * @param {number} to
 */
export function writeTrace(hello, recording, from, to) {
  const members = [...recording.frame(from - 1).members.values()];
  const records = [
    { ...hello, t: from },
    ...members.filter((member) => member.heard > 0).map((member) => whole(member, from)),
    ...recording.between(from, to),
  ];
  return records.map((record, i) => `${JSON.stringify({ ...record, i })}\n`).join("");
}

/** A member as the record that tells the whole of it. */
function whole(/** @type {Member} */ member, /** @type {number} */ t) {
  const { name, role, term, vote, lead, log, first, ci, ai, kv, timer } = member;
  const tm = timer && [timer.dur, timer.dl];
  return {
    i: 0,
    t,
    n: name,
    k: "key",
    role,
    term,
    vote,
    lead,
    log,
    first,
    ci,
    ai,
    kv: [...kv],
    tm,
  };
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

// @ts-check
// What is worth the reader's time: the stretches of a recording in which something changes. The
// rest is heartbeats, and a replay passes over them more quickly.

/** @import { StoryRecord } from "../protocol.js" */
/** @import { Recording } from "./recording.js" */
/** @import { Span } from "./types.js" */

/** A change is seen coming, and what follows from it is seen too. */
const BEFORE = 40_000;
const AFTER = 60_000;

/**
 * @param {Recording} recording
 * @param {number} from
 * @param {number} to
 * @returns {Span[]} apart from each other, in order
 */
export function busy(recording, from, to) {
  /** @type {Span[]} */
  const spans = [];
  for (const record of recording.changes(from, to)) {
    if (record.k === "key" && record.t <= from) continue;
    const span = { from: record.t - BEFORE, to: record.t + AFTER };
    const last = spans.at(-1);
    if (last && span.from <= last.to) last.to = span.to;
    else spans.push(span);
  }
  return campaigns(recording.changes(from, to)).reduce(merge, spans);
}

/** From the first member that campaigns to the one that then leads: no stretch between is quiet. */
function campaigns(/** @type {readonly StoryRecord[]} */ changes) {
  /** @type {Span[]} */
  const found = [];
  let open = Infinity;
  for (const record of changes) {
    if (record.k !== "st") continue;
    if (record.role === "P" || record.role === "C") open = Math.min(open, record.t);
    if (record.role !== "L" || open === Infinity) continue;
    found.push({ from: open, to: record.t });
    open = Infinity;
  }
  return found;
}

/** Adds one more span to spans that are in order and apart. */
function merge(/** @type {Span[]} */ spans, /** @type {Span} */ added) {
  const apart = spans.filter((span) => span.to < added.from || span.from > added.to);
  const touched = spans.filter((span) => !apart.includes(span));
  const whole = {
    from: Math.min(added.from, ...touched.map((span) => span.from)),
    to: Math.max(added.to, ...touched.map((span) => span.to)),
  };
  return [...apart, whole].sort((a, b) => a.from - b.from);
}

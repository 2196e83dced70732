// @ts-check
// The records of a stretch of time, in order, with keyframes: any frame in it is the fold from the
// nearest keyframe. The live view keeps the last half minute; a replay is a slice of it.

import { countWhile } from "./count.js";
import { blank, step } from "./fold.js";
import { Messages } from "./messages.js";

/** @import { StoryRecord } from "../protocol.js" */
/** @import { Frame, Kind } from "./types.js" */

/** How much of the past a recording of a running cluster keeps, in microseconds. */
export const KEPT = 30_000_000;
/** How many records lie between two keyframes. */
const KEYFRAME_EVERY = 64;

export class Recording {
  /** By time; of one member, also in the order in which they came. @type {StoryRecord[]} */
  records = [];
  messages = new Messages();
  /** Those that are neither about messages nor timers, likewise. @type {StoryRecord[]} */
  #changes = [];
  /** The frame before the first record. @type {Frame} */
  #base;
  /** The fold of the first `count` records. @type {{count: number, frame: Frame}[]} */
  #keyframes = [];
  /** The latest time of each member. @type {Map<string, number>} */
  #latest = new Map();

  constructor(/** @type {Frame} */ base = blank([])) {
    this.#base = base;
  }

  /** Takes in one more record. It may be older than the last one, if of another member. */
  add(/** @type {StoryRecord} */ record) {
    // A clock that steps back must not turn a member's own order around.
    const t = Math.max(record.t, this.#latest.get(record.n ?? "") ?? 0);
    this.#latest.set(record.n ?? "", t);
    const placed = t === record.t ? record : { ...record, t };
    const place = countUpTo(this.records, t);
    this.records.splice(place, 0, placed);
    if (isChange(placed)) this.#changes.splice(countUpTo(this.#changes, t), 0, placed);
    while ((this.#keyframes.at(-1)?.count ?? 0) > place) this.#keyframes.pop();
    this.messages.add(placed);
  }

  get from() {
    return this.records[0]?.t ?? this.#base.t;
  }

  get to() {
    return this.records.at(-1)?.t ?? this.#base.t;
  }

  /** The fold of everything up to and including `t`. */
  frame(/** @type {number} */ t) {
    return this.#fold(countUpTo(this.records, t));
  }

  /** The records of a stretch of time, both ends included. */
  between(/** @type {number} */ from, /** @type {number} */ to) {
    return stretch(this.records, from, to);
  }

  /** The same, without messages and timers. */
  changes(/** @type {number} */ from, /** @type {number} */ to) {
    return stretch(this.#changes, from, to);
  }

  /** A recording of its own that holds only this stretch. */
  slice(/** @type {number} */ from, /** @type {number} */ to) {
    const part = new Recording(this.frame(from - 1));
    for (const record of this.between(from, to)) part.add(record);
    // A message that leaves inside the stretch may arrive after it.
    for (const record of this.between(to + 1, to + 1_000_000)) {
      if (record.k === "rx" || record.k === "dx") part.messages.add(record);
    }
    return part;
  }

  /** Drops what is older than `t`; frames after it stay the same. */
  forget(/** @type {number} */ t) {
    const count = countUpTo(this.records, t - 1);
    // A whole block at a time, so that the keyframes that stay remain right.
    const gone = count - (count % KEYFRAME_EVERY);
    if (gone === 0) return;
    this.#base = this.#fold(gone);
    this.records.splice(0, gone);
    this.#keyframes = this.#keyframes
      .filter((keyframe) => keyframe.count > gone)
      .map(({ count: done, frame }) => ({ count: done - gone, frame }));
    this.#changes.splice(0, countUpTo(this.#changes, t - 1));
    this.messages.forget(t);
  }

  /** The fold of the first `count` records. */
  #fold(/** @type {number} */ count) {
    let index = this.#keyframes.length - 1;
    while (index >= 0 && this.#keyframes[index].count > count) index -= 1;
    let { count: done, frame } = this.#keyframes[index] ?? { count: 0, frame: this.#base };
    const newest = index === this.#keyframes.length - 1;
    for (; done < count; done += 1) {
      frame = step(frame, this.records[done]);
      const due = (done + 1) % KEYFRAME_EVERY === 0;
      if (newest && due) this.#keyframes.push({ count: done + 1, frame });
    }
    return frame;
  }
}

/**
 * What a reader may step through, apart from everything: all changes, or one kind of them.
 * @type {Record<Kind, (record: StoryRecord) => boolean>}
 */
export const KINDS = {
  change: (record) => isChange(record) && record.k !== "key",
  role: ({ k }) => k === "st",
  append: ({ k }) => k === "ap" || k === "tr",
  commit: ({ k }) => k === "ci",
  client: ({ k }) => k === "op",
  fault: ({ k }) => k === "ft" || k === "net" || k === "act",
};

/** Whether a record says more than that a message or a timer went its way. */
export function isChange(/** @type {StoryRecord} */ record) {
  return !["tx", "rx", "dx", "tm", "ag"].includes(record.k);
}

/**
 * How many records are at or before `t`.
 * @param {readonly StoryRecord[]} records
 * @param {number} t
 */
function countUpTo(records, t) {
  return countWhile(records, (record) => record.t <= t);
}

/**
 * @param {readonly StoryRecord[]} records
 * @param {number} from
 * @param {number} to
 */
function stretch(records, from, to) {
  return records.slice(countUpTo(records, from - 1), countUpTo(records, to));
}

// @ts-check
// The two ends of each message come from two members and in any order. This index joins them, and
// finds the messages of a stretch of time.

import { countWhile } from "./count.js";

/** @import { StoryRecord, Sent } from "../protocol.js" */
/** @import { Message } from "./types.js" */

/** A flight longer than this is not looked for: the receiver was paused. */
const LONGEST_FLIGHT = 20_000_000;

export class Messages {
  /** By departure. @type {Message[]} */
  #list = [];
  /** @type {Map<string, Message>} */
  #byKey = new Map();
  /** Arrivals whose departure is not yet known. @type {Map<string, StoryRecord>} */
  #early = new Map();

  /** Takes in a record; those that are not about messages change nothing. */
  add(/** @type {StoryRecord} */ record) {
    if (record.k === "tx") this.#depart(record);
    if (record.k === "rx" || record.k === "dx") {
      const key = `${record.from}:${record.id}`;
      const message = this.#byKey.get(key);
      if (message && !message.ended) finish(message, record);
      else if (!message) this.#early.set(key, record);
    }
  }

  /**
   * The messages that left, were under way, or arrived between two times.
   * @param {number} from
   * @param {number} to
   * @returns {Message[]}
   */
  between(from, to) {
    const found = [];
    for (let i = this.#after(to) - 1; i >= 0; i -= 1) {
      const message = this.#list[i];
      if (message.t0 < from - LONGEST_FLIGHT) break;
      if (message.t0 >= from || (message.t1 ?? message.t0) >= from) found.push(message);
    }
    return found.reverse();
  }

  /** @returns {Message | undefined} */
  get(/** @type {string} */ key) {
    return this.#byKey.get(key);
  }

  /** Forgets what left before `t`. */
  forget(/** @type {number} */ t) {
    const keep = this.#list.findIndex((message) => message.t0 >= t);
    for (const gone of this.#list.splice(0, keep < 0 ? this.#list.length : keep)) {
      if (this.#byKey.get(gone.key) === gone) this.#byKey.delete(gone.key);
    }
    for (const [key, record] of this.#early) if (record.t < t) this.#early.delete(key);
  }

  #depart(/** @type {Sent} */ record) {
    const key = `${record.n}:${record.id}`;
    /** @type {Message} */
    const message = {
      key,
      from: record.n,
      to: record.to,
      m: record.m,
      term: record.term,
      b: record.b,
      t0: record.t,
      t1: record.eta ?? null,
      ended: false,
      dropped: false,
    };
    const end = this.#early.get(key);
    if (end) {
      this.#early.delete(key);
      finish(message, end);
    }
    this.#byKey.set(key, message);
    this.#list.splice(this.#after(record.t), 0, message);
  }

  /** The place of the first message that left after `t`. */
  #after(/** @type {number} */ t) {
    return countWhile(this.#list, (message) => message.t0 <= t);
  }
}

/**
 * Clocks of two machines may say that a message arrived before it left: it then took no time.
 * @param {Message} message
 * @param {StoryRecord} end
 */
function finish(message, end) {
  message.t1 = Math.max(end.t, message.t0);
  message.dropped = end.k === "dx";
  message.ended = true;
}

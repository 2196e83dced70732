// @ts-check
// The two ends of each message come from two members and in any order. This index joins them, and
// finds the messages of a stretch of time.

/** @import { MemberRecord, Sent } from "../protocol.js" */
/** @import { Message } from "./types.js" */

/** A flight longer than this is not looked for: the receiver was paused. */
const LONGEST_FLIGHT = 20_000_000;

export class Messages {
  /** By departure. @type {Message[]} */
  #list = [];
  /** @type {Map<string, Message>} */
  #byKey = new Map();
  /** Arrivals whose departure is not yet known. @type {Map<string, MemberRecord>} */
  #early = new Map();

  /** Takes in a record; those that are not about messages change nothing. */
  add(/** @type {MemberRecord} */ record) {
    if (record.k === "tx") this.#depart(record);
    if (record.k === "rx" || record.k === "dx") {
      const key = `${record.from}:${record.id}`;
      const message = this.#byKey.get(key);
      if (message && message.t1 === null) finish(message, record);
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
      t1: null,
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
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#list[middle].t0 <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * Clocks of two machines may say that a message arrived before it left: it then took no time.
 * @param {Message} message
 * @param {MemberRecord} end
 */
function finish(message, end) {
  message.t1 = Math.max(end.t, message.t0);
  message.dropped = end.k === "dx";
}

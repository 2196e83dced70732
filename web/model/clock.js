// @ts-check
// The live view's time. The page's clock and the members' clocks need not agree, so the offset is
// learnt from the records: the one that came the fastest says it best. The view is drawn a little
// late, so that both ends of a message have come by the time it is drawn.

/** How far behind the newest records the live view runs, in microseconds. */
export const DELAY = 200_000;
/** How quickly a smaller offset is unlearnt, in microseconds per second: clocks drift apart. */
const FORGET = 200;

export class LiveClock {
  /** Page time minus trace time. */
  #offset = Infinity;
  #learnt = 0;

  /** A record of trace time `t` came at page time `now` (both microseconds). */
  hear(/** @type {number} */ t, /** @type {number} */ now) {
    const drift = ((now - this.#learnt) / 1_000_000) * FORGET;
    const offset = now - t;
    if (offset > this.#offset + drift) return;
    this.#offset = offset;
    this.#learnt = now;
  }

  /** The trace time of the members at page time `now`. */
  members(/** @type {number} */ now) {
    return this.#offset === Infinity ? 0 : now - this.#offset;
  }

  /** The trace time to draw at page time `now`. */
  view(/** @type {number} */ now) {
    return Math.max(0, this.members(now) - DELAY);
  }
}

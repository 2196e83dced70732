// @ts-check
// The replay's own time. On one machine a message flies for 100 microseconds and an election timer
// runs for 200 milliseconds: at no single speed can both be seen. So a replay runs at 1/50 while
// nothing is under way, and slower wherever messages are, just so slow that they can be followed.
// Where nothing but heartbeats is to be seen it may run faster: the caller says which stretches are
// worth the time. A message always moves linearly in true time, whatever the speed.
//
// `story` is microseconds on the reader's screen at normal speed, from 0. `t` is trace time.

import { countWhile } from "./count.js";

/** @import { Message, Span } from "./types.js" */
/** @typedef {{t0: number, t1: number, s0: number, s1: number, rate: number}} Segment */
/** @typedef {{from: number, to: number, rate: number}} Stretch */

/** Story time per trace time while nothing but timers runs. */
export const BASE_RATE = 50;
/** The same where a quiet stretch is passed over. */
export const QUIET_RATE = 10;
/** No stretch is slowed down more than this. */
export const TOP_RATE = 10_000;
/** How long a message should be seen to fly. */
const VISIBLE = 900_000;
/** What an arrival changes is seen for a while before the replay speeds up again. */
const LINGER = 1.25;
/** All slow stretches together take no longer than this. */
const LONGEST = 40_000_000;

export class Warp {
  /** @type {Segment[]} */
  segments = [];

  /**
   * @param {number} from
   * @param {number} to
   * @param {readonly Message[]} messages
   * @param {readonly Span[] | null} [busy] outside of these heartbeats are passed over quickly;
   *   null if every stretch is worth its time
   */
  constructor(from, to, messages, busy = null) {
    const calm = busy === null ? BASE_RATE : QUIET_RATE;
    let t = from;
    for (const slow of stretches(from, to, messages, busy)) {
      this.#push(t, slow.from, calm);
      this.#push(slow.from, slow.to, slow.rate);
      t = slow.to;
    }
    this.#push(t, to, calm);
    if (this.segments.length === 0)
      this.segments.push({ t0: from, t1: from, s0: 0, s1: 0, rate: calm });
  }

  get length() {
    return this.segments[this.segments.length - 1].s1;
  }

  /** Trace time at a story time; beyond the ends, the end. */
  time(/** @type {number} */ story) {
    const segment = this.#after(({ s1 }) => s1 < story);
    const inside = Math.min(Math.max(story, segment.s0), segment.s1) - segment.s0;
    return segment.t0 + inside / segment.rate;
  }

  /** Story time at a trace time; beyond the ends, the end. */
  story(/** @type {number} */ t) {
    const segment = this.#after(({ t1 }) => t1 < t);
    const inside = Math.min(Math.max(t, segment.t0), segment.t1) - segment.t0;
    return segment.s0 + inside * segment.rate;
  }

  /** How many times slower than life the replay is at a story time. */
  rate(/** @type {number} */ story) {
    return this.#after(({ s1 }) => s1 <= story).rate;
  }

  /** The first segment of which something is not true, or the last one. */
  #after(/** @type {(segment: Segment) => boolean} */ isBefore) {
    return this.segments[Math.min(countWhile(this.segments, isBefore), this.segments.length - 1)];
  }

  #push(/** @type {number} */ t0, /** @type {number} */ t1, /** @type {number} */ rate) {
    if (t1 <= t0) return;
    const s0 = this.segments.at(-1)?.s1 ?? 0;
    this.segments.push({ t0, t1, s0, s1: s0 + (t1 - t0) * rate, rate });
  }
}

/**
 * Where it is worth to be slow, in order and apart from each other. The shortest flight under way
 * sets the speed; a longer one is then seen to fly longer.
 * @param {number} from
 * @param {number} to
 * @param {readonly Message[]} messages
 * @param {readonly Span[] | null} busy
 */
function stretches(from, to, messages, busy) {
  const wanted = messages.flatMap(({ t0, t1, m }) => {
    if (t1 === null || (busy !== null && (m === "HB" || m === "HBR"))) return [];
    const flight = Math.max(1, t1 - t0);
    const seen = flight * BASE_RATE;
    if (seen > VISIBLE && busy === null) return [];
    if (seen > VISIBLE / 3 && busy !== null) return [{ from: t0, to: t1, rate: BASE_RATE }];
    return [{ from: t0, to: t0 + flight * LINGER, rate: slowness(flight) }];
  });
  for (const span of busy ?? []) wanted.push({ ...span, rate: BASE_RATE });
  return bounded(highest(wanted, from, to));
}

/**
 * The highest of the wanted rates at each time, as stretches between two ends.
 * @param {Stretch[]} wanted
 * @param {number} from
 * @param {number} to
 */
function highest(wanted, from, to) {
  const edges = wanted
    .flatMap(({ from: begin, to: end, rate }) => [
      { t: Math.max(from, begin), rate, by: 1 },
      { t: Math.min(to, end), rate, by: -1 },
    ])
    .sort((a, b) => a.t - b.t);
  /** How many ask for each rate. @type {Map<number, number>} */
  const asked = new Map();
  /** @type {Stretch[]} */
  const found = [];
  for (const [place, { t, rate, by }] of edges.entries()) {
    asked.set(rate, (asked.get(rate) ?? 0) + by);
    const next = edges[place + 1]?.t ?? t;
    const now = [...asked].reduce((top, [one, count]) => (count > 0 ? Math.max(top, one) : top), 0);
    if (next <= t || now === 0) continue;
    const last = found.at(-1);
    if (last && last.to === t && last.rate === now) last.to = next;
    else found.push({ from: t, to: next, rate: now });
  }
  return found;
}

/** Runs all stretches faster if together they would take too long. */
function bounded(/** @type {Stretch[]} */ found) {
  const slow = found.filter(({ rate }) => rate > BASE_RATE);
  const whole = slow.reduce((sum, { from, to, rate }) => sum + (to - from) * rate, 0);
  if (whole <= LONGEST) return found;
  return found.map(({ from, to, rate }) => ({
    from,
    to,
    rate: rate <= BASE_RATE ? rate : Math.max(BASE_RATE, oneFigure((rate * LONGEST) / whole)),
  }));
}

function slowness(/** @type {number} */ flight) {
  return Math.max(BASE_RATE, oneFigure(Math.min(TOP_RATE, VISIBLE / flight)));
}

/** One figure is enough: 1/6,000 says as much as 1/6,117. */
function oneFigure(/** @type {number} */ rate) {
  const scale = 10 ** Math.floor(Math.log10(Math.max(rate, 1)));
  return Math.floor(rate / scale) * scale;
}

// @ts-check
// The replay's own time. On one machine a message flies for 100 microseconds and an election timer
// runs for 200 milliseconds: at no single speed can both be seen. So a replay runs at 1/50 while
// nothing is under way, and slower wherever messages are, just so slow that they can be followed.
// Within one such stretch the speed is constant: there, a message moves linearly in true time.
//
// `story` is microseconds on the reader's screen at normal speed, from 0. `t` is trace time.

/** @typedef {import("./types.js").Message} Message */
/** @typedef {{t0: number, t1: number, s0: number, s1: number, rate: number}} Segment */

/** Story time per trace time while nothing but timers runs. */
export const BASE_RATE = 50;
/** No stretch is slowed down more than this. */
export const TOP_RATE = 10_000;
/** How long a message should be seen to fly. */
const VISIBLE = 900_000;
/** No single stretch takes longer on the screen. */
const LONGEST = 9_000_000;
/** Messages this close to each other share a stretch. */
const NEAR = 400;

export class Warp {
  /** @type {Segment[]} */
  segments = [];

  /**
   * @param {number} from
   * @param {number} to
   * @param {readonly Message[]} messages
   */
  constructor(from, to, messages) {
    let t = from;
    for (const slow of stretches(from, to, messages)) {
      this.#push(t, slow.from, BASE_RATE);
      this.#push(slow.from, slow.to, slow.rate);
      t = slow.to;
    }
    this.#push(t, to, BASE_RATE);
    if (this.segments.length === 0) this.segments.push({ t0: from, t1: from, s0: 0, s1: 0, rate: BASE_RATE });
  }

  get length() {
    return this.segments[this.segments.length - 1].s1;
  }

  /** Trace time at a story time; beyond the ends, the end. */
  time(/** @type {number} */ story) {
    const segment = this.segments.find(({ s1 }) => story <= s1) ?? this.segments[this.segments.length - 1];
    const inside = Math.min(Math.max(story, segment.s0), segment.s1) - segment.s0;
    return segment.t0 + inside / segment.rate;
  }

  /** Story time at a trace time; beyond the ends, the end. */
  story(/** @type {number} */ t) {
    const segment = this.segments.find(({ t1 }) => t <= t1) ?? this.segments[this.segments.length - 1];
    const inside = Math.min(Math.max(t, segment.t0), segment.t1) - segment.t0;
    return segment.s0 + inside * segment.rate;
  }

  /** How many times slower than life the replay is at a story time. */
  rate(/** @type {number} */ story) {
    return (this.segments.find(({ s1 }) => story < s1) ?? this.segments[this.segments.length - 1]).rate;
  }

  #push(/** @type {number} */ t0, /** @type {number} */ t1, /** @type {number} */ rate) {
    if (t1 <= t0) return;
    const s0 = this.segments.at(-1)?.s1 ?? 0;
    this.segments.push({ t0, t1, s0, s1: s0 + (t1 - t0) * rate, rate });
  }
}

/**
 * Where messages are under way, in order and apart from each other.
 * @param {number} from
 * @param {number} to
 * @param {readonly Message[]} messages by departure
 */
function stretches(from, to, messages) {
  /** @type {{from: number, to: number, flights: number[]}[]} */
  const found = [];
  for (const { t0, t1 } of messages) {
    const flight = (t1 ?? t0) - t0;
    if (flight * BASE_RATE > VISIBLE || t1 === null) continue;
    const begin = Math.max(t0 - NEAR / 4, from);
    const end = Math.min(t1 + NEAR / 4, to);
    if (begin >= end) continue;
    const last = found[found.length - 1];
    if (last && begin <= last.to + NEAR) {
      last.to = Math.max(last.to, end);
      last.flights.push(flight);
    } else {
      found.push({ from: begin, to: end, flights: [flight] });
    }
  }
  return found.map((stretch) => ({ from: stretch.from, to: stretch.to, rate: slowness(stretch) }));
}

function slowness(/** @type {{from: number, to: number, flights: number[]}} */ stretch) {
  const flights = stretch.flights.sort((a, b) => a - b);
  const typical = Math.max(flights[flights.length >> 1], 1);
  const bound = Math.min(TOP_RATE, LONGEST / (stretch.to - stretch.from));
  const wanted = Math.min(VISIBLE / typical, bound);
  // One figure is enough: 1/6,000 says as much as 1/6,117.
  const scale = 10 ** Math.floor(Math.log10(Math.max(wanted, 1)));
  return Math.max(BASE_RATE, Math.floor(wanted / scale) * scale);
}

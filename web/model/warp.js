// @ts-check
// The replay's own time. On one machine a message flies for 100 microseconds and an election timer
// runs for 200 milliseconds: at no single speed can both be seen. So a replay runs at 1/50 while
// nothing is under way, and slower wherever messages are, just so slow that they can be followed.
// A message always moves linearly in true time, whatever the speed.
//
// `story` is microseconds on the reader's screen at normal speed, from 0. `t` is trace time.

/** @import { Message } from "./types.js" */
/** @typedef {{t0: number, t1: number, s0: number, s1: number, rate: number}} Segment */

/** Story time per trace time while nothing but timers runs. */
export const BASE_RATE = 50;
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
   */
  constructor(from, to, messages) {
    let t = from;
    for (const slow of stretches(from, to, messages)) {
      this.#push(t, slow.from, BASE_RATE);
      this.#push(slow.from, slow.to, slow.rate);
      t = slow.to;
    }
    this.#push(t, to, BASE_RATE);
    if (this.segments.length === 0)
      this.segments.push({ t0: from, t1: from, s0: 0, s1: 0, rate: BASE_RATE });
  }

  get length() {
    return this.segments[this.segments.length - 1].s1;
  }

  /** Trace time at a story time; beyond the ends, the end. */
  time(/** @type {number} */ story) {
    const segment =
      this.segments.find(({ s1 }) => story <= s1) ?? this.segments[this.segments.length - 1];
    const inside = Math.min(Math.max(story, segment.s0), segment.s1) - segment.s0;
    return segment.t0 + inside / segment.rate;
  }

  /** Story time at a trace time; beyond the ends, the end. */
  story(/** @type {number} */ t) {
    const segment =
      this.segments.find(({ t1 }) => t <= t1) ?? this.segments[this.segments.length - 1];
    const inside = Math.min(Math.max(t, segment.t0), segment.t1) - segment.t0;
    return segment.s0 + inside * segment.rate;
  }

  /** How many times slower than life the replay is at a story time. */
  rate(/** @type {number} */ story) {
    return (this.segments.find(({ s1 }) => story < s1) ?? this.segments[this.segments.length - 1])
      .rate;
  }

  #push(/** @type {number} */ t0, /** @type {number} */ t1, /** @type {number} */ rate) {
    if (t1 <= t0) return;
    const s0 = this.segments.at(-1)?.s1 ?? 0;
    this.segments.push({ t0, t1, s0, s1: s0 + (t1 - t0) * rate, rate });
  }
}

/**
 * Where messages are under way, in order and apart from each other. The shortest flight under way
 * sets the speed; a longer one is then seen to fly longer.
 * @param {number} from
 * @param {number} to
 * @param {readonly Message[]} messages
 */
function stretches(from, to, messages) {
  const flights = messages.flatMap(({ t0, t1 }) => {
    const flight = t1 === null ? 0 : Math.max(1, t1 - t0);
    if (t1 === null || flight * BASE_RATE > VISIBLE) return [];
    return [
      { from: Math.max(from, t0), to: Math.min(to, t0 + flight * LINGER), rate: slowness(flight) },
    ];
  });
  const edges = [...new Set(flights.flatMap((flight) => [flight.from, flight.to]))].sort(
    (a, b) => a - b,
  );
  /** @type {{from: number, to: number, rate: number}[]} */
  const found = [];
  for (const [place, edge] of edges.slice(0, -1).entries()) {
    const next = edges[place + 1];
    const rate = Math.max(
      0,
      ...flights.filter((one) => one.from <= edge && one.to >= next).map((one) => one.rate),
    );
    const last = found.at(-1);
    if (last && last.to === edge && last.rate === rate) last.to = next;
    else if (rate > 0) found.push({ from: edge, to: next, rate });
  }
  return bounded(found);
}

/** Runs all stretches faster if together they would take too long. */
function bounded(/** @type {{from: number, to: number, rate: number}[]} */ found) {
  const whole = found.reduce((sum, { from, to, rate }) => sum + (to - from) * rate, 0);
  if (whole <= LONGEST) return found;
  return found.map(({ from, to, rate }) => ({
    from,
    to,
    rate: Math.max(BASE_RATE, oneFigure((rate * LONGEST) / whole)),
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

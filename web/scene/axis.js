// @ts-check
// The horizontal axis of the diagram. Live, it is true time and runs past a playhead at the right
// edge. In a replay it is the replay's own time, stretched where messages are under way.

/** @import { Warp } from "../model/warp.js" */
/**
 * @typedef {object} Axis
 * @property {number} left the first pixel of the lanes
 * @property {number} right
 * @property {number} head where the playhead stands
 * @property {number} from the trace time at `left`
 * @property {number} to the trace time at `right`
 * @property {(t: number) => number} x the pixel of a trace time
 * @property {{x: number, label: string}[]} ticks
 * @property {{from: number, to: number, label: string}[]} slow stretches that run slower, in pixels
 * @property {boolean} future whether there is something to the right of the playhead
 * @property {number} at the trace time at the playhead
 */

/** No two labels stand closer than this, in pixels. */
const APART = 84;

/**
 * @param {number} now
 * @param {number} left
 * @param {number} right
 * @param {number} span how much time the axis holds
 * @returns {Axis}
 */
export function liveAxis(now, left, right, span) {
  const head = right - 14;
  const scale = (head - left) / span;
  const x = (/** @type {number} */ t) => head + (t - now) * scale;
  const from = now - span;
  const step = nice(APART / scale, 1_000_000);
  const ticks = marks(from, now, step, 0).map((t) => ({ x: x(t), label: clock(t) }));
  return { left, right, head, from, to: now, x, ticks, slow: [], future: false, at: now };
}

/**
 * @param {Warp} warp
 * @param {number} story where the replay is
 * @param {number} origin the trace time that is called 0
 * @param {{left: number, right: number, span: number, part: number}} frame `span` is story time,
 *   `part` says where the playhead stands between left and right
 * @returns {Axis}
 */
export function replayAxis(warp, story, origin, { left, right, span, part }) {
  const head = left + (right - left) * part;
  const scale = (right - left) / span;
  const place = (/** @type {number} */ s) => head + (s - story) * scale;
  const x = (/** @type {number} */ t) => place(warp.story(t));
  const begin = story - span * part;
  const end = begin + span;
  const seen = warp.segments.filter((segment) => segment.s1 > begin && segment.s0 < end);
  /** @type {Axis["ticks"]} */
  const ticks = [];
  for (const { t0, t1, rate } of seen) {
    const step = nice(APART / (scale * rate), 1);
    for (const t of marks(t0, t1, step, origin)) {
      const tick = { x: x(t), label: millis(t - origin, step) };
      if (tick.x - (ticks.at(-1)?.x ?? -Infinity) > APART / 2) ticks.push(tick);
    }
  }
  return {
    left,
    right,
    head,
    x,
    ticks,
    from: warp.time(begin),
    to: warp.time(end),
    future: true,
    at: warp.time(story),
    slow: seen
      .filter(({ rate }) => rate > 50)
      .map(({ s0, s1, rate }) => ({
        from: place(s0),
        to: place(s1),
        label: `1/${rate.toLocaleString("en")}`,
      })),
  };
}

/** The smallest 1, 2 or 5 times a power of ten that is not below `least`. */
function nice(/** @type {number} */ wanted, /** @type {number} */ least) {
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step =
    [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= wanted) ?? wanted;
  return Math.max(step, least);
}

/** The multiples of a step, counted from an origin, between two times. */
function marks(
  /** @type {number} */ from,
  /** @type {number} */ to,
  /** @type {number} */ step,
  /** @type {number} */ origin,
) {
  const first = Math.ceil((from - origin) / step);
  const last = Math.floor((to - origin) / step);
  return Array.from(
    { length: Math.max(0, last - first + 1) },
    (_, i) => origin + (first + i) * step,
  );
}

function clock(/** @type {number} */ t) {
  return new Date(t / 1000).toTimeString().slice(0, 8);
}

function millis(/** @type {number} */ micros, /** @type {number} */ step) {
  const digits = step >= 1000 ? 0 : step >= 100 ? 1 : 2;
  return `${(micros / 1000).toFixed(digits)} ms`;
}

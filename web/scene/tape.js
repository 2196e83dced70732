// @ts-check
// The tape: the whole stretch at a glance, coloured by who led it, with writes and faults on it.

import { reigns } from "../model/reigns.js";
import { language, say } from "../text.js";
import { CROWN } from "./glyph.js";
import { patch, round, shape } from "./tree.js";
import { termClass } from "./term.js";

/** @import { Recording } from "../model/recording.js" */
/** @import { Run } from "../model/reigns.js" */
/** @import { StoryRecord } from "../protocol.js" */
/** @import { Shape } from "./tree.js" */
/** @typedef {(t: number) => number} Scale */

export const MARGIN = 10;
const THICK = 10;
const LABEL = 96;
/** More requests than these have no marks. */
const MARKS_MAX = 80;

/**
 * @param {SVGSVGElement} svg
 * @param {{width: number, height: number}} size
 * @param {Recording} recording
 * @param {{from: number, to: number, part: (t: number) => number, at: number | null}} scale `part`
 *   says where between the ends a trace time lies; `at` is the part that was played, in a replay.
 *   Without it the recording grows, and what came between the same two ends is drawn once.
 */
export function drawTape(svg, { width, height }, recording, { from, to, part, at }) {
  const x = (/** @type {number} */ t) =>
    MARGIN + Math.min(1, Math.max(0, part(t))) * (width - 2 * MARGIN);
  const y = height / 2 - 4;
  const knobs = at === null ? [] : knob(MARGIN + at * (width - 2 * MARGIN), y, width);
  const size = at === null ? 0 : recording.records.length;
  const what = [recording, size, from, to, width, height, language()];
  if (!same(what, kept.what)) kept = { what, shapes: still(recording, { from, to, x, y, width }) };
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  patch(svg, [...kept.shapes, ...knobs]);
}

/** What was drawn last without the knob: in a replay nothing else moves. */
let kept = { what: /** @type {unknown[]} */ ([]), shapes: /** @type {Shape[]} */ ([]) };

function same(/** @type {unknown[]} */ a, /** @type {unknown[]} */ b) {
  return a.length === b.length && a.every((one, place) => one === b[place]);
}

/**
 * @param {Recording} recording
 * @param {{from: number, to: number, x: Scale, y: number, width: number}} on
 * @returns {Shape[]}
 */
function still(recording, { from, to, x, y, width }) {
  const all = reigns(recording, from, to);
  return [
    shape("rect", {
      key: "track",
      class: "track",
      x: MARGIN,
      y,
      width: width - 2 * MARGIN,
      height: THICK,
      rx: 5,
    }),
    ...all.map((reign) => band(reign, x, y)),
    ...(width > 500 ? labels(all, x, y, width) : []),
    ...cuts(recording, from, to).map(([begin, end]) =>
      shape("rect", {
        key: `cut${begin}`,
        class: "cut",
        x: round(x(begin)),
        y: y + THICK + 1.5,
        width: round(Math.max(1, x(end) - x(begin))),
        height: 4,
      }),
    ),
    ...marked(recording, from, to).flatMap((record) => mark(record, x, y)),
  ];
}

function band(/** @type {Run} */ reign, /** @type {Scale} */ x, /** @type {number} */ y) {
  const a = x(reign.from);
  const width = Math.max(1, x(reign.to) - a - 1);
  return shape("g", { key: `${reign.name}${reign.term}`, class: termClass(reign.term) }, [
    shape("rect", { class: "band", x: round(a), y, width: round(width), height: THICK, rx: 2 }),
    shape("path", {
      class: "crown",
      d: CROWN,
      transform: `translate(${round(a + 7)} ${y - 7}) scale(.5)`,
    }),
  ]);
}

/**
 * Whose each band is, where there is room to say it.
 * @param {Run[]} all
 * @param {Scale} x
 * @param {number} y
 * @param {number} width
 */
function labels(all, x, y, width) {
  return all
    .filter((reign, place) => {
      const a = x(reign.from);
      const next = all[place + 1] ? x(all[place + 1].from) : width;
      return a + LABEL < next;
    })
    .map(({ name, term, from }) =>
      shape(
        "text",
        { key: `label${name}${term}`, class: "whose", x: round(x(from) + 18), y: y - 4 },
        `${name} · ${say("term", { term })}`,
      ),
    );
}

/** When some link was cut. @returns {[from: number, to: number][]} */
function cuts(
  /** @type {Recording} */ recording,
  /** @type {number} */ from,
  /** @type {number} */ to,
) {
  /** @type {[number, number][]} */
  const found = [];
  let since = recording.frame(from).cut.length > 0 ? from : null;
  for (const record of recording.changes(from, to)) {
    if (record.k !== "net" || record.cut.length > 0 === (since !== null)) continue;
    if (since !== null) found.push([since, record.t]);
    since = since === null ? record.t : null;
  }
  return since === null ? found : [...found, [since, to]];
}

/** What has a mark. Under load the requests are too many to be told apart, and are left out. */
function marked(
  /** @type {Recording} */ recording,
  /** @type {number} */ from,
  /** @type {number} */ to,
) {
  const all = recording.changes(from, to);
  const asks = all.filter((record) => record.k === "op" && record.ph === "inv").length;
  return asks > MARKS_MAX ? all.filter((record) => record.k !== "op") : all;
}

/** @returns {Shape[]} */
function mark(/** @type {StoryRecord} */ record, /** @type {Scale} */ x, /** @type {number} */ y) {
  const place = {
    key: `${record.k}${record.n}${record.t}`,
    transform: `translate(${round(x(record.t))} ${y})`,
  };
  if (record.k === "op" && record.ph === "inv")
    return [shape("path", { ...place, class: "write", d: "M0 17L-4 24H4Z" })];
  if (record.k === "tr")
    return [shape("path", { ...place, class: "truncation", d: "M-3 -8L3 -2M3 -8L-3 -2" })];
  if (record.k === "ft")
    return [shape("path", { ...place, class: "fault", d: faultMark(record.f) })];
  return [];
}

/** Below the band: a cross for a stop, two bars for a pause, a rising tick for what goes on. */
function faultMark(/** @type {string} */ fault) {
  if (fault === "stop") return "M-3 17L3 23M3 17L-3 23";
  if (fault === "pause") return "M-2 17V23M2 17V23";
  return "M-3 20L-1 23L3 17";
}

function knob(/** @type {number} */ at, /** @type {number} */ y, /** @type {number} */ width) {
  return [
    shape("rect", {
      key: "veil",
      class: "veil",
      x: round(at),
      y,
      width: round(Math.max(0, width - MARGIN - at)),
      height: THICK,
    }),
    shape("circle", { key: "knob", class: "knob", cx: round(at), cy: y + THICK / 2, r: 9 }),
  ];
}

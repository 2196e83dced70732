// @ts-check
// The marks on the diagram's lanes, and the strokes that it is made of.

import { short } from "../model/short.js";
import { CROWN } from "./glyph.js";
import { termColour } from "./term.js";

/** @import { StoryRecord, Operation } from "../protocol.js" */
/** @import { Plot } from "./diagram.js" */
/** @typedef {CanvasRenderingContext2D} Ink */

/** Append is a hollow square, commit a solid one; crowns, truncations, clients and faults. */
export function drawChange(/** @type {Plot} */ plot, /** @type {StoryRecord} */ record) {
  const { ink, axis, paint, lane } = plot;
  const y = record.n === undefined ? undefined : lane.get(record.n);
  if (y === undefined) return;
  const x = axis.x(record.t);
  if (record.k === "ap") {
    square(ink, x, y, 4.5, paint.card, paint.terms[termColour(record.e.at(-1)?.[1] ?? 0)]);
  } else if (record.k === "ci") {
    square(ink, x, y, 5, paint.ink, paint.card);
  } else if (record.k === "st" && record.role === "L") {
    drawCrown(ink, x + 3, y - 13, paint.terms[termColour(record.term)], 0.72);
  } else if (record.k === "tr") {
    ink.strokeStyle = paint.bad;
    ink.lineWidth = 2.4;
    line(ink, x - 12, y - 12, x - 4, y - 4);
    line(ink, x - 4, y - 12, x - 12, y - 4);
  } else if (record.k === "ft" && (record.f === "stop" || record.f === "pause")) {
    square(ink, x, y, 5, paint.ring, paint.card);
  } else if (record.k === "op") {
    drawClient(plot, x, y, record);
  }
}

/**
 * A client's request is a full triangle into the lane, the answer an empty one out of it.
 * @param {Plot} plot
 * @param {number} x
 * @param {number} y
 * @param {Operation} record
 */
function drawClient({ ink, paint, compact, taken }, x, y, record) {
  const asks = record.ph === "inv";
  const triangle = path(asks ? "M0 -6L-5.5 -15H5.5Z" : "M0 -15L-5.5 -6H5.5Z");
  ink.fillStyle = asks ? paint.ink : paint.card;
  ink.strokeStyle = paint.ink;
  ink.lineWidth = 1.4;
  ink.save();
  ink.translate(x, y);
  ink.fill(triangle);
  ink.stroke(triangle);
  ink.restore();
  if (!asks || compact) return;
  ink.fillStyle = paint.ink;
  ink.font = `600 10.5px ${paint.mono}`;
  ink.textAlign = "right";
  const text = short(record.cmd ?? "");
  if (x - 9 - ink.measureText(text).width < (taken.get(y) ?? 0)) return;
  ink.fillText(text, x - 9, y - 8);
  taken.set(y, x);
}

/** Outlines that were read once. @type {Map<string, Path2D>} */
const paths = new Map();

function path(/** @type {string} */ outline) {
  const known = paths.get(outline) ?? new Path2D(outline);
  paths.set(outline, known);
  return known;
}

/**
 * @param {Ink} ink
 * @param {number} x
 * @param {number} y
 * @param {string} colour
 * @param {number} scale
 */
export function drawCrown(ink, x, y, colour, scale) {
  ink.save();
  ink.translate(x, y);
  ink.scale(scale, scale);
  ink.fillStyle = colour;
  ink.fill(path(CROWN));
  ink.restore();
}

/**
 * @param {Ink} ink
 * @param {number} x
 * @param {number} y
 * @param {number} angle
 */
export function arrowhead(ink, x, y, angle) {
  ink.save();
  ink.translate(x, y);
  ink.rotate(angle);
  ink.fill(path("M-2 0L-9 -3.6V3.6Z"));
  ink.restore();
}

/**
 * @param {Ink} ink
 * @param {number} x
 * @param {number} y
 * @param {number} half
 * @param {string} fill
 * @param {string} edge
 */
function square(ink, x, y, half, fill, edge) {
  ink.beginPath();
  ink.roundRect(x - half, y - half, 2 * half, 2 * half, 2.2);
  ink.fillStyle = fill;
  ink.fill();
  ink.strokeStyle = edge;
  ink.lineWidth = 1.8;
  ink.stroke();
}

/**
 * @param {Plot} plot
 * @param {number} left
 * @param {number} right
 * @param {number} y
 */
export function hatched({ ink, paint }, left, right, y) {
  if (right <= left) return;
  ink.save();
  ink.beginPath();
  ink.rect(left, y - 5.5, right - left, 11);
  ink.strokeStyle = paint.ring;
  ink.lineWidth = 0.8;
  ink.stroke();
  ink.clip();
  ink.globalAlpha = 0.6;
  for (let x = left - (left % 6) - 12; x < right; x += 6) line(ink, x, y + 6, x + 12, y - 6);
  ink.restore();
}

/**
 * @param {Ink} ink
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 */
export function line(ink, x0, y0, x1, y1) {
  ink.beginPath();
  ink.moveTo(x0, y0);
  ink.lineTo(x1, y1);
  ink.stroke();
}

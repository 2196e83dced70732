// @ts-check
// The space-time diagram: time from left to right, a lane for each member, a line for each message.
// A canvas, because ten seconds of a cluster's heartbeats are thousands of lines.

import { runs } from "../model/reigns.js";
import { isReply } from "../model/view.js";
import { short } from "../model/short.js";
import { CROWN } from "./glyph.js";
import { termColour } from "./term.js";

/** @typedef {import("./axis.js").Axis} Axis */
/** @typedef {import("./paint.js").Paint} Paint */
/** @typedef {import("../model/recording.js").Recording} Recording */
/** @typedef {import("../model/types.js").Message} Message */

const TOP = 26;
const BOTTOM = 28;
/** The room of the note at the right end, which no other label may enter. */
const NOTE = 130;
const crown = () => new Path2D(CROWN);

/**
 * @param {CanvasRenderingContext2D} ink
 * @param {{width: number, height: number, compact: boolean}} size
 * @param {Recording} recording
 * @param {Axis} axis
 * @param {{paint: Paint, note: string, veil: string}} style
 */
export function drawDiagram(ink, size, recording, axis, { paint, note, veil }) {
  const { width, height, compact } = size;
  const names = [...recording.frame(axis.from).members.keys()];
  const gap = (height - TOP - BOTTOM) / Math.max(1, names.length - 1);
  const lane = new Map(names.map((name, i) => [name, names.length === 1 ? height / 2 : TOP + i * gap]));
  ink.clearRect(0, 0, width, height);
  drawGrid(ink, axis, height, paint);
  ink.save();
  ink.beginPath();
  ink.rect(axis.left, 0, axis.right - axis.left, height);
  ink.clip();
  drawLanes(ink, recording, axis, lane, paint);
  drawMessages(ink, recording, axis, lane, paint);
  drawEvents(ink, recording, axis, lane, { paint, compact });
  ink.restore();
  drawHead(ink, axis, height, { paint, note, veil, compact });
  drawNames(ink, recording, axis, lane, { paint, compact });
}

function drawGrid(/** @type {CanvasRenderingContext2D} */ ink, /** @type {Axis} */ axis, /** @type {number} */ height, /** @type {Paint} */ paint) {
  ink.font = `10px ${paint.mono}`;
  ink.textAlign = "center";
  for (const { from, to, label } of axis.slow) {
    const a = Math.max(from, axis.left);
    const b = Math.min(to, axis.right);
    if (b <= a) continue;
    ink.fillStyle = paint.soft;
    ink.fillRect(a, 0, b - a, height - 18);
    ink.fillStyle = paint.mute;
    const room = (a + b) / 2 < axis.right - NOTE;
    if (room && b - a > ink.measureText(label).width + 8) ink.fillText(label, (a + b) / 2, 12);
  }
  for (const { x, label } of axis.ticks) {
    if (x < axis.left || x > axis.right) continue;
    ink.fillStyle = paint.line;
    ink.fillRect(Math.round(x), TOP - 8, 1, height - TOP - 10);
    ink.fillStyle = paint.faint;
    if (x > axis.left + 20) ink.fillText(label, x, height - 5);
  }
}

/** Colour is the term, thickness the leader; dashed stands for election, a gap for a dead member. */
function drawLanes(/** @type {CanvasRenderingContext2D} */ ink, /** @type {Recording} */ recording, /** @type {Axis} */ axis, /** @type {Map<string, number>} */ lane, /** @type {Paint} */ paint) {
  for (const run of runs(recording, axis.from, axis.to)) {
    const y = lane.get(run.name) ?? 0;
    const from = Math.max(axis.left, axis.x(run.from));
    const to = axis.x(run.to);
    const dead = run.role === "X" || run.paused;
    ink.globalAlpha = run.role === "L" || dead ? 1 : 0.78;
    ink.strokeStyle = dead ? paint.ring : paint.terms[termColour(run.term)];
    ink.lineWidth = dead ? 1.4 : run.role === "L" ? 9 : 3.2;
    ink.setLineDash(dead ? [2, 5] : run.role === "C" ? [6, 4] : run.role === "P" ? [3, 3] : []);
    stroke(ink, from, y, to, y);
  }
  ink.setLineDash([]);
  ink.globalAlpha = 1;
}

/** Heartbeats are drawn faint, what elects or replicates strong, replies dashed. */
function drawMessages(/** @type {CanvasRenderingContext2D} */ ink, /** @type {Recording} */ recording, /** @type {Axis} */ axis, /** @type {Map<string, number>} */ lane, /** @type {Paint} */ paint) {
  for (const message of recording.messages.between(axis.from, axis.to)) {
    const a = lane.get(message.from);
    const b = lane.get(message.to);
    if (a === undefined || b === undefined || message.t1 === null) continue;
    // On one machine a heartbeat and its answer fall on the same pixels.
    if (message.m === "HBR" && axis.x(message.t1) - axis.x(message.t0) < 1) continue;
    const heavy = isHeavy(message);
    const beat = message.m === "HB" || message.m === "HBR";
    ink.strokeStyle = ink.fillStyle = paint.terms[termColour(message.term)];
    ink.globalAlpha = beat ? 0.26 : heavy ? 0.95 : 0.55;
    ink.lineWidth = heavy ? 2 : 1;
    ink.setLineDash(isReply(message) ? [4, 3] : []);
    const x0 = axis.x(message.t0);
    const x1 = axis.x(message.t1);
    if (message.dropped) {
      drawDropped(ink, x0, a, b);
      continue;
    }
    stroke(ink, x0, a, x1, b);
    if (heavy && !isReply(message)) arrowhead(ink, x1, b, Math.atan2(b - a, x1 - x0));
  }
  ink.setLineDash([]);
  ink.globalAlpha = 1;
}

function isHeavy(/** @type {Message} */ { m, b }) {
  return m === "RV" || m === "RVR" || m === "PV" || m === "PVR" || (m === "AE" && (b.e?.length ?? 0) > 0);
}

function drawDropped(/** @type {CanvasRenderingContext2D} */ ink, /** @type {number} */ x, /** @type {number} */ a, /** @type {number} */ b) {
  const y = a + Math.sign(b - a) * Math.min(20, Math.abs(b - a) / 2);
  stroke(ink, x, a, x + 3, y);
  ink.setLineDash([]);
  stroke(ink, x, y - 3, x + 6, y + 3);
  stroke(ink, x + 6, y - 3, x, y + 3);
}

function arrowhead(/** @type {CanvasRenderingContext2D} */ ink, /** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ angle) {
  ink.save();
  ink.translate(x, y);
  ink.rotate(angle);
  ink.fill(new Path2D("M-2 0L-9 -3.6V3.6Z"));
  ink.restore();
}

/** Append is a hollow square, commit a solid one; crowns, truncations, clients and faults. */
function drawEvents(/** @type {CanvasRenderingContext2D} */ ink, /** @type {Recording} */ recording, /** @type {Axis} */ axis, /** @type {Map<string, number>} */ lane, /** @type {{paint: Paint, compact: boolean}} */ { paint, compact }) {
  for (const record of recording.changes(axis.from, axis.to)) {
    const x = axis.x(record.t);
    const y = lane.get(record.n) ?? 0;
    if (record.k === "ap") {
      square(ink, x, y, 4.5, paint.card, paint.terms[termColour(record.e.at(-1)?.[1] ?? 0)]);
    } else if (record.k === "ci") {
      square(ink, x, y, 5, paint.ink, paint.card);
    } else if (record.k === "st" && record.role === "L") {
      drawCrown(ink, x + 3, y - 13, paint.terms[termColour(record.term)], 0.72);
    } else if (record.k === "tr") {
      ink.strokeStyle = paint.bad;
      ink.lineWidth = 2.4;
      stroke(ink, x - 12, y - 12, x - 4, y - 4);
      stroke(ink, x - 4, y - 12, x - 12, y - 4);
    } else if (record.k === "ft" && (record.f === "stop" || record.f === "pause")) {
      square(ink, x, y, 5, paint.ring, paint.card);
    } else if (record.k === "op") {
      drawClient(ink, x, y, record, { paint, compact });
    }
  }
}

function drawClient(/** @type {CanvasRenderingContext2D} */ ink, /** @type {number} */ x, /** @type {number} */ y, /** @type {import("../protocol.js").Operation} */ record, /** @type {{paint: Paint, compact: boolean}} */ { paint, compact }) {
  const asks = record.ph === "inv";
  ink.fillStyle = asks ? paint.ink : paint.card;
  ink.strokeStyle = paint.ink;
  ink.lineWidth = 1.4;
  const triangle = new Path2D(asks ? "M0 -6L-5.5 -15H5.5Z" : "M0 -15L-5.5 -6H5.5Z");
  ink.save();
  ink.translate(x, y);
  ink.fill(triangle);
  ink.stroke(triangle);
  ink.restore();
  if (!asks || compact) return;
  ink.fillStyle = paint.ink;
  ink.font = `600 10.5px ${paint.mono}`;
  ink.textAlign = "right";
  ink.fillText(short(record.cmd), x - 9, y - 8);
}

function drawHead(/** @type {CanvasRenderingContext2D} */ ink, /** @type {Axis} */ axis, /** @type {number} */ height, /** @type {{paint: Paint, note: string, veil: string, compact: boolean}} */ { paint, note, veil, compact }) {
  const end = height - 16;
  if (axis.future) {
    ink.globalAlpha = 0.66;
    ink.fillStyle = paint.card;
    ink.fillRect(axis.head, 0, axis.right - axis.head, end);
    ink.globalAlpha = 1;
  }
  ink.font = `11px ${paint.sans}`;
  ink.fillStyle = paint.mute;
  ink.textAlign = axis.future ? "right" : "left";
  const text = axis.future ? veil : note;
  if (!compact) ink.fillText(text, axis.future ? axis.right - 2 : axis.left + 4, 12);
  ink.fillStyle = paint.ink;
  ink.fillRect(axis.head - 0.9, 0, 1.8, end);
  ink.save();
  ink.translate(axis.head, 0);
  ink.fill(new Path2D("M-6.5 0H6.5V5L0 12L-6.5 5Z"));
  ink.restore();
}

function drawNames(/** @type {CanvasRenderingContext2D} */ ink, /** @type {Recording} */ recording, /** @type {Axis} */ axis, /** @type {Map<string, number>} */ lane, /** @type {{paint: Paint, compact: boolean}} */ { paint, compact }) {
  // The lanes' names say what holds at the playhead, where the reader looks.
  const members = recording.frame(axis.at).members;
  ink.textAlign = "left";
  for (const [name, y] of lane) {
    const member = members.get(name);
    const colour = paint.terms[termColour(member?.term ?? 0)];
    ink.fillStyle = colour;
    ink.font = `700 ${compact ? 12.5 : 14}px ${paint.sans}`;
    ink.fillText(name, compact ? 10 : 26, y + 5);
    if (compact) continue;
    if (member?.role === "L" && !member.paused) drawCrown(ink, 14, y + 1, colour, 0.6);
    ink.fillStyle = paint.faint;
    ink.font = `10px ${paint.mono}`;
    ink.fillText(`T${member?.term ?? 0}`, 39, y + 4.5);
  }
}

function drawCrown(/** @type {CanvasRenderingContext2D} */ ink, /** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ colour, /** @type {number} */ scale) {
  ink.save();
  ink.translate(x, y);
  ink.scale(scale, scale);
  ink.fillStyle = colour;
  ink.fill(crown());
  ink.restore();
}

function square(/** @type {CanvasRenderingContext2D} */ ink, /** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ half, /** @type {string} */ fill, /** @type {string} */ edge) {
  ink.beginPath();
  ink.roundRect(x - half, y - half, 2 * half, 2 * half, 2.2);
  ink.fillStyle = fill;
  ink.fill();
  ink.strokeStyle = edge;
  ink.lineWidth = 1.8;
  ink.stroke();
}

function stroke(/** @type {CanvasRenderingContext2D} */ ink, /** @type {number} */ x0, /** @type {number} */ y0, /** @type {number} */ x1, /** @type {number} */ y1) {
  ink.beginPath();
  ink.moveTo(x0, y0);
  ink.lineTo(x1, y1);
  ink.stroke();
}

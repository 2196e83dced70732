// @ts-check
// The space-time diagram: time from left to right, a lane for each member, a line for each message.
// A canvas, because ten seconds of a cluster's heartbeats are thousands of lines.

import { groups } from "../model/groups.js";
import { runs } from "../model/reigns.js";
import { isReply } from "../model/view.js";
import { arrowhead, drawChange, drawCrown, hatched, line } from "./marks.js";
import { termColour } from "./term.js";

/** @import { Recording } from "../model/recording.js" */
/** @import { StoryRecord } from "../protocol.js" */
/** @import { Message } from "../model/types.js" */
/** @import { Axis } from "./axis.js" */
/** @import { Paint } from "./paint.js" */
/**
 * What every part of the diagram is drawn with.
 * @typedef {object} Plot
 * @property {CanvasRenderingContext2D} ink
 * @property {number} width
 * @property {number} height
 * @property {boolean} compact
 * @property {Axis} axis
 * @property {Paint} paint
 * @property {string | null} message the key of the message that was chosen
 * @property {Map<string, number>} lane the height of each member's lane
 * @property {Map<number, number>} taken up to where labels stand above a lane
 */

const TOP = 26;
const BOTTOM = 28;
/** The room of the note at the right end, which no other label may enter. */
const NOTE = 130;
/** So many changes are a crowd, in which marks are so many pixels apart. */
const CROWD = 240;
const MARK = 12;
/** How near to a message's line a point must be to mean it. */
const NEAR = 7;

/**
 * @param {Omit<Plot, "lane" | "taken">} on
 * @param {Recording} recording
 * @param {string} note what the diagram says of itself: of its future, if it has one
 * @returns {(x: number, y: number) => string | null} the key of the message at a point
 */
export function drawDiagram(on, recording, note) {
  const { ink, width, height, axis } = on;
  const names = [...recording.frame(axis.to).members.keys()];
  const gap = (height - TOP - BOTTOM) / Math.max(1, names.length - 1);
  const lane = new Map(
    names.map((name, i) => [name, names.length === 1 ? height / 2 : TOP + i * gap]),
  );
  const plot = { ...on, lane, taken: new Map() };
  ink.clearRect(0, 0, width, height);
  drawGrid(plot);
  ink.save();
  ink.beginPath();
  ink.rect(axis.left, 0, axis.right - axis.left, height);
  ink.clip();
  drawWalls(plot, recording);
  drawLanes(plot, recording);
  drawMessages(plot, recording);
  for (const record of apart(recording.changes(axis.from, axis.to), axis)) drawChange(plot, record);
  ink.restore();
  drawHead(plot, note);
  drawNames(plot, recording);
  return (/** @type {number} */ x, /** @type {number} */ y) => messageAt(plot, recording, x, y);
}

/**
 * Under load there are more changes than can be told apart: then of those of a kind that would
 * stand upon each other only the first is drawn. What changes a role is drawn always.
 * @param {StoryRecord[]} changes
 * @param {Axis} axis
 */
function apart(changes, axis) {
  if (changes.length < CROWD) return changes;
  /** @type {Map<string, number>} */
  const last = new Map();
  return changes.filter(({ k, n, t }) => {
    if (k !== "ap" && k !== "ci" && k !== "op") return true;
    const kind = `${k}${n}`;
    const x = axis.x(t);
    if (x < (last.get(kind) ?? -Infinity) + MARK) return false;
    last.set(kind, x);
    return true;
  });
}

function drawGrid(/** @type {Plot} */ { ink, height, axis, paint }) {
  ink.font = `10px ${paint.mono}`;
  ink.textAlign = "center";
  for (const { from, to, label } of axis.slow) {
    const a = Math.max(from, axis.left);
    const b = Math.min(to, axis.right);
    if (b <= a) continue;
    ink.fillStyle = paint.soft;
    ink.fillRect(a, 0, b - a, height - 18);
    ink.fillStyle = paint.mute;
    const free = (a + b) / 2 < axis.right - NOTE;
    if (free && b - a > ink.measureText(label).width + 8) ink.fillText(label, (a + b) / 2, 12);
  }
  for (const { x, label } of axis.ticks) {
    if (x < axis.left || x > axis.right) continue;
    ink.fillStyle = paint.line;
    ink.fillRect(Math.round(x), TOP - 8, 1, height - TOP - 10);
    ink.fillStyle = paint.faint;
    if (x > axis.left + 20) ink.fillText(label, x, height - 5);
  }
}

/** Between two lanes that cannot hear each other stands a hatched wall. */
function drawWalls(/** @type {Plot} */ plot, /** @type {Recording} */ recording) {
  const { axis, lane } = plot;
  const names = [...lane.keys()];
  let { cut } = recording.frame(axis.from);
  let from = axis.from;
  const until = (/** @type {number} */ to) => {
    const parts = groups(names, cut);
    const part = (/** @type {string} */ name) => parts.findIndex((group) => group.includes(name));
    for (const [i, name] of names.slice(0, -1).entries()) {
      if (part(name) === part(names[i + 1])) continue;
      const y = ((lane.get(name) ?? 0) + (lane.get(names[i + 1]) ?? 0)) / 2;
      hatched(plot, Math.max(axis.left, axis.x(from)), axis.x(to), y);
    }
  };
  for (const record of recording.changes(axis.from, axis.to)) {
    if (record.k !== "net") continue;
    until(record.t);
    ({ cut } = record);
    from = record.t;
  }
  until(axis.to);
}

/** Colour is the term, thick the leader, dashed an election, dotted a dead member. */
function drawLanes(
  /** @type {Plot} */ { ink, axis, paint, lane },
  /** @type {Recording} */ recording,
) {
  for (const run of runs(recording, axis.from, axis.to)) {
    const y = lane.get(run.name) ?? 0;
    const dead = run.role === "X" || run.paused;
    ink.globalAlpha = run.role === "L" || dead ? 1 : 0.78;
    ink.strokeStyle = dead ? paint.ring : paint.terms[termColour(run.term)];
    ink.lineWidth = dead ? 1.4 : run.role === "L" ? 9 : 3.2;
    ink.setLineDash(dead ? [2, 5] : run.role === "C" ? [6, 4] : run.role === "P" ? [3, 3] : []);
    line(ink, Math.max(axis.left, axis.x(run.from)), y, axis.x(run.to), y);
  }
  ink.setLineDash([]);
  ink.globalAlpha = 1;
}

/** Heartbeats are drawn faint, what elects or replicates strong, replies dashed. */
function drawMessages(
  /** @type {Plot} */ { ink, axis, paint, lane, message: chosen },
  /** @type {Recording} */ recording,
) {
  for (const message of recording.messages.between(axis.from, axis.to)) {
    const a = lane.get(message.from);
    const b = lane.get(message.to);
    if (a === undefined || b === undefined || message.t1 === null) continue;
    const x0 = axis.x(message.t0);
    const x1 = axis.x(message.t1);
    // On one machine a heartbeat and its answer fall on the same pixels.
    if (message.m === "HBR" && x1 - x0 < 1) continue;
    const heavy = isHeavy(message);
    const beat = message.m === "HB" || message.m === "HBR";
    ink.strokeStyle = ink.fillStyle = paint.terms[termColour(message.term)];
    const vain = message.dropped && (beat || message.m === "AE");
    ink.globalAlpha = beat || vain ? 0.26 : heavy ? 0.95 : 0.55;
    ink.lineWidth = heavy && !vain ? 2 : 1;
    ink.setLineDash(isReply(message) ? [4, 3] : []);
    if (message.dropped) {
      drawDropped(ink, x0, a, b);
      continue;
    }
    if (message.key === chosen) underline(ink, paint, x0, a, x1, b);
    line(ink, x0, a, x1, b);
    if (heavy && !isReply(message)) arrowhead(ink, x1, b, Math.atan2(b - a, x1 - x0));
  }
  ink.setLineDash([]);
  ink.globalAlpha = 1;
}

/**
 * A broad grey line under the message that was chosen.
 * @param {CanvasRenderingContext2D} ink
 * @param {Paint} paint
 * @param {number} x0
 * @param {number} a
 * @param {number} x1
 * @param {number} b
 */
function underline(ink, paint, x0, a, x1, b) {
  ink.save();
  ink.globalAlpha = 0.35;
  ink.strokeStyle = paint.ring;
  ink.lineWidth = 9;
  ink.lineCap = "round";
  ink.setLineDash([]);
  line(ink, x0, a, x1, b);
  ink.restore();
}

/**
 * The message whose line is nearest to a point, if it is near.
 * @param {Plot} plot
 * @param {Recording} recording
 * @param {number} x
 * @param {number} y
 */
function messageAt({ axis, lane }, recording, x, y) {
  let nearest = NEAR;
  let found = null;
  for (const { key, from, to, t0, t1 } of recording.messages.between(axis.from, axis.to)) {
    const a = lane.get(from);
    const b = lane.get(to);
    if (a === undefined || b === undefined || t1 === null) continue;
    const part = (y - a) / (b - a);
    const along = axis.x(t0) + (axis.x(t1) - axis.x(t0)) * part;
    const distance = Math.abs(x - along);
    if (part < 0 || part > 1 || distance >= nearest) continue;
    nearest = distance;
    found = key;
  }
  return found;
}

function isHeavy(/** @type {Message} */ { m, b }) {
  return (
    m === "RV" || m === "RVR" || m === "PV" || m === "PVR" || (m === "AE" && (b.e?.length ?? 0) > 0)
  );
}

/**
 * @param {CanvasRenderingContext2D} ink
 * @param {number} x
 * @param {number} a
 * @param {number} b
 */
function drawDropped(ink, x, a, b) {
  const y = a + Math.sign(b - a) * Math.min(20, Math.abs(b - a) / 2);
  line(ink, x, a, x + 3, y);
  ink.setLineDash([]);
  line(ink, x, y - 3, x + 6, y + 3);
  line(ink, x + 6, y - 3, x, y + 3);
}

function drawHead(
  /** @type {Plot} */ { ink, height, compact, axis, paint },
  /** @type {string} */ note,
) {
  const end = height - 16;
  if (axis.future) {
    ink.globalAlpha = 0.66;
    ink.fillStyle = paint.card;
    ink.fillRect(axis.head, 0, axis.right - axis.head, end);
    ink.globalAlpha = 1;
  }
  ink.font = `${compact ? 9.5 : 11}px ${paint.sans}`;
  ink.fillStyle = paint.mute;
  ink.textAlign = axis.future ? "right" : "left";
  if (!compact || !axis.future)
    ink.fillText(note, axis.future ? axis.right - 2 : axis.left + 4, 12);
  ink.fillStyle = paint.ink;
  ink.fillRect(axis.head - 0.9, 0, 1.8, end);
  ink.save();
  ink.translate(axis.head, 0);
  ink.fill(new Path2D("M-6.5 0H6.5V5L0 12L-6.5 5Z"));
  ink.restore();
}

/** The names of the lanes say what holds at the playhead, where the reader looks. */
function drawNames(
  /** @type {Plot} */ { ink, compact, axis, paint, lane },
  /** @type {Recording} */ recording,
) {
  const { members } = recording.frame(axis.at);
  ink.textAlign = "left";
  for (const [name, y] of lane) {
    const member = members.get(name);
    const colour = paint.terms[termColour(member?.term ?? 0)];
    ink.fillStyle = colour;
    ink.font = `700 ${compact ? 12.5 : 14}px ${paint.sans}`;
    ink.fillText(name, compact ? 6 : 24, y + 5);
    if (compact) continue;
    const beside = 24 + ink.measureText(name).width + 4;
    if (member?.role === "L" && !member.paused) drawCrown(ink, 14, y + 1, colour, 0.6);
    ink.fillStyle = paint.faint;
    ink.font = `10px ${paint.mono}`;
    ink.fillText(`T${member?.term ?? 0}`, beside, y + 4.5);
  }
}

// @ts-check
// The end of a log: solid cells are committed, dashed ones not yet, a bar stands at the commit
// index. What does not fit is folded into a stack that carries its count.

import { cut } from "../model/short.js";
import { at, round, shape } from "./tree.js";
import { termClass } from "./term.js";

/** @import { PictureMember } from "../model/types.js" */
/** @import { Shape } from "./tree.js" */
/** @typedef {PictureMember["log"][number] & {x: number, width: number}} Cell */

const HEIGHT = 25;
const GAP = 3;
const STACK = 30;
const MOST = 5;

/**
 * The strip, centred on 0 and hanging from 0.
 * @param {PictureMember} member
 * @param {number} room how wide it may be
 * @returns {Shape[]}
 */
export function strip(member, room) {
  const { cells, folded, width } = arrange(member.log, room, member.base);
  const left = -width / 2;
  const shapes = cells.map((cell) => drawn(cell, left));
  if (folded > 0) shapes.unshift(stack(folded, left, folded === member.base));
  const bar = boundary(member.ci, cells, left, folded);
  if (bar !== null) {
    shapes.push(
      shape("line", { key: "bar", class: "commit-bar", x1: bar, x2: bar, y1: -5, y2: HEIGHT + 5 }),
    );
  }
  if (member.lost) shapes.push(...fallen(member.lost, left + width));
  return shapes;
}

/**
 * Which cells fit, and where.
 * @param {PictureMember["log"]} log
 * @param {number} room
 * @param {number} [base] up to where a snapshot stands for the log
 * @returns {{cells: Cell[], folded: number, width: number}}
 */
export function arrange(log, room, base = 0) {
  /** @type {Cell[]} */
  const cells = [];
  let width = 0;
  for (let place = log.length - 1; place >= 0 && cells.length < MOST; place -= 1) {
    const own = cellWidth(log[place].text);
    const stackToo = log[place].index > 1 ? STACK + GAP : 0;
    if (cells.length > 0 && width + own + stackToo > room) break;
    cells.unshift({ ...log[place], x: 0, width: own });
    width += own + GAP;
  }
  const folded = cells.length > 0 ? cells[0].index - 1 : base;
  let x = folded > 0 ? STACK + GAP : 0;
  for (const cell of cells) {
    cell.x = x;
    x += cell.width + GAP;
  }
  return { cells, folded, width: Math.max(0, x - GAP) };
}

function cellWidth(/** @type {string} */ text) {
  return text === "noop" ? 20 : Math.max(32, 7.4 * Math.min(6, [...text].length) + 9);
}

/** @returns {Shape} */
function drawn(/** @type {Cell} */ cell, /** @type {number} */ left) {
  const look = cell.committed ? "cell committed" : "cell";
  return shape(
    "g",
    { key: cell.index, class: `${look} ${termClass(cell.term)}`, transform: at(left + cell.x, 0) },
    [
      shape("rect", { width: round(cell.width), height: HEIGHT, rx: 5.5 }),
      cell.text === "noop"
        ? shape("circle", { cx: round(cell.width / 2), cy: HEIGHT / 2, r: 2.6 })
        : shape("text", { x: round(cell.width / 2), y: 17, class: "mono" }, cut(cell.text, 6)),
    ],
  );
}

/**
 * What is not shown: earlier entries, or all of them as one snapshot.
 * @param {number} count
 * @param {number} left
 * @param {boolean} isSnapshot
 */
function stack(count, left, isSnapshot) {
  const text = count > 999 ? "…" : String(count);
  const look = isSnapshot ? "stack snapshot" : "stack";
  return shape("g", { key: "stack", class: look, transform: at(left, 0) }, [
    shape("rect", { x: 5, y: -4, width: STACK - 8, height: HEIGHT, rx: 5.5 }),
    shape("rect", { x: 2.5, y: -2, width: STACK - 6, height: HEIGHT, rx: 5.5 }),
    shape("rect", { width: STACK - 4, height: HEIGHT, rx: 5.5 }),
    shape("text", { x: (STACK - 4) / 2, y: 16.5, class: "mono" }, text),
  ]);
}

/**
 * Where the commit index stands: after the last committed cell that is shown.
 * @param {number} ci
 * @param {Cell[]} cells
 * @param {number} left
 * @param {number} folded
 */
function boundary(ci, cells, left, folded) {
  if (cells.length === 0) return folded > 0 ? round(left + STACK - 1) : null;
  const last = cells.findLast((cell) => cell.index <= ci);
  if (last) return round(left + last.x + last.width + GAP / 2);
  return round(left + (folded > 0 ? STACK - 1 : -GAP / 2 - 1));
}

/**
 * Entries that the log just lost fall, and are struck through.
 * @param {NonNullable<PictureMember["lost"]>} lost
 * @param {number} x
 */
function fallen(lost, x) {
  return lost.entries.slice(0, 3).map(([index, term], place) =>
    shape(
      "g",
      {
        key: `lost${index}`,
        class: `cell lost ${termClass(term)}`,
        opacity: round(1 - lost.part),
        transform: `${at(x + GAP + place * 35, 42 * lost.part)} rotate(${round(14 * lost.part)})`,
      },
      [
        shape("rect", { width: 32, height: HEIGHT, rx: 5.5 }),
        shape("line", { x1: 3, x2: 29, y1: HEIGHT / 2, y2: HEIGHT / 2, class: "commit-bar" }),
      ],
    ),
  );
}

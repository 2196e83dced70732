// @ts-check
// A cut network. Where it falls into groups, a hatched wall stands between them and says which
// group is a majority; where single links are cut, each has a bar across the way that is closed.

import { groups } from "../model/groups.js";
import { say } from "../text.js";
import { at, round, shape } from "./tree.js";

/** @import { Link } from "../model/types.js" */
/** @import { Point } from "./layout.js" */
/** @import { Shape } from "./tree.js" */
/**
 * A wall across the stage: the points whose distance along `normal` from 0,0 is `offset`.
 * @typedef {{normal: Point, offset: number, inner: string[], outer: string[]}} Wall
 */

const HALF = 11;
const WAVE = 8;
/** How thick the wall around a single member is. */
export const RING = 16;
/** Walls leave this much room to the discs. */
const CLEAR = 12;

/**
 * @param {ReadonlyMap<string, Point>} places
 * @param {readonly Link[]} cut
 * @param {number} radius
 * @param {{width: number, height: number}} size
 * @returns {Shape[]}
 */
export function walls(places, cut, radius, size) {
  if (cut.length === 0) return [];
  const names = [...places.keys()];
  const [, ...smaller] = groups(names, cut);
  const single = smaller.filter((group) => group.length === 1);
  const found = smaller
    .filter((group) => group.length > 1)
    .flatMap((group) => wallAround(group, places, radius) ?? []);
  const walled = (/** @type {Link} */ [from, to]) =>
    found.some(({ inner }) => inner.includes(from) !== inner.includes(to)) ||
    single.some(([name]) => name === from || name === to);
  const bars = cut.filter((link) => !walled(link)).flatMap((link) => bar(link, places, radius));
  return [
    ...bars,
    ...single.map(([name]) => ring(name, /** @type {Point} */ (places.get(name)), radius)),
    ...found.map((wall, place) => drawn(wall, place, names.length, size)),
  ];
}

/** The inner radius of the wall around a member that is alone. */
export function ringRadius(/** @type {number} */ radius) {
  return radius * 1.5 + 34;
}

/** The wall around a member that is alone. */
function ring(
  /** @type {string} */ name,
  /** @type {Point} */ { x, y },
  /** @type {number} */ radius,
) {
  const circle = (/** @type {number} */ r) =>
    `M${-r} 0A${r} ${r} 0 1 1 ${r} 0A${r} ${r} 0 1 1 ${-r} 0Z`;
  const inner = round(ringRadius(radius));
  return shape("g", { key: `ring${name}`, class: "wall", transform: at(x, y + 8) }, [
    shape("path", { d: circle(inner) + circle(inner + RING), "fill-rule": "evenodd" }),
  ]);
}

/** A straight wall between a group and the others, if there is room for one. */
function wallAround(
  /** @type {string[]} */ inner,
  /** @type {ReadonlyMap<string, Point>} */ places,
  /** @type {number} */ radius,
) {
  const outer = [...places.keys()].filter((name) => !inner.includes(name));
  const a = centre(inner, places);
  const b = centre(outer, places);
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  if (length === 0) return null;
  const normal = { x: (b.x - a.x) / length, y: (b.y - a.y) / length };
  const along = (/** @type {string} */ name) => {
    const { x, y } = /** @type {Point} */ (places.get(name));
    return x * normal.x + y * normal.y;
  };
  const near = Math.max(...inner.map(along));
  const far = Math.min(...outer.map(along));
  if (far - near < 2 * (radius + CLEAR)) return null;
  return { normal, offset: (near + far) / 2, inner, outer };
}

function centre(/** @type {string[]} */ names, /** @type {ReadonlyMap<string, Point>} */ places) {
  const points = names.map((name) => /** @type {Point} */ (places.get(name)));
  return {
    x: points.reduce((sum, { x }) => sum + x, 0) / points.length,
    y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
  };
}

/**
 * @param {Wall} wall
 * @param {number} place
 * @param {number} count how many members there are
 * @param {{width: number, height: number}} size
 */
function drawn({ normal, offset, inner, outer }, place, count, { width, height }) {
  const angle = (Math.atan2(normal.y, normal.x) * 180) / Math.PI - 90;
  const foot = { x: normal.x * offset, y: normal.y * offset };
  const middle = nearest(foot, normal, { x: width / 2, y: height / 2 });
  const reach = width + height;
  const compact = width < 560;
  const sign = nearest(foot, normal, { x: compact ? width / 2 : 96, y: height / 2 });
  const label = say(compact ? "wallShort" : "wall");
  const room = widthOf(label, compact ? 6 : 7) + (compact ? 18 : 30);
  const note = (/** @type {string[]} */ group, /** @type {1 | -1} */ side) =>
    shape(
      "text",
      {
        class: "note",
        x: round(side * normal.x * (room / 2 + 50)),
        y: round(4 + side * normal.y * 34),
        "text-anchor": "middle",
      },
      say(group.length * 2 > count ? "wallMajority" : "wallMinority", {
        n: group.length,
        of: count,
      }),
    );
  return shape("g", { key: `wall${place}`, class: "wall" }, [
    shape("path", {
      d: band(reach),
      transform: `${at(middle.x, middle.y)} rotate(${round(angle)})`,
    }),
    shape("g", { transform: at(sign.x, Math.min(height - 60, Math.max(60, sign.y))) }, [
      shape("rect", { x: -room / 2, y: -13, width: room, height: 26, rx: 13 }),
      shape("text", { y: 4.5, "text-anchor": "middle", class: "name" }, label),
      ...(compact ? [] : [note(inner, -1), note(outer, 1)]),
    ]),
  ]);
}

/** About how wide a text is; a Chinese letter takes the room of two. */
function widthOf(/** @type {string} */ text, /** @type {number} */ letter) {
  return [...text].reduce((sum, one) => sum + (one > "\u2e80" ? 2 * letter : letter), 0);
}

/** The point of a wall that is nearest to another point. */
function nearest(
  /** @type {Point} */ foot,
  /** @type {Point} */ normal,
  /** @type {Point} */ point,
) {
  const off = (point.x - foot.x) * normal.x + (point.y - foot.y) * normal.y;
  return { x: point.x - normal.x * off, y: point.y - normal.y * off };
}

/** A wavy band along the horizontal axis, around 0,0. */
function band(/** @type {number} */ reach) {
  const steps = Array.from({ length: 81 }, (_, i) => -reach + (2 * reach * i) / 80);
  const edge = (/** @type {number} */ y) => (/** @type {number} */ x) =>
    `${round(x)} ${round(y + WAVE * Math.sin(x / 120))}`;
  const upper = steps.map(edge(-HALF));
  const lower = steps.toReversed().map(edge(HALF));
  return `M${[...upper, ...lower].join("L")}Z`;
}

/** A bar across the way from one member to another, nearer to the one that does not hear. */
function bar(
  /** @type {Link} */ [from, to],
  /** @type {ReadonlyMap<string, Point>} */ places,
  /** @type {number} */ radius,
) {
  const a = places.get(from);
  const b = places.get(to);
  if (!a || !b) return [];
  const angle = Math.atan2(b.y - a.y, b.x - a.x);
  const back = radius + 30;
  const place = at(b.x - Math.cos(angle) * back, b.y - Math.sin(angle) * back);
  const turn = round((angle * 180) / Math.PI);
  return [
    shape("g", { key: `${from}>${to}`, class: "closed", transform: `${place} rotate(${turn})` }, [
      shape("rect", { x: -4, y: -13, width: 8, height: 26, rx: 2 }),
      shape("path", { d: "M-16 0H-7M-11 -4L-7 0L-11 4" }),
    ]),
  ];
}

// @ts-check
// The stage: links, members and the messages between them. `draw` makes the document agree with a
// picture and keeps no state of its own but the elements.

import { isReply } from "../model/view.js";
import { glyph } from "./glyph.js";
import { clients } from "./clients.js";
import { layout } from "./layout.js";
import { below, node } from "./node.js";
import { at, patch, round, shape } from "./tree.js";
import { termClass } from "./term.js";
import { walls } from "./wall.js";

/** @import { Flight, Link, Picture } from "../model/types.js" */
/** @import { Point } from "./layout.js" */
/** @import { Shape } from "./tree.js" */

/** Requests and replies run this far from the middle of their link. */
const LANE = 6;

/**
 * @param {SVGSVGElement} svg
 * @param {Picture} picture
 * @param {{width: number, height: number}} size in pixels
 */
export function draw(svg, picture, { width, height }) {
  const { places, radius, cells } = layout(picture.members.length, width, height);
  const names = picture.members.map((member) => member.name);
  const place = new Map(names.map((name, index) => [name, places[index]]));
  svg.dataset.members = places.length > 5 ? "many" : "few";
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  patch(svg, [
    hatch(),
    shape("g", { key: "links" }, links(place, picture.cut)),
    shape("g", { key: "walls" }, walls(place, picture.cut, radius, { width, height })),
    shape(
      "g",
      { key: "nodes" },
      picture.members.map((member, index) => node(member, places[index], radius)),
    ),
    shape(
      "g",
      { key: "flights" },
      byWeight(picture.flights).flatMap((flight) => {
        const from = place.get(flight.from);
        const to = place.get(flight.to);
        return from && to ? [fly(flight, from, to, radius, picture.still)] : [];
      }),
    ),
    shape(
      "g",
      { key: "logs" },
      picture.members.map((member, index) => below(member, places[index], radius, cells)),
    ),
    shape("g", { key: "clients" }, clients(picture, place, radius, { width, height })),
  ]);
}

/** What says much is drawn above what says little. */
function byWeight(/** @type {Flight[]} */ flights) {
  const weight = (/** @type {Flight} */ { m, texts }) => {
    if (m === "HB" || m === "HBR") return 0;
    return m === "AER" || texts.length === 0 ? 1 : 2;
  };
  return flights.toSorted((a, b) => weight(a) - weight(b));
}

/** The pattern of a stopped member. */
function hatch() {
  return shape("defs", { key: "defs" }, [
    shape(
      "pattern",
      {
        id: "hatch",
        width: 7,
        height: 7,
        patternTransform: "rotate(45)",
        patternUnits: "userSpaceOnUse",
      },
      [shape("line", { x1: 0, y1: 0, x2: 0, y2: 7, class: "hatch" })],
    ),
  ]);
}

/** A link that is cut both ways is dotted. */
function links(
  /** @type {ReadonlyMap<string, Point>} */ places,
  /** @type {readonly Link[]} */ cut,
) {
  const gone = new Set(cut.map(([from, to]) => `${from}-${to}`));
  return [...places].flatMap(([from, a], i) =>
    [...places].slice(i + 1).map(([to, b]) =>
      shape("line", {
        key: `${from}-${to}`,
        class: gone.has(`${from}-${to}`) && gone.has(`${to}-${from}`) ? "link gone" : "link",
        x1: round(a.x),
        y1: round(a.y),
        x2: round(b.x),
        y2: round(b.y),
      }),
    ),
  );
}

/**
 * A message on its lane. Standing still, it is an arrow from end to end that carries the glyph.
 * @param {Flight} flight
 * @param {Point} from
 * @param {Point} to
 * @param {number} radius
 * @param {boolean} still
 * @returns {Shape}
 */
function fly(flight, from, to, radius, still) {
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  const distance = Math.hypot(to.x - from.x, to.y - from.y);
  const side = isReply(flight) ? LANE : -LANE;
  const edge = radius + 6;
  const along = (/** @type {number} */ part) => {
    const way = edge + (distance - 2 * edge) * part;
    return {
      x: from.x + Math.cos(angle) * way - Math.sin(angle) * side,
      y: from.y + Math.sin(angle) * way + Math.cos(angle) * side,
    };
  };
  const { x, y } = along(still ? 0.5 : flight.part);
  if (flight.cross !== null) return cross(flight, x, y);
  const attrs = { key: flight.key, class: "flight", "data-message": flight.key };
  return shape("g", attrs, [
    still && arrow(flight, along(0), along(1)),
    shape("g", { transform: at(x, y) }, [
      // Small shapes are hard to hit.
      shape("circle", { r: 14, class: "reach" }),
      flight.chosen && shape("circle", { r: 22, class: "choice" }),
      glyph(flight, (angle * 180) / Math.PI),
    ]),
  ]);
}

function arrow(/** @type {Flight} */ flight, /** @type {Point} */ a, /** @type {Point} */ b) {
  const angle = Math.round((Math.atan2(b.y - a.y, b.x - a.x) * 180) / Math.PI);
  return shape("g", { class: `arrow ${termClass(flight.term)}` }, [
    shape("line", { x1: round(a.x), y1: round(a.y), x2: round(b.x), y2: round(b.y) }),
    shape("path", { d: "M0 0L-9 -4V4Z", transform: `${at(b.x, b.y)} rotate(${angle})` }),
  ]);
}

function cross(/** @type {Flight} */ flight, /** @type {number} */ x, /** @type {number} */ y) {
  const age = flight.cross ?? 0;
  const r = round(5 + 5 * age);
  return shape("path", {
    key: flight.key,
    class: `cross ${termClass(flight.term)}`,
    opacity: round(1 - age),
    transform: at(x, y),
    d: `M${-r} ${-r}L${r} ${r}M${r} ${-r}L${-r} ${r}`,
  });
}

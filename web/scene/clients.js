// @ts-check
// Clients: each stands outside the ring beside the member that took its request, and says what it
// asked and what it was told.

import { groups } from "../model/groups.js";
import { cut as shortened, short } from "../model/short.js";
import { say } from "../text.js";
import { at, shape } from "./tree.js";
import { RING, ringRadius } from "./wall.js";

/** @import { Asked, Picture } from "../model/types.js" */
/** @import { Point } from "./layout.js" */
/** @import { Shape } from "./tree.js" */

const BOX = 30;

/**
 * @param {Picture} picture
 * @param {ReadonlyMap<string, Point>} places
 * @param {number} radius
 * @param {{width: number, height: number}} size
 * @returns {Shape[]}
 */
export function clients({ asked, cut }, places, radius, { width, height }) {
  const alone = groups([...places.keys()], cut).filter((group) => group.length === 1);
  /** How many stand beside each member already. @type {Map<string, number>} */
  const beside = new Map();
  return asked.flatMap((one) => {
    const place = places.get(one.member);
    if (!place) return [];
    const before = beside.get(one.member) ?? 0;
    beside.set(one.member, before + 1);
    const side = place.x > width / 2 - 1 ? 1 : -1;
    const compact = width < 560;
    // Who asks a member that is alone stands in its wall, as in a gate.
    const walled = cut.length > 0 && alone.some(([name]) => name === one.member);
    const away = walled && !compact ? ringRadius(radius) + RING / 2 : radius + (compact ? 26 : 46);
    const x = Math.min(width - BOX / 2 - 4, Math.max(BOX / 2 + 4, place.x + side * away));
    const y = Math.min(height - BOX, place.y + (compact ? radius * 0.9 : 2) - before * 62);
    return [drawn(one, { x, y, compact })];
  });
}

/**
 * A client without a name of its own is called `c`.
 * @param {Asked} asked
 * @param {{x: number, y: number, compact: boolean}} on
 */
function drawn({ by, member, cmd, ph, val }, { x, y, compact }) {
  const said = ph === "ok" && val ? shortened(val, 9) : "";
  const told = said ? say("clientTold", { val: said }) : say(`client_${ph}`);
  return shape("g", { key: `client${by}`, class: `client ${ph}`, transform: at(x, y) }, [
    shape("rect", { x: -BOX / 2, y: -BOX / 2, width: BOX, height: BOX, rx: 8 }),
    shape("text", { y: 4.5, class: "name" }, by === member ? "c" : shortened(by, 3)),
    !compact && shape("text", { y: BOX / 2 + 14, class: "asks mono" }, shortened(short(cmd), 14)),
    !compact && shape("text", { y: BOX / 2 + 27, class: "told" }, told),
  ]);
}

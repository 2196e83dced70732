// @ts-check
// Where the members stand: on an ellipse, two of them on top, always in the same places, so that
// one can learn where to look.

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{places: Point[], radius: number, cells: number}} Layout */

/** What is drawn above a node's centre (label, crown) and below it (log strip), beside its radius. */
const ABOVE = 54;
const BELOW = 62;

/**
 * @param {number} count
 * @param {number} width of the stage in pixels
 * @param {number} height
 * @returns {Layout} the centres, the nodes' radius, and how wide a log strip may be
 */
export function layout(count, width, height) {
  const compact = width < 560;
  const radius = (compact ? 31 : 37) * (count <= 5 ? 1 : count <= 7 ? 0.8 : 0.66);
  const cells = compact ? (count <= 5 ? 118 : 64) : count <= 5 ? 190 : 110;
  const side = Math.max(radius + 16, cells / 2 + 6);
  const middle = { x: width / 2, y: (height + ABOVE - BELOW) / 2 };
  const across = Math.max(0, Math.min(width / 2 - side, 330));
  const down = Math.max(0, Math.min((height - ABOVE - BELOW) / 2 - radius, 230));
  const places = Array.from({ length: count }, (_, place) => {
    if (count === 1) return middle;
    const angle = ((-90 - 180 / count + (360 / count) * place) * Math.PI) / 180;
    return { x: middle.x + across * Math.cos(angle), y: middle.y + down * Math.sin(angle) };
  });
  return { places: settle(places, height, radius), radius, cells };
}

/**
 * The outermost members of an ellipse with an odd count do not reach its edge; the picture is moved
 * so that what is drawn lies in the middle of the stage.
 * @param {Point[]} places
 * @param {number} height
 * @param {number} radius
 */
function settle(places, height, radius) {
  const top = Math.min(...places.map(({ y }) => y)) - radius - ABOVE;
  const bottom = Math.max(...places.map(({ y }) => y)) + radius + BELOW;
  const shift = (height - bottom - top) / 2;
  return places.map(({ x, y }) => ({ x, y: y + shift }));
}

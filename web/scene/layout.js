// @ts-check
// Where the members stand: on a ring, two of them on top, always in the same places, so that one
// can learn where to look.

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{places: Point[], radius: number, cells: number}} Layout */

/** What is drawn above a node's disc (label, crown) and below it (log strip). */
const ABOVE = 52;
const BELOW = 56;
/** The room of a client beside a disc. */
const CLIENT = 80;
/** A larger ring is no easier to read. */
const WIDEST = 330;
const HIGHEST = 420;

/**
 * @param {number} count
 * @param {number} width of the stage in pixels
 * @param {number} height
 * @returns {Layout} the centres, the nodes' radius, and how wide a log strip may be
 */
export function layout(count, width, height) {
  const compact = width < 560;
  const radius = compact ? 31 * Math.min(1.09, scaleOf(count)) : 37 * scaleOf(count);
  const cells = compact ? (count <= 5 ? 118 : 64) : count <= 5 ? 190 : 110;
  const ring = Array.from({ length: count }, (_, place) => {
    const angle = ((-90 - 180 / count + (360 / count) * place) * Math.PI) / 180;
    const y = Math.sin(angle);
    // On a phone the members at the sides stand lower: the logs above them need the room.
    return { x: Math.cos(angle), y: compact && count === 5 && y > 0 && y < 0.9 ? 0.6 : y };
  });
  const beside = compact ? radius + 16 : radius + CLIENT;
  const across = Math.min(width / 2 - Math.max(beside, cells / 2 + 6), WIDEST);
  // An odd ring does not reach as far up as down; stretched, it uses the whole height.
  const top = Math.min(...ring.map(({ y }) => y));
  const bottom = Math.max(...ring.map(({ y }) => y));
  const room = Math.min(height - ABOVE - BELOW - 2 * radius, HIGHEST);
  const scale = count > 2 ? room / (bottom - top) : 0;
  const middle = (height + ABOVE - BELOW) / 2;
  const places = ring.map(({ x, y }) => ({
    x: width / 2 + (count > 1 ? across * x : 0),
    y: middle + scale * (y - (top + bottom) / 2),
  }));
  return { places, radius, cells };
}

/** Few members are drawn larger, many smaller. */
function scaleOf(/** @type {number} */ count) {
  return [1.7, 1.35, 1.25, 1.12, 1, 0.8, 0.8][count - 1] ?? 0.66;
}

// @ts-check
// What cut links make of a cluster: the groups of members that can still hear each other.

/** @import { Link } from "./types.js" */

/**
 * The groups, the largest first. Two members are together if at least one way between them is
 * whole, by whatever detour.
 * @param {readonly string[]} names
 * @param {readonly Link[]} cut
 * @returns {string[][]}
 */
export function groups(names, cut) {
  const gone = new Set(cut.map(([from, to]) => `${from}>${to}`));
  const apart = (/** @type {string} */ a, /** @type {string} */ b) =>
    gone.has(`${a}>${b}`) && gone.has(`${b}>${a}`);
  /** @type {string[][]} */
  const found = [];
  for (const name of names) {
    const [touched, rest] = split(found, (group) => group.some((other) => !apart(name, other)));
    found.splice(0, found.length, ...rest, [...touched.flat(), name]);
  }
  return found
    .map((group) => names.filter((name) => group.includes(name)))
    .sort((a, b) => b.length - a.length || names.indexOf(a[0]) - names.indexOf(b[0]));
}

/**
 * @template T
 * @param {readonly T[]} all
 * @param {(one: T) => boolean} isFirst
 * @returns {[T[], T[]]}
 */
function split(all, isFirst) {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

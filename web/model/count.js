// @ts-check
// Searching in what is in order.

/**
 * How many of the first elements satisfy what only the first ones do.
 * @template T
 * @param {readonly T[]} all
 * @param {(one: T) => boolean} isBefore
 */
export function countWhile(all, isBefore) {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(all[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}

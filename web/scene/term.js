// @ts-check
// Colour means term, everywhere on the page and never anything else. Five colours take turns; the
// number of the term is always printed beside them.

/** The class that gives an element its term's colour as the current colour. */
export function termClass(/** @type {number} */ term) {
  return `t${termColour(term)}`;
}

/** Which of the five, from 1; 0 before the first term. */
export function termColour(/** @type {number} */ term) {
  return term > 0 ? ((term - 1) % 5) + 1 : 0;
}

// @ts-check
// The colours of the style sheet, for the canvas, which cannot read them by itself.

/**
 * @typedef {object} Paint
 * @property {string} ink
 * @property {string} card
 * @property {string} mute
 * @property {string} faint
 * @property {string} line
 * @property {string} soft
 * @property {string} ring
 * @property {string} bad
 * @property {string} sans
 * @property {string} mono
 * @property {string[]} terms by `termColour`
 */

/** @returns {Paint} the colours in force now */
export function readPaint() {
  const style = getComputedStyle(document.documentElement);
  const read = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: read("ink"),
    card: read("card"),
    mute: read("mute"),
    faint: read("faint"),
    line: read("line"),
    soft: read("soft"),
    ring: read("ring"),
    bad: read("bad"),
    sans: read("sans"),
    mono: read("mono"),
    terms: ["t0", "t1", "t2", "t3", "t4", "t5"].map(read),
  };
}

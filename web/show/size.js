// @ts-check
// How large an element is, known without asking: asking in the middle of a frame makes the browser
// lay out the whole page at once.

/** @typedef {{width: number, height: number}} Size */

/** @returns {Size} what is kept up to date as the element changes */
export function sizeOf(/** @type {Element} */ element) {
  const size = { width: element.clientWidth, height: element.clientHeight };
  new ResizeObserver(() => {
    size.width = element.clientWidth;
    size.height = element.clientHeight;
  }).observe(element);
  return size;
}

// @ts-check
// The smallest useful tree of elements: `shape` describes one, of SVG or HTML, and `patch` makes
// the document agree with a list of them. An element stays from one frame to the next by its key,
// so that nothing is built anew only because it moved. Texts are set as text: nothing is parsed.

/** @typedef {string | number | undefined} Value */
/**
 * @typedef {object} Shape
 * @property {string} tag
 * @property {string} key
 * @property {Record<string, Value>} attrs
 * @property {Shape[] | string} inner
 */

const SVG = "http://www.w3.org/2000/svg";
/** What an element was last drawn as. @type {WeakMap<Element, Shape>} */
const drawn = new WeakMap();

/**
 * @param {string} tag
 * @param {Record<string, Value>} attrs `key` names it among its siblings; undefined is left out
 * @param {(Shape | null | false)[] | string} [inner] shapes, or a text
 * @returns {Shape}
 */
export function shape(tag, { key, ...attrs }, inner = []) {
  const children =
    typeof inner === "string" ? inner : /** @type {Shape[]} */ (inner.filter(Boolean));
  return { tag, key: key === undefined ? "" : String(key), attrs, inner: children };
}

/**
 * @param {Element} parent
 * @param {readonly Shape[]} shapes
 */
export function patch(parent, shapes) {
  /** @type {Map<string, Element>} */
  const old = new Map();
  let count = 0;
  for (let child = parent.firstElementChild; child; child = child.nextElementSibling) {
    old.set(name(drawn.get(child), count), child);
    count += 1;
  }
  shapes.forEach((wanted, place) => {
    const found = old.get(name(wanted, place));
    const element = found ?? create(parent, wanted.tag);
    if (found) old.delete(name(wanted, place));
    update(element, drawn.get(element), wanted);
    if (parent.children[place] !== element)
      parent.insertBefore(element, parent.children[place] ?? null);
  });
  for (const gone of old.values()) gone.remove();
}

function create(/** @type {Element} */ parent, /** @type {string} */ tag) {
  return document.createElementNS(tag === "svg" ? SVG : parent.namespaceURI, tag);
}

/** Unkeyed shapes are told apart by their tag and place. */
function name(/** @type {Shape | undefined} */ wanted, /** @type {number} */ place) {
  return wanted?.key ? `${wanted.tag}#${wanted.key}` : `${wanted?.tag}@${place}`;
}

/**
 * @param {Element} element
 * @param {Shape | undefined} before
 * @param {Shape} wanted
 */
function update(element, before, wanted) {
  for (const attribute in wanted.attrs) {
    const value = wanted.attrs[attribute];
    if (before?.attrs[attribute] === value) continue;
    if (value === undefined) element.removeAttribute(attribute);
    else element.setAttribute(attribute, String(value));
  }
  for (const attribute in before?.attrs) {
    if (!(attribute in wanted.attrs)) element.removeAttribute(attribute);
  }
  if (typeof wanted.inner === "string") {
    if (before?.inner !== wanted.inner) element.textContent = wanted.inner;
  } else {
    if (typeof before?.inner === "string") element.textContent = "";
    patch(element, wanted.inner);
  }
  drawn.set(element, wanted);
}

/** Short decimals keep the document small. */
export function round(/** @type {number} */ value) {
  return Math.round(value * 100) / 100;
}

export function at(/** @type {number} */ x, /** @type {number} */ y) {
  return `translate(${round(x)} ${round(y)})`;
}

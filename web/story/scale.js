// @ts-check
// What the chapters with a scale share: a slider with its label, the figures below an axis, and
// texts with figures in them.

import { shape } from "../scene/tree.js";
import { wear } from "../show/wear.js";

await wear("story/scale.css");

/** How wide a drawing in a chapter's card is. */
export const WIDTH = 258;

/** A text with `{a}`, `{b}` and `{c}` filled in. */
export function filled(/** @type {string} */ text, /** @type {(number | string)[]} */ ...values) {
  return text.replace(/\{([abc])\}/g, (_, name) => String(values["abc".indexOf(name)]));
}

/**
 * @param {string} name
 * @param {string} label
 * @param {number} value
 * @param {{min: number, max: number, step?: number}} ends
 */
export function slider(name, label, value, ends) {
  return shape("label", { key: name, class: "slider" }, [
    shape("span", {}, label),
    shape("input", { type: "range", name, step: 10, ...ends, value }),
  ]);
}

/** What a slider says. */
export function valueOf(/** @type {Element} */ card, /** @type {string} */ name) {
  return Number(/** @type {HTMLInputElement} */ (card.querySelector(`[name=${name}]`)).value);
}

/** A line from left to right at a height, with a figure at each quarter but the last. */
export function axis(/** @type {number} */ y, /** @type {number} */ end) {
  return [
    shape("path", { key: "axis", class: "axis", d: `M0 ${y}H${WIDTH}` }),
    ...[0, 0.25, 0.5, 0.75].map((part) =>
      shape(
        "text",
        { key: `at${part}`, class: "mono", x: part * WIDTH, y: y + 12 },
        String(Math.round(end * part)),
      ),
    ),
  ];
}

// @ts-check
// What the live face consists of below its verdict; drawn once, and filled by others.

import { patch, shape } from "../scene/tree.js";
import { fill } from "../text.js";

/** @import { Word } from "../text.js" */
/** @import { Shape } from "../scene/tree.js" */

const LIMITS = { required: "", maxlength: 64 };

export function drawParts(/** @type {Element} */ place) {
  patch(place, [
    shape("h1", { id: "verdict" }),
    shape("p", { id: "lede", class: "lede" }),
    words("p", "hint", { id: "hint", class: "hint", hidden: "" }),
    offer(),
    write(),
    members(),
  ]);
  fill(place);
}

/** Beside the stage: the elections that can be replayed, and figures. */
export function drawBeside(/** @type {Element} */ place) {
  patch(place, [
    words("h2", "elections", { id: "elections-title" }),
    shape("div", { id: "elections", class: "elections" }),
    shape("div", { id: "figures", class: "figures" }),
  ]);
  fill(place);
}

/**
 * An element that says a word, in whatever language.
 * @param {string} tag
 * @param {Word} word
 * @param {Record<string, string>} [attrs]
 */
function words(tag, word, attrs = {}) {
  return shape(tag, { ...attrs, "data-text": word });
}

function result(/** @type {string} */ id) {
  return shape("p", { id, class: "result", role: "status" });
}

/** @returns {Shape} */
function offer() {
  return shape("div", { id: "offer", class: "card offer", hidden: "" }, [
    shape("p", {}, [
      shape("b", { id: "offer-title" }),
      shape("span", {}, " "),
      shape("span", { id: "offer-text" }),
    ]),
    words("button", "replay", { id: "offer-replay", class: "primary", type: "button" }),
  ]);
}

/** @returns {Shape} */
function write() {
  const field = (/** @type {"key" | "value"} */ name, /** @type {string} */ value) =>
    shape("label", { key: name }, [
      words("span", name),
      shape("input", { id: `write-${name}`, class: "mono", name, value, ...LIMITS }),
    ]);
  return shape("form", { id: "write", class: "card write", autocomplete: "off", hidden: "" }, [
    words("h2", "write"),
    shape("div", { class: "fields" }, [
      field("key", "x"),
      shape("span", { class: "equals mono", "aria-hidden": "true" }, "="),
      field("value", "8"),
      words("button", "send", { class: "primary", type: "submit" }),
    ]),
    result("write-result"),
  ]);
}

/** @returns {Shape} */
function members() {
  const attrs = { class: "card members", "aria-labelledby": "members-title", hidden: "" };
  return shape("section", { id: "members-part", ...attrs }, [
    shape("h2", {}, [
      words("span", "members", { id: "members-title" }),
      shape("span", {}, " "),
      words("small", "stopNote", { id: "members-note" }),
    ]),
    shape("ul", { id: "members" }),
    result("members-result"),
  ]);
}

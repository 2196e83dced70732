// @ts-check
// The story's texts as shapes: `code` in its own type, and what is filled in. A member's name
// stands in the colour of its term, as on the stage.

import { shape } from "../scene/tree.js";
import { termClass } from "../scene/term.js";

/** @import { Frame } from "../model/types.js" */
/** @import { Shape } from "../scene/tree.js" */
/** @import { Values } from "./types.js" */

/**
 * @param {string} text
 * @param {Values} values
 * @param {Frame} frame
 * @returns {Shape[]}
 */
export function rich(text, values, frame) {
  return text
    .split(/(`[^`]+`|\{\w+\})/)
    .filter((part) => part !== "")
    .map((part, place) => {
      if (part.startsWith("`"))
        return shape("code", { key: place }, plain(part.slice(1, -1), values));
      if (!part.startsWith("{")) return shape("span", { key: place }, part);
      const value = String(values[part.slice(1, -1)] ?? "");
      const member = frame.members.get(value);
      if (member) return shape("b", { key: place, class: termClass(member.term) }, value);
      return shape("span", { key: place }, value);
    });
}

/** The same as one line of text. */
export function plain(/** @type {string} */ text, /** @type {Values} */ values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? "")).replaceAll("`", "");
}

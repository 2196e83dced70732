// @ts-check
// The latest events in words, as a table.

import { patch, shape } from "../scene/tree.js";
import { sentence } from "./sentences.js";

/** @import { StoryRecord } from "../protocol.js" */
/** @import { Shape } from "../scene/tree.js" */

const ROWS = 40;

/**
 * The latest events as a table, the newest first.
 * @param {Element} body
 * @param {readonly StoryRecord[]} changes
 * @param {number | null} origin the time that is called 0; null where the time of day counts
 */
export function drawEvents(body, changes, origin) {
  /** @type {Shape[]} */
  const rows = [];
  for (let i = changes.length - 1; i >= 0 && rows.length < ROWS; i -= 1) {
    const { t, n, i: number } = changes[i];
    const text = sentence(changes[i]);
    if (text === null) continue;
    rows.push(
      shape("tr", { key: `${n}${number}`, "data-t": t }, [
        shape("td", { class: "mono" }, moment(t, origin)),
        shape("td", {}, n),
        shape("td", {}, text),
      ]),
    );
  }
  patch(body, rows);
}

function moment(/** @type {number} */ t, /** @type {number | null} */ origin) {
  if (origin === null) return new Date(t / 1000).toISOString().slice(11, 23);
  return ((t - origin) / 1000).toFixed(1);
}

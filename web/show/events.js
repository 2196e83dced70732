// @ts-check
// The latest events in words, as a table.

import { patch, shape } from "../scene/tree.js";
import { say } from "../text.js";
import { sentence } from "./sentences.js";

/** @import { Kind } from "../model/types.js" */
/** @import { StoryRecord } from "../protocol.js" */
/** @import { Shape } from "../scene/tree.js" */
/** @import { Word } from "../text.js" */

const ROWS = 40;
/** @type {[Kind, Word][]} */
const CHOICES = [
  ["change", "kindChange"],
  ["role", "kindRole"],
  ["append", "kindAppend"],
  ["commit", "kindCommit"],
  ["client", "kindClient"],
  ["fault", "kindFault"],
];

/** Which kind of events is listed, and stepped through, as the reader chooses. */
export function drawKinds(/** @type {Element} */ select) {
  patch(
    select,
    CHOICES.map(([kind, word]) => shape("option", { value: kind }, say(word))),
  );
}

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

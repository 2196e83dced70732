// @ts-check
// The list of keys.

import { patch, shape } from "../scene/tree.js";
import { learn, say } from "../text.js";

/** @import { Word } from "../text.js" */

await learn("help");

export function drawKeys(/** @type {Element} */ list) {
  /** @type {[string, Word][]} */
  const rows = [
    ["Space", "helpSpace"],
    ["← →", "helpArrows"],
    ["Shift ← →", "helpShift"],
    [", .", "helpMs"],
    ["[ ]", "helpSpeed"],
    ["Home End", "helpEnds"],
    ["Page ↑ ↓", "helpChapter"],
    ["1–9", "helpMember"],
    ["m", "helpMessage"],
    ["s", "helpStop"],
    ["w", "helpWrite"],
    ["p h", "helpCut"],
    ["d", "helpDrop"],
    ["r", "helpReplay"],
    ["Esc", "helpEscape"],
    ["l t", "helpLanguage"],
  ];
  patch(
    list,
    rows.flatMap(([key, word]) => [shape("dt", {}, key), shape("dd", {}, say(word))]),
  );
}

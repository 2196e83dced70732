// @ts-check
// Every action by key, and the list of keys.

import { patch, shape } from "../scene/tree.js";
import { say } from "../text.js";

/** @import { Word } from "../text.js" */

/**
 * @typedef {object} Actions
 * @property {() => void} toggle
 * @property {(direction: 1 | -1, onlyChanges: boolean) => void} step
 * @property {(direction: 1 | -1) => void} faster
 * @property {(part: number) => void} seek
 * @property {() => void} live
 * @property {() => void} replay
 * @property {() => void} write
 * @property {(place: number) => void} choose
 * @property {() => void} stopOrStart
 * @property {() => void} theme
 * @property {() => void} help
 */

/** @param {Actions} actions */
export function enableKeys(actions) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]"))
      return;
    const target = /** @type {Element} */ (event.target);
    if (target.matches("input, textarea")) return;
    // A button does by itself what Space and Enter ask of it.
    if (target.matches("button") && (event.key === " " || event.key === "Enter")) return;
    if (perform(event, actions)) event.preventDefault();
  });
}

/** @returns {boolean} whether the key means something */
function perform(/** @type {KeyboardEvent} */ { key, shiftKey }, /** @type {Actions} */ actions) {
  if (/^[1-9]$/.test(key)) {
    actions.choose(Number(key) - 1);
    return true;
  }
  /** @type {Record<string, () => void>} */
  const meaning = {
    " ": actions.toggle,
    ArrowLeft: () => actions.step(-1, shiftKey),
    ArrowRight: () => actions.step(1, shiftKey),
    "[": () => actions.faster(-1),
    "]": () => actions.faster(1),
    Home: () => actions.seek(0),
    End: () => actions.seek(1),
    Escape: actions.live,
    r: actions.replay,
    w: actions.write,
    s: actions.stopOrStart,
    t: actions.theme,
    "?": actions.help,
  };
  const found = meaning[key];
  found?.();
  return found !== undefined;
}

export function drawKeys(/** @type {Element} */ list) {
  /** @type {[string, Word][]} */
  const rows = [
    ["Space", "helpSpace"],
    ["← →", "helpArrows"],
    ["Shift ← →", "helpShift"],
    ["[ ]", "helpSpeed"],
    ["Home End", "helpEnds"],
    ["Esc", "helpEscape"],
    ["r", "helpReplay"],
    ["w", "helpWrite"],
    ["1–9", "helpMember"],
    ["s", "helpStop"],
    ["t", "helpTheme"],
  ];
  patch(
    list,
    rows.flatMap(([key, word]) => [shape("dt", {}, key), shape("dd", {}, say(word))]),
  );
}

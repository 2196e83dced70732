// @ts-check
// Every action by key.

/** @import { FaceKeys } from "./types.js" */

/**
 * @typedef {object} Actions
 * @property {() => void} toggle
 * @property {(direction: 1 | -1, onlyChanges: boolean) => void} step
 * @property {(direction: 1 | -1) => void} faster
 * @property {(part: number) => void} seek
 * @property {(ms: number) => void} nudge
 * @property {(place: number) => void} choose
 * @property {() => void} message
 * @property {() => void} language
 * @property {() => void} theme
 * @property {() => void} help
 * @property {() => Partial<FaceKeys>} face
 */

/** @param {Actions} actions */
export function enableKeys(actions) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]"))
      return;
    const { target } = event;
    if (!(target instanceof Element)) return;
    if (target.matches("input, textarea, select")) return;
    // A button does by itself what Space and Enter ask of it.
    const pressed = event.key === " " || event.key === "Enter";
    if (pressed && target.matches("button, a, summary")) return;
    if (perform(event, actions)) event.preventDefault();
  });
}

/** @returns {boolean} whether the key means something */
function perform(/** @type {KeyboardEvent} */ { key, shiftKey }, /** @type {Actions} */ actions) {
  if (/^[1-9]$/.test(key)) {
    actions.choose(Number(key) - 1);
    return true;
  }
  const face = actions.face();
  /** @type {Record<string, (() => void) | undefined>} */
  const meaning = {
    " ": actions.toggle,
    ArrowLeft: () => actions.step(-1, shiftKey),
    ArrowRight: () => actions.step(1, shiftKey),
    ",": () => actions.nudge(-1),
    ".": () => actions.nudge(1),
    "[": () => actions.faster(-1),
    "]": () => actions.faster(1),
    Home: () => actions.seek(0),
    End: () => actions.seek(1),
    PageUp: face.turn && (() => face.turn?.(-1)),
    PageDown: face.turn && (() => face.turn?.(1)),
    Escape: face.escape,
    r: face.replay,
    w: face.write,
    s: face.stopOrStart,
    p: face.cut,
    h: face.heal,
    d: face.drop,
    m: actions.message,
    l: actions.language,
    t: actions.theme,
    "?": actions.help,
  };
  const found = meaning[key];
  found?.();
  return found !== undefined;
}

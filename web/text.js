// @ts-check
// Every word on the page, in the reader's language. One table per language in text/; the keys are
// the same in all of them. The story's texts are longer, and stand beside its chapters.

import en from "./text/en.js";

/** @typedef {keyof typeof en} Word */
/** @typedef {"en" | "zh"} Language */
/** @typedef {Record<Word, string>} Words */

/** Those that were fetched. @type {Partial<Record<Language, Words>>} */
const tables = { en };
/** The language that is spoken now. @type {Language} */
let spoken = "en";
/** @type {Words} */
let words = en;

export function language() {
  return spoken;
}

/** From here on, all that is said is said in this language. */
export async function speak(/** @type {Language} */ wanted) {
  words = tables[wanted] ??= (await import("./text/zh.js")).default;
  spoken = wanted;
}

/**
 * A text in the reader's language, with its `{names}` filled in.
 * @param {Word} word
 * @param {Record<string, string | number>} [values]
 */
export function say(word, values = {}) {
  return words[word].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** A span of microseconds in words. */
export function duration(/** @type {number} */ micros) {
  return micros < 1_000_000
    ? say("millis", { n: Math.round(micros / 1000) })
    : say("seconds", { n: (micros / 1_000_000).toFixed(micros < 10_000_000 ? 1 : 0) });
}

/** Fills every element that names its text, its label or its hint. */
export function fill(/** @type {ParentNode} */ root) {
  for (const element of root.querySelectorAll("[data-text], [data-label], [data-hint]")) {
    const { text, label, hint } = /** @type {HTMLElement} */ (element).dataset;
    if (text) element.textContent = say(/** @type {Word} */ (text));
    if (label) element.setAttribute("aria-label", say(/** @type {Word} */ (label)));
    if (hint) element.setAttribute("title", say(/** @type {Word} */ (hint)));
  }
}

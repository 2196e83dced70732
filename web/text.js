// @ts-check
// Every word on the page, in the reader's language. One table per language in text/; the keys are
// the same in all of them. The words of a part of the page have a table of their own, which comes
// with the part. The story's texts are longer, and stand beside its chapters.

/** @typedef {"live" | "play" | "open" | "inspect" | "roles" | "events" | "help"} Part */
/**
 * @typedef {keyof typeof import("./text/en.js").default
 *   | keyof typeof import("./text/en/live.js").default
 *   | keyof typeof import("./text/en/play.js").default
 *   | keyof typeof import("./text/en/open.js").default
 *   | keyof typeof import("./text/en/inspect.js").default
 *   | keyof typeof import("./text/en/roles.js").default
 *   | keyof typeof import("./text/en/events.js").default
 *   | keyof typeof import("./text/en/help.js").default} Word
 */
/** @typedef {"en" | "zh"} Language */

/** Where the reader's choice is kept. */
export const STORED = "quorate.language";
/** What has come. @type {Record<Language, Partial<Record<Word, string>>>} */
const tables = { en: {}, zh: {} };
/** The parts that have come, or are on their way. @type {Set<Part>} */
const parts = new Set();
/** The language that is spoken now. @type {Language} */
let spoken = asked();
await fetchWords(spoken, "");

export function language() {
  return spoken;
}

/** What the reader said before, or else the browser says. @returns {Language} */
function asked() {
  if (!globalThis.document) return "en";
  return (localStorage.getItem(STORED) ?? navigator.language).startsWith("zh") ? "zh" : "en";
}

/** From here on, all that is said is said in this language. */
export async function speak(/** @type {Language} */ wanted) {
  await fetchWords(wanted, "");
  // While these come, one more part may be learnt.
  for (let known = 0; known < parts.size; ) {
    known = parts.size;
    await Promise.all([...parts].map((part) => fetchWords(wanted, part)));
  }
  spoken = wanted;
}

/** Fetches the words of one more part, in the language that is spoken. */
export async function learn(/** @type {Part} */ part) {
  parts.add(part);
  await fetchWords(spoken, part);
}

/**
 * @param {Language} language
 * @param {Part | ""} part the empty one is what all parts share
 */
async function fetchWords(language, part) {
  const file = part ? `${language}/${part}` : language;
  Object.assign(tables[language], (await import(`./text/${file}.js`)).default);
}

/**
 * A text in the reader's language, with its `{names}` filled in.
 * @param {Word} word
 * @param {Record<string, string | number>} [values]
 */
export function say(word, values = {}) {
  const text = tables[spoken][word] ?? "";
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
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

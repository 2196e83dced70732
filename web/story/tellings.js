// @ts-check
// The story's texts. Each chapter comes when it is wanted for the first time, in the language that
// is wanted.

/** @import { Language } from "../text.js" */
/** @import { Harm, Telling } from "./types.js" */

/** What has come, by file; null for what is on its way. */
/** @type {Map<string, Record<string, any> | null>} */
const known = new Map();

/** A chapter's texts in a language, or null until they have come. @returns {Telling | null} */
export function telling(/** @type {string} */ id, /** @type {Language} */ language) {
  return texts(`./${language}/${id}.js`);
}

/** The same of what happens without a rule. @returns {Harm | null} */
export function harm(/** @type {string} */ name, /** @type {Language} */ language) {
  return texts(`./${language}/${name}.js`);
}

/** What a chapter, or a rule, is called; nothing until the names have come. */
export function titleOf(/** @type {string} */ id, /** @type {Language} */ language) {
  return texts(`./${language}/titles.js`)?.[id] ?? "";
}

/** @returns {any} */
function texts(/** @type {string} */ file) {
  if (!known.has(file)) {
    known.set(file, null);
    import(file).then((module) => known.set(file, module.default));
  }
  return known.get(file) ?? null;
}

// @ts-check
// The story's texts. Each part of the story comes when it is wanted for the first time, in the
// language that is wanted.

/** @import { Language } from "../text.js" */
/** @import { Chapter, Harm, Telling } from "./types.js" */

/** What has come, by file; null for what is on its way. */
/** @type {Map<string, Record<string, any> | null>} */
const known = new Map();

/**
 * A chapter's texts in a language, or null until they have come.
 * @returns {Telling | null}
 */
export function telling(
  /** @type {Pick<Chapter, "id" | "part">} */ { id, part },
  /** @type {Language} */ language,
) {
  return texts(`./${language}/${part}.js`)?.[id] ?? null;
}

/**
 * The same of a trace in which a rule of some part of the story is missing.
 * @param {string} name
 * @param {Chapter["part"]} part
 * @param {Language} language
 * @returns {Harm | null}
 */
export function harm(name, part, language) {
  return texts(`./${language}/missing-${part}.js`)?.[name] ?? null;
}

/** What a chapter, or a rule, is called; nothing until the names have come. */
export function titleOf(/** @type {string} */ id, /** @type {Language} */ language) {
  return texts(`./${language}/titles.js`)?.[id] ?? "";
}

function texts(/** @type {string} */ file) {
  if (!known.has(file)) {
    known.set(file, null);
    import(file).then((module) => known.set(file, module.default));
  }
  return known.get(file) ?? null;
}

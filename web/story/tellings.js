// @ts-check
// The story's texts. Each part of the story comes when it is wanted for the first time, in the
// language that is wanted.

/** @import { Language } from "../text.js" */
/** @import { Chapter, Telling } from "./types.js" */

/** What has come, by file; null for what is on its way. */
/** @type {Map<string, Record<string, Telling> | null>} */
const known = new Map();

/** A chapter's texts in a language, or null until they have come. */
export function telling(
  /** @type {Pick<Chapter, "id" | "part">} */ { id, part },
  /** @type {Language} */ language,
) {
  const file = `./${language}/${part}.js`;
  if (!known.has(file)) {
    known.set(file, null);
    import(file).then((module) => known.set(file, module.default));
  }
  return known.get(file)?.[id] ?? null;
}

// @ts-check
// The story's texts. The second language comes when it is wanted for the first time.

import english from "./en.js";

/** @import { Language } from "../text.js" */
/** @import { Telling } from "./types.js" */

/** @type {Partial<Record<Language, Record<string, Telling>>>} */
const known = { en: english };
let asked = false;

/** The texts in a language, or in English until they have come. */
export function tellings(/** @type {Language} */ wanted) {
  if (!known[wanted] && !asked) {
    asked = true;
    import("./zh.js").then((module) => {
      known.zh = module.default;
    });
  }
  return known[wanted] ?? english;
}

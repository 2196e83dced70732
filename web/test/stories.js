// The whole story in each language, as the tests want it: all parts, with their titles.

import { CHAPTERS } from "../story/chapters.js";

async function whole(language) {
  const all = {};
  const titles = (await import(`../story/${language}/titles.js`)).default;
  for (const { id, part } of CHAPTERS) {
    const texts = (await import(`../story/${language}/${part}.js`)).default;
    all[id] = { title: titles[id], ...texts[id] };
  }
  return all;
}

export const english = await whole("en");
export const chinese = await whole("zh");

/** What is told where a rule is missing, by the name of the trace. */
async function harmsIn(language) {
  const files = ["logs", "lives"].map((part) => import(`../story/${language}/missing-${part}.js`));
  return Object.assign({}, ...(await Promise.all(files)).map((file) => file.default));
}

export const harms = await harmsIn("en");
export const chineseHarms = await harmsIn("zh");

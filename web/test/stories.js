// The whole story in each language, as the tests want it: all chapters, with their titles.

import { CHAPTERS } from "../story/chapters.js";

async function whole(language) {
  const all = {};
  const titles = (await import(`../story/${language}/titles.js`)).default;
  for (const { id } of CHAPTERS) {
    const texts = (await import(`../story/${language}/${id}.js`)).default;
    all[id] = { title: titles[id], ...texts };
  }
  return all;
}

export const english = await whole("en");
export const chinese = await whole("zh");

/** What is told where a rule is missing, by the name of the trace. */
async function harmsIn(language) {
  const names = CHAPTERS.flatMap(({ without }) => without.map(({ name }) => name));
  const files = names.map((name) => import(`../story/${language}/${name}.js`));
  const all = await Promise.all(files);
  return Object.fromEntries(names.map((name, i) => [name, all[i].default]));
}

export const harms = await harmsIn("en");
export const chineseHarms = await harmsIn("zh");

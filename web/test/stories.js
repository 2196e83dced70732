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

import assert from "node:assert/strict";
import { test } from "node:test";
import { CHAPTERS } from "../story/chapters.js";
import { chinese, english } from "./stories.js";
import { plain } from "../story/rich.js";

const holes = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

/** All texts of a chapter, by where they stand. */
function texts({ title, lede, beats, ask, checks }) {
  return {
    title,
    lede,
    ...Object.fromEntries(
      beats.flatMap(([step, text], i) => [
        [`step ${i}`, step],
        [`beat ${i}`, text],
      ]),
    ),
    question: ask.question,
    ...Object.fromEntries(ask.options.map((text, i) => [`option ${i}`, text])),
    why: ask.why,
    ...Object.fromEntries(checks.map((text, i) => [`check ${i}`, text])),
  };
}

test("there are sixteen chapters, and each is told in both languages", () => {
  assert.equal(CHAPTERS.length, 16);
  const ids = CHAPTERS.map(({ id }) => id);
  assert.deepEqual([Object.keys(english), Object.keys(chinese)], [ids, ids]);
  for (const [id, texts] of [...Object.entries(english), ...Object.entries(chinese)])
    assert.ok(texts.beats.length > 0, id);
});

for (const { id, right, reveals } of CHAPTERS) {
  test(`${id}: both languages say as much, and fill in the same`, () => {
    const [en, zh] = [texts(english[id]), texts(chinese[id])];
    assert.deepEqual(Object.keys(en), Object.keys(zh));
    for (const place of Object.keys(en)) {
      assert.deepEqual(holes(zh[place]), holes(en[place]), place);
      assert.ok(en[place].length > 0 && /[一-鿿]|^[\d\s]+$/.test(zh[place]), place);
    }
    assert.ok(right < english[id].ask.options.length);
    assert.ok(reveals < english[id].beats.length);
  });
}

test("a text as one line", () => {
  assert.equal(plain("{a} sets `x = {b}`", { a: "n1", b: 8 }), "n1 sets x = 8");
});

// The whole page as those see it who are not on a large light screen with a mouse: every chapter on
// a dark phone in Chinese and as it begins with reduced motion, an opened trace in every look, and
// the story by keyboard and by ear.
//
//   QUORATE_PAGE=http://127.0.0.1:7070/ node --test looks.test.js

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CHAPTERS } from "../story/chapters.js";
import { chinese, english } from "../test/stories.js";
import { isSound, LOOKS, skip, until, visit, WAIT } from "./browser.js";

const HARM = new URL("../story/recorded/old_term_commit.ndjson", import.meta.url);
const PHONE = { ...LOOKS["dark, 390 px"], locale: "zh-CN" };

for (const [place, { id, reveals }] of CHAPTERS.entries()) {
  test(`${id}: on a dark phone, in Chinese`, { skip }, () =>
    visit(`#story/${place + 1}/${reveals + 1}`, PHONE, async (tab) => {
      await tab.getByRole("heading", { level: 1, name: chinese[id].title }).waitFor(WAIT);
      await tab.locator("#beats li.now").waitFor({ ...WAIT, state: "attached" });
      await isSound(tab);
    }),
  );

  test(`${id}: with reduced motion it waits, and steps`, { skip }, () =>
    visit(`#story/${place + 1}`, { reducedMotion: "reduce" }, async (tab) => {
      await tab.getByRole("button", { name: "Play", exact: true }).waitFor(WAIT);
      const count = () => tab.locator("#count").textContent();
      await until(tab, () => /\d/.test(document.querySelector("#count").textContent));
      const before = await count();
      await tab.keyboard.press("ArrowRight");
      await until(tab, (was) => document.querySelector("#count").textContent !== was, before);
      assert.equal(
        await tab.evaluate(() => document.getAnimations().length),
        0,
        "nothing is animated",
      );
    }),
  );
}

for (const [what, options] of Object.entries(LOOKS)) {
  test(`an opened trace is sound: ${what}`, { skip }, () =>
    visit("#open", options, async (tab) => {
      await tab.locator("#open-file").waitFor({ ...WAIT, state: "attached" });
      await until(tab, () => document.querySelector("#open-title").textContent !== "");
      await isSound(tab);
      await tab.setInputFiles("#open-file", {
        name: "harm.ndjson",
        mimeType: "application/x-ndjson",
        buffer: readFileSync(HARM),
      });
      await tab.locator(".node").first().waitFor(WAIT);
      await tab.keyboard.press("End");
      await tab.locator("#claims .broken").first().waitFor({ ...WAIT, state: "attached" });
      await isSound(tab);
    }),
  );
}

/** Goes on with Tab until the element in focus is the wanted one. */
async function tabTo(tab, selector) {
  for (let i = 0; i < 120; i += 1) {
    await tab.keyboard.press("Tab");
    if (await tab.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
  }
  assert.fail(`no way to ${selector}`);
}

test("a chapter by keyboard alone: beats, the question, acts, the next chapter", { skip }, () =>
  visit("#story/9", {}, async (tab) => {
    await tab.locator("#beats li:not(.missing) button").nth(5).waitFor(WAIT);
    await tab.keyboard.press("Space");
    await tabTo(tab, "#beats button");
    for (let i = 0; i < 3; i += 1) await tab.keyboard.press("Tab");
    await tab.keyboard.press("Enter");
    await tab.locator("#beats li:nth-child(4).now").waitFor(WAIT);
    await tabTo(tab, "#ask button");
    await tab.keyboard.press("Tab");
    await tab.keyboard.press("Enter");
    await tab.locator("#ask [aria-pressed=true]").waitFor(WAIT);
    await tabTo(tab, "#tape");
    await tab.keyboard.press("End");
    await tab.locator("#ask .right").waitFor(WAIT);
    await tab.keyboard.press("1");
    await tab.getByRole("tab", { name: "Member n1", exact: true }).waitFor(WAIT);
    await tab.keyboard.press("s");
    await tab.locator(".node.roleX[data-name=n1]").waitFor(WAIT);
    await tab.keyboard.press("PageDown");
    await tab.getByRole("heading", { level: 1, name: english.repair.title }).waitFor(WAIT);
    await tab.keyboard.press("?");
    await tab.getByRole("dialog", { name: "Keys" }).waitFor(WAIT);
    await isSound(tab);
    await tab.keyboard.press("Escape");
    await tab.getByRole("dialog", { name: "Keys" }).waitFor({ ...WAIT, state: "hidden" });
  }),
);

test("who does not see the stage is told each member's state, and every event", { skip }, () =>
  visit("#story/9/3", {}, async (tab) => {
    const rows = tab.getByRole("table", { name: "Cluster" }).getByRole("row");
    await rows.filter({ hasText: /leader.*term 2/ }).waitFor(WAIT);
    assert.equal(await rows.count(), 5);
    await tab.getByRole("tab", { name: "Events" }).click();
    await tab
      .getByRole("table", { name: "Events" })
      .getByRole("row", { name: /leads term 2/ })
      .waitFor(WAIT);
    const before = Number(await tab.locator("#clock").textContent());
    await tab.locator("#events tr").last().click();
    await until(tab, (was) => Number(document.querySelector("#clock").textContent) < was, before);
  }),
);

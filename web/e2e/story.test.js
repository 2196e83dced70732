// Sees the beats of every chapter on the page of a running `quorate demo`. That they are in the
// chapter's run is test/beats.test.js's matter.
//
//   QUORATE_PAGE=http://127.0.0.1:7070/ node --test story.test.js

import assert from "node:assert/strict";
import { test } from "node:test";
import { CHAPTERS } from "../story/chapters.js";
import { chinese, english, harms } from "../test/stories.js";
import { isSound, LOOKS, page, skip, until, visit, WAIT } from "./browser.js";

for (const [place, chapter] of CHAPTERS.entries()) {
  const { id } = chapter;
  const { beats, checks } = english[id];

  test(`${id}: the page shows the beats and what can be verified`, { skip }, () =>
    visit(`#story/${place + 1}`, {}, async (tab) => {
      await tab.getByRole("heading", { level: 1, name: english[id].title }).waitFor(WAIT);
      const steps = tab.locator("#beats button");
      await tab
        .locator("#beats li:not(.missing)")
        .nth(beats.length - 1)
        .waitFor(WAIT);
      await until(tab, () => document.querySelectorAll(".node").length > 0);
      for (let i = 0; i < beats.length; i += 1) {
        await steps.nth(i).click();
        await until(
          tab,
          (at) => document.querySelectorAll("#beats li.done, #beats li.now").length > at,
          i,
        );
      }
      await tab.locator("#ask button").nth(chapter.right).click();
      await tab.locator("#ask .right").waitFor(WAIT);
      await tab.keyboard.press("End");
      await until(
        tab,
        (count) => document.querySelectorAll("#checks .holds").length === count,
        checks.length,
      );
      assert.equal(await tab.locator("#checks .broken").count(), 0);
      await isSound(tab);
    }),
  );
}

/** What is worse, and not wrong. */
const HARMLESS = new Set(["no_hint"]);

for (const [place, { id, without }] of CHAPTERS.entries()) {
  for (const [i, { name }] of without.entries()) {
    test(`${id} without a rule: the harm of ${name} is shown`, { skip }, () =>
      visit(`#story/${place + 1}?off=${i + 1}`, {}, async (tab) => {
        const { beats } = harms[name];
        await tab.locator("#beats button", { hasText: beats[0][0] }).waitFor(WAIT);
        await tab.locator(`#rule [data-off='${i + 1}'][aria-pressed=true]`).waitFor(WAIT);
        await tab.keyboard.press("End");
        await tab.locator("#checks .holds").first().waitFor(WAIT);
        if (!HARMLESS.has(name)) await tab.locator("#claims .broken").first().waitFor(WAIT);
        await tab.locator("#beats button").last().click();
        assert.match(tab.url(), new RegExp(`#story/${place + 1}/${beats.length}\\?off=${i + 1}$`));
        await isSound(tab);
        await tab.getByRole("button", { name: "As it is", exact: true }).click();
        const [[step]] = english[id].beats;
        await tab.getByRole("button", { name: step, exact: true }).waitFor(WAIT);
        await until(tab, () => document.querySelectorAll("#claims .broken").length === 0);
      }),
    );
  }
}

test("a link leads to a beat", { skip }, () =>
  visit("#story/9/3", {}, async (tab) => {
    await tab.locator("#beats li:nth-child(3).now").waitFor(WAIT);
    await tab.locator("#beats button").nth(4).click();
    assert.match(tab.url(), /#story\/9\/5$/);
    await tab.goto("about:blank");
    await tab.goto(new URL("#story/9/5", page).href);
    await tab.locator("#beats li:nth-child(5).now").waitFor(WAIT);
  }),
);

test("the states open to a member are lit", { skip }, () =>
  visit("#story/3/3", {}, async (tab) => {
    await tab.locator("#chapter-extra .states").waitFor(WAIT);
    const { first } = await tab.evaluate(() => ({
      first: document.querySelector(".node.roleC").dataset.name,
    }));
    await tab.keyboard.press(first.slice(1));
    await until(tab, () => document.querySelectorAll(".way.open").length === 2);
    await tab.locator("#chapter-extra", { hasText: "pre-candidate → candidate" }).waitFor(WAIT);
    await tab.keyboard.press("End");
    await until(tab, () => document.querySelectorAll(".way.open").length === 1);
    await isSound(tab);
  }),
);

test("the timers are set, and give another run", { skip }, () =>
  visit("#story/4/3", {}, async (tab) => {
    const election = tab.locator("#chapter-extra [name=election]");
    await election.waitFor(WAIT);
    await election.fill("300");
    await tab.locator("#chapter-extra", { hasText: "300 to 600 ms" }).waitFor(WAIT);
    await tab.locator("#chapter-extra [name=heartbeat]").fill("100");
    await tab.locator("#chapter-extra", { hasText: "every 100 ms" }).waitFor(WAIT);
    await tab.locator("#chapter-extra [name=heartbeat]").blur();
    await tab.keyboard.press("End");
    await tab.locator("#checks .holds").first().waitFor(WAIT);
    await isSound(tab);
    await tab.getByRole("button", { name: "Back to the run of chapter 4" }).click();
    await tab.locator("#chapter-extra", { hasText: "150 to 300 ms" }).waitFor(WAIT);
  }),
);

test("elections are counted over seeds, and one of them is shown", { skip }, () =>
  visit("#story/7", {}, async (tab) => {
    await tab.locator("#chapter-extra [name=timer]").waitFor(WAIT);
    await tab.locator("#chapter-extra [name=timer]").fill("40");
    await tab.locator("#chapter-extra [name=spread]").fill("20");
    await tab.getByRole("button", { name: "Run 100 seeds" }).click();
    await tab
      .locator("#chapter-extra [role=status]", { hasText: "of 100 runs" })
      .waitFor({ timeout: 120_000 });
    assert.match(await tab.locator("#chapter-extra [role=status]").textContent(), /^In [1-9]/);
    await isSound(tab);
    await tab.locator("#chapter-extra [data-seed]").first().focus();
    await tab.keyboard.press("Enter");
    await tab.locator("#share-text", { hasText: /^four:40:10:20 · seed \d+/ }).waitFor(WAIT);
  }),
);

test("questions jump with hints, and walk without", { skip }, () =>
  visit("#story/10/6", {}, async (tab) => {
    const trips = tab.locator("#chapter-extra .trip");
    await trips.first().waitFor(WAIT);
    assert.ok((await trips.count()) <= 3);
    await tab.getByRole("button", { name: "Without the hint" }).click();
    await tab.locator("#rule [data-off='1'][aria-pressed=true]").waitFor(WAIT);
    await tab.locator("#beats button").nth(5).click();
    await until(tab, () => document.querySelectorAll("#chapter-extra .trip").length > 7);
  }),
);

test("a member is told to hold in memory what its disk does not yet", { skip }, () =>
  visit("#story/12/2", {}, async (tab) => {
    await tab.locator("#chapter-extra h2", { hasText: "What n3 holds" }).waitFor(WAIT);
    await tab.keyboard.press("1");
    await tab.locator("#chapter-extra h2", { hasText: "What n1 holds" }).waitFor(WAIT);
    await tab.getByRole("button", { name: "Cut its power" }).click();
    await tab.locator(".node.roleX[data-name=n1]").waitFor(WAIT);
  }),
);

test("by which list each member counts is told, also when the leader dies midway", { skip }, () =>
  visit("#story/14/4", {}, async (tab) => {
    const lists = tab.locator("#chapter-extra .lists");
    await lists.filter({ hasText: "and n1 n2 n3 n4" }).waitFor(WAIT);
    const before = await lists.textContent();
    await tab.getByRole("button", { name: "… and the leader dies midway" }).click();
    // The other run is there.
    await until(tab, (text) => document.querySelector(".lists")?.textContent !== text, before);
    await tab.keyboard.press("End");
    await lists.filter({ hasText: "n1 n2 n3 n4 n5" }).waitFor(WAIT);
    assert.equal(await tab.locator("#claims .broken").count(), 0);
    await isSound(tab);
  }),
);

test("a slow clock makes a lease tell the past", { skip }, () =>
  visit("#story/15", {}, async (tab) => {
    const slow = tab.locator("#chapter-extra [name=slow]");
    await slow.waitFor(WAIT);
    await slow.fill("900");
    await tab.locator("#chapter-extra", { hasText: "It answered 5, after 8" }).waitFor(WAIT);
    await slow.blur();
    await tab.keyboard.press("End");
    await tab.locator("#claims .broken", { hasText: "No read tells of the past" }).waitFor(WAIT);
    await slow.fill("50");
    await tab.locator("#chapter-extra", { hasText: "It did not answer" }).waitFor(WAIT);
    await isSound(tab);
  }),
);

test("a chapter plays by itself to its answer, and waits there", { skip }, () =>
  visit("#story/1", {}, async (tab) => {
    await tab.locator("#beats li").nth(CHAPTERS[0].reveals).and(tab.locator(".now")).waitFor({
      timeout: 40_000,
    });
    await tab.getByRole("button", { name: "Play", exact: true }).waitFor(WAIT);
  }),
);

test("whoever acts gets a run of their own, and comes back to the chapter's", { skip }, () =>
  visit("#story/6?t=450000", {}, async (tab) => {
    const old = tab.locator(".node.roleL");
    await old.waitFor(WAIT);
    const name = await old.getAttribute("data-name");
    const other = ["n1", "n2"].find((one) => one !== name);
    await tab.locator(`.node[data-name=${other}]`).click();
    await tab.getByRole("button", { name: `Stop ${other}`, exact: true }).click();
    await tab.locator(`.node.roleX[data-name=${other}]`).waitFor(WAIT);
    await tab.getByRole("button", { name: "Back to the run of chapter 6" }).click();
    await tab.locator(`.node.roleF[data-name=${other}]`).waitFor(WAIT);
  }),
);

test("the story is told in Chinese too", { skip }, () =>
  visit("#story/9", { locale: "zh-CN" }, async (tab) => {
    await tab.getByRole("heading", { level: 1, name: chinese.partition.title }).waitFor(WAIT);
    assert.equal(await tab.evaluate(() => document.documentElement.lang), "zh-Hans");
    await isSound(tab);
    await tab.locator("#language").click();
    await tab.getByRole("heading", { level: 1, name: english.partition.title }).waitFor(WAIT);
    await tab.keyboard.press("l");
    await tab.getByRole("heading", { level: 1, name: chinese.partition.title }).waitFor(WAIT);
  }),
);

for (const [what, options] of Object.entries(LOOKS)) {
  test(`a chapter is sound: ${what}`, { skip }, () =>
    visit("#story/9?t=725000", options, async (tab) => {
      await tab
        .locator(".node.roleL")
        .nth(1)
        .waitFor({ ...WAIT, state: "attached" });
      await isSound(tab);
    }),
  );
}

test("with reduced motion a chapter waits for the reader, and nothing travels", { skip }, () =>
  visit("#story/9", { reducedMotion: "reduce" }, async (tab) => {
    await tab.getByRole("button", { name: "Play", exact: true }).waitFor(WAIT);
    await tab.locator("#beats button").nth(2).click();
    await until(tab, () => document.querySelectorAll("#stage .arrow").length > 0);
  }),
);

test("a chapter is painted within a second", { skip }, () =>
  visit("#story/9", {}, async (tab) => {
    await tab.locator(".node").first().waitFor(WAIT);
    const paint = await tab.evaluate(
      () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
    );
    // A timing decides nothing on a busy machine: it is said, and only absurd ones fail.
    console.log(`first contentful paint after ${Math.round(paint)} ms`);
    assert.ok(paint < 10_000);
  }),
);

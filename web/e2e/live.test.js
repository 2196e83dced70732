// Drives the page of a running `quorate demo` in a real browser.
//
//   QUORATE_PAGE=http://127.0.0.1:7070/ node --test live.test.js
//
// Without QUORATE_PAGE, or without the browser, the tests are skipped. The cluster must have three
// members or more, all of them running; it is left so.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { isSound, LOOKS, page, skip, violations, visit as open, WAIT } from "./browser.js";

/** A test that failed half way must not make the next ones fail: all members run again. */
afterEach(async () => {
  if (skip) return;
  const { members } = await (await fetch(new URL("api/members", page))).json();
  for (const { name, state } of members) {
    const act = { stopped: "start", paused: "resume" }[state];
    if (act) await fetch(new URL(`api/members/${name}/${act}`, page), { method: "POST" });
  }
});

/** Opens the live view, and waits for a leader. */
function visit(options, run) {
  return open("#live", options, async (tab) => {
    await tab.locator(".node.roleL").first().waitFor(WAIT);
    await run(tab);
  });
}

/** The leader of the newest term, as the stage shows it. */
const leader = (tab) =>
  tab.evaluate(() => {
    const all = [...document.querySelectorAll(".node.roleL")].map((node) => ({
      name: node.getAttribute("data-name"),
      term: Number(node.querySelector(".term").textContent.slice(1)),
    }));
    return all.sort((a, b) => b.term - a.term)[0] ?? { name: null, term: 0 };
  });

const healthy = (tab) => tab.locator("#verdict.ok").waitFor(WAIT);
const button = (tab, act, name) => tab.getByRole("button", { name: `${act} ${name}`, exact: true });

async function write(tab, key, value) {
  await tab.getByLabel("Key", { exact: true }).fill(key);
  await tab.getByLabel("Value", { exact: true }).fill(value);
  await tab.getByRole("button", { name: "Write", exact: true }).click();
  await tab.locator("#write-result", { hasText: `${key} = ${value}: revision` }).waitFor(WAIT);
}

/** Waits until every member that runs shows this value in its centre. */
const shown = (tab, value) =>
  tab.waitForFunction(
    (wanted) => {
      const alive = [...document.querySelectorAll(".node:not(.roleX)")];
      return (
        alive.length > 1 &&
        alive.every((node) => node.querySelector(".value").textContent === wanted)
      );
    },
    value,
    WAIT,
  );

/** Waits for a leader of a term greater than this one. */
async function newLeader(tab, term) {
  await tab.waitForFunction(
    (old) =>
      [...document.querySelectorAll(".node.roleL .term")].some(
        (text) => Number(text.textContent.slice(1)) > old,
      ),
    term,
    WAIT,
  );
  return leader(tab);
}

test("a value written with the form is seen in all members", { skip }, () =>
  visit({}, async (tab) => {
    const value = String(Date.now() % 1000);
    await write(tab, "e2e", value);
    await shown(tab, value);
    await tab.waitForFunction(
      (wanted) => {
        const rows = [...document.querySelectorAll("#values tbody tr")];
        const key = document.querySelector("#values thead th")?.textContent;
        return (
          key === "e2e" &&
          rows.length >= 3 &&
          rows.every((row) => row.querySelector("td").textContent === wanted)
        );
      },
      value,
      WAIT,
    );
  }),
);

test("the leader is stopped, another one is elected, and the election is replayed", { skip }, () =>
  visit({}, async (tab) => {
    await healthy(tab);
    const old = await leader(tab);
    await button(tab, "Stop", old.name).click();
    await tab.locator(`.node.roleX[data-name="${old.name}"]`).waitFor(WAIT);
    const next = await newLeader(tab, old.term);
    assert.notEqual(next.name, old.name);
    await write(tab, "e2e", "after");
    await shown(tab, "after");

    await tab.getByRole("button", { name: "Replay the election" }).first().click();
    await tab
      .getByRole("heading", { name: `Replay: the election of term ${next.term}` })
      .waitFor(WAIT);
    await replayIsTrue(tab, old, next);
    await tab.getByRole("button", { name: "Back to live" }).click();

    await button(tab, "Start", old.name).click();
    await healthy(tab);
    await shown(tab, "after");
  }),
);

/** Steps through a replay: the old leader first, the new one last, a candidate in between. */
async function replayIsTrue(tab, old, next) {
  await tab.getByRole("button", { name: "From the beginning" }).click();
  const pause = tab.getByRole("button", { name: "Pause the replay" });
  if ((await pause.count()) > 0) await pause.click();
  await tab.keyboard.press("Home");
  await tab.locator(`.node.roleL[data-name="${old.name}"]`).waitFor(WAIT);
  const roles = new Set();
  let votes = 0;
  for (let i = 0; i < 400; i += 1) {
    await tab.keyboard.press("ArrowRight");
    const seen = await tab.evaluate(
      (name) =>
        new Promise((done) => {
          requestAnimationFrame(() =>
            requestAnimationFrame(() =>
              done({
                role: document
                  .querySelector(`.node[data-name="${name}"]`)
                  .getAttribute("class")
                  .match(/role(\w)/)[1],
                votes: document.querySelectorAll("#stage .glyph").length,
                end: document.getElementById("tape").getAttribute("aria-valuenow") === "100",
              }),
            ),
          );
        }),
      next.name,
    );
    roles.add(seen.role);
    votes = Math.max(votes, seen.votes);
    if (seen.end) break;
  }
  assert.deepEqual(
    [...roles].filter((role) => "CL".includes(role)),
    ["C", "L"],
  );
  assert.ok(votes > 0, "messages are seen while stepping");
  await tab.keyboard.press("Shift+ArrowLeft");
  await tab.keyboard.press("End");
  assert.deepEqual(await leader(tab), next);
}

test("with the keyboard alone: stop a follower, start it, look back, return", { skip }, () =>
  visit({}, async (tab) => {
    await healthy(tab);
    const { name } = await leader(tab);
    const names = await tab
      .locator(".node")
      .evaluateAll((nodes) => nodes.map((node) => node.getAttribute("data-name")));
    const place = names.findIndex((one) => one !== name);
    await tab.keyboard.press(String(place + 1));
    await tab.locator(`.node.chosen[data-name="${names[place]}"]`).waitFor(WAIT);
    await tab.keyboard.press("s");
    await tab.locator(`.node.roleX[data-name="${names[place]}"]`).waitFor(WAIT);
    await button(tab, "Start", names[place]).waitFor(WAIT);
    await tab.keyboard.press("s");
    await healthy(tab);

    await tab.locator("#stage").evaluate(() => document.activeElement.blur());
    await tab.keyboard.press("Space");
    await tab.getByRole("heading", { name: "Replay: two seconds" }).waitFor(WAIT);
    const time = () => tab.locator("#clock").textContent();
    const end = await time();
    await tab.keyboard.press("ArrowLeft");
    await tab.waitForFunction(
      (was) => document.getElementById("clock").textContent !== was,
      end,
      WAIT,
    );
    await tab.keyboard.press("Escape");
    await healthy(tab);
    await tab.keyboard.press("?");
    await tab.getByRole("dialog").waitFor(WAIT);
    await tab.keyboard.press("Escape");

    await tab.keyboard.press("w");
    await tab.keyboard.press("Control+a");
    await tab.keyboard.type("keys");
    await tab.keyboard.press("Tab");
    await tab.keyboard.type("7");
    await tab.keyboard.press("Enter");
    await tab.locator("#write-result", { hasText: "keys" }).waitFor(WAIT);
  }),
);

test("a paused leader is replaced and follows after it was resumed", { skip }, () =>
  visit({}, async (tab) => {
    await healthy(tab);
    const old = await leader(tab);
    await button(tab, "Pause", old.name).click();
    await tab.locator(`.node.paused[data-name="${old.name}"]`).waitFor(WAIT);
    await newLeader(tab, old.term);
    await button(tab, "Resume", old.name).click();
    await tab.locator(`.node.roleF[data-name="${old.name}"]`).waitFor(WAIT);
    await healthy(tab);
  }),
);

for (const [what, options] of Object.entries(LOOKS)) {
  test(`no accessibility violation and no horizontal overflow: ${what}`, { skip }, () =>
    visit(options, async (tab) => {
      await healthy(tab);
      await write(tab, "e2e", "look");
      await isSound(tab);
      const theme = await tab.evaluate(() => document.documentElement.dataset.theme);
      assert.equal(theme, options.colorScheme);
      await tab.keyboard.press("Escape");
      await tab.locator("#theme").click();
      assert.notEqual(await tab.evaluate(() => document.documentElement.dataset.theme), theme);
      await tab.getByRole("button", { name: "Stop the picture" }).click();
      await tab.getByRole("button", { name: "Back to live" }).waitFor(WAIT);
      assert.deepEqual(await violations(tab), []);
    }),
  );
}

test("with reduced motion nothing travels", { skip }, () =>
  visit({ reducedMotion: "reduce" }, async (tab) => {
    await healthy(tab);
    await tab
      .locator("#stage .arrow")
      .first()
      .waitFor({ ...WAIT, state: "attached" });
    const moved = await tab.evaluate(async () => {
      const places = new Map();
      let moves = 0;
      for (let i = 0; i < 60; i += 1) {
        await new Promise(requestAnimationFrame);
        for (const arrow of document.querySelectorAll("#stage .arrow")) {
          const group = arrow.parentElement;
          const place = group.lastElementChild.getAttribute("transform");
          if (places.has(group) && places.get(group) !== place) moves += 1;
          places.set(group, place);
        }
      }
      return moves;
    });
    assert.equal(moved, 0);
  }),
);

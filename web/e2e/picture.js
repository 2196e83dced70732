// Takes the README's pictures of a running `quorate demo` of three members: a chapter of the
// story, what happens without a rule, the playground, and the live view after its leader was
// stopped.
//
//   QUORATE_PAGE=http://127.0.0.1:7070/ node picture.js ../../docs/images

import { chromium } from "playwright-core";

const page = process.env.QUORATE_PAGE ?? "http://127.0.0.1:7070/";
const folder = process.argv[2] ?? ".";
const executablePath = process.env.QUORATE_BROWSER ?? "/usr/bin/chromium";
const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];
const DESKTOP = { viewport: { width: 1440, height: 900 }, colorScheme: "light" };
const PHONE = { viewport: { width: 390, height: 844 }, colorScheme: "light" };

const browser = await chromium.launch({ executablePath, args });
const chapter = "#story/9?t=786000";
await take("story", chapter, DESKTOP, answer);
await take("story-dark", chapter, { ...DESKTOP, colorScheme: "dark" }, answer);
await take("story-zh", chapter, { ...DESKTOP, locale: "zh-CN" }, answer);
await take("story-phone", chapter, PHONE);
await take("play", "#play?s=five&seed=5&until=2000&t=600000", DESKTOP, stopTheLeader);
await take("harm", "#story/11/5?off=2", DESKTOP);
await take("page", "#live", DESKTOP, loseTheLeader);
await browser.close();
await revive();

/**
 * @param {string} name
 * @param {string} place
 * @param {import("playwright-core").BrowserContextOptions} options
 * @param {(tab: import("playwright-core").Page) => Promise<void>} [prepare]
 */
async function take(name, place, options, prepare = async () => {}) {
  const tab = await browser.newPage({ reducedMotion: "no-preference", ...options });
  await tab.goto(new URL(place, page).href);
  await tab.locator(".node").first().waitFor({ state: "attached" });
  await tab.waitForTimeout(600);
  await prepare(tab);
  await tab.waitForTimeout(500);
  await tab.screenshot({ path: `${folder}/${name}.png` });
  await tab.close();
}

/** The reader has made a guess, and looks at an entry on its way. */
async function answer(tab) {
  await tab.locator("#ask button").nth(1).click();
  await tab.keyboard.press("m");
}

/** Another run: the leader is stopped, and the others elect one of them. */
async function stopTheLeader(tab) {
  await tab.keyboard.press("s");
  await tab.locator("#branches li").nth(1).waitFor();
  await tab.keyboard.press("Space");
  for (let i = 0; i < 60 && (await tab.locator(".node.roleL").count()) === 0; i += 1)
    await tab.keyboard.press("Shift+ArrowRight");
  await tab.waitForTimeout(100);
}

/** The live cluster: values were written, and the leader is gone. */
async function loseTheLeader(tab) {
  await tab
    .getByText(/leads term/)
    .first()
    .waitFor();
  for (const [key, value] of [
    ["x", "5"],
    ["color", "blue"],
    ["x", "8"],
  ]) {
    await send("api/put", { key, value });
    await tab.waitForTimeout(700);
  }
  const [, leader] = /(\w+) leads term/.exec(await tab.locator("body").innerText()) ?? [];
  await send(`api/members/${leader}/stop`);
  await tab
    .getByRole("button", { name: /replay/i })
    .first()
    .waitFor();
  await tab.waitForTimeout(900);
}

/** All members run again. */
async function revive() {
  const { members } = await (await fetch(new URL("api/members", page))).json();
  for (const { name, state } of members)
    if (state === "stopped") await send(`api/members/${name}/start`);
}

/** @param {string} path @param {unknown} [body] */
async function send(path, body) {
  const headers = { "content-type": "application/json" };
  await fetch(new URL(path, page), { method: "POST", headers, body: JSON.stringify(body) });
}

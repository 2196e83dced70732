// Takes the README's picture of a running `quorate demo`: stops the leader, and shows the next one.
//
//   QUORATE_PAGE=http://127.0.0.1:7070/ node picture.js ../../docs/images/page.png

import { chromium } from "playwright-core";

const page = process.env.QUORATE_PAGE ?? "http://127.0.0.1:7070/";
const executablePath = process.env.QUORATE_BROWSER ?? "/usr/bin/chromium";
const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];
const browser = await chromium.launch({ executablePath, args });
const tab = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: "light" });
await tab.goto(page);
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
await tab.screenshot({ path: process.argv[2] ?? "page.png" });
await send(`api/members/${leader}/start`);
await browser.close();

/** @param {string} path @param {unknown} [body] */
async function send(path, body) {
  const headers = { "content-type": "application/json" };
  await fetch(new URL(path, page), { method: "POST", headers, body: JSON.stringify(body) });
}

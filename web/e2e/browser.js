// What the browser tests share: one browser, and a visit that holds the page to its promises.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after } from "node:test";
import { chromium } from "playwright-core";

export const page = process.env.QUORATE_PAGE;
export const WAIT = { timeout: 15_000 };
const browserPath = process.env.QUORATE_BROWSER ?? "/usr/bin/chromium";
export const noBrowser = !existsSync(browserPath) && `there is no ${browserPath}`;
export const skip = page ? noBrowser : "QUORATE_PAGE is not set";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The sizes and colours in which the page has to be right. */
export const LOOKS = {
  "light, 1440 px": { colorScheme: "light" },
  "dark, 1440 px": { colorScheme: "dark" },
  "light, 390 px": { colorScheme: "light", viewport: { width: 390, height: 844 } },
  "dark, 390 px": { colorScheme: "dark", viewport: { width: 390, height: 844 } },
  "light, 900 px": { colorScheme: "light", viewport: { width: 900, height: 700 } },
};

/** Started with the first visit. @type {import("playwright-core").Browser | undefined} */
let browser;
after(() => browser?.close());

/**
 * Opens the page at a place, runs a test, and then holds the page to its promises: no error, no
 * word on the console but those of `says` (a list, or what each of them matches), no request to
 * another origin.
 */
export async function visit(place, { says = [], ...options }, run) {
  const home = new URL(place, page);
  // An empty page has no origin of its own.
  const own = new URL(home.protocol === "about:" ? page : home).origin;
  browser ??= await chromium.launch({ executablePath: browserPath, args: ARGS });
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    ...options,
    bypassCSP: false,
  });
  const tab = await context.newPage();
  const complaints = [];
  tab.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  tab.on(
    "console",
    (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()),
  );
  tab.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    const isOwn = ["data:", "blob:"].includes(protocol) || origin === own;
    if (!isOwn) complaints.push(`asked ${request.url()}`);
  });
  try {
    await tab.goto(home.href);
    await run(tab);
    if (says instanceof RegExp) for (const complaint of complaints) assert.match(complaint, says);
    else assert.deepEqual(complaints, says);
  } finally {
    await context.close();
  }
}

/** What axe finds wrong. */
export async function violations(tab) {
  await tab.evaluate(axe);
  const found = await tab.evaluate(() => window.axe.run());
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 90)).join(" | ")}`,
  );
}

/** No accessibility violation, and nothing wider than the window. */
export async function isSound(tab) {
  assert.deepEqual(await violations(tab), []);
  const [wide, room] = await tab.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= room, `${wide} > ${room}`);
}

/** Waits until what the page says satisfies a claim, which gets one more argument. */
export function until(tab, claim, argument) {
  return tab.waitForFunction(claim, argument, WAIT);
}

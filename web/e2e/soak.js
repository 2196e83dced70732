// Looks at the live view for some minutes while values are written as fast as they are answered,
// and prints how large the page's heap is, and how long a frame takes.
//
//   QUORATE_PAGE=http://127.0.0.1:7070/ node soak.js 10

import { chromium } from "playwright-core";

const page = process.env.QUORATE_PAGE ?? "http://127.0.0.1:7070/";
const minutes = Number(process.argv[2] ?? 10);
const executablePath = process.env.QUORATE_BROWSER ?? "/usr/bin/chromium";
const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];
const WRITERS = 8;
const EVERY_MS = 30_000;

const browser = await chromium.launch({ executablePath, args });
const tab = await browser.newPage({ viewport: { width: 1440, height: 900 } });
const tools = await tab.context().newCDPSession(tab);
await tab.addInitScript(() => {
  window.spent = [];
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (call) =>
    ask((at) => {
      const begin = performance.now();
      call(at);
      window.spent.push(performance.now() - begin);
    });
});
await tab.goto(new URL("#live", page).href);
await tab.locator(".node.roleL").first().waitFor();

const end = Date.now() + minutes * 60_000;
let written = 0;
const writers = Array.from({ length: WRITERS }, (_, i) => write(i));
for (let at = 0; Date.now() < end; at += EVERY_MS) {
  await new Promise((done) => setTimeout(done, EVERY_MS));
  await tools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await tools.send("Runtime.getHeapUsage");
  const spent = await tab.evaluate(() => window.spent.splice(0).sort((a, b) => a - b));
  const median = spent[spent.length >> 1] ?? NaN;
  const heap = (usedSize / 1e6).toFixed(1);
  const frames = `${spent.length} frames, script ${median.toFixed(1)} ms`;
  console.log(`${(at + EVERY_MS) / 1000} s: heap ${heap} MB, ${written} writes, ${frames}`);
}
await Promise.all(writers);
await browser.close();

/** One client, which waits for each answer. @param {number} name */
async function write(name) {
  const headers = { "content-type": "application/json" };
  while (Date.now() < end) {
    const body = JSON.stringify({ key: `k${name}`, value: String(written) });
    const answer = await fetch(new URL("api/put", page), { method: "POST", headers, body });
    await answer.text();
    written += 1;
  }
}

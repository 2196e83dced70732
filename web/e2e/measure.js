// Measures what the page's budgets are about, and prints it: what a browser fetches for each face,
// when the first picture is there, and how long a frame takes while a reader scrubs through a trace
// of ten thousand records. Timings depend on the machine and on what else it does.
//
//   QUORATE_PAGE=http://127.0.0.1:7070/ node measure.js

import { chromium } from "playwright-core";
import { longTrace, weigh } from "./budget.js";

const page = process.env.QUORATE_PAGE ?? "http://127.0.0.1:7070/";
const executablePath = process.env.QUORATE_BROWSER ?? "/usr/bin/chromium";
const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];
const FRAMES = 240;

const browser = await chromium.launch({ executablePath, args });
for (const place of ["#story/1", "#story/9", "#play", "#live", "#open"]) {
  const tab = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const { bytes, files } = await weigh(tab, new URL(place, page).href);
  const paint = await tab.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
  );
  console.log(`${place}: ${bytes} bytes in ${files} files, first paint ${Math.round(paint)} ms`);
  await tab.close();
}
await scrub();
await browser.close();

/** Drags the tape's knob from end to end and back, a step in each frame. */
async function scrub() {
  const own = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await own.addInitScript(() => {
    const spent = [];
    window.spent = spent;
    const ask = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (call) =>
      ask((at) => {
        const begin = performance.now();
        call(at);
        spent.push(performance.now() - begin);
      });
  });
  await own.goto(new URL("#open", page).href);
  const trace = await longTrace(page);
  await own.setInputFiles("#open-file", {
    name: "long.ndjson",
    mimeType: "application/x-ndjson",
    buffer: Buffer.from(trace),
  });
  await own.locator(".node").first().waitFor();
  await own.keyboard.press("Space");
  const { left, width, top, height } = await own
    .locator("#tape")
    .evaluate((tape) => tape.getBoundingClientRect().toJSON());
  await own.mouse.move(left + 12, top + height / 2);
  await own.mouse.down();
  const seen = await own.evaluate(
    async ({ frames, from, to }) => {
      const tape = document.getElementById("tape");
      const move = (x) =>
        tape.dispatchEvent(new PointerEvent("pointermove", { pointerId: 1, clientX: x }));
      const times = [];
      window.spent.length = 0;
      for (let i = 0; i < frames; i += 1) {
        const part = 1 - Math.abs(1 - (2 * i) / frames);
        move(from + (to - from) * part);
        times.push(await new Promise((done) => requestAnimationFrame(done)));
      }
      return { apart: times.slice(1).map((t, i) => t - times[i]), spent: window.spent };
    },
    { frames: FRAMES, from: left + 12, to: left + width - 12 },
  );
  await own.mouse.up();
  const records = trace.trim().split("\n").length;
  console.log(`scrubbing through ${records} records, ${FRAMES} frames:`);
  console.log(`  script in a frame: ${told(seen.spent.filter((ms) => ms > 0.2))}`);
  console.log(`  between frames:    ${told(seen.apart)}`);
}

/** @param {number[]} all in milliseconds */
function told(all) {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.floor(part * (sorted.length - 1))].toFixed(1);
  return `median ${at(0.5)} ms, 95 % below ${at(0.95)} ms, longest ${at(1)} ms`;
}

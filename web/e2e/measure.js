// Measures what the page's budgets are about, and prints each figure beside its budget: what a
// browser fetches for a place, when the first picture is there, and how long a frame takes while a
// reader scrubs through a trace of ten thousand records. It fails if a budget is not kept. Timings
// depend on the machine and on what else it does: measure a release build on a quiet one.
//
//   QUORATE_PAGE=http://127.0.0.1:7070/ node measure.js

import { chromium } from "playwright-core";
import { longTrace, STORY, weigh } from "./budget.js";

const page = process.env.QUORATE_PAGE ?? "http://127.0.0.1:7070/";
const executablePath = process.env.QUORATE_BROWSER ?? "/usr/bin/chromium";
const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];
const FRAMES = 240;
const BYTES = 250_000;
const PAINT_MS = 1_000;
/** Sixty frames a second, and what a clock of frames may be off. */
const FRAME_MS = 1000 / 60 + 1;

const browser = await chromium.launch({ executablePath, args });
for (const place of [...STORY, "#play", "#live", "#open"]) {
  const tab = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const { bytes, files } = await weigh(tab, new URL(place, page).href);
  const paint = await tab.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
  );
  judge(`${place}, ${files} files`, bytes, BYTES, "bytes");
  judge(`${place}, first paint`, paint, PAINT_MS, "ms");
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
  const what = `scrubbing through ${records} records`;
  judge(`${what}, script in 95 of 100 frames`, below(seen.spent, 0.95), FRAME_MS, "ms");
  judge(`${what}, between half of the frames`, below(seen.apart, 0.5), FRAME_MS, "ms");
  judge(`${what}, between 95 of 100 frames`, below(seen.apart, 0.95), 2 * FRAME_MS, "ms");
}

/** Below what such a part of all are. */
function below(/** @type {number[]} */ all, /** @type {number} */ part) {
  return all.toSorted((a, b) => a - b)[Math.floor(part * (all.length - 1))];
}

/**
 * @param {string} what
 * @param {number} figure
 * @param {number} budget
 * @param {string} unit
 */
function judge(what, figure, budget, unit) {
  const kept = figure <= budget;
  if (!kept) process.exitCode = 1;
  const digits = figure < 100 ? 1 : 0;
  const said = `${figure.toFixed(digits)} of ${budget.toFixed(digits)} ${unit}`;
  console.log(`${kept ? "kept  " : "BROKEN"} ${what}: ${said}`);
}

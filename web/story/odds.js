// @ts-check
// Chapter 7: how long it takes to elect the first leader, over many seeds. Each bar holds runs of
// the engine that the reader asked for; a press on it shows one of them.

import { patch, round, shape } from "../scene/tree.js";
import { language } from "../text.js";
import { axis, filled, slider, valueOf, WIDTH } from "./scale.js";

/** @import { Runner } from "../run/runner.js" */
/** @import { ExtraPage } from "./types.js" */
/**
 * What came of a seed.
 * @typedef {object} Chance
 * @property {number} seed
 * @property {number} ms until the first leader; past the end if there was none
 * @property {number} lost how many terms had candidates and no leader
 */

const WORDS = {
  en: {
    title: "Chance, counted",
    timer: "Election timer: {a} to {b} ms",
    spread: "Of which chance: {a} ms",
    more: "Run 100 seeds",
    running: "{a} of {b} …",
    counted: "In {a} of {b} runs a term was lost (dark). Half led within {c} ms.",
    none: "Let the engine run, and see how often votes are split when chance has less room.",
    bar: "{a} runs led after {b} to {c} ms; show one",
  },
  zh: {
    title: "数一数机会",
    timer: "选举计时器：{a} 到 {b} ms",
    spread: "其中随机的部分：{a} ms",
    more: "运行 100 个种子",
    running: "{b} 个中的第 {a} 个……",
    counted: "{b} 次运行里有 {a} 次白费了一个任期（深色）。一半在 {c} ms 内选出领导者。",
    none: "让引擎跑起来，看看随机的余地变小之后，选票瓜分有多常见。",
    bar: "{a} 次运行在 {b} 到 {c} ms 之间选出领导者；看其中一次",
  },
};
const BATCH = 100;
const BINS = 20;
const HEIGHT = 78;
const TIMER = { min: 40, max: 300 };
const SPREAD = { min: 0, max: 300 };

/** @typedef {{timer: number, spread: number}} Timers the shortest, and what chance may add */
/** @type {Timers} */
let chosen = { timer: 150, spread: 150 };
/** What was counted, by scenario. @type {Map<string, Chance[]>} */
const counted = new Map();
/** How far the seeds have come that run now; null if none do. @type {number | null} */
let running = null;

/** @returns {boolean} */
export function draw(/** @type {HTMLElement} */ card, /** @type {ExtraPage} */ { run }) {
  const words = WORDS[language()];
  const all = counted.get(spec(chosen).scenario) ?? [];
  const { timer, spread } = chosen;
  const sorted = all.toSorted((a, b) => a.ms - b.ms);
  const lost = all.filter(({ lost }) => lost > 0).length;
  const half = Math.round(sorted[sorted.length >> 1]?.ms ?? 0);
  patch(card, [
    shape("h2", {}, words.title),
    histogram(all),
    slider("timer", filled(words.timer, timer, timer + spread), timer, TIMER),
    slider("spread", filled(words.spread, spread), spread, SPREAD),
    shape("div", { key: "run", class: "offers" }, [
      shape(
        "button",
        { type: "button", "data-more": "", disabled: running === null ? undefined : "" },
        running === null ? words.more : filled(words.running, running % BATCH, BATCH),
      ),
    ]),
    shape(
      "p",
      { key: "told", class: "quiet", role: "status" },
      all.length === 0 ? words.none : filled(words.counted, lost, all.length, half),
    ),
  ]);
  card.oninput = () => {
    chosen = { timer: valueOf(card, "timer"), spread: valueOf(card, "spread") };
  };
  card.onkeydown = (event) => {
    const bar = /** @type {Element} */ (event.target).closest("[data-seed]");
    if (bar && (event.key === "Enter" || event.key === " ")) press(bar, run);
  };
  card.onclick = (event) => press(/** @type {Element} */ (event.target), run);
  return true;
}

function press(/** @type {Element} */ target, /** @type {Runner} */ run) {
  if (target.closest("[data-more]")) runSeeds();
  const seed = target.closest("[data-seed]")?.getAttribute("data-seed");
  if (seed) run.another({ ...spec(chosen), seed: Number(seed) });
}

/** How a run is asked for. A heartbeat is a third of the time-out, as usual. */
function spec(/** @type {Timers} */ { timer, spread }) {
  const heartbeat = Math.max(10, Math.floor(timer / 30) * 10);
  const scenario = `four:${timer}:${heartbeat}:${spread}`;
  return { scenario, actions: "", until: 400 + 2 * timer + 2 * spread };
}

/** One after the other, so that others have their turn. */
async function runSeeds() {
  if (running !== null) return;
  const timers = chosen;
  const { scenario } = spec(timers);
  const all = counted.get(scenario) ?? [];
  counted.set(scenario, all);
  const first = all.length;
  for (running = first; running < first + BATCH; running += 1) {
    const chance = await ask(timers, running + 1).catch(() => null);
    if (chance === null) break;
    all.push(chance);
  }
  running = null;
}

/** @returns {Promise<Chance | null>} */
async function ask(/** @type {Timers} */ timers, /** @type {number} */ seed) {
  const { scenario, until } = spec(timers);
  const words = new URLSearchParams({ s: scenario, seed: String(seed), until: String(until) });
  const response = await fetch(`api/sim?${words}`);
  return response.ok ? read(await response.text(), seed, until) : null;
}

/** Only what says who stood and who led is read; @returns {Chance} */
export function read(
  /** @type {string} */ text,
  /** @type {number} */ seed,
  /** @type {number} */ until,
) {
  const stood = new Set();
  for (const line of text.split("\n")) {
    if (!line.includes('"k":"st"')) continue;
    const { t, role, term } = JSON.parse(line);
    if (role === "C") stood.add(term);
    if (role === "L") return { seed, ms: t / 1000, lost: stood.size - 1 };
  }
  return { seed, ms: until, lost: stood.size };
}

/** Bars of how long it took; the dark part lost a term. */
function histogram(/** @type {Chance[]} */ all) {
  const words = WORDS[language()];
  const { until } = spec(chosen);
  const step = until / BINS;
  const bins = Array.from({ length: BINS }, (_, i) =>
    all.filter(({ ms }) => Math.min(BINS - 1, Math.floor(ms / step)) === i),
  );
  const most = Math.max(8, ...bins.map((bin) => bin.length));
  const wide = WIDTH / BINS;
  const high = (/** @type {number} */ count) => round((count / most) * (HEIGHT - 18));
  const base = HEIGHT - 14;
  const bars = bins.flatMap((bin, i) => {
    if (bin.length === 0) return [];
    const dark = bin.filter(({ lost }) => lost > 0);
    const label = filled(words.bar, bin.length, Math.round(i * step), Math.round((i + 1) * step));
    const bar = (/** @type {string} */ look, /** @type {number} */ count) => {
      const [x, y, height] = [round(i * wide + 1), base - high(count), high(count)];
      const size = { x, y, width: round(wide - 2), height, rx: 1.5 };
      return shape("rect", { key: look, class: look, ...size });
    };
    const { seed } = dark[0] ?? bin[0];
    const attrs = { key: i, role: "button", tabindex: 0, "aria-label": label, "data-seed": seed };
    return [shape("g", attrs, [bar("runs", bin.length), bar("runs split", dark.length)])];
  });
  const attrs = { key: "odds", class: "scale", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group" };
  return shape("svg", attrs, [...axis(base, until), ...bars]);
}

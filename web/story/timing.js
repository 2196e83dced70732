// @ts-check
// Chapter 4: the two timers, which the reader may set. Each setting is another run of the engine;
// what each member drew in the run that is shown stands on the scale.

import { patch, round, shape } from "../scene/tree.js";
import { termClass } from "../scene/term.js";
import { language } from "../text.js";
import { axis, filled, slider, valueOf, WIDTH } from "./scale.js";

/** @import { Runner } from "../run/runner.js" */
/** @import { Shape } from "../scene/tree.js" */
/** @import { ExtraPage } from "./types.js" */

const WORDS = {
  en: {
    title: "Set the timers",
    election: "Election timer: {a} to {b} ms",
    heartbeat: "Heartbeat: every {a} ms",
    note: "Each mark is what a member has drawn, each dot a heartbeat.",
  },
  zh: {
    title: "调一调计时器",
    election: "选举计时器：{a} 到 {b} ms",
    heartbeat: "心跳：每 {a} ms",
    note: "每道刻线是一个成员抽到的时长，每个点是一次心跳。",
  },
};
const HEIGHT = 40;
/** The end of the scale, and of what can be set, in milliseconds. */
const SCALE = 800;
const ELECTION = { min: 60, max: 400 };
const HEARTBEAT = { min: 10, max: 200 };

/** @returns {boolean} */
export function draw(/** @type {HTMLElement} */ card, /** @type {ExtraPage} */ { run }) {
  const { shown } = run;
  if (!shown) return false;
  const words = WORDS[language()];
  const { election_us: [least, most], heartbeat_us } = shown.trace.hello.timing;
  const [from, to, beat] = [least / 1000, most / 1000, heartbeat_us / 1000];
  patch(card, [
    shape("h2", {}, words.title),
    shape("svg", { key: "scale", class: "scale", viewBox: `0 0 ${WIDTH} ${HEIGHT}` }, [
      ...scale(run, from, to, beat),
    ]),
    slider("election", filled(words.election, from, to), from, ELECTION),
    slider("heartbeat", filled(words.heartbeat, beat), beat, HEARTBEAT),
    shape("p", { key: "note", class: "quiet" }, words.note),
  ]);
  card.onchange = (event) => set(card, run, /** @type {HTMLInputElement} */ (event.target));
  return true;
}

/** Asks for the run with these timers; a heartbeat is at most half as long as the time-out. */
function set(
  /** @type {HTMLElement} */ card,
  /** @type {Runner} */ run,
  /** @type {HTMLInputElement} */ { name },
) {
  const election = valueOf(card, "election");
  const heartbeat = Math.min(valueOf(card, "heartbeat"), Math.floor(election / 20) * 10);
  if (!run.shown || name === "") return;
  const { spec } = run.shown;
  const [scenario] = spec.scenario.split(":");
  const timed = { ...spec, scenario: `${scenario}:${election}:${heartbeat}`, actions: "" };
  run.another({ ...timed, until: Math.max(800, 4 * election) });
}

/** @returns {Shape[]} */
function scale(
  /** @type {Runner} */ run,
  /** @type {number} */ from,
  /** @type {number} */ to,
  /** @type {number} */ beat,
) {
  const x = (/** @type {number} */ ms) => round((ms / SCALE) * WIDTH);
  const beats = Array.from({ length: Math.floor(SCALE / beat) }, (_, i) => (i + 1) * beat);
  const drew = [...run.frame.members.values()].filter(({ timer }) => timer !== null);
  return [
    shape("rect", { class: "range", x: x(from), y: 6, width: x(to - from), height: 20 }),
    ...axis(26, SCALE),
    ...beats
      .filter((ms) => ms < from)
      .map((ms) => shape("circle", { key: `beat${ms}`, class: "beat", cx: x(ms), cy: 26, r: 2.6 })),
    ...drew.map(({ name, term, timer }) =>
      shape("path", {
        key: name,
        class: `drew ${termClass(term)}`,
        d: `M${x((timer?.dur ?? 0) / 1000)} 3V29`,
      }),
    ),
  ];
}

// @ts-check
// Chapter 15: a leader under a lease reads without asking. How slow may its clock be? Each setting
// is another run, in which it is cut off, another one leads, and it is asked.

import { patch, shape } from "../scene/tree.js";
import { language } from "../text.js";
import { isWrite, Reader } from "./reader.js";
import { filled, slider, valueOf } from "./scale.js";

/** @import { Spec } from "../model/link.js" */
/** @import { Trace } from "../model/file.js" */
/** @import { ExtraPage } from "./types.js" */

const WORDS = {
  en: {
    title: "A lease, and a slow clock",
    slow: "The leader's clock is slow by {a} ‰",
    none: "Set the clock: a run with leases begins, in which the leader is cut off and then asked.",
    past: "It answered {a}, after {b} was acknowledged: its lease goes on, by its own clock.",
    silent: "It did not answer: its lease is over before another one can lead.",
  },
  zh: {
    title: "租约与慢钟",
    slow: "领导者的时钟慢 {a} ‰",
    none: "拨一拨时钟：会开始一次使用租约的运行，领导者先被隔开，然后被问。",
    past: "{b} 已经确认，它却答 {a}：按它自己的钟，租约还没到期。",
    silent: "它没有回答：在别人可能领导之前，租约就到期了。",
  },
};
const SLOW = { min: 0, max: 900, step: 50 };

/** @returns {boolean} */
export function draw(
  /** @type {HTMLElement} */ card,
  /** @type {ExtraPage} */ { run, chapter: { without } },
) {
  const { shown } = run;
  const [{ spec }] = without;
  if (!shown) return false;
  const words = WORDS[language()];
  const slow = slowness(shown.spec);
  const read = slow === null ? null : answer(shown.trace);
  const told =
    slow === null ? words.none : read ? filled(words.past, read.told, read.newest) : words.silent;
  patch(card, [
    shape("h2", {}, words.title),
    slider("slow", filled(words.slow, slow ?? 0), slow ?? 0, SLOW),
    shape("p", { key: "told", class: "quiet", role: "status" }, told),
  ]);
  card.onchange = () => {
    const wanted = valueOf(card, "slow");
    const actions = spec.actions.replace(/(skew:\w+:)\d+/, `$1${wanted}`);
    run.another({ ...spec, actions });
  };
  return true;
}

/** How slow the clock is in a run with leases; null in any other. */
function slowness(/** @type {Spec} */ { scenario, actions }) {
  const found = /skew:\w+:(\d+)/.exec(actions);
  return scenario.startsWith("lease") && found ? Number(found[1]) : null;
}

/** What the last read was told, and what was written last; null if it was told nothing. */
function answer(/** @type {Trace} */ trace) {
  const run = new Reader(trace);
  const read = run.all("op").findLast(({ cmd }) => cmd?.startsWith("get ")) ?? null;
  const put = run.all("op").findLast(isWrite);
  const told = run.answer(read)?.val;
  return told === undefined ? null : { told, newest: put?.cmd?.split(" ")[2] ?? "" };
}

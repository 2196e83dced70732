// @ts-check
// Chapter 10: the leader's questions to a member whose log is another, one below the other, each at
// the index that it asks for. With hints they jump, without they walk.

import { patch, round, shape } from "../scene/tree.js";
import { termClass } from "../scene/term.js";
import { language } from "../text.js";
import { wear } from "../show/wear.js";
import { filled, WIDTH } from "./scale.js";

/** @import { Recording } from "../model/recording.js" */
/** @import { ExtraPage } from "./types.js" */
/** @typedef {{index: number, term: number, agreed: boolean, key: string}} Trip */

await wear("story/cards.css");

const WORDS = {
  en: {
    title: "Where do the logs agree?",
    asked: "Round trips: {a}. Each asks whether {b} holds the entry at that index.",
  },
  zh: {
    title: "两份日志从哪里起不同？",
    asked: "往返：{a} 次。每次都问 {b} 有没有该索引处的条目。",
  },
};
const ROW = 15;
const TOP = 18;
const TICK = "M-3 0l2 2.5l4 -5";
const CROSS = "M-2.5 -2.5l5 5m0 -5l-5 5";

/** @returns {boolean} */
export function draw(/** @type {HTMLElement} */ card, /** @type {ExtraPage} */ { run }) {
  const { recording, t } = run.stage;
  const { member, trips } = questions(recording, t);
  if (trips.length === 0) return false;
  const words = WORDS[language()];
  const most = Math.max(...trips.map(({ index }) => index)) + 1;
  const x = (/** @type {number} */ index) => round(((index - 0.5) / most) * WIDTH);
  const y = (/** @type {number} */ row) => TOP + 8 + row * ROW;
  const height = TOP + trips.length * ROW + 4;
  const numbers = Array.from({ length: most }, (_, i) => i + 1);
  const steps = trips.map(({ index }, row) => `${row === 0 ? "M" : "L"}${x(index)} ${y(row)}`);
  patch(card, [
    shape("h2", {}, words.title),
    shape("svg", { key: "trips", class: "scale trips", viewBox: `0 0 ${WIDTH} ${height}` }, [
      ...numbers.map((index) =>
        shape("text", { key: `n${index}`, class: "mono", x: x(index), y: 10 }, String(index)),
      ),
      shape("path", { key: "steps", class: "axis", d: steps.join("") }),
      ...trips.map(({ index, term, agreed, key }, row) =>
        shape("g", { key, class: termClass(term), transform: `translate(${x(index)} ${y(row)})` }, [
          shape("circle", { r: 6, class: "trip" }),
          shape("path", { class: "mark", d: agreed ? TICK : CROSS }),
        ]),
      ),
    ]),
    shape("p", { key: "told", class: "quiet" }, filled(words.asked, trips.length, member)),
  ]);
  return true;
}

/**
 * The answers from the first refusal to the first agreement, each with the index that was asked
 * for.
 * @param {Recording} recording
 * @param {number} t
 * @returns {{member: string, trips: Trip[]}}
 */
export function questions({ messages }, t) {
  const all = messages.between(0, t);
  const answers = all.filter(({ m, t0 }) => m === "AER" && t0 <= t);
  const first = answers.find(({ b }) => b.ok === false);
  if (!first) return { member: "", trips: [] };
  const { from: member, to: leader } = first;
  const asked = all.filter(({ m, from, to, dropped }) => {
    return m === "AE" && from === leader && to === member && !dropped;
  });
  /** @type {Trip[]} */
  const trips = [];
  for (const { key, from, to, b, t0, term } of answers) {
    if (from !== member || to !== leader || t0 < first.t0) continue;
    const question = asked.findLast(({ t1 }) => t1 !== null && t1 <= t0);
    trips.push({ index: question?.b.pi ?? 0, term, agreed: b.ok === true, key });
    if (b.ok) break;
  }
  return { member, trips };
}

// @ts-check
// Chapter 12: what a member has in its memory, and what its disk has reported to hold. Between the
// two is what a loss of power takes.

import { patch, shape } from "../scene/tree.js";
import { termClass } from "../scene/term.js";
import { short } from "../model/short.js";
import { language } from "../text.js";
import { wear } from "../show/wear.js";
import { filled, WIDTH } from "./scale.js";

/** @import { Entry } from "../protocol.js" */
/** @import { Shape } from "../scene/tree.js" */
/** @import { ExtraPage } from "./types.js" */

await wear("story/cards.css");

const WORDS = {
  en: {
    title: "What {a} holds",
    memory: "memory",
    disk: "disk",
    vote: "T{a} · {b}",
    note: "A promise leaves when what it rests on is in the lower row.",
  },
  zh: {
    title: "{a} 手里有什么",
    memory: "内存",
    disk: "磁盘",
    vote: "T{a} · {b}",
    note: "承诺所依据的东西到了下面一行，承诺才会发出。",
  },
};
const CELLS = 4;
const CELL = 34;
const LEFT = 122;
const ROW = 36;
const PLATTER = { y: ROW + 1, width: WIDTH, height: 34, rx: 9 };

/** @returns {boolean} */
export function draw(/** @type {HTMLElement} */ card, /** @type {ExtraPage} */ { run, told }) {
  const member = run.chosen ?? run.frame.members.get(String(told?.values.voter));
  if (!member) return false;
  const { name, role, term, vote, log, disk } = member;
  const words = WORDS[language()];
  const tail = log.slice(-CELLS);
  const ballot = (/** @type {number} */ of, /** @type {string | null} */ whom) =>
    filled(words.vote, of, whom ?? "–");
  const runs = role !== "X";
  patch(card, [
    shape("h2", {}, filled(words.title, name)),
    shape("svg", { key: "disk", class: "scale disk", viewBox: `0 0 ${WIDTH} ${2 * ROW + 4}` }, [
      row(0, words.memory, runs ? ballot(term, vote) : "–", term, runs ? tail : []),
      shape("rect", { key: "platter", class: "platter", ...PLATTER }),
      row(1, words.disk, ballot(disk.term, disk.vote), disk.term, held(tail, disk.di)),
    ]),
    shape("p", { key: "note", class: "quiet" }, words.note),
  ]);
  return true;
}

/** What of a log's tail is on the disk. */
function held(/** @type {readonly Entry[]} */ tail, /** @type {number} */ last) {
  return tail.filter(([index]) => index <= last);
}

/**
 * @param {number} place
 * @param {string} label
 * @param {string} ballot
 * @param {number} term
 * @param {readonly Entry[]} entries
 * @returns {Shape}
 */
function row(place, label, ballot, term, entries) {
  return shape("g", { key: place, transform: `translate(0 ${place * ROW})` }, [
    shape("text", { key: "label", x: 8, y: 22, class: "what" }, label),
    shape("g", { key: "ballot", class: termClass(term) }, [
      shape("text", { x: 56, y: 22, class: "mono ballot" }, ballot),
    ]),
    ...entries.map(([index, of, text], i) =>
      shape(
        "g",
        { key: index, class: termClass(of), transform: `translate(${LEFT + i * CELL} 6)` },
        [
          shape("rect", { class: "entry", width: CELL - 3, height: 24, rx: 5 }),
          shape("text", { x: (CELL - 3) / 2, y: 16, class: "mono entry" }, short(text).slice(0, 4)),
        ],
      ),
    ),
  ]);
}

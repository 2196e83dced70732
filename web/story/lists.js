// @ts-check
// Chapter 14: by which list of voters each member counts now, and other ways from three to five.

import { patch, shape } from "../scene/tree.js";
import { termClass } from "../scene/term.js";
import { wear } from "../show/wear.js";
import { language } from "../text.js";

/** @import { Configuration } from "../protocol.js" */
/** @import { ExtraPage } from "./types.js" */

await wear("story/cards.css");

const WORDS = {
  en: {
    title: "By which list each counts",
    both: "and",
    learns: "learns: ",
    jointly: "Three to five, jointly",
    dies: "… and the leader dies midway",
  },
  zh: {
    title: "各自按哪份名单计数",
    both: "且",
    learns: "学习者：",
    jointly: "三变五，联合变更",
    dies: "……中途领导者倒下",
  },
};
/** What is done in each way; the leader dies when it has appended the joint list. */
const WAYS = /** @type {const} */ ({
  jointly: "400put:lead:x:5,500joint:-n4.n5",
  dies: "400put:lead:x:5,500joint:-n4.n5,530stop:lead",
});

/** @returns {boolean} */
export function draw(/** @type {HTMLElement} */ card, /** @type {ExtraPage} */ { run }) {
  const words = WORDS[language()];
  const list = (/** @type {Configuration} */ { voters, out = [], learners }) =>
    [
      voters.join(" "),
      out.length > 0 && `${words.both} ${out.join(" ")}`,
      learners.length > 0 && `(${words.learns}${learners.join(" ")})`,
    ]
      .filter(Boolean)
      .join(" ");
  patch(card, [
    shape("h2", {}, words.title),
    shape(
      "ul",
      { key: "lists", class: "lists" },
      [...run.frame.members.values()].map((member) =>
        shape("li", { key: member.name }, [
          shape("b", { class: termClass(member.term) }, member.name),
          shape("span", { class: "mono" }, list(member.configuration) || "–"),
        ]),
      ),
    ),
    shape(
      "div",
      { key: "ways", class: "offers" },
      /** @type {(keyof typeof WAYS)[]} */ (Object.keys(WAYS)).map((way) =>
        shape("button", { key: way, type: "button", "data-way": way }, words[way]),
      ),
    ),
  ]);
  card.onclick = (event) => {
    const { way } = /** @type {HTMLElement} */ (event.target).dataset;
    const first = run.branches[0]?.spec;
    if (way && first)
      run.another({ ...first, actions: WAYS[/** @type {keyof typeof WAYS} */ (way)], until: 1600 });
  };
  return true;
}

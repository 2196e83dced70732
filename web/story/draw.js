// @ts-check
// A chapter beside the stage: where one is in the story, the beats, the question, what can be
// verified and what can be done.

import { leaderOf, offer } from "../run/actions.js";
import { offerButtons } from "../run/buttons.js";
import { patch, shape } from "../scene/tree.js";
import { language, say } from "../text.js";
import { CHAPTERS } from "./chapters.js";
import { rich } from "./rich.js";
import { harm, telling as wordsOf, titleOf } from "./tellings.js";

/** @import { Frame, Member } from "../model/types.js" */
/** @import { Offer } from "../run/actions.js" */
/** @import { Runner } from "../run/runner.js" */
/** @import { Part } from "../show/types.js" */
/** @import { Chapter, Extra, Harm, Telling, Told } from "./types.js" */
/**
 * @typedef {object} Page
 * @property {number} number
 * @property {Chapter} chapter
 * @property {Runner} run
 * @property {Told | null} told
 * @property {number} off which rule of the chapter is missing in the run, from 1; 0 if none
 * @property {Member | undefined} member
 * @property {number | null} answer the reader's
 */

export function drawChapter(/** @type {Part} */ part, /** @type {Page} */ page) {
  const { chapter, number, run } = page;
  drawChapters(part, number);
  patch(part("chapter-title"), [shape("span", {}, titleOf(chapter.id, language()))]);
  drawRule(part("rule"), page);
  const missing = chapter.without[page.off - 1];
  const own = wordsOf(chapter.id, language());
  const telling = own && missing ? mend(own, harm(missing.name, language())) : own;
  if (!telling) return;
  drawExtra(part("chapter-extra"), page);
  const now = reached(page);
  const text = now < 0 ? telling.lede : telling.beats[now][1];
  patch(part("chapter-lede"), rich(text, page.told?.values ?? {}, run.frame));
  patch(
    part("beats"),
    telling.beats.map((_, place) => beat(page, telling, place, now)),
  );
  if (page.off) part("ask").hidden = true;
  else drawAsk(part("ask"), page, telling, now);
  drawChecks(part("checks"), page, telling);
  patch(part("chapter-acts"), offerButtons(offers(page), true));
  const result = run.waiting ? say("loading") : run.error;
  if (part("chapter-result").textContent !== result) part("chapter-result").textContent = result;
  part("chapter-result").classList.toggle("bad", run.error !== "");
}

/** Whether the chapter's rules hold in the run that is shown, where that can be chosen. */
function drawRule(
  /** @type {HTMLElement} */ place,
  /** @type {Page} */ { chapter, off },
) {
  place.hidden = chapter.without.length === 0;
  if (place.hidden) return;
  const button = (/** @type {string} */ text, /** @type {number} */ wanted) =>
    shape(
      "button",
      { key: wanted, type: "button", "data-off": wanted, "aria-pressed": String(off === wanted) },
      text,
    );
  const rules = chapter.without.map(({ name }) => titleOf(name, language()));
  patch(place, [say("ruleOn"), ...rules].map(button));
}

/** The question stays the chapter's. */
function mend(/** @type {Telling} */ own, /** @type {Harm | null} */ instead) {
  return instead && { ...own, ...instead };
}

/** What only some chapters have, each its own. @type {Map<string, Extra | null>} */
const extras = new Map();

function drawExtra(
  /** @type {HTMLElement} */ card,
  /** @type {Page} */ { chapter, run, told, member },
) {
  const { id, extra } = chapter;
  if (extra && !extras.has(id)) {
    extras.set(id, null);
    extra().then(({ draw }) => extras.set(id, draw));
  }
  if (card.dataset.of !== id) {
    card.replaceChildren();
    card.onclick = card.oninput = card.onchange = card.onkeydown = null;
  }
  card.dataset.of = id;
  card.hidden = !extras.get(id)?.(card, { chapter, run, told, member });
}

/** The last beat that has come; -1 before the first. */
function reached(/** @type {Page} */ { run, told }) {
  const { t } = run.player;
  return told?.beats.findLastIndex((beat) => beat !== null && beat <= t + 0.5) ?? -1;
}

function drawChapters(/** @type {Part} */ part, /** @type {number} */ number) {
  const count = part("chapter-number");
  const text = `${number}/${CHAPTERS.length}`;
  if (count.textContent !== text) count.textContent = text;
  turn(part("chapter-before"), number - 1);
  turn(part("chapter-after"), number + 1);
  patch(
    part("chapter-list"),
    CHAPTERS.map(({ id }, place) =>
      shape("li", { key: id, class: place + 1 < number ? "done" : undefined }, [
        shape("a", {
          href: `#story/${place + 1}`,
          title: titleOf(id, language()),
          "aria-label": `${place + 1}. ${titleOf(id, language())}`,
          "aria-current": place + 1 === number ? "step" : undefined,
        }),
      ]),
    ),
  );
}

/** A link to the chapter before or after; at the ends there is none. */
function turn(/** @type {HTMLAnchorElement} */ link, /** @type {number} */ number) {
  const there = number >= 1 && number <= CHAPTERS.length;
  if (!there) link.removeAttribute("href");
  else if (link.hash !== `#story/${number}`) link.href = `#story/${number}`;
}

/**
 * @param {Page} page
 * @param {Telling} telling
 * @param {number} place
 * @param {number} now
 */
function beat({ told, run }, telling, place, now) {
  const t = told?.beats[place] ?? null;
  const gone = told !== null && t === null;
  const look = gone ? "missing" : place === now ? "now" : place < now ? "done" : "";
  return shape("li", { key: place, class: look }, [
    shape(
      "button",
      {
        type: "button",
        "data-beat": place,
        "aria-disabled": gone ? "true" : undefined,
        "aria-current": place === now ? "step" : undefined,
      },
      rich(telling.beats[place][0], told?.values ?? {}, run.frame),
    ),
  ]);
}

/**
 * The question, the options, and, when the answer has been seen, what it is and why.
 * @param {HTMLElement} card
 * @param {Page} page
 * @param {Telling} telling
 * @param {number} now
 */
function drawAsk(card, { chapter, told, answer, run }, telling, now) {
  card.hidden = false;
  const seen = answer !== null && now >= chapter.reveals;
  const { question, options, why } = telling.ask;
  const written = (/** @type {string} */ text) => rich(text, told?.values ?? {}, run.frame);
  const option = (/** @type {string} */ text, /** @type {number} */ place) => {
    const right = seen && place === chapter.right;
    const wrong = seen && place === answer && place !== chapter.right;
    const look = right ? "right" : wrong ? "wrong" : "";
    return shape(
      "button",
      {
        key: place,
        type: "button",
        class: `option ${look}`,
        "data-option": place,
        "aria-pressed": String(answer === place),
      },
      `${right ? "✓ " : wrong ? "✕ " : ""}${text}`,
    );
  };
  patch(
    card,
    [
      shape("h2", {}, say("predict")),
      shape("p", { key: "question" }, written(question)),
      shape("div", { key: "options", class: "options" }, options.map(option)),
      answer !== null && !seen ? shape("p", { key: "wait", class: "quiet" }, say("goOn")) : null,
      seen ? shape("p", { key: "why", class: "why" }, written(why)) : null,
    ].filter((one) => one !== null),
  );
}

/**
 * @param {HTMLElement} card
 * @param {Page} page
 * @param {Telling} telling
 */
function drawChecks(card, { told, run }, telling) {
  card.hidden = told === null;
  if (!told) return;
  const { t } = run.player;
  const shown = telling.checks.flatMap((text, place) => {
    const check = told.checks[place];
    if (check.t === null || check.t > t + 0.5) return [];
    const look = check.holds ? "holds" : "broken";
    return [shape("li", { key: place, class: look }, rich(text, told.values, run.frame))];
  });
  card.hidden = shown.length === 0;
  patch(card, [shape("h2", {}, say("verify")), shape("ul", {}, shown)]);
}

/** @returns {Offer[]} */
function offers(/** @type {Page} */ { chapter, run, number }) {
  const { frame, target } = run;
  const { name = "", role = "X" } = target ?? {};
  const leader = leaderOf(frame);
  const up = (/** @type {Offer} */ one) => (role === "X" ? [] : [one]);
  const stopped = [...frame.members.values()].filter((member) => member.role === "X");
  /** @type {Record<import("./types.js").Act, Offer[]>} */
  const all = {
    stop: up(offer("actStop", name, `stop:${name}`)),
    power: up(offer("actPower", name, `power:${name}`)),
    start: stopped.map((member) => offer("actStart", member.name, `start:${member.name}`)),
    write: leader ? [write("actWrite", leader.name, frame)] : [],
    writeHere: up(write("actWriteHere", name, frame)),
    cut: up(offer("actCut", name, `cut:${name}`)),
    heal: frame.cut.length > 0 ? [offer("actHealAll", "", "heal")] : [],
    read: up(offer("actRead", name, `get:${name}:x`)),
    local: up(offer("actReadLocal", name, `get:${name}:x:local`)),
    snapshot: up(offer("actSnapshot", name, `snap:${name}`)),
  };
  const own = run.shown !== null && run.shown !== run.branches[0];
  return [
    ...(own ? [{ label: say("backToChapter", { number }), action: "back" }] : []),
    ...(run.shown?.spec.recorded ? [] : chapter.acts.flatMap((act) => all[act])),
  ];
}

/** A value that nobody wrote yet. @returns {Offer} */
function write(
  /** @type {"actWrite" | "actWriteHere"} */ word,
  /** @type {string} */ name,
  /** @type {Frame} */ { members },
) {
  const values = [...members.values()].map(({ kv }) => Number(kv.get("x") ?? 0) || 0);
  const value = Math.max(0, ...values) + 1;
  return { label: say(word, { name, value }), action: `put:${name}:x:${value}:c9` };
}

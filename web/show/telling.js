// @ts-check
// For those who do not see the stage: what each member is, the latest events, and the few that are
// announced at once.

import { patch, shape } from "../scene/tree.js";
import { say } from "../text.js";
import { isStructural, sentence } from "./sentences.js";

/** @import { Frame } from "../model/types.js" */
/** @import { StoryRecord } from "../protocol.js" */
/** @import { Shape } from "../scene/tree.js" */

const ROWS = 40;
/** Announcements come no faster than this, in milliseconds. */
const APART_MS = 1_000;

export class Announcer {
  /** @type {string[]} */
  #waiting = [];
  #last = 0;

  /** Remembers what is worth being announced. */
  see(/** @type {StoryRecord} */ record) {
    if (!isStructural(record)) return;
    const text = sentence(record);
    if (text) this.#waiting.push(text);
  }

  /** Says what waits, all at once, if enough time has passed. */
  speak(/** @type {Element} */ region, /** @type {number} */ now) {
    if (this.#waiting.length === 0 || now - this.#last < APART_MS) return;
    region.textContent = this.#waiting.splice(0).join(". ");
    this.#last = now;
  }
}

/**
 * The latest events as a table, the newest first.
 * @param {Element} body
 * @param {readonly StoryRecord[]} changes
 * @param {number | null} origin the time that is called 0; null where the time of day counts
 */
export function drawEvents(body, changes, origin) {
  /** @type {Shape[]} */
  const rows = [];
  for (let i = changes.length - 1; i >= 0 && rows.length < ROWS; i -= 1) {
    const { t, n, i: number } = changes[i];
    const text = sentence(changes[i]);
    if (text === null) continue;
    rows.push(
      shape("tr", { key: `${n}${number}`, "data-t": t }, [
        shape("td", { class: "mono" }, moment(t, origin)),
        shape("td", {}, n),
        shape("td", {}, text),
      ]),
    );
  }
  patch(body, rows);
}

function moment(/** @type {number} */ t, /** @type {number | null} */ origin) {
  if (origin === null) return new Date(t / 1000).toISOString().slice(11, 23);
  return ((t - origin) / 1000).toFixed(1);
}

/** What the stage shows, in words. */
export function drawTold(/** @type {Element} */ body, /** @type {Frame} */ frame) {
  patch(
    body,
    [...frame.members.values()].map((member) =>
      shape("tr", { key: member.name }, [
        shape("th", { scope: "row" }, member.name),
        shape("td", {}, member.paused ? say("paused") : say(member.role)),
        shape("td", {}, say("term", { term: member.term })),
        shape(
          "td",
          {},
          say("logEnds", { last: member.first + member.log.length - 1, ci: member.ci }),
        ),
        shape("td", {}, member.vote ? say("voted", { name: member.vote }) : ""),
      ]),
    ),
  );
}

// @ts-check
// For those who do not see the stage: the few events of a running cluster that are said at once.

import { isStructural, sentence } from "./sentences.js";

/** @import { StoryRecord } from "../protocol.js" */

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

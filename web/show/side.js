// @ts-check
// Beside the stage: logs and values, events, and what was chosen, one at a time; below them what
// must hold.

import { say } from "../text.js";
import { drawClaims } from "./claims.js";
import { drawLogs, drawTold, drawValues } from "./tables.js";

/** @import { Selection } from "./selection.js" */
/** @import { Face, Part, Shown } from "./types.js" */
/** @typedef {typeof import("./inspector.js").inspect} Inspect */
/** @typedef {typeof import("./events.js").drawEvents} DrawEvents */

const TABS = /** @type {const} */ (["logs", "events", "inspect"]);
/** How far back the table of events reaches, in microseconds. */
const EVENTS = 30_000_000;

export class Side {
  /** @type {typeof TABS[number]} */
  #open = "logs";
  #part;
  #selection;
  /** Fetched when something was chosen for the first time. @type {Inspect | null} */
  #inspect = null;
  /** Likewise. @type {DrawEvents | null} */
  #drawEvents = null;

  /**
   * @param {Part} part
   * @param {Selection} selection
   */
  constructor(part, selection) {
    this.#part = part;
    this.#selection = selection;
    for (const tab of TABS) {
      part(`tab-${tab}`).addEventListener("click", () => this.open(tab));
      part(`tab-${tab}`).addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        const next = TABS[(TABS.indexOf(tab) + by + TABS.length) % TABS.length];
        this.open(next);
        part(`tab-${next}`).focus();
      });
    }
    this.open("logs");
  }

  open(/** @type {typeof TABS[number]} */ wanted) {
    this.#open = wanted;
    if (wanted === "inspect" && !this.#inspect)
      import("./inspector.js").then(({ inspect }) => {
        this.#inspect = inspect;
      });
    if (wanted === "events" && !this.#drawEvents)
      import("./events.js").then(({ drawEvents }) => {
        this.#drawEvents = drawEvents;
      });
    for (const tab of TABS) {
      const chosen = tab === wanted;
      this.#part(`tab-${tab}`).setAttribute("aria-selected", String(chosen));
      this.#part(`tab-${tab}`).tabIndex = chosen ? 0 : -1;
      this.#part(`pane-${tab}`).hidden = !chosen;
    }
  }

  draw(/** @type {Face} */ face, /** @type {Shown} */ { recording, t, look }) {
    const part = this.#part;
    const frame = recording.frame(t);
    const origin = face.player.clip?.origin ?? null;
    part("tab-inspect").textContent = this.#chosen();
    drawTold(part("told"), frame);
    if (this.#open === "logs") {
      drawLogs(part("logs"), frame);
      drawValues(part("values"), frame);
    }
    if (this.#open === "events")
      this.#drawEvents?.(part("events"), recording.changes(t - EVENTS, t), origin);
    if (this.#open === "inspect")
      this.#inspect?.(part("pane-inspect"), recording, t, this.#selection, look.live ? null : face);
    drawClaims(part("claims"), face.claims, t, origin ?? 0);
  }

  /** What the last tab is called. */
  #chosen() {
    const { member, message } = this.#selection;
    if (message !== null) return say("message");
    return member === null ? say("details") : say("inspectMember", { name: member });
  }
}

// @ts-check
// The list of members with the buttons that stop, pause, resume and start them.

import { STALE } from "../model/view.js";
import { duration, say } from "../text.js";
import { patch, shape } from "../scene/tree.js";
import { termClass } from "../scene/term.js";
import * as api from "./api.js";

/** @import { Frame, Member } from "../model/types.js" */
/** @import { Fault, MemberProcess } from "../protocol.js" */
/** @import { Selection } from "../show/selection.js" */

/** What can be done to a process, by its state. @type {Record<MemberProcess["state"], Fault[]>} */
const ACTS = { running: ["pause", "stop"], paused: ["resume", "stop"], stopped: ["start"] };

export class Members {
  /** Whether the serving process lets us act on members. */
  enabled = false;
  /** @type {MemberProcess[]} */
  #processes = [];
  /** Members with an act under way. @type {Set<string>} */
  #busy = new Set();
  #list;
  #result;
  #selection;

  /**
   * @param {Element} list
   * @param {Element} result
   * @param {Selection} selection
   */
  constructor(list, result, selection) {
    this.#list = list;
    this.#result = result;
    this.#selection = selection;
    list.addEventListener("click", (event) => {
      const button = /** @type {Element} */ (event.target).closest("button");
      const { name, act } = button?.dataset ?? {};
      if (name && act) this.act(name, /** @type {Fault} */ (act));
    });
    list.addEventListener("focusin", (event) => {
      const name = /** @type {HTMLElement} */ (event.target).dataset.name;
      if (name) selection.member = name;
    });
  }

  /** Asks for the processes anew. Without an answer the old ones stay. */
  async refresh() {
    if (!this.enabled) return;
    const answer = await api.members().catch(() => null);
    if (answer) this.#processes = answer;
  }

  /** Does something to a member, and says so if it cannot be done. */
  async act(/** @type {string} */ name, /** @type {Fault} */ fault) {
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    const error = await api.act(name, fault).then(
      () => "",
      (reason) => reason.message,
    );
    this.#result.textContent = error && say("failed", { name, error });
    this.#result.classList.toggle("bad", error !== "");
    await this.refresh();
    this.#busy.delete(name);
  }

  /** Stops the chosen member, or starts it if it is stopped. */
  stopOrStart() {
    const found = this.#processes.find((one) => one.name === this.#selection.member);
    if (found && this.enabled) this.act(found.name, found.state === "stopped" ? "start" : "stop");
  }

  /**
   * @param {Frame} frame
   * @param {number} now the time at the members
   */
  draw({ members }, now) {
    patch(
      this.#list,
      [...members.values()].map((member) => {
        const found = this.#processes.find((one) => one.name === member.name);
        return shape(
          "li",
          {
            key: member.name,
            class: member.name === this.#selection.member ? "row chosen" : "row",
          },
          [
            shape("span", { class: `who ${termClass(member.term)}` }, member.name),
            shape("span", { class: "what", title: found?.client }, describe(member, now)),
            ...(found && this.enabled
              ? ACTS[found.state].map((act) => this.#button(member.name, act))
              : []),
          ],
        );
      }),
    );
  }

  #button(/** @type {string} */ name, /** @type {Fault} */ act) {
    return shape(
      "button",
      {
        key: act === "stop" || act === "start" ? "life" : "pause",
        type: "button",
        "data-name": name,
        "data-act": act,
        "aria-label": say("actOn", { act: say(act), name }),
        // Not `disabled`, which would take the focus away from a reader without a mouse.
        "aria-disabled": this.#busy.has(name) ? "true" : undefined,
      },
      say(act),
    );
  }
}

/** Role and term, or how old what is known of it is. */
function describe(/** @type {Member} */ member, /** @type {number} */ now) {
  if (member.heard === 0) return say("unknown");
  const role = member.paused ? say("paused") : say(member.role);
  if (now - member.heard > STALE) return say("old", { role, age: duration(now - member.heard) });
  return `${role}, ${say("term", { term: member.term })}`;
}

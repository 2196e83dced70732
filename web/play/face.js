// @ts-check
// The playground: choose a cluster, and do to it whatever comes to mind, at whatever moment. Every
// act makes another run; the runs stay, and can be compared at the same moment.

import { listen } from "../run/buttons.js";
import { Runner } from "../run/runner.js";
import { learn, say } from "../text.js";
import { drawBranches } from "./branches.js";
import { drawActs, drawRun } from "./draw.js";

await learn("play");

/** @import { Place, Spec } from "../model/link.js" */
/** @import { Selection } from "../show/selection.js" */
/** @import { Part } from "../show/types.js" */

/** @type {Spec} */
const FIRST = { scenario: "five", seed: 1, actions: "", until: 3000 };
/** Seeds that the reader is offered are short enough to be told to somebody. */
const SEEDS = 10_000;

export class PlayFace {
  #part;
  #run;
  #selection;

  /**
   * @param {Part} part
   * @param {Selection} selection
   * @param {MediaQueryList} still
   */
  constructor(part, selection, still) {
    this.#part = part;
    this.#selection = selection;
    this.#run = new Runner(selection, still);
    this.keys = { ...this.#run.keys, write: () => part("ask-value")?.focus() };
    this.#run.changed = () => this.panels();
    listen(part("acts"), (action) => this.act(action));
    part("run").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#begin(this.#spec());
    });
    part("run").addEventListener("change", () => this.#begin(this.#spec()));
    part("run").addEventListener("click", (/** @type {Event} */ event) => {
      if (!(/** @type {Element} */ (event.target).closest("#another-seed"))) return;
      this.#begin({ ...this.#spec(), seed: 1 + Math.floor(Math.random() * SEEDS) });
    });
    part("acts").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.#ask(/** @type {HTMLFormElement} */ (event.target), event.submitter);
    });
    part("acts").addEventListener("click", (/** @type {Event} */ event) => {
      const name = /** @type {Element} */ (event.target).closest("button")?.dataset.target;
      if (name) selection.chooseMember(name);
    });
    part("branches").addEventListener("click", (/** @type {Event} */ event) => {
      const place = /** @type {Element} */ (event.target).closest("button")?.dataset.branch;
      const branch = place === undefined ? undefined : this.#run.branches[Number(place)];
      if (branch) this.#run.open(branch, this.player.t, false);
    });
  }

  get player() {
    return this.#run.player;
  }

  get claims() {
    return this.#run.claims;
  }

  enter(/** @type {Place} */ { spec, t }) {
    if (spec || !this.#run.shown) this.#run.begin(spec ?? FIRST, t);
  }

  leave() {
    this.#part("branches").hidden = true;
    this.player.playing = false;
  }

  /** @returns {Place} */
  place() {
    const spec = this.#run.shown?.spec ?? FIRST;
    return { face: "play", chapter: null, spec, t: this.player.clip ? this.player.t : null };
  }

  placeName() {
    const { scenario, seed } = this.#run.shown?.spec ?? FIRST;
    return `${scenario} · ${say("seed", { seed })} · ${Math.round(this.player.t / 1000)} ms`;
  }

  shown() {
    return this.#run.stage;
  }

  trace() {
    const { shown } = this.#run;
    return shown && { name: `${shown.spec.scenario}-${shown.spec.seed}`, text: shown.trace.text };
  }

  messageActs(/** @type {string} */ key) {
    return this.#run.messageActs(key);
  }

  act(/** @type {string} */ action) {
    this.#run.act(action);
  }

  panels() {
    const run = this.#run;
    drawRun(this.#part("run"), run.shown?.spec ?? FIRST);
    drawActs(this.#part("acts"), run, this.#selection);
    drawBranches(this.#part("branches"), run);
    const result = run.waiting ? say("loading") : run.error;
    if (this.#part("play-result").textContent !== result)
      this.#part("play-result").textContent = result;
    this.#part("play-result").classList.toggle("bad", run.error !== "");
  }

  #begin(/** @type {Spec} */ spec) {
    this.#selection.chooseMember(null);
    this.#run.begin(spec, null);
  }

  /** What the form asks for. Another cluster, or another seed, begins without actions. */
  #spec() {
    const data = new FormData(this.#part("run"));
    const seed = Math.min(
      Number.MAX_SAFE_INTEGER,
      Math.max(0, Math.floor(Number(data.get("seed")))),
    );
    const until = Math.min(60_000, Math.max(100, Math.floor(Number(data.get("until")) || 3000)));
    return { scenario: String(data.get("scenario")), seed: seed || 1, actions: "", until };
  }

  /** A client's request, or a change of a clock or a disk. */
  #ask(/** @type {HTMLFormElement} */ form, /** @type {HTMLElement | null} */ submitter) {
    const { target } = this.#run;
    if (!target) return;
    const data = new FormData(form);
    const word = (/** @type {string} */ name) => String(data.get(name)).trim();
    const [key, value] = [word("key"), word("value")];
    const { name } = target;
    switch (submitter?.dataset.ask) {
      case "put":
        return this.act(`put:${name}:${key}:${value}`);
      case "get":
        return this.act(`get:${name}:${key}${word("mode") === "local" ? ":local" : ""}:c2`);
      case "skew":
        return this.act(`skew:${name}:${word("permille")}`);
      case "disk":
        return this.act(`disk:${name}:${word("ms")}`);
    }
  }
}

// @ts-check
// The story: chapters, each with a run of the engine that tells itself beat by beat, a question to
// answer before it is shown, and what the reader can verify. Whoever acts in a chapter gets a run
// of their own from that moment on, and may come back to the chapter's.

import { writeLink } from "../model/link.js";
import { Runner } from "../run/runner.js";
import { listen } from "../run/buttons.js";
import { say } from "../text.js";
import { CHAPTERS } from "./chapters.js";
import { drawChapter } from "./draw.js";

/** @import { Place } from "../model/link.js" */
/** @import { Selection } from "../show/selection.js" */
/** @import { Part } from "../show/types.js" */
/** @import { Told } from "./types.js" */

export class StoryFace {
  #part;
  #selection;
  #run;
  #number = 1;
  /** Which of the chapter's rules is missing in the run that is shown, from 1; 0 if none. */
  #off = 0;
  /** The beat that a link leads to, until it is found in the run. */
  #beat = 0;
  /** @type {Told | null} */
  #told = null;
  /** The reader's answers, by chapter. @type {Map<string, number>} */
  #answers = new Map();

  /**
   * @param {Part} part
   * @param {Selection} selection
   * @param {MediaQueryList} still
   */
  constructor(part, selection, still) {
    this.#part = part;
    this.#selection = selection;
    this.#run = new Runner(selection, still);
    this.keys = { ...this.#run.keys, turn: (/** @type {1 | -1} */ by) => this.#turn(by) };
    this.#run.changed = () => this.#tell();
    listen(part("chapter-acts"), (action) => this.#act(action));
    this.#on("beats", "beat", (beat) => {
      this.#goTo(beat + 1);
      const place = this.place();
      const own = place.spec ? place : { ...place, beat: beat + 1, t: null };
      history.replaceState(null, "", writeLink(own));
    });
    this.#on("rule", "off", (off) => {
      location.hash = writeLink({ ...this.place(), spec: null, t: null, off });
    });
    this.#on("ask", "option", (option) => this.#answers.set(this.chapter.id, option));
  }

  get chapter() {
    return CHAPTERS[this.#number - 1];
  }

  get #missing() {
    return this.chapter.without[this.#off - 1] ?? null;
  }

  get player() {
    return this.#run.player;
  }

  get claims() {
    return this.#run.claims;
  }

  enter(/** @type {Place} */ { chapter, beat = 0, off = 0, spec, t }) {
    this.#selection.chooseMember(null);
    this.#number = Math.min(CHAPTERS.length, chapter ?? 1);
    this.#told = null;
    this.#beat = beat;
    this.#off = this.chapter.without[off - 1] ? off : 0;
    this.#run.begin(spec ?? (this.#missing ?? this.chapter).spec, t);
  }

  leave() {
    this.player.playing = false;
  }

  /** @returns {Place} */
  place() {
    const spec = this.#run.shown?.spec ?? this.chapter.spec;
    const t = this.player.clip ? this.player.t : null;
    return {
      face: "story",
      chapter: this.#number,
      ...(this.#off ? { off: this.#off } : {}),
      spec: spec === (this.#missing ?? this.chapter).spec ? null : spec,
      t,
    };
  }

  placeName() {
    const { scenario, seed } = this.#run.shown?.spec ?? this.chapter.spec;
    if (this.#off) return `${say("ruleOff")} · ${Math.round(this.player.t / 1000)} ms`;
    return `${scenario} · ${say("seed", { seed })} · ${Math.round(this.player.t / 1000)} ms`;
  }

  shown() {
    return this.#run.stage;
  }

  trace() {
    const { shown } = this.#run;
    return shown && { name: `chapter-${this.#number}`, text: shown.trace.text };
  }

  messageActs(/** @type {string} */ key) {
    return this.#run.messageActs(key);
  }

  act(/** @type {string} */ action) {
    this.#act(action);
  }

  panels() {
    drawChapter(this.#part, {
      number: this.#number,
      chapter: this.chapter,
      run: this.#run,
      told: this.#told,
      off: this.#off,
      member: this.#run.target,
      answer: this.#answers.get(this.chapter.id) ?? null,
    });
  }

  #turn(/** @type {1 | -1} */ by) {
    const next = this.#number + by;
    if (next >= 1 && next <= CHAPTERS.length) location.hash = `#story/${next}`;
  }

  /** Finds the beats in the run that is shown. The chapter's own pauses once at its answer. */
  async #tell() {
    const off = this.#off;
    const { chapter } = this;
    const tell = await (this.#missing ?? chapter).teller();
    const { shown, branches } = this.#run;
    if (!shown || chapter !== this.chapter || off !== this.#off) return;
    this.#told = tell(shown.trace);
    const own = shown === branches[0];
    this.player.rest = (own && !off && this.#told.beats[chapter.reveals]) || Infinity;
    if (this.#beat > 0) this.#goTo(this.#beat);
    this.#beat = 0;
  }

  /** Goes to a beat, counted from 1. */
  #goTo(/** @type {number} */ beat) {
    const t = this.#told?.beats[beat - 1];
    if (typeof t === "number") this.player.seekTime(t);
  }

  #act(/** @type {string} */ action) {
    const [first] = this.#run.branches;
    if (action === "back" && first) this.#run.open(first, this.player.t, false);
    else if (action !== "back") this.#run.act(action);
  }

  #on(
    /** @type {string} */ id,
    /** @type {string} */ name,
    /** @type {(value: number) => void} */ act,
  ) {
    this.#part(id).addEventListener("click", (/** @type {Event} */ event) => {
      const value = /** @type {Element} */ (event.target).closest("button")?.dataset[name];
      if (value === undefined) return;
      act(Number(value));
      this.panels();
    });
  }
}

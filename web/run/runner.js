// @ts-check
// A run of the engine that the reader looks at and acts in. Acting at some moment asks the engine
// for another run, the same up to that moment; the runs that came before are kept.

import { Claims } from "../model/claims.js";
import { blank } from "../model/fold.js";
import { Recording } from "../model/recording.js";
import { Player } from "../show/player.js";
import { say } from "../text.js";
import { addAction, leaderOf, messageOffers } from "./actions.js";
import { offerButtons } from "./buttons.js";
import { simulate } from "./simulate.js";

/** @import { Trace } from "../model/file.js" */
/** @import { Spec } from "../model/link.js" */
/** @import { Selection } from "../show/selection.js" */
/** @import { FaceKeys, Shown } from "../show/types.js" */
/**
 * A run, and the moment at which it leaves the one that it was made from.
 * @typedef {{spec: Spec, trace: Trace, at: number, did: string}} Branch
 */

export class Runner {
  player = new Player();
  /** @type {Claims | null} */
  claims = null;
  /** @type {Branch[]} */
  branches = [];
  /** @type {Branch | null} */
  shown = null;
  /** Why there is no run. */
  error = "";
  /** Whether the engine was asked and has not answered. */
  waiting = false;
  /** Called when another run is shown. @type {() => void} */
  changed = () => {};
  #empty = new Recording(blank([]));
  #still;
  #selection;
  /** What was asked for last. @type {Spec | null} */
  #wanted = null;

  /**
   * @param {Selection} selection
   * @param {MediaQueryList} still
   */
  constructor(selection, still) {
    this.#selection = selection;
    this.#still = still;
  }

  /** @returns {Shown} */
  get stage() {
    const { clip, t, warp } = this.player;
    const screen = (/** @type {number} */ at) => warp.story(at);
    return { recording: clip?.recording ?? this.#empty, t, look: { live: false, screen, now: t } };
  }

  get frame() {
    const { recording, t } = this.stage;
    return recording.frame(t);
  }

  /** Whether a new run begins to play by itself. */
  get moves() {
    return !this.#still.matches;
  }

  /**
   * Begins anew with a run, from its beginning or at a time.
   * @param {Spec} spec
   * @param {number | null} t
   */
  async begin(spec, t) {
    const trace = await this.#ask(spec);
    if (!trace) return;
    const branch = { spec, trace, at: 0, did: "" };
    this.branches = [branch];
    this.open(branch, t ?? trace.from, t === null && this.moves);
  }

  /** Acts at the moment that is shown. */
  async act(/** @type {string} */ action) {
    if (!this.shown || this.waiting) return;
    const { t } = this.player;
    const { spec } = this.shown;
    const next = { ...spec, actions: addAction(spec.actions, t, action) };
    const trace = await this.#ask(next);
    if (!trace) return;
    const branch = { spec: next, trace, at: t, did: action };
    this.branches = [...this.branches, branch];
    this.open(branch, t, this.moves);
  }

  /** Shows another run beside those that are there, from its beginning. */
  async another(/** @type {Spec} */ spec) {
    if (this.waiting) return;
    const trace = await this.#ask(spec);
    if (!trace) return;
    const branch = { spec, trace, at: 0, did: `${spec.scenario} ${spec.seed}` };
    this.branches = [...this.branches, branch];
    this.open(branch, trace.from, this.moves);
  }

  /** Shows a run that is there already. */
  open(/** @type {Branch} */ branch, /** @type {number} */ at, /** @type {boolean} */ playing) {
    const { recording, from, to } = branch.trace;
    this.shown = branch;
    this.claims = new Claims(recording.records);
    this.player.open(
      { recording, from, to, origin: 0, title: "" },
      { at, playing, directed: true },
    );
    this.changed();
  }

  /** Buttons for a message that is under way. */
  messageActs(/** @type {string} */ key) {
    const { recording, t } = this.stage;
    return offerButtons(messageOffers(recording.messages.get(key), t));
  }

  /** The member that the reader chose. */
  get chosen() {
    const { member } = this.#selection;
    return member === null ? undefined : this.frame.members.get(member);
  }

  /** The same, or the leader, or any. */
  get target() {
    return this.chosen ?? leaderOf(this.frame) ?? [...this.frame.members.values()].at(0);
  }

  /** @type {Partial<FaceKeys>} */
  keys = {
    stopOrStart: () => this.#on((name, stopped) => `${stopped ? "start" : "stop"}:${name}`),
    cut: () => this.#on((name) => `cut:${name}`),
    heal: () => void this.act("heal"),
    drop: () => {
      const key = this.#selection.message;
      const [drop] =
        key === null ? [] : messageOffers(this.stage.recording.messages.get(key), this.player.t);
      if (drop) this.act(drop.action);
    },
    escape: () => this.#selection.chooseMember(null),
  };

  #on(/** @type {(name: string, stopped: boolean) => string} */ action) {
    const { target } = this;
    if (target) this.act(action(target.name, target.role === "X"));
  }

  /** Asks the engine; null if it refused, or something else was asked for meanwhile. */
  async #ask(/** @type {Spec} */ spec) {
    this.#wanted = spec;
    this.waiting = true;
    this.error = "";
    const trace = await simulate(spec).catch((error) => {
      this.error = say("noRun", { error: error.message });
      return null;
    });
    if (this.#wanted !== spec) return null;
    this.waiting = false;
    return trace;
  }
}
